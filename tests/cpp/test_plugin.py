"""The Unreal plugin without Unreal: every source is compiled against a hand-written stub of the engine's interface.

This finds typing errors, wrong use of the core and of the engine's functions as they are documented; it runs nothing.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

import sdk
from emomotion.v1 import face_pb2
from sdk.emotion import Emotion
from tests.cpp.build import REPO, built, compiler, run

PLUGIN = REPO / "unreal_bridge" / "EmoMotion"
STUB = Path(__file__).with_name("unreal_stub")
CORE = REPO / "unreal_bridge" / "core" / "include"
SOURCES = sorted(PLUGIN.rglob("*.cpp"))
HEADERS = sorted(PLUGIN.rglob("*.h"))
OWN = {path.name for path in HEADERS} | {"emomotion.h"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a header for each one of the engine's that the plugin includes; all of them are the stub."""
    folder = tmp_path_factory.mktemp("engine")
    for path in [*SOURCES, *HEADERS]:
        for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE):
            if name not in OWN:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text("" if name.endswith(".generated.h") else '#include "Unreal.h"\n')
    return folder


def compiled(engine: Path, source: Path, *more: str) -> str:
    folders = [engine, STUB, CORE, *(path for path in (PLUGIN / "Source").glob("*/P*") if path.is_dir())]
    command = [compiler(), "-std=c++17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only", *more]
    command += [f"-I{folder}" for folder in folders]
    return subprocess.run([*command, str(source)], capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_compiler_takes_every_source(engine: Path, source: Path) -> None:
    assert compiled(engine, source) == ""


def test_a_compiler_would_see_a_mistake(engine: Path, tmp_path: Path) -> None:
    source = PLUGIN / "Source" / "EmoMotion" / "Private" / "EmoMotionComponent.cpp"
    for right, wrong in (
        ("GetAudioTimeSeconds()", "GetAudioSeconds()"),
        ("em_drive_end(Drive.Get())", "em_drive_end(Drive)"),
        ('TEXT("%s"), *Message', 'TEXT("%s"), Message'),
    ):
        changed = tmp_path / "changed.cpp"
        changed.write_text(source.read_text().replace(right, wrong))
        assert "error" in compiled(engine, changed)


def test_public_headers_show_nothing_of_the_wire() -> None:
    for path in HEADERS:
        if path.parent.name == "Public":
            assert not re.search(r"grpc|protobuf|absl|emomotion\.h|\.pb\.h", path.read_text()), path.name


def test_every_module_is_listed_and_has_its_rules() -> None:
    plugin = json.loads((PLUGIN / "EmoMotion.uplugin").read_text())
    modules = {module["Name"]: module["Type"] for module in plugin["Modules"]}
    assert modules == {"EmoMotion": "Runtime", "EmoMotionUncooked": "UncookedOnly", "EmoMotionLiveLink": "Runtime"}
    assert plugin["VersionName"] == sdk.__version__
    for name in modules:
        rules = (PLUGIN / "Source" / name / f"{name}.Build.cs").read_text()
        assert f"public class {name} : ModuleRules" in rules
        implemented = [path for path in SOURCES if f", {name})" in path.read_text() and name in path.parts]
        assert len(implemented) == 1, f"{name} needs one IMPLEMENT_MODULE"


def test_the_core_is_installed_where_the_plugin_looks_for_it(tmp_path: Path) -> None:
    run("cmake", "--install", str(built().library.parent), "--component", "plugin", "--prefix", str(tmp_path))
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    place = "EmoMotion/Source/ThirdParty/EmoMotionCore"
    assert found == {f"{place}/include/emomotion.h", f"{place}/lib/Linux/libemomotion.so.1"}
    rules = (PLUGIN.parent / place / "EmoMotionCore.Build.cs").read_text()
    assert '"libemomotion.so.1"' in rules and '"include"' in rules and '"lib"' in rules


def test_emotions_stand_in_the_order_of_the_sdk() -> None:
    types = (PLUGIN / "Source" / "EmoMotion" / "Public" / "EmoMotionTypes.h").read_text()
    body = re.search(r"enum class EEmoMotionEmotion : uint8\s*{([^}]*)}", types)
    assert body and [name.strip().lower() for name in body[1].split(",")] == [e.label for e in Emotion]
    curves = (PLUGIN / "Source" / "EmoMotion" / "Private" / "EmoMotionTypes.cpp").read_text()
    assert [name.lower() for name in re.findall(r"EmoMotion_(\w+)\"", curves)] == [e.label for e in Emotion]


def test_visemes_stand_in_the_order_of_the_wire() -> None:
    types = (PLUGIN / "Source" / "EmoMotion" / "Public" / "EmoMotionTypes.h").read_text()
    body = re.search(r"enum class EEmoMotionViseme : uint8\s*{([^}]*)}", types)
    names = [name.removeprefix("VISEME_") for name in face_pb2.Viseme.keys()[1:]]
    assert body and [name.strip().upper() for name in body[1].split(",")] == names


def test_what_blueprints_see_is_explained() -> None:
    bare = []
    for path in HEADERS:
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            marked = re.match(r"\s*(UPROPERTY|UFUNCTION|UENUM|USTRUCT|UCLASS)\(", line)
            above = lines[number - 1].strip()
            if marked and not above.endswith("*/") and not (marked[1] == "UCLASS" or "Node;" in lines[number + 1]):
                bare.append(f"{path.name}:{number + 1}")
    assert not bare, f"no comment above {', '.join(bare)}"
