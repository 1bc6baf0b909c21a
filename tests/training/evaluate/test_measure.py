"""Figures of generators whose outcome is known: one does what real clips do, one stands, one hears no emotion."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.bundle import Bundle  # noqa: E402
from sdk.emotion import Affect, Emotion  # noqa: E402
from sdk.motion.motion import Motion  # noqa: E402
from tests.synthetic import standing  # noqa: E402
from tests.training.evaluate import measuring  # noqa: E402
from tests.training.evaluate.measuring import STYLES, LeanJudges, ideal, person  # noqa: E402
from training.evaluate.measure import HEADLINE, Setting, evaluate_motions, plan_key  # noqa: E402
from training.evaluate.measure_clips import Answers, Measured, finished, packed, unpacked  # noqa: E402
from training.evaluate.measure_emotion import (  # noqa: E402
    intensity_figures,
    mixture_figures,
    plane_errors,
    retention_figures,
)
from training.evaluate.measure_labels import EMOTIONS, FELT  # noqa: E402
from training.evaluate.measure_quality import (  # noqa: E402
    embedding_figures,
    energy_figures,
    nearest_figures,
    time_figures,  # noqa: E402
)
from training.evaluate.protocol import MIXTURES, Ask, Graded, Prompt, at, mixed  # noqa: E402

PROMPT = Prompt(content="walk", style="normal", text="a person walks forward", seconds=2.0)


@pytest.fixture(scope="module")
def setting() -> Setting:
    return measuring.setting()


@pytest.fixture(scope="module")
def whole() -> dict:
    return measuring.whole()


def test_a_generator_that_does_what_real_clips_do_reaches_their_figures(setting: Setting, whole: dict) -> None:
    splits = whole["emotion"]["splits"]
    assert splits["seen"]["value"] == splits["unseen"]["value"] == 1
    assert splits["all"]["n"] == 10 and splits["seen"]["n"] == splits["real"]["n"] == 8 and splits["made"]["n"] == 0
    assert splits["unseen"]["n"] == 4  # two pairs, one seed in the emotions' turn and one more
    assert np.array_equal(whole["emotion"]["confusion"], 2 * np.eye(5))
    assert whole["quality"]["r_precision_1"]["value"] == 1
    assert whole["body"]["foot_skate"]["value"] <= setting.reference.held_out.physical("foot_skate").max()
    assert all(0.9 < ratio < 1.1 for ratio in whole["energy"].values()) and set(whole["energy"]) == {"walk", "run"}
    assert set(whole["headline"]) == set(HEADLINE)
    assert whole["headline"]["accuracy_unseen"] == 1


def test_finishing_is_measured_stage_by_stage(whole: dict) -> None:
    assert list(whole["retention"]) == ["decoded", "foot lock", "on athlete", "on child"]
    assert {x["drop_points"] for x in whole["retention"].values()} == {0}


def test_a_knob_that_leans_the_trunk_is_monotone_in_it(whole: dict) -> None:
    for emotion in FELT:
        found = whole["intensity"][emotion.label]
        assert abs(found["trunk_pitch"]["rho"]) == 1 and "trunk_pitch" in found["monotone_cues"]
        assert found["probability"]["rho"] == 1
        assert np.sign(found["trunk_pitch"]["rho"]) == (-1 if emotion == Emotion.JOY else 1)
    assert whole["intensity"]["anger"]["levels"] == [0, 0.5, 1]


def test_cues_are_compared_with_neutral_pair_by_pair(whole: dict) -> None:
    found = whole["directions"]
    assert found["fear"]["trunk_pitch"] == {"sign": 1, "share": 1.0, "p": 0.5, "n": 2}
    assert found["sadness"]["arm_swing"]["share"] == 1  # these arms swing less when sad
    assert found["joy"]["head_pitch"]["share"] == 1


def test_emotional_clips_are_found_by_the_words_for_them(whole: dict) -> None:
    assert whole["content"]["r_precision_1"]["value"] == 1 and whole["content"]["batch"] == 10


def test_mixtures_of_leans_lie_between_their_ends(whole: dict) -> None:
    for pair in MIXTURES:
        found = whole["mixtures"][f"{pair[0].label} to {pair[1].label}"]
        assert abs(found["rho_cues"]["trunk_pitch"]) == 1
        assert found["rho"] == 1


def test_answers_that_vary_with_the_seed_are_told_from_copies(whole: dict, setting: Setting) -> None:
    assert whole["repeats"]["spread_cm"] > 0.1
    assert whole["memorisation"]["median_cm"] == pytest.approx(whole["memorisation"]["real_median_cm"], rel=1)
    real = np.array([4.0, 5.0, 6.0])
    assert nearest_figures(np.zeros(3), real)["copies"] == 1
    assert nearest_figures(real + 1, real)["copies"] == 0


def test_a_constant_standing_clip_has_no_energy_and_one_emotion(setting: Setting) -> None:
    stood = evaluate_motions(lambda prompt, affect, seed: standing(prompt.seconds), setting)
    assert set(stood["energy"].values()) == {0.0}
    assert stood["body"]["stillness"]["value"] == 1
    assert stood["emotion"]["splits"]["all"]["value"] == pytest.approx(0.2)
    assert stood["quality"]["fid"]["value"] > 10
    assert stood["headline"]["energy"] == 0


def test_a_generator_that_ignores_the_emotion_is_at_chance(setting: Setting) -> None:
    deaf = evaluate_motions(lambda prompt, affect, seed: ideal(prompt, Affect.neutral(), seed), setting)
    assert deaf["emotion"]["splits"]["all"]["value"] == pytest.approx(deaf["emotion"]["chance"])
    assert deaf["emotion"]["splits"]["unseen"]["value"] == 0
    assert deaf["emotion"]["recall"]["neutral"]["value"] == 1


def graded(series: tuple[Emotion, ...], knobs: list[float]) -> list[Graded]:
    make = (lambda k: at(series[0], k)) if len(series) == 1 else (lambda k: mixed(*series, k))
    return [Graded(series, k, Ask(PROMPT, make(k), 0)) for k in knobs]


def measured(count: int, **given: np.ndarray) -> Measured:
    arrays = {
        "probability": np.full((count, 4, 5), 0.2), "valence_arousal": np.zeros((count, 2)),
        "cues": np.zeros((count, 6)), "movement": np.zeros((count, 2)), "physics": np.zeros((count, 2, 6)),
        "ms": np.zeros(count),
    }  # fmt: skip
    return Measured(**(arrays | given))


def test_a_cue_that_scales_with_the_knob_has_rho_one_and_a_still_one_none() -> None:
    knobs = [0.0, 0.25, 0.5, 0.75, 1.0]
    series = [g for e in FELT for g in graded((e,), knobs)]
    cues = np.zeros((len(series), 6))
    cues[:, 0] = [g.knob * 3 for g in series]
    cues[:, 1] = [-g.knob for g in series]
    cues[:, 2] = [(0.0, 2.0, 1.0, 3.0, 4.0)[knobs.index(g.knob)] for g in series]  # two neighbours exchanged
    found = intensity_figures(series, measured(len(series), cues=cues))["joy"]
    assert (found["speed"]["rho"], found["arm_swing"]["rho"]) == (1, -1)
    assert found["hand_speed"]["rho"] == pytest.approx(0.9)
    assert found["head_pitch"]["rho"] == found["probability"]["rho"] == 0
    assert found["monotone_cues"] == ["speed", "arm_swing", "hand_speed"]


def test_a_mixture_whose_middle_leaves_its_ends_is_seen() -> None:
    series = [g for pair in MIXTURES for g in graded(pair, [0.0, 0.5, 1.0])]
    cues = np.zeros((len(series), 6))
    cues[:, 0] = [{0.0: 0.0, 0.5: 5.0, 1.0: 1.0}[g.knob] for g in series]
    cues[:, 1] = [g.knob for g in series]
    found = mixture_figures(series, measured(len(series), cues=cues))["joy to anger"]
    assert found["between"] == 0.5  # of two cues one strays
    assert found["rho_cues"] == {"speed": pytest.approx(0.5), "arm_swing": 1}


def test_a_drop_is_told_in_points_against_the_clip_as_decoded() -> None:
    asks = [Ask(PROMPT, at(e, 1.0), 0) for e in EMOTIONS]
    chance = np.tile(np.eye(5)[:, None], (1, 4, 1))
    chance[4, 2:] = np.eye(5)[0]  # on other bodies anger is taken for neutral
    found = retention_figures(asks, measured(5, probability=chance))
    assert [x["drop_points"] for x in found.values()] == pytest.approx([0, 0, 20, 20])


def test_the_final_motion_is_the_last_stage_that_was_reached() -> None:
    chance = np.full((2, 4, 5), np.nan)
    chance[0, :2] = 0.2
    chance[0, 1] = np.eye(5)[1]
    chance[1] = np.eye(5)[3]
    chance[1, 3] = np.eye(5)[4]
    assert measured(2, probability=chance).final.argmax(-1).tolist() == [1, 3]


def test_errors_of_the_affect_plane() -> None:
    asked = np.array([[0.0, 0.0], [0.8, 0.4], [-0.6, 0.2]])
    found = plane_errors(asked, asked + [0.1, 0.0])
    assert found["valence"]["mean_absolute_error"] == pytest.approx(0.1)
    assert found["arousal"]["mean_absolute_error"] == 0
    assert found["valence"]["correlation"] == pytest.approx(1)


def test_energy_is_compared_within_a_content_and_of_neutral_clips_only() -> None:
    asks = [Ask(PROMPT, at(e, 1.0), 0) for e in (Emotion.NEUTRAL, Emotion.ANGER)]
    physics = np.zeros((2, 2, 6))
    physics[:, 0, 4] = [0.5, 9.0]
    assert energy_figures(asks, measured(2, physics=physics), {"walk": 0.4, "bow": 1.0}) == {"walk": 1.25}


def test_matching_captions_are_found_and_shuffled_ones_are_not() -> None:
    judges = LeanJudges()
    labels = [(content, style) for content in ("walk", "run", "dash") for style in STYLES.values()]
    made = judges.movement([person(c, Affect({e: 1.0}, 1.0)) for c in ("walk", "run", "dash") for e in STYLES])
    good = embedding_figures(made, labels, made, judges)
    bad = embedding_figures(made[::-1], labels, made, judges)
    assert good["r_precision_1"]["value"] == 1 > bad["r_precision_1"]["value"]
    assert good["mm_dist"]["value"] < bad["mm_dist"]["value"]
    assert good["fid"]["value"] == pytest.approx(0, abs=1e-6)


def test_the_first_clip_is_not_timed() -> None:
    assert time_figures(np.array([900.0, 10.0, 20.0, 30.0]), 4.0)["p50"] == 20


def test_clips_survive_being_packed() -> None:
    clips = [person("walk", Affect.neutral()), person("run", Affect({Emotion.JOY: 1}, 1.0), seconds=1.0)]
    again = unpacked(packed(clips))
    assert [len(m) for m in again] == [61, 31]
    assert all(np.abs(a.positions - b.positions).max() < 1e-4 for a, b in zip(again, clips, strict=True))


def test_stages_are_the_clip_its_lock_and_other_bodies() -> None:
    clip = person("walk", Affect.neutral(), seconds=1.0)
    stages = finished(clip, 3)
    assert stages[0] is clip and stages[1].skeleton is clip.skeleton
    assert stages[2].skeleton.leg_length > clip.skeleton.leg_length > stages[3].skeleton.leg_length
    assert len(finished(clip, 0)) == 1


class Counting:
    """A generator that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, prompt: Prompt, affect: Affect, seed: int) -> Motion:
        self.asked.append(seed)
        return ideal(prompt, affect, seed)


def asks(*seeds: int) -> list[Ask]:
    return [Ask(PROMPT, Affect.neutral(), seed) for seed in seeds]


def test_nothing_is_asked_twice_in_a_run() -> None:
    sample = Counting()
    answers = Answers(sample, LeanJudges())
    first = answers.ask(asks(1, 2, 1), last=1, label="")
    assert sample.asked == [1, 2] and len(first) == 3
    answers.ask(asks(2), last=1, label="")
    assert sample.asked == [1, 2]
    assert np.isfinite(answers.ask(asks(2), last=3, label="").probability).all()


def test_a_run_that_stopped_goes_on(tmp_path: Path) -> None:
    from training.evaluate.measure_cache import Cache

    class Stopping(Counting):
        def __call__(self, prompt: Prompt, affect: Affect, seed: int) -> Motion:
            if seed >= 40:
                raise KeyboardInterrupt
            return super().__call__(prompt, affect, seed)

    wanted, judges = asks(*range(42)), LeanJudges()
    with pytest.raises(KeyboardInterrupt):
        Answers(Stopping(), judges, "bundle", Cache(tmp_path)).ask(wanted, last=0, label="")
    again = Counting()
    found = Answers(again, judges, "bundle", Cache(tmp_path)).ask(wanted, last=0, label="")
    assert again.asked == list(range(32, 42)) and len(found) == 42  # the first block of 32 was kept
    third, judged = Counting(), judges.calls
    answers = Answers(third, judges, "bundle", Cache(tmp_path))
    same = answers.ask(wanted, last=0, label="")
    assert not third.asked and judges.calls == judged
    assert np.array_equal(same.cues, found.cues)
    assert len(list(answers.motions(wanted[:3]))) == 3 and not third.asked
    other = Counting()
    Answers(other, judges, "another bundle", Cache(tmp_path)).ask(wanted[:1], last=0, label="")
    assert other.asked == [0]


def test_a_plan_is_measured_anew_when_what_it_runs_changed_and_only_then() -> None:
    manifest = Bundle.load().manifest
    plan = next(p for p in manifest.plans if p.generator == "emo-mask")
    graphs = manifest.generators["emo-mask"].graphs
    mine = manifest.graphs[graphs["masked"]].file
    spare = {"spare": replace(manifest.graphs[graphs["masked"]], file="spare.onnx")}

    def key(**changes: object) -> list:
        return plan_key(SimpleNamespace(manifest=replace(manifest, **changes)), plan.name)  # type: ignore[arg-type]

    first = key()
    others = [p for p in manifest.plans if p != plan]
    assert key(plans=[replace(plan, quality={"fid": 1.0}), *others]) == first
    assert key(graphs=manifest.graphs | spare, files=manifest.files | {"spare.onnx": "0"}) == first
    assert key(files=manifest.files | {mine: "0"}) != first
    assert key(files=manifest.files | {"text.onnx": "0"}) != first
    assert key(plans=[replace(plan, iterations=plan.iterations + 1), *others]) != first


def test_another_number_of_steps_does_not_concern_a_diffusion() -> None:
    manifest = Bundle.load().manifest
    plan = next(p for p in manifest.plans if p.generator == "mdm")
    info, graph = manifest.generators["mdm"], manifest.graphs[manifest.generators["mdm"].graphs[str(plan.iterations)]]
    more = replace(info, graphs={**info.graphs, "7": "spare"})
    other = replace(
        manifest, generators={**manifest.generators, "mdm": more},
        graphs={**manifest.graphs, "spare": replace(graph, file="spare.onnx")},
        files={**manifest.files, "spare.onnx": "0"},
    )  # fmt: skip
    first, second = (plan_key(SimpleNamespace(manifest=m), plan.name) for m in (manifest, other))  # type: ignore[arg-type]
    assert first == second
