"""What a clip of a recorded live character says about itself."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[studio]'")

from sdk.clip_again import read_recipe
from sdk.clips.tags import describe, read_sidecar
from sdk.compose_tags import composition_tags
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.runtime.composition import Beat, Composition, Goal
from sdk.studio.exports import exported
from sdk.studio.recordings import tags_of
from tests.synthetic import walking

ANGER = {"weights": {"anger": 1}, "intensity": 1}
TOLD: list[dict[str, Any]] = [
    {"seconds": 0, "text": "a person walks", "affect": None, "speed": 1},
    {"seconds": 0.5, "text": "a person walks", "affect": ANGER, "speed": 1, "path": [[0, 0], [1, 2]]},
    {"seconds": 1.25, "text": "a person runs", "affect": ANGER, "speed": 1.2, "heading": 0.5},
]
RECORDING: dict[str, Any] = {
    "told": TOLD, "seed": "7", "plan": "fast", "generator": "emo-mask",
    "model": {"name": "fake", "version": "1", "sha256": "ab" * 32, "licence": "CC0-1.0", "attribution": "nobody"},
}  # fmt: skip


@pytest.fixture
def motion() -> Motion:
    return walking(2, speed=1.2)[:61]


def test_what_was_told_and_felt_is_said(motion: Motion) -> None:
    tags = tags_of(RECORDING, motion)
    anger = Affect({Emotion.ANGER: 1.0}, 1.0)
    assert tags.prompt == "a person walks; a person runs" and tags.applied == anger, "what is felt for longest"
    assert [(s.start_s, s.end_s, s.affect.label) for s in tags.segments] == [(0, 0.5, "neutral"), (0.5, 2, "anger")]
    assert (tags.seed, tags.plan, tags.licence, tags.bundle_sha256) == (7, "fast", "CC0-1.0", "ab" * 32)
    told = tags.extra["recording"]["told"]
    assert [one["seconds"] for one in told] == [0, 0.5, 1.25] and told[1]["weights"] == {"anger": 1.0}
    assert told[1]["path"] == [[0, 0], [1, 2]] and told[2]["heading"] == 0.5 and "heading" not in told[0]


def test_an_exported_recording_is_read_again_and_says_that_it_is_one(motion: Motion, tmp_path: Path) -> None:
    name, content = exported({"recording": RECORDING, "name": "live", "format": ".glb", "fps": 30.0}, motion)
    assert name == "live.zip"
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    tags = read_sidecar(tmp_path / "live.glb")
    assert tags.extra["recording"]["told"][2]["text"] == "a person runs" and len(tags.segments) == 2
    with pytest.raises(InvalidInput, match="recording of a live character"):
        read_recipe(tmp_path / "live.glb")


def test_a_composed_clip_is_the_same_file_whatever_a_browser_makes_of_its_numbers(motion: Motion) -> None:
    affect = Affect({Emotion.ANGER: 1.0}, 1.0)
    goal = Goal("right_wrist", 1.0, np.array([-0.25, 1.0, 0.0]), hold_s=1.0)
    asked = Composition(beats=[Beat("a person walks", affect, 2.0)], seed=7, goals=[goal])
    tags = composition_tags(
        asked, 7, plan="fast", generator="emo-mask", applied=affect, prompt="a person walks", licence="CC0-1.0",
        attribution="nobody", model="fake", version="1", bundle_sha256="ab" * 32, made_with={},
    )  # fmt: skip
    kept = json.loads(json.dumps(describe(tags, motion, clip_format="glb")))
    header = {"name": "clip", "format": ".glb", "fps": 30.0}
    files = [exported({**header, "tags": known}, motion)[1] for known in (kept, whole_numbers(kept))]
    assert whole_numbers(kept) == kept and "1.0" not in json.dumps(whole_numbers(kept)["composition"]["goals"])
    assert files[0] == files[1]


def whole_numbers(value: Any) -> Any:
    """As JavaScript writes numbers."""
    if isinstance(value, dict):
        return {key: whole_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [whole_numbers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"told": []}, "recording.told"), ({"told": 3}, "told"), ({"told": TOLD[1:]}, "recording.told"),
        ({"told": [TOLD[0], TOLD[0]]}, "recording.told"),
        ({"told": [*TOLD, {**TOLD[0], "seconds": 9}]}, "recording.told"),
        ({"told": [{"seconds": 0, "text": " "}]}, "recording.told.0.text"), ({"told": [3]}, "recording.told.0"),
        ({"told": [{**TOLD[0], "path": [[0, 0]]}]}, "recording.told.0.path"),
        ({"told": [{**TOLD[0], "affect": {"weights": {"joyy": 1}}}]}, "recording.told.0.affect.weights.joyy"),
        ({"seed": "x"}, "seed"), ({"model": 3}, "recording.model"),
    ],
)  # fmt: skip
def test_recordings_that_cannot_be(change: dict[str, Any], field: str, motion: Motion) -> None:
    with pytest.raises(InvalidInput) as refused:
        tags_of({**RECORDING, **change}, motion)
    assert refused.value.field == field


def test_a_recording_must_be_an_object(motion: Motion) -> None:
    with pytest.raises(InvalidInput) as refused:
        tags_of([1], motion)
    assert refused.value.field == "recording"
