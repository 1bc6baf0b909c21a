"""Splits: whole people, whole pairs, and nothing that comes back through the mirror; and what training may count on."""

import random

import pytest

from sdk.errors import InvalidInput
from training.datasets.captions import mirrored_caption
from training.datasets.preparation import CUT_SECONDS, check_emotional, parts
from training.datasets.splits import by_actor, by_file, held_out_contents, pair_split


@pytest.mark.parametrize(("count", "held"), [(1, 0), (2, 1), (3, 1), (11, 2), (22, 3)])
def test_some_actors_are_held_out_and_some_are_left(count: int, held: int) -> None:
    actors = [f"actor {k}" for k in range(count)]
    sides = by_actor(actors * 3)
    assert sorted(sides) == sorted(actors) and list(sides.values()).count("val") == held
    random.Random(0).shuffle(actors)
    assert by_actor(actors) == sides


def test_files_without_people_are_split_by_hash() -> None:
    names = [f"clip {k}" for k in range(50)]
    assert list(by_file(names).values()).count("val") == 5 and by_file(names[:1]) == {"clip 0": "train"}
    assert by_file(reversed(names)) == by_file(names)


def test_one_content_a_style_is_held_out_and_its_mirror_guarded() -> None:
    contents = ("walk", "turn-left", "turn-right", "sit")
    pairs = [(content, style) for style in ("old", "limp-left", "limp-right", "shy", "tall") for content in contents]
    held = held_out_contents(pairs, spared={"walk"})
    assert set(held) == {"old", "limp-left", "limp-right", "shy", "tall"} and "walk" not in held.values()
    sides = {(content, style): pair_split(content, style, held) for content, style in pairs}
    for (content, style), side in sides.items():
        assert (side == "val") == (held[style] == content)
        if side == "train":
            assert sides[mirrored_caption(content), mirrored_caption(style)] != "val"
    assert "guard" in sides.values()


@pytest.mark.parametrize(("seconds", "count"), [(0.5, 1), (CUT_SECONDS, 1), (CUT_SECONDS + 0.1, 2), (83.0, 5)])
def test_parts_follow_each_other_without_a_gap(seconds: float, count: int) -> None:
    spans = parts(1.0, 1.0 + seconds)
    assert len(spans) == count and spans[0][0] == 1.0 and spans[-1][1] == 1.0 + seconds
    assert all(a[1] == b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert all(stop is not None and stop - start <= CUT_SECONDS + 1e-9 for start, stop in spans)


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("turns left, then right", "turns right, then left"),
        ("turns clockwise", "turns counterclockwise"),
        ("Left foot first, counter-clockwise", "Right foot first, clockwise"),
        ("steps leftwards with the lefthand up", "steps rightwards with the righthand up"),
        ("stands upright in bright light", "stands upright in bright light"),
    ],
)
def test_a_mirrored_sentence_tells_of_the_other_side(text: str, twin: str) -> None:
    assert mirrored_caption(text) == twin


def test_a_training_without_any_emotion_is_refused() -> None:
    plain = {"affect": {"neutral": 1.0}, "evidence": "mocap"}
    unlabelled = {"affect": {"neutral": 1.0}, "evidence": "none"}
    with pytest.raises(
        InvalidInput, match="data: none of the clips has an emotion label other than neutral; add a set"
    ):
        check_emotional([plain, unlabelled], "data")
    check_emotional([plain, {"affect": {"joy": 1.0}, "evidence": "proxy"}], "data")
