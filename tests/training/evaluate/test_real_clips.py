"""What judges may learn from: recorded clips only, nothing that shows a held-out pair, by itself or in the mirror."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from tests.synthetic import standing  # noqa: E402
from training.evaluate.real_clips import RealClips  # noqa: E402


def line(content: str, style: str, split: str, **other: object) -> dict:
    return {
        "id": f"{content}_{style}_{split}", "content": content, "style": style, "split": split, "part": 1,
        "affect": {"neutral": 1.0}, "intensity": 1.0, "evidence": "mocap",
    } | other  # fmt: skip


def folder_of(folder: Path, *lines: dict) -> Path:
    (folder / "index.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    return folder


def names(clips: tuple) -> set[str]:
    return {clip.name for clip in clips}


@pytest.mark.parametrize("evidence", ["synthetic", "text-mined", "none", None])
def test_clips_that_nobody_moved_for_are_refused(tmp_path: Path, evidence: str | None) -> None:
    made = line("bow", "sad", "train", evidence=evidence)
    with pytest.raises(InvalidInput, match=f"clip bow_sad_train has evidence {evidence!r}; .* recorded clips only"):
        RealClips.load(folder_of(tmp_path, line("walk", "sad", "train"), made))


def test_a_clip_without_evidence_is_refused(tmp_path: Path) -> None:
    bare = line("bow", "sad", "train")
    del bare["evidence"]
    with pytest.raises(InvalidInput, match="recorded clips only"):
        RealClips.load(folder_of(tmp_path, bare))


def test_performed_styles_and_proxies_count_as_recorded(tmp_path: Path) -> None:
    lines = [line("walk", s, "train", evidence=e) for s, e in (("sad", "mocap"), ("not-confident", "proxy"))]
    lines += [line("walk", "proud", "train", evidence="style")]
    assert len(RealClips.load(folder_of(tmp_path, *lines)).train) == 3


def test_an_index_of_another_set_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    other = line("walk", "sad", "train")
    del other["part"]
    with pytest.raises(InvalidInput, match="walk_sad_train has no part .* training.prepare bandai"):
        RealClips.load(folder_of(tmp_path, other))


def test_a_folder_that_was_not_prepared_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="index.jsonl does not exist; run"):
        RealClips.load(tmp_path)


def test_a_pair_is_held_out_when_only_held_out_clips_have_it(tmp_path: Path) -> None:
    clips = RealClips.load(folder_of(
        tmp_path, line("walk", "sad", "train"), line("walk", "sad", "val"), line("bow", "sad", "val"),
        line("run", "sad", "guard"),
    ))  # fmt: skip
    assert clips.held_out_pairs == {("bow", "sad")}
    assert names(clips.val) == {"walk_sad_val", "bow_sad_val"}
    assert names(clips.train) == {"walk_sad_train"}


def test_a_clip_whose_mirror_image_shows_a_held_out_pair_is_left_out(tmp_path: Path) -> None:
    clips = RealClips.load(folder_of(
        tmp_path, line("walk-left", "sad", "val"), line("walk-right", "sad", "train"),
        line("walk-right", "angry", "train"), line("walk", "sad", "train"),
    ))  # fmt: skip
    assert names(clips.left_out) == {"walk-right_sad_train"}
    assert names(clips.train) == {"walk-right_angry_train", "walk_sad_train"}
    assert clips.facts(clips.train)["left_out_clips"] == ["walk-right_sad_train"]


def test_a_style_that_the_parts_name_differently_is_one(tmp_path: Path) -> None:
    """ "old" of part 1 is "elderly" of part 2: a pair shown under one name is not held out under the other."""
    clips = RealClips.load(folder_of(
        tmp_path, line("walk", "old", "val"), line("walk", "elderly", "train", part=2), line("bow", "old", "val"),
        line("walk-left", "masculinity", "val"), line("walk-right", "masculine", "train", part=2),
    ))  # fmt: skip
    assert clips.held_out_pairs == {("bow", "elderly"), ("walk-left", "masculine")}
    assert names(clips.left_out) == {"walk-right_masculine_train"}


def test_sides_are_of_one_family_and_directions_are_not(tmp_path: Path) -> None:
    contents = ("walk-left", "walk-right", "walk-turn-left", "raise-up-left-hand", "raise-up-right-hand", "walk-back")
    clips = RealClips.load(folder_of(tmp_path, *(line(c, "normal", "train") for c in contents))).clips
    left, right, turning, *hands, back = (clip.family for clip in clips)
    assert left == right and hands[0] == hands[1]
    assert len({left, turning, hands[0], back}) == 4


def test_a_card_names_the_index_and_what_was_kept_from_the_judges(tmp_path: Path) -> None:
    clips = RealClips.load(folder_of(tmp_path, line("walk", "sad", "train"), line("bow", "sad", "val")))
    facts = clips.facts(clips.train)
    assert facts["index_sha256"] == hashlib.sha256((tmp_path / "index.jsonl").read_bytes()).hexdigest()
    assert (facts["training_clips"], facts["held_out_pairs"]) == (1, ["bow/sad"])


def test_a_missing_or_damaged_motion_is_named(tmp_path: Path) -> None:
    clips = RealClips.load(folder_of(tmp_path, line("walk", "sad", "train")))
    said = "clip walk_sad_train of .* is missing or damaged"
    with pytest.raises(InvalidInput, match=said):
        clips.motion(clips.train[0])
    (tmp_path / "clips").mkdir()
    path, motion = tmp_path / "clips" / "walk_sad_train.npz", standing(0.5)
    np.savez(path, rotations=motion.rotations, root=motion.root)
    assert len(clips.motion(clips.train[0])) == 16
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InvalidInput, match=said):
        clips.motion(clips.train[0])
