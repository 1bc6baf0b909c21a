"""The questions: the same every time, split by what training clips show, and refused for data without labels."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.emotion import Affect, Emotion  # noqa: E402
from sdk.errors import InvalidInput  # noqa: E402
from tests.training.evaluate.measuring import SMALL, UNSEEN, read_index, real_set, write_index  # noqa: E402
from training.evaluate.measure_labels import EMOTIONS, FELT, check_labels, emotion_of, thinned  # noqa: E402
from training.evaluate.measure_real import Data  # noqa: E402
from training.evaluate.protocol import FULL, LONGEST, MIXTURES, QUICK, Protocol, at, mixed  # noqa: E402


def line(content: str, emotion: str = "neutral", *, intensity: float = 1.0, **other: object) -> dict:
    return {
        "id": f"{content}_{emotion}_{intensity}", "frames": 91, "split": "train", "content": content, "style": "normal",
        "captions": [f"a person does {content}"], "affect": {emotion: 1.0}, "intensity": intensity, "evidence": "mocap",
    } | other  # fmt: skip


@pytest.fixture(scope="module")
def lines() -> list[dict]:
    return read_index(real_set())


def test_equal_indices_ask_equal_questions_whatever_their_order(lines: list[dict]) -> None:
    again = json.loads(json.dumps(lines[::-1]))
    assert Protocol(again, FULL).digest == Protocol(lines, FULL).digest
    assert Protocol(lines, QUICK).digest != Protocol(lines, FULL).digest


def test_questions_have_no_emotion_in_their_words_and_the_length_of_the_real_clips(lines: list[dict]) -> None:
    prompts = {p.content: p for p in Protocol(lines, FULL).prompts}
    assert prompts["walk"].text == "a person walks forward"
    assert {p.seconds for p in prompts.values()} == {2.0}
    long = Protocol([line("walk", frames=3000), line("bow", frames=20)], FULL)
    assert [p.seconds for p in long.prompts] == [2.0, LONGEST]


def test_a_pair_is_unseen_when_no_training_clip_shows_it(lines: list[dict]) -> None:
    protocol = Protocol(lines, FULL)
    unseen = {(p.content, e) for p in protocol.prompts for e in EMOTIONS if protocol.split_of(p.content, e) == "unseen"}
    assert unseen == set(UNSEEN)
    asked = {(a.prompt.content, a.affect.label) for a in protocol.unseen_asks()}
    assert asked == {("walk", "joy"), ("run", "fear")}
    seeds = {a.seed for a in protocol.emotion_asks()}
    assert not seeds & {a.seed for a in protocol.unseen_asks()}


def test_a_mirrored_twin_and_a_synthetic_clip_show_a_pair_too() -> None:
    protocol = Protocol([
        line("walk-left", "anger"), line("walk-right"), line("walk", "fear", evidence="synthetic"), line("walk"),
    ])  # fmt: skip
    assert protocol.split_of("walk-right", Emotion.ANGER) == "real"
    assert protocol.split_of("walk", Emotion.FEAR) == "made"
    assert protocol.split_of("walk", Emotion.JOY) == "unseen"
    assert protocol.leaks(lambda content, emotion: content == "walk-right") == ["anger walk-right"]


def test_weak_unknown_and_mixed_labels_show_nothing() -> None:
    assert emotion_of(line("walk", "sadness", intensity=0.4)) is None
    assert emotion_of(line("walk", "fear", intensity=0.6)) == Emotion.FEAR
    assert emotion_of(line("walk", affect={"joy": 0.5, "anticipation": 0.5}, intensity=0.8)) is None
    assert emotion_of(line("walk", evidence="none")) is None
    assert emotion_of(line("walk")) == Emotion.NEUTRAL


def test_series_begin_neutral_and_end_at_the_emotion_itself(lines: list[dict]) -> None:
    protocol = Protocol(lines, FULL)
    asked = {tuple(a.key[2]) for a in protocol.emotion_asks()}
    for graded in protocol.levels():
        assert graded.ask.affect.condition[graded.series[0]] == pytest.approx(graded.knob)
        assert graded.knob not in (0, 1) or tuple(graded.ask.key[2]) in asked
    first, second = MIXTURES[0]
    assert mixed(first, second, 0.25).condition[second] == pytest.approx(0.25)
    assert at(first, 0.0) == Affect.neutral()


def test_what_is_held_out_is_recorded_and_not_trained_on(lines: list[dict]) -> None:
    made = [line("walk", "joy", split="val", evidence="synthetic", id="made")]
    protocol = Protocol([*lines, *made], SMALL)
    held, learned = ({x["id"] for x in part} for part in (protocol.held_out_lines(), protocol.training_lines()))
    assert len(held) == SMALL.held_out and "made" not in held
    assert learned and not held & learned
    assert len(protocol.held_out_asks()) == SMALL.held_out * SMALL.held_out_seeds


def test_thinning_keeps_the_ends_and_the_order() -> None:
    assert thinned(list(range(10)), 4) == [0, 3, 6, 9]
    assert thinned([1, 2], 4) == [1, 2]
    assert thinned([1, 2], 0) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"affect": {"melancholy": 1.0}}, "has no usable emotion label.*MELANCHOLY"),
        ({"affect": {"joy": 1.0}, "intensity": 7}, "intensity must lie in 0..1"),
        ({"affect": None}, "has no usable emotion label"),
    ],
)
def test_a_label_that_means_nothing_is_named(lines: list[dict], tmp_path: Path, change: dict, said: str) -> None:
    write_index(tmp_path, [lines[0] | change, *lines[1:]])
    with pytest.raises(InvalidInput, match=said):
        Data.load([tmp_path])


def test_data_without_labels_or_without_emotions_is_refused(lines: list[dict], tmp_path: Path) -> None:
    write_index(tmp_path, [{k: v for k, v in x.items() if k not in ("affect", "intensity")} for x in lines])
    with pytest.raises(InvalidInput, match=r"has no emotion label: index.jsonl lacks affect, intensity"):
        Data.load([tmp_path])
    with pytest.raises(InvalidInput, match="no emotional clip"):
        check_labels([x for x in lines if emotion_of(x) not in FELT])
    with pytest.raises(InvalidInput, match="no recorded clip of split 'val'"):
        check_labels([x for x in lines if x["split"] == "train"])
