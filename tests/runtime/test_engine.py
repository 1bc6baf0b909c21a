"""The engine on toy passes: limits, plans, seeds, lengths, rates, windows, cancelling, threads. No bundle on disk.

The real graphs are met in tests/export and tests/test_end_to_end.py.
"""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdk.bundle import Bundle
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.kinematics import heading_angle
from sdk.motion.retarget import ground_height
from sdk.runtime import limits
from sdk.runtime.decode import PREFIX_TOKENS
from sdk.runtime.engine import Alone, Cancelled, Engine, Request, Result
from sdk.runtime.generators import TokenGenerator
from tests.runtime.toys import INFO, MASK, ToyPasses, ToyText, ask
from tests.service.fake_engine import MANIFEST


def same(first: Result, second: Result) -> bool:
    return np.array_equal(first.motion.rotations, second.motion.rotations) and np.array_equal(
        first.motion.root, second.motion.root
    )


# --- what is refused ---

REFUSED = [
    ("text", "", "text is empty"),
    ("text", " \n\t", "text is empty"),
    ("text", "x" * 1001, "at most 1000 characters, got 1001"),
    ("text", "x" * 10_000, "got 10000"),
    *(("seconds", value, "0.5..30") for value in (0, 0.49, 30.01, 600, -1, math.nan, math.inf, -math.inf)),
    *(("fps", value, "10..120") for value in (0, 9.99, 120.5, -30, math.nan, math.inf)),
    *(("seed", value, "0..18446744073709551615") for value in (-1, 2**64)),
]


@pytest.mark.parametrize(("field", "value", "words"), REFUSED)
def test_a_value_outside_the_limits_is_refused_by_name(
    engine: Engine, passes: ToyPasses, text: ToyText, field: str, value: object, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        engine.generate(ask(**{field: value}))
    assert caught.value.field == field
    assert str(caught.value).startswith(field) and words in str(caught.value) and "\n" not in str(caught.value)
    assert not text.texts and not passes.masked_tokens, "nothing runs for a refused request"


@pytest.mark.parametrize(
    ("field", "value"),
    [("text", "x" * limits.MAX_TEXT_CHARS), ("seconds", 0.5), ("seconds", 30.0), ("fps", 10), ("fps", 120)]
    + [("seed", 0), ("seed", 2**64 - 1), ("seed", None), ("fps", None), ("plan", None)],
)
def test_the_ends_of_the_limits_are_accepted(engine: Engine, field: str, value: object) -> None:
    assert len(engine.generate(ask(**{"seconds": 0.5, field: value})).motion) > 1


def test_an_unknown_plan_names_the_known_ones(engine: Engine) -> None:
    with pytest.raises(InvalidInput, match=r"plan 'turbo' is unknown; known: default, fast") as caught:
        engine.generate(ask(plan="turbo"))
    assert caught.value.field == "plan"


# --- what is echoed ---


def test_the_result_says_what_was_really_used(engine: Engine) -> None:
    result = engine.generate(Request(text="a person bows", seconds=1.0))
    assert (result.plan, result.request.plan) == ("default", "default")
    assert result.request.fps == 30.0 == result.motion.fps
    assert result.request.text == "a person bows"
    again = engine.generate(result.request)
    assert same(result, again) and again.request == result.request


def test_a_seed_that_is_not_given_is_drawn_anew(engine: Engine) -> None:
    seeds = {engine.generate(ask(seed=None, seconds=0.5)).request.seed for _ in range(4)}
    assert len(seeds) == 4 and all(seed is not None and 0 <= seed < 2**64 for seed in seeds)


@pytest.mark.parametrize("seed", [0, 7, 2**53 + 1, 2**64 - 1])
def test_a_seed_is_kept_and_decides_the_motion(engine: Engine, seed: int) -> None:
    result = engine.generate(ask(seed=seed))
    assert result.request.seed == seed
    assert same(result, engine.generate(ask(seed=seed)))
    assert not same(result, engine.generate(ask(seed=seed ^ 1)))


def test_words_and_feelings_reach_the_passes(engine: Engine, passes: ToyPasses) -> None:
    plain = engine.generate(ask())
    assert not same(plain, engine.generate(ask(text="someone runs")))
    joy = Affect.of("joy", 0.8)
    assert not same(plain, engine.generate(ask(affect=joy)))
    np.testing.assert_array_equal(passes.decoded[-1][1], joy.condition)


def test_stages_are_timed(engine: Engine) -> None:
    stages = engine.generate(ask(seconds=30.0)).stage_ms
    assert list(stages) == ["text", "masked", "residual", "decode", "finish", "total"]
    parts = [value for name, value in stages.items() if name != "total"]
    assert all(value >= 0 for value in parts)
    assert sum(parts) == pytest.approx(stages["total"], abs=1.0)


# --- plans ---


@pytest.mark.parametrize(("plan", "iterations", "layers"), [("fast", 4, 1), ("default", 10, 5)])
def test_a_plan_decides_the_passes(engine: Engine, passes: ToyPasses, plan: str, iterations: int, layers: int) -> None:
    result = engine.generate(ask(plan=plan))
    assert (len(passes.masked_tokens), len(passes.residual_weights)) == (iterations, layers)
    assert ((result.tokens >= 0).all(1) == [True] * (layers + 1) + [False] * (5 - layers)).all()
    assert (result.tokens[layers + 1 :] == -1).all()


@pytest.mark.parametrize(("intensity", "weights"), [(1.0, [3, 1, -3]), (0.5, [3.5, 0.5, -3]), (0.0, [4, -3])])
def test_a_plans_guidance_becomes_weighted_rows(
    engine: Engine, passes: ToyPasses, intensity: float, weights: list[float]
) -> None:
    engine.generate(ask(affect=Affect.of("joy", intensity)))
    # text 4, emotion 3: both 3, text alone 4 - 3, nothing 1 - 4; of a neutral character the emotion is not exaggerated.
    assert all(found == weights for found in passes.masked_weights)
    assert all(weights == [2, -1] for weights in passes.residual_weights)


def test_a_plan_without_guidance_is_decoded_by_the_weights_that_hold_it(passes: ToyPasses, text: ToyText) -> None:
    asked: list[list[float]] = []

    def distilled(tokens_N, text_RS, affect_RE, weight_R, noise_NC):
        asked.append(weight_R.tolist())
        return noise_NC.argmax(-1) % MASK, noise_NC.max(-1)

    passes.distilled = distilled
    plans = [replace(plan, text_guidance=1.0, emotion_guidance=1.0) for plan in MANIFEST.plans]
    bundle = Bundle(Path("toy"), replace(MANIFEST, plans=plans), "ab" * 32)
    for info, with_student in ((INFO, False), (replace(INFO, graphs={**INFO.graphs, "distilled": "student"}), True)):
        generator = TokenGenerator(passes, info)
        Engine(bundle, {"emo-mask": generator}, text).generate(ask(affect=Affect.of("joy", 1.0)))
        assert bool(asked) is with_student
        graph = generator.work(plans[0], 31)[0].step.graph
        assert graph == ("student" if with_student else info.graphs.get("masked", "masked")), "its own time is foreseen"
    assert asked == [[1.0]] * plans[0].iterations


def test_a_plan_with_more_layers_than_the_bundle_fills_those_there_are(passes: ToyPasses, text: ToyText) -> None:
    few = TokenGenerator(passes, replace(INFO, quantisers=3))
    small = Engine(Bundle(Path("toy"), MANIFEST, "ab" * 32), {"emo-mask": few}, text)
    assert small.generate(ask()).tokens.shape[0] == 3
    assert len(passes.residual_weights) == 2


def test_warming_up_runs_every_plan_from_a_short_clip_to_a_whole_window(engine: Engine, passes: ToyPasses) -> None:
    engine.warm_up()
    assert [tokens.shape[1] for tokens, _ in passes.decoded] == 2 * [4, 16, INFO.max_tokens]
    assert len(passes.residual_weights) == 3 * (1 + 5)


# --- the motion ---


@pytest.mark.parametrize(
    ("seconds", "frames"), [(0.5, 16), (1.0, 31), (1.02, 32), (2.49, 76), (4.0, 121), (6.5, 196), (30.0, 901)]
)
def test_seconds_become_frames_and_tokens(engine: Engine, seconds: float, frames: int) -> None:
    result = engine.generate(ask(seconds=seconds, plan="fast"))
    assert len(result.motion) == frames
    assert result.tokens.shape == (6, math.ceil(frames / 4))
    assert abs(result.motion.seconds - seconds) <= 0.5 / 30 + 1e-9


@pytest.mark.parametrize("fps", [10, 24, 29.97, 30, 50, 60, 120])
def test_the_rate_changes_the_frames_and_not_the_movement(engine: Engine, fps: float) -> None:
    plain, result = engine.generate(ask()), engine.generate(ask(fps=fps))
    assert result.motion.fps == fps == result.request.fps
    assert abs(result.motion.seconds - 4.0) <= 1 / fps + 1e-9
    assert result.motion.seconds <= plain.motion.seconds + 1e-9
    np.testing.assert_array_equal(result.tokens, plain.tokens)
    np.testing.assert_allclose(result.motion.root[0], plain.motion.root[0], atol=1e-9)
    at = result.motion.seconds * 30
    low = min(int(at), len(plain.motion) - 2)
    expected = plain.motion.root[low] + (plain.motion.root[low + 1] - plain.motion.root[low]) * (at - low)
    np.testing.assert_allclose(result.motion.root[-1], expected, atol=1e-6)


@pytest.mark.parametrize("fps", [None, 48])
def test_the_motion_begins_over_the_origin_facing_z_on_the_ground(engine: Engine, fps: float | None) -> None:
    motion = engine.generate(ask(fps=fps)).motion
    np.testing.assert_allclose(motion.root[0, [0, 2]], 0, atol=1e-9)
    assert heading_angle(motion.rotations[0, 0]) == pytest.approx(0, abs=1e-6)
    assert ground_height(motion) == pytest.approx(0, abs=0.01)
    assert motion.root[-1, 2] > 2 and abs(motion.root[-1, 0]) < 1, "the walk goes ahead, along +Z"


# --- long clips ---


def test_thirty_seconds_go_through_windows(engine: Engine, passes: ToyPasses) -> None:
    result = engine.generate(ask(seconds=30.0))
    assert result.tokens.shape == (6, 226) and (result.tokens >= 0).all()
    sizes = [len(tokens) for tokens in passes.masked_tokens[::10]]
    assert max(sizes) <= INFO.max_tokens
    assert sum(sizes) - PREFIX_TOKENS * (len(sizes) - 1) == 226
    begin = 0
    for size, first in zip(sizes, passes.masked_tokens[::10], strict=True):
        # All of the first window is open; later ones begin with the end of the one before.
        known = 0 if begin == 0 else PREFIX_TOKENS
        assert (first[:known] == result.tokens[0, begin : begin + known]).all()
        assert (first[known:] == MASK).all()
        begin += size - PREFIX_TOKENS
    assert len(passes.decoded) == 1, "the decoder sees the whole clip, so no window leaves a seam"


def test_windows_draw_noise_of_their_own(engine: Engine, passes: ToyPasses) -> None:
    engine.generate(ask(seconds=30.0))
    firsts = [noise[:20] for noise in passes.masked_noise[::10]]
    assert all((a != b).any() for a, b in zip(firsts, firsts[1:], strict=False))


def test_the_first_window_of_a_long_clip_follows_the_same_noise(engine: Engine, passes: ToyPasses) -> None:
    engine.generate(ask(seconds=3.0))
    engine.generate(ask(seconds=30.0))
    np.testing.assert_array_equal(passes.masked_noise[0], passes.masked_noise[10][: len(passes.masked_noise[0])])


# --- cancelling and threads ---


@pytest.mark.parametrize("after", [0, 1, 9, 10, 12, 15])
def test_a_cancelled_request_stops_before_the_next_pass(engine: Engine, passes: ToyPasses, after: int) -> None:
    done: list[int] = []
    passes.on_pass = lambda: done.append(1)
    with pytest.raises(Cancelled):
        engine.generate(ask(), turn=Alone(cancelled=lambda: len(done) >= after))
    assert len(done) == after and not passes.decoded
    passes.on_pass = lambda: None
    assert len(engine.generate(ask()).motion) == 121, "the engine works on after a cancelled request"


def test_a_pass_that_fails_does_not_lock_the_engine(engine: Engine, passes: ToyPasses) -> None:
    def fail() -> None:
        raise MemoryError

    passes.on_pass = fail
    with pytest.raises(MemoryError):
        engine.generate(ask())
    passes.on_pass = lambda: None
    assert len(engine.generate(ask()).motion) == 121


def test_threads_wait_for_each_other_and_get_what_they_would_get_alone(engine: Engine) -> None:
    requests = [ask(seed=seed, seconds=seconds) for seed in range(4) for seconds in (0.5, 2.0)]
    alone = [engine.generate(request) for request in requests]
    gate = threading.Barrier(4)

    def work(_: int) -> list[Result]:
        gate.wait()
        return [engine.generate(request) for request in requests]

    with ThreadPoolExecutor(4) as pool:
        for results in pool.map(work, range(4)):
            assert all(same(a, b) for a, b in zip(alone, results, strict=True))
