"""The rooms of docs/architecture.md, held by reading every import, those inside functions and type checks included."""

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent
OURS = {"blender_bridge", "emomotion", "examples", "export", "robot_bridge", "sdk", "tests", "tools", "training"}
MAX_LINES = 450


@dataclass(frozen=True)
class Room:
    """What the modules below `path` may import: of ours by dotted prefix, of others by top-level name.

    others = None: no bound. The longest matching path decides, so sdk/motion is not judged by sdk's rule.
    """

    path: str
    ours: tuple[str, ...]
    others: tuple[str, ...] | None


CORE = ("sdk.motion", "sdk.emotion", "sdk.errors", "sdk.closing", "sdk.extras")
WIRE = ("grpc", "grpc_health", "grpc_reflection", "google")
OPERATIONS = ("prometheus_client", "opentelemetry")
RUNTIME = ("numpy", "yaml", "onnxruntime", "tokenizers", "jsonschema", "click", "PIL", *OPERATIONS, *WIRE)

ROOMS = (
    Room("sdk", ("sdk", "emomotion"), RUNTIME),
    Room("sdk/errors.py", ("sdk.motion.errors",), ()),
    Room("sdk/emotion.py", ("sdk.errors",), ("numpy",)),
    Room("sdk/motion", ("sdk.motion",), ("numpy",)),
    Room("sdk/batch", ("sdk",), ("numpy", "yaml", "click", "tqdm")),
    Room("sdk/post", ("sdk.post", "sdk.clips", "sdk.console", *CORE), ("click",)),
    Room("sdk/post/__init__.py", ("sdk.post.files", *CORE), ()),
    Room("sdk/bundle", ("sdk.bundle", *CORE), ("numpy", "jsonschema")),
    Room(
        "sdk/runtime",
        ("sdk.runtime", "sdk.bundle", "sdk.face", "sdk.post", *CORE),
        ("numpy", "onnxruntime", "tokenizers"),
    ),
    Room("sdk/service", ("sdk", "emomotion"), ("numpy", "aiohttp", *OPERATIONS, *WIRE)),
    Room("sdk/deploy", ("sdk", "emomotion"), ("click", "ray", *WIRE)),
    Room("sdk/face", ("sdk.face", *CORE), ("numpy", "yaml", "PIL")),
    Room(
        "sdk/clips",
        ("sdk.clips", "sdk.console", "sdk.extras", "sdk.runtime.track", *CORE),
        ("numpy", "PIL", "jsonschema", "click", "pxr"),
    ),
    Room("sdk/clips/inside_blender.py", (), ("numpy", "bpy", "io_scene_fbx")),
    Room(
        "sdk/client.py",
        (
            "sdk.client_errors",
            "sdk.clip_client",
            "sdk.compose_wire",
            "sdk.drive",
            "sdk.face_client",
            "sdk.ready",
            "sdk.replies",
            "sdk.runtime.composition",
            "sdk.wire",
            "emomotion",
            *CORE,
        ),
        ("numpy", *WIRE),
    ),
    Room("sdk/replies.py", ("sdk.wire", "emomotion", *CORE), ("numpy",)),
    Room(
        "sdk/clip_client.py",
        ("sdk.clips.files", "sdk.compose_wire", "sdk.replies", "sdk.runtime.composition", "emomotion", *CORE),
        (),
    ),
    Room("sdk/client_errors.py", ("sdk.wire", *CORE), WIRE),
    Room(
        "sdk/face_client.py",
        ("sdk.catch_up", "sdk.client_errors", "sdk.closing", "sdk.face_wire", "emomotion", *CORE),
        WIRE,
    ),
    Room("sdk/face_wire.py", ("sdk.drive", "sdk.wire", "emomotion", *CORE), ("numpy", "PIL")),
    Room("sdk/ready.py", ("sdk.errors",), WIRE),
    Room("sdk/bench.py", ("sdk.client", "sdk.console", "sdk.server_options", *CORE), ("numpy", "click", "matplotlib")),
    Room(
        "sdk/drive.py",
        ("sdk.catch_up", "sdk.runtime.limits", "sdk.runtime.track", "sdk.wire", "emomotion", *CORE),
        ("numpy", *WIRE),
    ),
    Room(
        "sdk/relay",
        (
            "sdk.relay",
            "sdk.client",
            "sdk.drive",
            "sdk.face",
            "sdk.face_client",
            "sdk.console",
            "sdk.server_options",
            *CORE,
        ),
        ("numpy", "click"),
    ),
    Room("sdk/rigs", ("sdk.rigs", "sdk.clips", *CORE), ("numpy", "yaml")),
    Room("sdk/rigs/inside_blender.py", (), ("bpy",)),
    Room("sdk/studio", ("sdk", "emomotion"), ("numpy", "aiohttp", "click", *WIRE)),
    Room("sdk/wire.py", ("emomotion", *CORE), ("numpy", "google")),
    Room("protos", ("emomotion",), WIRE),
    Room("training", ("training", "sdk.console", "sdk.runtime", "sdk.bundle", "sdk.clips", "sdk.face", *CORE), None),
    Room("export", ("export", "training", "sdk"), None),
    Room("robot_bridge", ("robot_bridge", "sdk", "emomotion"), None),
    Room("examples", ("examples", "sdk"), ("numpy",)),
    Room("docs/snippets", ("sdk",), ()),
    # Inside Blender there is nothing else.
    Room("blender_bridge", ("blender_bridge",), ("bpy", "bpy_extras", "mathutils")),
    Room("tools", tuple(OURS), None),
    Room("tests", tuple(OURS), None),
)
# Nobody outside training and export may load these, whatever a room's own line says.
HEAVY = ("torch", "tensorboard", "onnx", "onnxscript", "transformers")
MAY_BE_HEAVY = ("training", "export", "tests", "tools")


def tracked_files() -> list[Path]:
    """Files of the repository as git would commit them; ignored ones are left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := REPO / name).is_file()]


def written_modules() -> list[Path]:
    """Python files that people wrote, as opposed to generated stubs."""
    return [path for path in tracked_files() if path.suffix == ".py" and "_pb2" not in path.name]


def relative(path: Path) -> str:
    return path.relative_to(REPO).as_posix()


def room_of(path: str) -> Room | None:
    inside = [room for room in ROOMS if path == room.path or path.startswith(room.path + "/")]
    return max(inside, key=lambda room: len(room.path), default=None)


def dynamic_target(node: ast.Call) -> str | None:
    """Module named by importlib.import_module("x") or __import__("x"), when it is written out."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if name in ("import_module", "__import__") and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return None


def imports_of(source: str, package: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything a module imports; `from a import b` gives a.b, for b may be a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and (target := dynamic_target(node)):
            yield node.lineno, target


def forbidden(path: str, name: str) -> str | None:
    """Why the module at `path` may not import `name`; None when it may."""
    top = name.partition(".")[0]
    room = room_of(path)
    if top in sys.stdlib_module_names or name == "sdk.__version__":
        return None
    if room is None:
        return "lies in no room: name one in tests/test_rooms.py and docs/architecture.md"
    if top in OURS:
        allowed = any(name == own or name.startswith(own + ".") for own in room.ours)
        return None if allowed else f"{room.path} may import of ours only {', '.join(room.ours) or 'nothing'}"
    if top in HEAVY and path.partition("/")[0] not in MAY_BE_HEAVY:
        return f"{top} stays in training and export"
    if room.others is not None and top not in room.others:
        return f"{room.path} may import of others only {', '.join(room.others) or 'nothing'}"
    return None


def test_every_import_stays_in_its_room() -> None:
    broken = []
    for path in written_modules():
        package = relative(path.parent).replace("/", ".").removeprefix("protos.")
        for line, name in imports_of(path.read_text(encoding="utf-8"), package):
            if reason := forbidden(relative(path), name):
                broken.append(f"{relative(path)}:{line} imports {name}: {reason}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("sdk/clip.py", "import torch"),
        ("sdk/clip.py", "def late():\n    import torch.nn"),
        ("sdk/clip.py", "from training import recipes"),
        ("sdk/clip.py", "import importlib\nimportlib.import_module('export.text')"),
        ("sdk/clip.py", "import requests"),
        ("sdk/motion/bvh.py", "from sdk import emotion"),
        ("sdk/motion/bvh.py", "from ..emotion import Affect"),
        ("sdk/motion/bvh.py", "import scipy"),
        ("sdk/runtime/engine.py", "import grpc"),
        ("sdk/runtime/engine.py", "from emomotion.v1 import motion_pb2"),
        ("sdk/service/motion.py", "import onnxruntime"),
        ("sdk/service/core.py", "import ray"),
        ("sdk/client.py", "from sdk.runtime import engine"),
        ("training/prepare.py", "from sdk.service.server import Server"),
        ("robot_bridge/governor.py", "from training.face import train"),
        ("examples/01_walk.py", "import torch"),
        ("stray.py", "import numpy"),
    ],
)
def test_a_breach_is_seen(path: str, line: str) -> None:
    package = path.rpartition("/")[0].replace("/", ".")
    assert any(forbidden(path, name) for _, name in imports_of(line, package))


def test_what_sdk_imports_is_what_an_install_brings() -> None:
    distributions = {
        "PIL": "pillow",
        "grpc": "grpcio",
        "grpc_health": "grpcio-health-checking",
        "grpc_reflection": "grpcio-reflection",
        "google": "protobuf",
        "prometheus_client": "prometheus-client",
        "pxr": "usd-core",
        "yaml": "pyyaml",
    }
    imported = set()
    for path in written_modules():
        if relative(path).startswith(("sdk/", "protos/")):
            tops = {name.partition(".")[0] for _, name in imports_of(path.read_text(encoding="utf-8"), "sdk")}
            imported |= {distributions.get(top, top) for top in tops - OURS - sys.stdlib_module_names}
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(REPO / "setup.cfg", encoding="utf-8")
    # Imported where it is needed, with a word on how to install it.
    extras = {"bench": "matplotlib", "otel": "opentelemetry", "ray": "ray", "usd": "usd-core", "web": "aiohttp"}
    for extra, name in extras.items():
        assert name in setup["options.extras_require"][extra] and name in imported
        imported.remove(name)
    imported -= {"bpy", "io_scene_fbx"}  # a script of the SDK's runs inside Blender, which brings them
    required = {re.split(r"[<>=!~\[;]", line)[0] for line in setup["options"]["install_requires"].split()}
    # The generated stubs are what needs protobuf; modules reach it through them.
    assert imported | {"protobuf"} == required


def test_modules_are_short_enough_for_one_sitting() -> None:
    lengths = {relative(path): len(path.read_bytes().splitlines()) for path in written_modules()}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    roots = "|".join(("work", "tmp", "root", "home"))
    machine_path = re.compile(rf"(?<![\w.}})\]-])/(?:{roots})(?:/|\b(?![\w-]))".encode())
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" in content:  # binary: graphs, pictures
            continue
        for number, line in enumerate(content.splitlines(), 1):
            if machine_path.search(line):
                found.append(f"{relative(path)}:{number} {line.strip()[:80]!r}")
    assert not found, "\n".join(found)
