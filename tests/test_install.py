"""What a user gets: the wheel's contents, what it brings along, and that it works where torch does not exist."""

import ast
import configparser
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

REPO = Path(__file__).resolve().parent.parent
BUNDLE = "sdk/bundle/default/"
FACE_BUNDLE = "sdk/bundle/face/"
JUDGES = "training/evaluate/judges/"
MAX_BUNDLE_BYTES = 60_000_000
WEIGHTS = {".onnx", ".npz", ".npy", ".pt", ".pth", ".safetensors", ".ckpt", ".bvh"}

# Runs in a fresh interpreter: whatever the installed distribution does not ask for cannot be imported there.
GUARD = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"{{name}} is not part of a runtime install", name=name)
sys.meta_path.insert(0, Absent())
"""
BLOCKED = {"torch", "tensorboard", "onnx", "onnxscript", "scipy", "safetensors", "transformers", "sklearn"}
BLOCKED |= {"aiohttp", "ray", "training", "export", "pytest", "hypothesis", "grpc_tools"}


def setup_packages() -> set[str]:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(REPO / "setup.cfg", encoding="utf-8")
    return set(setup["options"]["packages"].split())


def files_on_disk(folder: str) -> set[str]:
    """Files below a folder of the repository, relative to its root; caches left out."""
    found = (path for path in (REPO / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(REPO).as_posix() for path in found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build in place would leave its folders here and could pick up stale ones."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in listed:
        if name and (REPO / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPO / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*build, "--wheel-dir", str(out), str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return next(out.glob("emomotion_sdk-*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed without its dependencies into a folder of its own."""
    target = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    return target


def run_installed(site: Path, code: str, blocked: set[str] = BLOCKED) -> subprocess.CompletedProcess[str]:
    """Run code against the installed wheel in a fresh interpreter, away from the repository."""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    program = GUARD.format(blocked=sorted(blocked)) + code
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False, timeout=100)


def test_every_package_on_disk_is_listed_in_setup_cfg() -> None:
    roots = [REPO / "sdk", REPO / "robot_bridge", REPO / "training", REPO / "export", REPO / "protos" / "emomotion"]
    modules = [module for root in roots for module in root.rglob("*.py")]
    folders = {module.parent.relative_to(REPO).as_posix().removeprefix("protos/") for module in modules}
    assert {folder.replace("/", ".") for folder in folders} == setup_packages()


def test_the_wheel_holds_every_module_and_the_stubs(names: set[str]) -> None:
    for room in ("sdk", "robot_bridge", "training", "export"):
        assert {name for name in files_on_disk(room) if name.endswith(".py")} <= names
    protos = {name.removeprefix("protos/") for name in files_on_disk("protos/emomotion")}
    assert {name for name in protos if name.endswith((".py", ".pyi", ".proto"))} <= names
    assert {
        "emomotion/v1/motion_pb2.py",
        "emomotion/v1/motion_pb2_grpc.py",
        "sdk/py.typed",
        "robot_bridge/camera.html",
    } <= names


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in names}
    rooms = {"sdk", "robot_bridge", "training", "export", "emomotion"}
    assert {top for top in tops if not top.endswith(".dist-info")} == rooms
    weights = {
        name for name in names if PurePosixPath(name).suffix in WEIGHTS and not name.startswith((BUNDLE, FACE_BUNDLE))
    }
    assert weights == {name for name in files_on_disk(JUDGES) if name.endswith(".onnx")}
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert any(name.endswith("/licenses/NOTICE") for name in names)


def test_the_wheel_holds_the_whole_bundle(wheel: Path, names: set[str], bundle_path: Path) -> None:
    assert files_on_disk(BUNDLE) | files_on_disk(FACE_BUNDLE) <= names
    with zipfile.ZipFile(wheel) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist() if item.filename.startswith(BUNDLE)}
        manifest = json.loads(archive.read(BUNDLE + "manifest.json"))
    assert sum(sizes.values()) <= MAX_BUNDLE_BYTES, sizes
    assert manifest["emotions"]


def test_data_files_of_clips_and_faces_are_in_the_wheel(names: set[str]) -> None:
    assert {name for name in files_on_disk("sdk/clips") if name.endswith(".json")} <= names
    assert {name for name in files_on_disk("sdk/face") if name.endswith((".json", ".yaml"))} <= names


def installed_closure(requirements: list[str]) -> Iterator[str]:
    """Names of all distributions that these requirements bring, by the metadata of what is installed here."""
    seen: set[tuple[str, str]] = set()
    queue = [(Requirement(text), "") for text in requirements]
    while queue:
        requirement, extra = queue.pop()
        key = (requirement.name.lower(), extra)
        if key in seen or (requirement.marker and not requirement.marker.evaluate({"extra": extra})):
            continue
        seen.add(key)
        yield requirement.name.lower()
        for wanted in ("", *requirement.extras):
            for text in importlib.metadata.requires(requirement.name) or ():
                queue.append((Requirement(text), wanted))


def test_installing_without_extras_brings_no_torch(site: Path) -> None:
    distribution = next(iter(importlib.metadata.distributions(path=[str(site)])))
    assert distribution.metadata["Name"] == "emomotion-sdk"
    runtime = [text for text in distribution.requires or () if "extra ==" not in text]
    assert runtime
    unwanted = {"torch", "onnx", "onnxscript", "tensorboard", "transformers", "scipy", "smplx"}
    assert set(installed_closure(runtime)) & unwanted == set()


def test_requirements_are_not_older_than_the_stubs() -> None:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(REPO / "setup.cfg", encoding="utf-8")
    required = {wanted.name: wanted for wanted in map(Requirement, setup["options"]["install_requires"].split())}
    grpc_stub = (REPO / "protos/emomotion/v1/motion_pb2_grpc.py").read_text(encoding="utf-8")
    protobuf_stub = (REPO / "protos/emomotion/v1/motion_pb2.py").read_text(encoding="utf-8")
    [grpcio] = re.findall(r"GRPC_GENERATED_VERSION = '([\d.]+)'", grpc_stub)
    [protobuf] = re.findall(r"# Protobuf Python Version: ([\d.]+)", protobuf_stub)
    for name, generated in (("grpcio", grpcio), ("protobuf", protobuf)):
        floors = [Version(bound.version) for bound in required[name].specifier if bound.operator == ">="]
        assert floors and max(floors) >= Version(generated), f"{name}: stubs are of {generated}, setup.cfg allows older"


def test_the_version_is_written_once(site: Path) -> None:
    tree = ast.parse((REPO / "sdk" / "__init__.py").read_text(encoding="utf-8"))
    [version] = [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    assert next(iter(importlib.metadata.distributions(path=[str(site)]))).version == version


@pytest.mark.parametrize(
    "module", ["sdk.serve", "sdk.deploy", "sdk.client", "sdk.clip", "sdk.cli", "sdk.runtime.engine"]
)
def test_the_installed_sdk_loads_where_torch_does_not_exist(site: Path, module: str) -> None:
    done = run_installed(site, f"import sdk, {module}\nprint(sdk.__file__)")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(site)


def test_the_client_needs_no_onnx_runtime(site: Path) -> None:
    done = run_installed(site, "import sdk.client", BLOCKED | {"onnxruntime", "tokenizers"})
    assert done.returncode == 0, done.stderr


def test_the_stubs_load_as_emomotion_v1(site: Path) -> None:
    code = "from emomotion.v1 import motion_pb2, motion_pb2_grpc\nprint(motion_pb2.__file__)"
    done = run_installed(site, code)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(site)


def test_the_console_command_lists_its_verbs(site: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [str(site / "bin" / "emomotion"), "--help"]
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout and "clip" in done.stdout
