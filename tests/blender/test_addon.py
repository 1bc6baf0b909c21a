"""The Blender add-on, as Blender's own Python sees it: what operators do, leave behind and say."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.bundle import DEFAULT_BUNDLE
from sdk.clips.blender import find_blender
from sdk.motion.motion import Motion
from sdk.motion.skeleton import JOINT, JOINT_NAMES
from tests.blender.session import degrees_off
from tools.blender_addon import SOURCE, build

EMOTIONS = ("joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation")
DEGREE = 1.0
needs_bundle = pytest.mark.skipif(
    not (DEFAULT_BUNDLE / "manifest.json").exists(), reason="the shipped bundle is absent"
)


def of(found: dict[str, Any], scenario: str) -> Any:
    """What a scenario found out; its own failure is the test's."""
    result = found[scenario]
    assert "failed" not in result, result["failed"]
    return result


def test_it_registers_goes_and_comes_again(found: dict[str, Any]) -> None:
    result = of(found, "register")
    assert (result["once"], result["gone"], result["again"]) == ([True, True], [False, False], [True, True])


def test_panels_show_what_exists(found: dict[str, Any]) -> None:
    shown = of(found, "panels")["shown"]
    wanted = "prompt emotion intensity valence arousal seconds seed plan server command curves".split()
    assert set(wanted) <= set(shown)
    assert {f"emomotion.{name}" for name in ("generate", "import_clip", "retarget", "retarget_file")} <= set(shown)
    assert "anger 0.8" not in shown and "a person walks forward" in shown  # the tags of the active character


@needs_bundle
def test_generate_makes_a_tagged_character(found: dict[str, Any]) -> None:
    made = of(found, "generate")
    assert made["error"] == "" and made["left"] == []
    assert made["armature"] == made["action"] == "a person waves the right hand"
    assert (made["fps"], made["range"], made["keys"]) == (30, [0, 60], [0, 60, 61])
    assert made["markers"] == [["joy 0.8", 0]]
    tagged = json.loads(made["text"]["emotion_json"])
    assert (tagged["seed"], made["text"]["emotion_seed"], tagged["label"]) == (7, "7", "joy")
    assert made["text"]["emotion_json"] == made["on_action"]["emotion_json"]
    assert all(row["emotion_joy"] == pytest.approx(0.8, abs=1e-7) for row in made["played"])


@needs_bundle
def test_generate_is_one_step_of_undo(found: dict[str, Any]) -> None:
    made = of(found, "generate")
    assert not any(made["after_undo"].values())
    assert len(made["after_redo"]) == 1


@needs_bundle
def test_generate_takes_a_point_and_a_prompt_like_an_option(found: dict[str, Any]) -> None:
    made = of(found, "valence_arousal")
    assert made["error"] == "" and (made["valence"], made["arousal"], made["prompt"]) == (-0.6, -0.3, "--help")
    assert 0 <= made["seed"] < 2**31  # so that it can be typed into the panel again


def test_an_imported_character_moves_as_the_clip(found: dict[str, Any], walk: Motion) -> None:
    made = of(found, "import")["plain"]
    assert (made["fps"], made["range"], made["tracks"]) == (walk.fps, [0, len(walk) - 1], 0)
    for frame, joints in made["joints"].items():
        wanted = walk.positions[int(frame)]
        assert set(JOINT_NAMES) <= set(joints)
        off = max(float(np.linalg.norm(np.subtract(joints[name], wanted[JOINT[name]]))) for name in JOINT_NAMES)
        assert off < 1e-5


@pytest.mark.parametrize("name", ["plain", "segments", "curve", "extras", "long"])
def test_emotion_curves_are_those_of_the_tags(
    name: str, found: dict[str, Any], walk: Motion, clips: dict[str, Path]
) -> None:
    made = of(found, "import")[name]
    sidecar = clips["plain" if name == "extras" else name]
    tagged = json.loads(sidecar.with_name(sidecar.name + ".emotion.json").read_text())
    assert made["error"] == ""
    for emotion in EMOTIONS:
        played = [row[f"emotion_{emotion}"] for row in made["emotions"]]
        stated = tagged["curves"].get(emotion, {"values": [0.0]})["values"]
        wanted = [stated[min(k, len(stated) - 1)] for k in range(len(walk))]
        np.testing.assert_allclose(played, wanted, atol=1e-7)


def test_markers_stand_at_segments(found: dict[str, Any], walk: Motion) -> None:
    made = of(found, "import")["segments"]
    assert made["markers"] == [["joy 0.9", 0], ["sadness 0.4", round(walk.fps)]]


def test_long_prompts_fit_into_names_and_stay_whole_in_the_tags(found: dict[str, Any], clips: dict[str, Path]) -> None:
    made = of(found, "import")["long"]
    prompt = json.loads(clips["long"].with_name("long.glb.emotion.json").read_text())["prompt"]
    assert prompt.startswith(made["action"]) and 40 < len(made["action"].encode()) <= 59
    assert made["text"]["emotion_prompt"] == prompt


def test_the_sidecar_counts(found: dict[str, Any]) -> None:
    imported = of(found, "import")
    assert imported["conflict"]["text"]["emotion_prompt"] == "a person strolls"
    assert imported["extras"]["text"]["emotion_prompt"] == "a person walks forward"


def test_the_scene_keeps_its_rate_if_told_or_in_use(found: dict[str, Any], walk: Motion) -> None:
    result, last = of(found, "rates"), len(walk) - 1
    kept = result["keep 24"]
    assert kept["fps"] == 24 and kept["range"] == [1, 250]
    assert kept["keys"] == pytest.approx([10, 10 + last * 24 / walk.fps, len(walk)], abs=1e-4)
    ntsc = result["keep ntsc"]
    assert ntsc["keys"] == pytest.approx([10, 10 + last * (30 / 1.001) / walk.fps, len(walk)], abs=1e-4)
    assert result["clip"]["fps"] == walk.fps and result["clip"]["range"] == [10, 10 + last]
    assert result["second"]["fps"] == 24  # something moves already


def test_bad_files_say_what_to_do_and_leave_nothing(found: dict[str, Any]) -> None:
    result = of(found, "bad_files")
    wanted = {
        "cut.glb": "not a whole binary glTF", "text.glb": "not a whole binary glTF", "other.fbx": "no .glb",
        "sidecar.glb": "move it away", "newer.glb": "update the add-on", "pair.glb": "does not belong together",
        "absent.glb": "cannot be read",
    }  # fmt: skip
    for name, part in wanted.items():
        assert part in result[name]["error"] and result[name]["clean"] and result[name]["fps"] == 24, result[name]


def test_bad_settings_say_what_to_do_and_leave_nothing(found: dict[str, Any]) -> None:
    result = of(found, "bad_settings")
    wanted = {
        "no prompt": "the prompt is empty",
        "unknown plan": "magic",
        "server away": "localhost:9",
        "server unnamed": "localhost:50051",
        "offline": "Allow Online Access",
        "command missing": "make demo",
        "command fails": "no_room_left",
        "not on path": "make demo",
        "nothing selected": "no armature is selected",
        "retarget nothing": "no armature is selected",
        "no bones": "no bones",
        "uneven scale": "apply its scale",
    }
    for name, part in wanted.items():
        assert part in result[name]["error"], (name, result[name])
        assert result[name]["result"] == ["CANCELLED"]
        assert result[name].get("clean", True) and result[name].get("left", []) == [], name
    assert re.search("leg|hip|knee|thigh", result["no legs"]["error"]) and result["no legs"]["clean"]
    assert result["no legs"]["left"] == []


def test_cancel_ends_the_process_and_removes_its_files(found: dict[str, Any]) -> None:
    result = of(found, "cancel")
    assert result["alive"] == [0.1, 0.1] and "making the clip" in result["state"] and not result["busy"]
    assert result["ended"] and result["took"] < 4 and result["left"] == [] and result["clean"]
    assert result["after"] is None and result["heard"] == []


def test_opening_another_file_ends_the_work(found: dict[str, Any]) -> None:
    assert of(found, "other_file") == {"task": True, "left": []}


@pytest.mark.parametrize("rig", ["hero", "mixamo_cm"])
def test_limbs_of_a_rig_point_where_the_clip_points_them(rig: str, found: dict[str, Any], walk: Motion) -> None:
    made = of(found, "retarget")[f"{rig} False"]
    assert made["error"] == "" and degrees_off(made["directions"], walk) < DEGREE


@pytest.mark.parametrize("rig", ["hero True", "hero False", "mixamo_cm True", "mixamo_cm False"])
def test_a_rig_gets_a_new_action_and_nothing_else(rig: str, found: dict[str, Any]) -> None:
    made = of(found, "retarget")[rig]
    assert made["untouched"] and made["new"] == {"actions": ["a person walks forward"]} and made["left"] == []
    assert made["kept"] and made["properties"] == [] and made["markers"] == [["anger 0.8", 0]]
    assert json.loads(made["tags"])["prompt"] == "a person walks forward"
    assert made["undone"] == ["walk by hand", True]


def test_a_character_of_the_scene_goes_onto_a_rig_with_its_curves(
    found: dict[str, Any], walk: Motion, clips: dict[str, Path]
) -> None:
    made = of(found, "retarget_scene")
    assert made["error"] == "" and made["left"] == []
    assert degrees_off(made["directions"], walk) < DEGREE
    tagged = json.loads(clips["curve"].with_name("curve.glb.emotion.json").read_text())
    joy = [row["emotion_joy"] for row in made["emotions"]]
    np.testing.assert_allclose(joy, tagged["curves"]["joy"]["values"], atol=1e-6)
    assert json.loads(made["tags"])["seed"] == 2**64 - 1


def test_the_zip_is_an_extension_that_blender_accepts(tmp_path: Path) -> None:
    first, second = build(tmp_path / "a"), build(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    blender = find_blender()
    checker = sorted(blender.glob("bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py")) if blender else []
    if not checker:
        pytest.skip("Blender's own checker is absent: python -m sdk.clips.blender installs it")
    done = subprocess.run([sys.executable, str(checker[0]), "validate", str(first)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_of_the_add_on_says_its_licence() -> None:
    assert 'license = ["SPDX:GPL-3.0-or-later"]' in (SOURCE / "blender_manifest.toml").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in (SOURCE / "LICENSE").read_text()
    for path in SOURCE.glob("*.py"):
        assert path.read_text().startswith("# SPDX-License-Identifier: GPL-3.0-or-later\n"), path.name
