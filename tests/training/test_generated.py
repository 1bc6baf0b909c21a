"""The seed's own recipe: what is kept is kept for a reason, what is dropped is counted, and a run goes on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical
from sdk.motion.rotations import quat_about, quat_mul
from sdk.motion.skeleton import JOINT
from tests.synthetic import standing, walking
from training.body_language import descriptions, load_table
from training.data import load_clips, load_index, load_motion
from training.generated import DEFAULT_PAIRS, Base, make_set, prompts_of, seed_of, wishes_named
from training.generation_rules import RULES, broken_rule, cue_agreement, measure

NEUTRAL = measure(walking(3.0)).cues
LIVELY = {"speed": 1.3, "swing": 0.8, "stoop": -0.05, "bend": 0.9}
LOW = {"speed": 0.55, "swing": 0.15, "stoop": 0.16, "cycle_s": 1.5}


# --- rules ------------------------------------------------------------------------------------------------------------


def jumping(m: Motion) -> Motion:
    return replace(m, root=m.root + [0, 0.5, 0])


def shaking(m: Motion) -> Motion:
    tremor = quat_about("x", np.random.default_rng(0).normal(0, 0.05, len(m)))
    m.rotations[:, JOINT["spine1"]] = quat_mul(m.rotations[:, JOINT["spine1"]], tremor)
    return m


def stopping(m: Motion) -> Motion:
    held = np.minimum(np.arange(len(m)), len(m) // 2)
    return replace(m, rotations=m.rotations[held], root=m.root[held])


def sliding(m: Motion) -> Motion:
    return replace(m, root=m.root + np.outer(np.arange(len(m)) / m.fps, [0, 0, 0.6]))


@pytest.mark.parametrize(
    ("motion", "rule"),
    [
        (standing(3.0), "motion"),
        (walking(3.0, speed=0.15), "speed"),
        (walking(3.0).turned(quat_about("y", 1.0)), ""),
        (replace(walking(3.0), root=walking(3.0).root * [1, 1, -1]), "direction"),
        (jumping(walking(3.0)), "contact"),
        (sliding(walking(3.0)), "skate"),
        (shaking(walking(3.0)), "jerk"),
        (stopping(walking(3.0)), "speed"),
        (walking(3.0), ""),
    ],
    ids=["still", "slow", "turned", "backwards", "floating", "sliding", "shaking", "stopping", "good"],
)
def test_each_rule_catches_its_fault(motion: Motion, rule: str) -> None:
    assert broken_rule(measure(motion), "walk", Emotion.NEUTRAL, None) == rule


def test_a_walk_is_no_run_and_a_wave_does_not_wander() -> None:
    assert broken_rule(measure(walking(3.0)), "run", Emotion.NEUTRAL, None) == "speed"
    assert broken_rule(measure(walking(3.0)), "wave-left-hand", Emotion.NEUTRAL, None) == "speed"


def test_cues_are_judged_against_the_neutral_walk() -> None:
    joy, low = measure(walking(3.0, **LIVELY)), measure(walking(3.0, **LOW))
    assert broken_rule(joy, "walk", Emotion.JOY, NEUTRAL) == ""
    assert broken_rule(low, "walk", Emotion.SADNESS, NEUTRAL) == ""
    assert (
        broken_rule(low, "walk", Emotion.JOY, NEUTRAL) == broken_rule(joy, "walk", Emotion.SADNESS, NEUTRAL) == "cues"
    )
    assert cue_agreement(NEUTRAL, NEUTRAL, Emotion.ANGER) == 0 and cue_agreement(NEUTRAL, NEUTRAL, Emotion.NEUTRAL) == 1
    assert -1 <= cue_agreement(joy.cues, NEUTRAL, Emotion.SADNESS) < 0 < cue_agreement(joy.cues, NEUTRAL, Emotion.JOY)


# --- pairs ------------------------------------------------------------------------------------------------------------


def test_the_default_is_the_seeds_eight_pairs() -> None:
    wishes = wishes_named(DEFAULT_PAIRS)
    assert len(wishes) == 8 and {w.content for w in wishes} == {"walk", "run"}
    assert {w.emotion.label for w in wishes} == {"joy", "sadness", "fear", "anger"}
    assert (
        wishes_named("happy:walking, joy:walk")[0].name == "joy:walk"
        and len(wishes_named("joy:walk,happy:walking")) == 1
    )


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("joy", "pair 'joy' must be EMOTION:ACTION; known actions: bow"),
        ("joy:swim", "pair 'joy:swim' must be EMOTION:ACTION"),
        ("glad:walk", "emotion 'glad' is unknown"),
        ("neutral:walk", "neutral is what the pairs are compared with"),
    ],
)
def test_a_wrong_pair_is_named(pairs: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        wishes_named(pairs)


# --- a run ------------------------------------------------------------------------------------------------------------

TABLE = load_table()


class Model:
    """Walks as the sentence says in two of three attempts and stands still in the third; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __call__(self, prompt: str, seed: int, seconds: float) -> Motion:
        self.asked.append((prompt, seed))
        lively, low = (prompt in prompts_of(e, "walk", TABLE) for e in (Emotion.JOY, Emotion.SADNESS))
        if (lively or low) and seed % 3 == 0:
            return canonical(standing(seconds))
        style = LIVELY if lively else LOW if low else {}
        return canonical(walking(seconds, **style))


def make(
    out: Path, model: Model, *, per_pair: int = 4, max_attempts: int = 40, sha256: str = "a" * 64
) -> dict[str, Any]:
    base = Base("toy 1.0", sha256, "CC-BY-NC-4.0", "toy (c) nobody", model)
    wishes = wishes_named("joy:walk,sadness:walk")
    return make_set(base, wishes, out, table=TABLE, per_pair=per_pair, max_attempts=max_attempts, seconds=1.4, seed=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Model]:
    out, model = tmp_path_factory.mktemp("generated"), Model()
    return out, make(out, model), model


def test_every_pair_gets_its_clips_and_every_attempt_is_counted(made: tuple[Path, dict[str, Any], Model]) -> None:
    out, report, model = made
    assert report["clips"] == 8 and {p["kept"] for p in report["by_pair"].values()} == {4}
    dropped = sum(report["by_pair"][pair]["motion"] for pair in report["by_pair"])
    assert dropped > 0 and report["attempts"] == 8 + dropped == sum(report["by_rule"].values())
    assert set(report["by_rule"]) == {"kept", *RULES}
    assert sum(sum(counts.values()) for counts in report["by_prompt"].values()) == report["attempts"]
    assert len({seed for _, seed in model.asked}) == len(model.asked), "every attempt has its own seed"
    assert json.loads((out / "report.json").read_text()) == json.loads(json.dumps(report))


def test_the_index_says_that_a_model_made_them(made: tuple[Path, dict[str, Any], Model]) -> None:
    out, _, model = made
    lines = load_index(out)
    assert {path.stem for path in (out / "clips").iterdir()} == {line["id"] for line in lines}
    for line in lines:
        assert (line["evidence"], line["provenance"], line["actor"]) == ("synthetic", "generated", "generated")
        assert line["generated"]["bundle_sha256"] == "a" * 64 and line["licence"] == "CC-BY-NC-4.0"
        assert (line["generated"]["prompt"], line["generated"]["seed"]) in model.asked
        assert line["affect"] == {line["style"]: 1.0} and line["content"] == "walk"
        assert line["captions"][0] == "a person walks forward" and line["generated"]["prompt"] not in line["captions"]
        assert line["frames"] == len(load_motion(out, line["id"])) == 43
    assert {c.affect.label for c in load_clips(out, "train", mirror=False).clips} == {"joy", "sadness"}


def test_a_second_run_asks_for_nothing(made: tuple[Path, dict[str, Any], Model], tmp_path: Path) -> None:
    out, report, _ = made
    again = Model()
    before = (out / "index.jsonl").read_bytes()
    assert make(out, again) == report and again.asked == []
    assert (out / "index.jsonl").read_bytes() == before


def test_a_cut_run_goes_on_and_another_model_begins_anew(tmp_path: Path) -> None:
    whole, first = Model(), Model()
    expected = make(tmp_path / "whole", whole)
    make(tmp_path / "cut", first, per_pair=2)
    attempts = tmp_path / "cut" / "attempts.jsonl"
    attempts.write_text(attempts.read_text()[:-20])  # killed while it wrote
    victim = next((tmp_path / "cut" / "clips").iterdir())
    victim.write_bytes(b"half")
    rest = Model()
    assert make(tmp_path / "cut", rest) == expected
    assert 0 < len(rest.asked) < len(whole.asked)
    for line in load_index(tmp_path / "whole"):
        a, b = (load_motion(tmp_path / folder, line["id"]) for folder in ("whole", "cut"))
        np.testing.assert_array_equal(a.root, b.root)
    other = Model()
    make(tmp_path / "cut", other, sha256="b" * 64)
    assert len(other.asked) == len(whole.asked)
    assert {line["generated"]["bundle_sha256"] for line in load_index(tmp_path / "cut")} == {"b" * 64}


def test_a_model_that_cannot_is_given_up(tmp_path: Path) -> None:
    report = make(tmp_path, lambda prompt, seed, seconds: canonical(standing(seconds)), max_attempts=5)  # type: ignore[arg-type]
    assert report["clips"] == 0 and report["by_rule"]["motion"] == report["attempts"] == 10
    assert load_index(tmp_path) == []


def test_seeds_follow_the_request() -> None:
    assert seed_of(0, "joy:walk", 3) == seed_of(0, "joy:walk", 3) < 2**53
    assert len({seed_of(s, w, k) for s in (0, 1) for w in ("joy:walk", "joy:run") for k in range(5)}) == 20


def test_a_sentence_is_tried_alone_and_behind_the_plain_caption() -> None:
    prompts, told = prompts_of(Emotion.FEAR, "run", TABLE), descriptions(Emotion.FEAR, "run")
    assert prompts[::2] == told and prompts[1] == f"a person runs forward. {told[0]}" and len(prompts) == 2 * len(told)


def test_what_the_foot_lock_had_to_move_far_is_dropped() -> None:
    m = walking(3.0)
    far = m.moved(np.array([0, 0, 0.05]))
    assert broken_rule(measure(m, m), "walk", Emotion.NEUTRAL, None) == ""
    assert broken_rule(measure(m, far), "walk", Emotion.NEUTRAL, None) == "skate"
