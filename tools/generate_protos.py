"""Writes the Python stubs of `protos/` beside the .proto files: `python tools/generate_protos.py`.

Needs grpcio-tools (extra `dev`). The stubs are committed, so that users need no compiler; `tests/test_protos.py` fails
when they have drifted from the .proto files.
"""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

PROTOS = Path(__file__).resolve().parent.parent / "protos"
PACKAGE = Path("emomotion") / "v1"
STUB_ENDINGS = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py")


def proto_files() -> list[str]:
    """The .proto files as protoc names them, relative to PROTOS."""
    return [str(PACKAGE / path.name) for path in sorted((PROTOS / PACKAGE).glob("*.proto"))]


def run_protoc(*options: str) -> None:
    """protoc over all our files with these output options. Raises RuntimeError; protoc itself prints the reason."""
    code = protoc.main(["protoc", f"--proto_path={PROTOS}", *options, *proto_files()])
    if code != 0:
        raise RuntimeError(f"protoc ended with code {code}; its own message stands above")


def generate(out: Path) -> list[Path]:
    """Write all stubs below `out` and return their paths relative to it. Files without a service get no _pb2_grpc."""
    run_protoc(f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}")
    stubs: list[Path] = []
    for path in sorted((out / PACKAGE).iterdir()):
        if path.name.endswith("_pb2_grpc.py") and "class " not in path.read_text(encoding="utf-8"):
            path.unlink()
        elif path.name.endswith(STUB_ENDINGS):
            stubs.append(path.relative_to(out))
    return stubs


def main() -> None:
    """Regenerate in a folder aside, then exchange, so that a failing protoc leaves the old stubs alone."""
    with tempfile.TemporaryDirectory(dir=PROTOS) as aside:
        stubs = generate(Path(aside))
        for old in (PROTOS / PACKAGE).iterdir():
            if old.name.endswith(STUB_ENDINGS) and PACKAGE / old.name not in stubs:
                old.unlink()
        for stub in stubs:
            (Path(aside) / stub).replace(PROTOS / stub)
    print(f"{len(stubs)} stubs written to {PROTOS / PACKAGE}")


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"error: {error}")
