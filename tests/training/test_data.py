"""Clips in memory and batches: a batch depends on (seed, step) alone, twins are twins, still data is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_angle
from tests.synthetic import standing, walking
from tests.training.synthetic_set import write_set
from training.data import (
    Clip,
    ClipSet,
    check_moving,
    draw_windows,
    load_clips,
    load_index,
    load_motion,
    statistics,
    step_rng,
    still,
)
from training.datasets.bandai_namco import find_clips, prepare_set
from training.datasets.captions import captions, mirrored_caption


def clip(name: str, motion: Motion, *, content: str = "walk", style: str = "normal", affect: str = "joy") -> Clip:
    features = rot272.encode(motion)
    return Clip(name, content, style, "train", Affect.of(affect), "mocap", ("a person walks",), features)


def clip_set() -> ClipSet:
    """Nine long clips of one pair, four of a second, one short one of a third."""
    long = [clip(f"w{k}", walking(3.0, speed=0.8 + 0.05 * k)) for k in range(9)]
    some = [clip(f"s{k}", walking(2.0, speed=1.3 + 0.05 * k), style="elderly", affect="anger") for k in range(4)]
    return ClipSet((*long, *some, clip("short", walking(0.5), content="run", affect="sadness")))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prepared")
    prepare_set(find_clips(write_set(out / "source")), out, 1)
    return out


# --- loading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["train", "val", "guard"])
def test_a_split_is_loaded_whole_and_alone(split: str, prepared: Path) -> None:
    lines = [line for line in load_index(prepared) if line["split"] == split]
    loaded = load_clips(prepared, split, mirror=False)
    assert [c.name for c in loaded.clips] == [line["id"] for line in lines] != []
    for c, line in zip(loaded.clips, lines, strict=True):
        assert (c.content, c.style, c.split) == (line["content"], line["style"], split)
        assert c.captions == tuple(captions(c.content, c.style, count=24))
        assert c.features.dtype == np.float32 and c.features.shape == (31, rot272.DIM)
    if split == "guard":
        assert len(lines) == 2


def test_the_affect_of_the_style_arrives(prepared: Path) -> None:
    clips = [c for split in ("train", "val") for c in load_clips(prepared, split).clips]
    happy = [c for c in clips if c.style == "happy"]
    assert len(happy) == 6 and all(c.affect == Affect({Emotion.JOY: 1}, 1.0) for c in happy)
    assert all(c.affect == Affect.neutral() for c in clips if c.style == "elderly")


def test_each_clip_is_followed_by_its_mirrored_twin(prepared: Path) -> None:
    for split in ("train", "val"):
        clips = load_clips(prepared, split).clips
        for own, twin in zip(clips[::2], clips[1::2], strict=True):
            assert twin.name == "M" + own.name
            assert (twin.affect, twin.style, twin.split) == (own.affect, own.style, own.split)
            assert twin.content == mirrored_caption(own.content)
            assert twin.captions == tuple(mirrored_caption(text) for text in own.captions)
            a, b = rot272.decode(own.features).mirrored(), rot272.decode(twin.features)
            np.testing.assert_allclose(b.positions, a.positions, atol=1e-5)
            assert quat_angle(a.rotations, b.rotations).max() < 1e-3
    contents = {c.content for split in ("train", "val") for c in load_clips(prepared, split).clips}
    assert contents == {"walk", "walk-left", "walk-right", "bow"}


def test_features_are_those_of_the_prepared_motion(prepared: Path) -> None:
    for c in load_clips(prepared, "train", mirror=False).clips:
        np.testing.assert_array_equal(c.features, rot272.encode(load_motion(prepared, c.name)))


def test_an_unprepared_folder_and_an_unknown_split_are_named(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"index\.jsonl does not exist; run: python -m training\.prepare bandai DIR"):
        load_clips(tmp_path, "train")
    with pytest.raises(InvalidInput, match="no clip of split 'test'"):
        load_clips(prepared, "test")


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    clips = clip_set()
    batches = {(seed, step): draw_windows(clips, step_rng(seed, step), 8, 40) for seed in (0, 1) for step in (5, 6, 7)}
    again, affect = draw_windows(clip_set(), step_rng(0, 6), 8, 40)  # as after a restart at step 6
    assert torch.equal(again, batches[0, 6][0]) and torch.equal(affect, batches[0, 6][1])
    windows = [b[0] for b in batches.values()]
    assert not any(torch.equal(a, b) for k, a in enumerate(windows) for b in windows[:k])


def test_torch_follows_the_step_too() -> None:
    draws = []
    for seed, step in ((0, 3), (0, 4), (1, 3), (0, 3)):
        step_rng(seed, step)
        draws.append(torch.rand(4))
    assert torch.equal(draws[0], draws[3])
    assert not torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


def test_windows_are_cut_from_the_clips() -> None:
    clips = clip_set()
    windows, affect = draw_windows(clips, step_rng(0, 0), 200, 40)
    assert windows.shape == (200, 40, rot272.DIM) and windows.dtype == torch.float32
    assert affect.shape == (200, 9) and affect.dtype == torch.float32
    starts = set()
    for window, condition in zip(windows.numpy(), affect.numpy(), strict=True):
        found = [
            (c, start)
            for c in clips.clips
            for start in range(max(len(c.features) - 40, 0) + 1)
            if np.array_equal(c.features[start : start + 40], window[: min(40, len(c.features))])
        ]
        assert len(found) == 1, "a window is part of one clip"
        source, start = found[0]
        np.testing.assert_array_equal(condition, source.affect.condition)
        starts.add(start)
        if source.name == "short":
            np.testing.assert_array_equal(window[16:], np.tile(still(source.features[-1]), (24, 1)))
    assert min(starts) == 0 and max(starts) == 51  # of 91 frames the last 40 are drawn too


def test_a_still_frame_holds_the_pose_without_moving() -> None:
    features = rot272.encode(walking(1.0))
    kept = features.copy()
    frame = still(features[17])
    np.testing.assert_array_equal(features, kept)
    held = rot272.decode(np.concatenate([features[:18], np.tile(frame, (30, 1))]))
    np.testing.assert_allclose(held.positions[18:], np.tile(held.positions[17], (30, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.tile(frame, (30, 1))[1:], rot272.encode(held)[19:], atol=1e-5)


# --- weights, statistics, guards --------------------------------------------------------------------------------------


def test_rare_pairs_are_drawn_more_often_than_their_share() -> None:
    clips = clip_set()
    assert clips.weights.sum() == pytest.approx(1)
    pairs: dict[tuple[str, str], float] = {}
    for c, weight in zip(clips.clips, clips.weights, strict=True):
        pairs[c.content, c.style] = pairs.get((c.content, c.style), 0) + weight
    assert list(pairs.values()) == pytest.approx([3 / 6, 2 / 6, 1 / 6])  # the roots of 9, 4 and 1
    names = {c.affect.label: 0 for c in clips.clips}
    _, affect = draw_windows(clips, step_rng(0, 0), 3000, 1)
    for row in affect.numpy():
        names[Emotion(int(np.argmax(row))).label] += 1
    assert names["joy"] / 3000 == pytest.approx(0.5, abs=0.04)
    assert names["sadness"] / 3000 == pytest.approx(1 / 6, abs=0.03)


def test_statistics_are_the_mean_and_one_deviation_a_block() -> None:
    clips = clip_set()
    mean, std = statistics(clips)
    rows = np.concatenate([c.features for c in clips.clips]).astype(float)
    np.testing.assert_allclose(mean, rows.mean(0), atol=1e-6)
    assert mean.dtype == std.dtype == np.float32 and mean.shape == std.shape == (rot272.DIM,)
    for name, part in rot272.SLICES.items():
        assert len(set(std[part])) == 1 and std[part][0] == pytest.approx(rows[:, part].std(0).mean()), name


def test_walking_passes_and_a_set_that_stands_still_is_refused() -> None:
    assert check_moving(clip_set()) > 0.01
    quiet = ClipSet((clip("a", standing(2.0)), clip("b", standing(1.0))))
    with pytest.raises(
        InvalidInput, match=r"hardly move: joint velocity varies by 0\.00000 m/frame.*check unit"
    ) as error:
        check_moving(quiet)
    assert "\n" not in str(error.value)


def test_a_set_in_wrong_units_is_refused() -> None:
    slow = ClipSet(
        tuple(replace(c, features=c.features * 0.01) for c in clip_set().clips)
    )  # centimetres read as metres
    with pytest.raises(InvalidInput, match="hardly move"):
        check_moving(slow)
