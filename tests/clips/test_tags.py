"""Emotion tags: the schema in both directions, every place in a GLB, and disagreements between places."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sdk.clips.container import pack_glb, read_glb
from sdk.clips.read import read_tags
from sdk.clips.tags import ClipTags, describe, read_sidecar, sidecar_path, tags_from_object
from sdk.clips.write import write_clip
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.motion import Motion
from sdk.runtime.track import Segment

Edit = Callable[[dict[str, Any]], Any]


def edit_glb(path: Path, edit: Edit) -> None:
    document, binary = read_glb(path)
    edit(document)
    path.write_bytes(pack_glb(document, binary))


def edit_sidecar(path: Path, edit: Edit) -> None:
    tagged = json.loads(sidecar_path(path).read_text())
    edit(tagged)
    sidecar_path(path).write_text(json.dumps(tagged))


def drop_extras(*places: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        if "animation" in places:
            del document["animations"][0]["extras"]
        if "node" in places:
            del document["nodes"][0]["extras"]
        if "asset" in places:
            del document["asset"]["extras"]

    return edit


def test_schema_file_is_a_schema() -> None:
    schema = json.loads(files("sdk.clips").joinpath("emotion.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    # The SDK's own list of emotions and the schema's must not drift apart.
    assert schema["$defs"]["emotion"]["enum"] == [e.label for e in Emotion]


@pytest.fixture
def clip(tmp_path: Path, walk: Motion, tags: ClipTags) -> Path:
    return write_clip(tmp_path / "walk.glb", walk, tags)[0]


def test_sidecar_gives_back_what_was_written(clip: Path, tags: ClipTags) -> None:
    back = read_sidecar(clip)
    assert back.clip is not None
    assert (back.clip.file, back.clip.format, back.clip.fps, back.clip.frames) == ("walk.glb", "glb", 30.0, 61)
    assert back.requested == tags.requested  # to the bit: it must make the same clip again
    assert back.applied.weights == pytest.approx(tags.applied.weights, abs=1e-6)
    unrounded = {"applied": tags.applied, "clip": None, "segments": (), "made_with": {}}
    assert replace(back, **unrounded) == tags


def test_sidecar_file_is_plain_and_repeatable(clip: Path, walk: Motion, tags: ClipTags) -> None:
    text = sidecar_path(clip).read_text(encoding="utf-8")
    tagged = json.loads(text)
    assert list(tagged) == sorted(tagged) and tagged["schema"] == "sdk.emotion/1"
    assert tagged["label"] == "anger" and tagged["weights"] == {"anger": 0.666667, "sadness": 0.333333}
    assert tagged["synthetic"] is True and tagged["root_motion"] == "travel" and tagged["seed"] == 2**64 - 1
    assert str(clip.parent) not in text
    before = text
    write_clip(clip, walk, tags)
    assert sidecar_path(clip).read_text(encoding="utf-8") == before


def test_names_of_clips_with_one_stem_do_not_collide(tmp_path: Path) -> None:
    assert sidecar_path(tmp_path / "a.glb") != sidecar_path(tmp_path / "a.bvh")
    assert sidecar_path(sidecar_path(tmp_path / "a.glb")) == sidecar_path(tmp_path / "a.glb")


def test_unknown_fields_are_kept(clip: Path, walk: Motion) -> None:
    edit_sidecar(clip, lambda t: t.update(mood_board={"a": 1}, schema="sdk.emotion/1.4", dominance=0.2))
    back = read_sidecar(clip)
    assert back.extra == {"mood_board": {"a": 1}, "dominance": 0.2}
    again = describe(back, walk, clip_format="glb")
    assert again["mood_board"] == {"a": 1} and again["dominance"] == 0.2


def test_a_track_of_emotions_is_kept(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    spans = (Segment(0.0, 0.5, Affect.of("joy", 0.5)), Segment(0.5, 2.0, Affect.of("fear", 1.0)))
    path = write_clip(tmp_path / "a.glb", walk, replace(tags, segments=spans))[0]
    assert read_tags(path).tags.segments == spans


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (lambda t: t.update(schema="sdk.emotion/2"), "schema"),
        (lambda t: t.update(schema="other"), "schema"),
        (lambda t: t.pop("seed"), "seed"),
        (lambda t: t.update(seed=-1), "seed"),
        (lambda t: t.update(seed=1.5), "seed"),
        (lambda t: t.update(label="furious"), "label"),
        (lambda t: t.update(label="joy"), "label"),
        (lambda t: t.update(weights={"rage": 1.0}), "weights"),
        (lambda t: t.update(weights={"anger": 1.2}), "weights.anger"),
        (lambda t: t.update(weights={"anger": 0.0}), "weight"),
        (lambda t: t.update(weights={}), "weights"),
        (lambda t: t.update(intensity=7), "intensity"),
        (lambda t: t.update(intensity=float("nan")), "NaN"),
        (lambda t: t.update(valence=-2), "valence"),
        (lambda t: t.update(root_motion="sideways"), "root_motion"),
        (lambda t: t.update(licence=""), "licence"),
        (lambda t: t.update(prompt=None), "prompt"),
        (lambda t: t["clip"].pop("sha256"), "clip"),
        (lambda t: t["clip"].update(sha256="abc"), "clip.sha256"),
        (lambda t: t["clip"].update(fps=0), "clip.fps"),
        (lambda t: t["clip"].update(frames=0), "clip.frames"),
        (lambda t: t["clip"].update(file="../walk.glb"), "clip.file"),
        (lambda t: t["model"].update(sha256="xyz"), "model.sha256"),
        (lambda t: t["segments"][0].update(end_s=9.0), "segments"),
        (lambda t: t["segments"].append({**t["segments"][0], "start_s": 1.0}), "segments.1"),
        (lambda t: t["postprocess"].append({"name": "lock"}), "postprocess.0"),
    ],
)
def test_bad_sidecars_are_refused_by_field(edit: Edit, field: str, clip: Path) -> None:
    edit_sidecar(clip, edit)
    with pytest.raises(MalformedFile, match=field) as caught:
        read_sidecar(clip)
    assert str(caught.value).startswith("walk.glb.emotion.json") and "\n" not in str(caught.value)
    with pytest.raises(MalformedFile):  # copies in the clip do not replace a broken truth
        read_tags(clip)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"[" * 5000, b'{"schema": 3}'])
def test_sidecars_that_are_no_object_are_refused(raw: bytes, clip: Path) -> None:
    sidecar_path(clip).write_bytes(raw)
    with pytest.raises(MalformedFile):
        read_sidecar(clip)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seed": -1}, "seed"),
        ({"licence": ""}, "licence"),
        ({"bundle_sha256": "zz"}, "model.sha256"),
        ({"root_motion": "up"}, "root_motion"),
        ({"valence": 3.0}, "valence"),
        ({"prompt": "\udc80"}, "prompt"),
        ({"segments": (Segment(0.0, 60.0, Affect.neutral()),)}, "segments"),
    ],
)
def test_bad_tags_are_not_written(
    change: dict[str, Any], field: str, walk: Motion, tags: ClipTags, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=field):
        write_clip(tmp_path / "a.glb", walk, replace(tags, **change))
    assert not list(tmp_path.iterdir())


def test_every_place_gives_the_tags_back(clip: Path, tags: ClipTags) -> None:
    reading = read_tags(clip)
    assert (reading.source, reading.conflicts) == ("sidecar", ())
    sidecar_path(clip).unlink()
    gone: list[str] = []
    for source in ("animation", "node", "asset"):
        reading = read_tags(clip)
        assert (reading.source, reading.conflicts) == (f"{source}.extras", ())
        assert reading.tags.requested == tags.requested and reading.tags.prompt == tags.prompt
        assert reading.tags.clip is not None and reading.tags.clip.sha256 == ""
        gone = [source]
        edit_glb(clip, drop_extras(*gone))
    with pytest.raises(MalformedFile, match=r"carries no emotion tags, and walk\.glb\.emotion\.json"):
        read_tags(clip)


def test_extras_for_engines_are_flat_strings(clip: Path) -> None:
    document, _ = read_glb(clip)
    flat = document["asset"]["extras"]
    assert flat == document["nodes"][0]["extras"]
    assert all(isinstance(v, str) for v in flat.values())
    assert (flat["emotion_label"], flat["emotion_intensity"], flat["emotion_synthetic"]) == ("anger", "0.8", "true")
    assert json.loads(flat["emotion_json"]) == document["animations"][0]["extras"]


def test_conflicts_are_reported(clip: Path) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["animations"][0]["extras"]["prompt"] = "a person runs"
        document["nodes"][0]["extras"]["emotion_label"] = "joy"
        document["asset"]["extras"]["emotion_json"] = "{"

    edit_glb(clip, edit)
    reading = read_tags(clip)
    assert reading.source == "sidecar" and reading.tags.prompt == "a person walks forward"
    text = "\n".join(reading.conflicts)
    assert "sidecar: clip.sha256 is not that of walk.glb" in text
    assert "animation.extras: prompt is 'a person runs', sidecar says 'a person walks forward'" in text
    assert "node.extras (alone and in emotion_json): emotion_label is 'joy', itself says 'anger'" in text
    assert "asset.extras.emotion_json is not JSON" in text
    assert len(reading.conflicts) == 4


def test_a_changed_number_deep_inside_is_a_conflict(clip: Path) -> None:
    edit_sidecar(clip, lambda t: t["model"].update(version="2.0"))
    conflicts = read_tags(clip).conflicts
    assert "animation.extras: model.version is '1.0', sidecar says '2.0'" in conflicts and len(conflicts) == 3


def test_other_peoples_extras_are_passed_over(clip: Path) -> None:
    sidecar_path(clip).unlink()
    edit_glb(clip, drop_extras("animation", "node", "asset"))
    edit_glb(clip, lambda d: d["asset"].update(extras=["x"]) or d["nodes"][3].update(extras={"emotion_json": 5}))
    with pytest.raises(MalformedFile, match="carries no emotion tags"):
        read_tags(clip)


def test_prompts_in_any_script_survive(walk: Motion, tags: ClipTags, tmp_path: Path) -> None:
    prompt = '\u0447\u0435\u043b\u043e\u0432\u0435\u043a \u6b69\u304f \U0001f600 "quoted" \\ \n'
    path = write_clip(tmp_path / "a.glb", walk, replace(tags, prompt=prompt))[0]
    assert read_tags(path).tags.prompt == prompt
    sidecar_path(path).unlink()
    assert read_tags(path).tags.prompt == prompt


def test_embedded_object_needs_no_file_name(walk: Motion, tags: ClipTags) -> None:
    tagged = describe(tags, walk, clip_format="glb")
    assert "sha256" not in tagged["clip"]
    assert tags_from_object(tagged, where="here").seed == tags.seed
    with pytest.raises(MalformedFile, match="here: clip"):
        tags_from_object(tagged, where="here", sidecar=True)
