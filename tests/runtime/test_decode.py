"""The decoding loop on passes that are plain functions of their inputs: what is masked when, kept, guided, drawn.

N tokens, Q layers, C codes, R condition rows, as in `sdk.runtime.decode`.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk.runtime.decode import (
    PREFIX_TOKENS,
    Condition,
    Floats,
    Ints,
    Noise,
    Schedule,
    Stage,
    every,
    gumbel_noise,
    ranks,
    refine,
    unmask,
    windows,
)

CODES = 32
MASK = CODES
ROW = Condition(np.ones((1, 4), np.float32), np.ones((1, 9), np.float32), np.ones(1, np.float32))


class Stop(Exception):
    """What a caller's `allow` may raise."""


class Recorder:
    """Passes that note what they were given. Codes are the noise's argmax; confidence is drawn anew for every pass."""

    def __init__(self, chance: Callable[[int, int], Floats] | None = None) -> None:
        self.seen: list[Ints] = []
        self.found: list[Ints] = []
        self.sure: list[Floats] = []
        self.noise: list[Floats] = []
        self.layers: list[int] = []
        self.below: list[Ints] = []
        self._chance = chance or (lambda k, n: np.random.default_rng(k).random(n).astype(np.float32))

    def masked(self, tokens_N, text_RS, affect_RE, weight_R, noise_NC):
        self.sure.append(self._chance(len(self.seen), len(tokens_N)))
        self.seen.append(tokens_N.copy())
        self.noise.append(noise_NC)
        self.found.append(noise_NC.argmax(-1))
        return self.found[-1], self.sure[-1]

    def residual(self, tokens_QN, layer, text_RS, affect_RE, weight_R, noise_NC):
        self.layers.append(layer)
        self.below.append(tokens_QN.copy())
        return noise_NC.argmax(-1)

    def decode(self, tokens_QN, affect_E):
        raise AssertionError("neither loop decodes")


def drawn(seed: int) -> Noise:
    return lambda stage, index, shape: gumbel_noise(seed, stage, index, shape)


def fill(known_N: Ints, passes: Recorder, *, seed: int = 0, allow=every, **plan: float) -> Ints:
    schedule = Schedule(**{"iterations": 10, "residual_layers": 0, **plan})
    return unmask(passes.masked, ROW, schedule, known_N, codes=CODES, noise=drawn(seed), allow=allow)


def nothing_known(count: int) -> Ints:
    return np.full(count, -1, dtype=np.int64)


# --- unmasking ---


@pytest.mark.parametrize("count", [1, 2, 5, 16, 49])
@pytest.mark.parametrize("iterations", [1, 2, 5, 10, 18])
def test_all_that_is_open_gets_a_code(count: int, iterations: int) -> None:
    tokens = fill(nothing_known(count), Recorder(), iterations=iterations)
    assert tokens.shape == (count,)
    assert ((tokens >= 0) & (tokens < CODES)).all()


@given(st.lists(st.integers(-1, CODES - 1), min_size=1, max_size=40), st.integers(1, 12))
def test_known_tokens_are_kept_and_shown_in_every_pass(known: list[int], iterations: int) -> None:
    known_N = np.array(known, dtype=np.int64)
    passes = Recorder()
    tokens = fill(known_N, passes, iterations=iterations)
    fixed = known_N >= 0
    assert (tokens[fixed] == known_N[fixed]).all()
    assert ((tokens >= 0) & (tokens < CODES)).all()
    assert all((seen[fixed] == known_N[fixed]).all() for seen in passes.seen)
    assert (passes.seen[0][~fixed] == MASK).all()


@pytest.mark.parametrize("iterations", [1, 4, 10])
def test_there_are_as_many_passes_as_iterations_and_a_call_before_each(iterations: int) -> None:
    passes, calls = Recorder(), []

    def allow(left: int) -> int:
        calls.append((len(passes.seen), left))
        return left

    fill(nothing_known(49), passes, iterations=iterations, allow=allow)
    assert len(passes.seen) == iterations
    assert calls == [(done, iterations - done) for done in range(iterations)]


def test_a_clip_shorter_than_the_plan_ends_early() -> None:
    passes = Recorder()
    fill(nothing_known(2), passes, iterations=10)
    # floor(2 cos(pi/2 k/10)) is 1 up to k = 6 and 0 from k = 7: nothing is left to ask for.
    assert len(passes.seen) == 7


@pytest.mark.parametrize(("count", "known"), [(49, 0), (49, 16), (12, 3)])
def test_the_number_of_masks_follows_the_cosine_of_what_is_open(count: int, known: int) -> None:
    start = nothing_known(count)
    start[:known] = 7
    passes = Recorder()
    fill(start, passes, iterations=10)
    masks = [int((seen == MASK).sum()) for seen in passes.seen]
    assert masks == [math.floor((count - known) * math.cos(math.pi / 2 * k / 10)) for k in range(len(masks))]


def test_the_least_sure_are_masked_again_and_the_rest_is_final() -> None:
    passes = Recorder()
    tokens = fill(nothing_known(30), passes, iterations=8)
    for k in range(len(passes.seen) - 1):
        was, still = passes.seen[k] == MASK, passes.seen[k + 1] == MASK
        assert not (still & ~was).any(), "a decided token was opened again"
        decided = was & ~still
        assert passes.sure[k][decided].min() >= passes.sure[k][still].max()
        assert (tokens[decided] == passes.found[k][decided]).all()
    last = passes.seen[-1] == MASK
    assert (tokens[last] == passes.found[-1][last]).all()


def test_a_decided_token_stays_however_unsure_later_passes_are_of_it() -> None:
    # Confidence falls from pass to pass: if decided tokens were rated again, the first ones would be reopened.
    passes = Recorder(chance=lambda k, n: np.linspace(1.0, 0.5, n, dtype=np.float32) / (k + 1))
    tokens = fill(nothing_known(20), passes, iterations=6)
    first = passes.seen[1] != MASK
    assert first.any()
    assert (tokens[first] == passes.found[0][first]).all()


def test_equally_sure_tokens_are_masked_by_position() -> None:
    passes = Recorder(chance=lambda _, n: np.full(n, 0.5, dtype=np.float32))
    fill(nothing_known(10), passes, iterations=2)
    left = math.floor(10 * math.cos(math.pi / 4))
    assert (passes.seen[1] == MASK).tolist() == [True] * left + [False] * (10 - left)


def test_the_same_noise_gives_the_same_tokens_and_another_seed_others() -> None:
    first, again, other = (fill(nothing_known(40), Recorder(), seed=seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


def test_without_choice_temperature_the_surest_are_kept_and_with_it_others_may_be() -> None:
    def kept_first(choice_temperature: float, seed: int) -> tuple[Ints, Floats]:
        passes = Recorder()
        fill(nothing_known(30), passes, seed=seed, choice_temperature=choice_temperature)
        return passes.seen[1] != MASK, passes.sure[0]

    for seed in range(5):
        kept, chance = kept_first(0.0, seed)
        assert chance[kept].min() >= chance[~kept].max()
    orders = {tuple(kept_first(1000.0, seed)[0]) for seed in range(5)}
    assert len(orders) == 5


def test_the_order_is_log_chance_and_noise_that_fades_out() -> None:
    passes = Recorder()
    fill(nothing_known(30), passes, iterations=6, choice_temperature=4.0)
    for k in range(len(passes.seen) - 1):
        was, still = passes.seen[k] == MASK, passes.seen[k + 1] == MASK
        sure = np.log(passes.sure[k]) + 4.0 * (1 - (k + 1) / 6) * gumbel_noise(0, Stage.ORDER, k, (30,))
        assert sure[was & ~still].min() > sure[still].max()


def test_choice_temperature_keeps_known_tokens() -> None:
    known_N = np.array([3, -1, -1, 5, -1, -1, -1, 2], dtype=np.int64)
    tokens = fill(known_N, Recorder(), choice_temperature=50.0)
    assert (tokens[known_N >= 0] == known_N[known_N >= 0]).all()


def test_temperature_scales_the_noise() -> None:
    cool, plain = Recorder(), Recorder()
    fill(nothing_known(8), cool, temperature=0.5)
    fill(nothing_known(8), plain)
    np.testing.assert_array_equal(cool.noise[0], plain.noise[0] * np.float32(0.5))
    np.testing.assert_array_equal(plain.noise[0], gumbel_noise(0, 0, 0, (8, CODES)))


def test_what_is_known_is_not_written_to() -> None:
    known = nothing_known(12)
    known[3] = 5
    fill(known, Recorder())
    assert (known == np.where(np.arange(12) == 3, 5, -1)).all()


@pytest.mark.parametrize("passes_done", [0, 1, 4])
def test_unmasking_can_be_stopped_before_every_pass(passes_done: int) -> None:
    passes = Recorder()

    def allow(left: int) -> int:
        if len(passes.seen) == passes_done:
            raise Stop
        return left

    with pytest.raises(Stop):
        fill(nothing_known(49), passes, allow=allow)
    assert len(passes.seen) == passes_done


@pytest.mark.parametrize(("after", "left"), [(0, 1), (0, 4), (3, 1), (3, 2), (9, 1)])
def test_passes_that_are_taken_away_are_not_made_and_all_is_filled(after: int, left: int) -> None:
    passes = Recorder()
    tokens = fill(nothing_known(49), passes, allow=lambda _: left - len(passes.seen) + after
                  if len(passes.seen) >= after else 10 - len(passes.seen))  # fmt: skip
    assert len(passes.seen) == after + left
    assert ((tokens >= 0) & (tokens < CODES)).all()


def test_the_cosine_is_spread_over_the_passes_that_are_left() -> None:
    passes = Recorder()
    fill(nothing_known(100), passes, allow=lambda left: 2 if len(passes.seen) == 4 else left)
    open_before = [int((seen == MASK).sum()) for seen in passes.seen]
    whole = [math.floor(100 * math.cos(math.pi / 2 * share)) for share in (0.1, 0.2, 0.3, 0.4)]
    assert open_before == [100, *whole, math.floor(100 * math.cos(math.pi / 2 * 0.7))]


# --- residual layers ---


def some_layers(count: int = 6, tokens: int = 10) -> Ints:
    tokens_QN = np.full((count, tokens), -1, dtype=np.int64)
    tokens_QN[0] = np.arange(tokens) % CODES
    return tokens_QN


def deepen(tokens_QN: Ints, passes: Recorder, layers: int, allow=every) -> Ints:
    return refine(passes, ROW, Schedule(1, layers), tokens_QN, codes=CODES, noise=drawn(0), allow=allow)


@pytest.mark.parametrize("granted", [0, 1, 2, 4, 5, 9])
def test_layers_that_are_taken_away_stay_out_and_nobody_is_asked_about_nothing(granted: int) -> None:
    passes, asked = Recorder(), []

    def allow(left: int) -> int:
        asked.append(left)
        return min(left, granted - len(passes.layers)) if granted < 9 else left + 3

    found = deepen(some_layers(), passes, 5, allow)
    made = min(granted, 5)
    assert passes.layers == list(range(1, made + 1)) and (found[made + 1 :] == -1).all()
    assert 0 not in asked


@pytest.mark.parametrize("layers", [0, 1, 3, 5])
def test_layers_are_filled_from_the_base_up_and_the_rest_stays_out(layers: int) -> None:
    passes = Recorder()
    given_QN = some_layers()
    found = deepen(given_QN, passes, layers)
    assert passes.layers == list(range(1, layers + 1))
    assert (found[0] == given_QN[0]).all()
    assert (found[1 : layers + 1] >= 0).all()
    assert (found[layers + 1 :] == -1).all()
    assert (given_QN[1:] == -1).all(), "the input is not written to"


def test_each_layer_sees_those_below_it() -> None:
    passes = Recorder()
    found = deepen(some_layers(), passes, 4)
    for layer, seen in zip(passes.layers, passes.below, strict=True):
        assert (seen[:layer] == found[:layer]).all()


def test_refining_keeps_what_is_known() -> None:
    tokens_QN = some_layers()
    tokens_QN[1:, :4] = 9
    found = deepen(tokens_QN, Recorder(), 5)
    assert (found[1:, :4] == 9).all()
    assert (found[1:, 4:] >= 0).all()


def test_refining_can_be_stopped_before_every_pass() -> None:
    passes = Recorder()

    def allow(left: int) -> int:
        if passes.layers == [1, 2]:
            raise Stop
        return left

    with pytest.raises(Stop):
        deepen(some_layers(), passes, 5, allow)
    assert passes.layers == [1, 2]


@pytest.mark.parametrize(("after", "left", "made"), [(0, 0, 0), (0, 2, 2), (2, 0, 2), (2, 1, 3)])
def test_layers_that_are_taken_away_stay_open(after: int, left: int, made: int) -> None:
    passes = Recorder()
    found = deepen(some_layers(), passes, 5, lambda rest: left if len(passes.layers) == after else rest)
    assert passes.layers == list(range(1, made + 1))
    assert (found[1 : made + 1] >= 0).all() and (found[made + 1 :] == -1).all()


# --- ranks ---


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, math.inf]), min_size=1, max_size=30))
def test_ranks_order_by_score_then_position(scores: list[float]) -> None:
    found = ranks(np.array(scores))
    by_rank = sorted(range(len(scores)), key=lambda i: found[i])
    assert by_rank == sorted(range(len(scores)), key=lambda i: (scores[i], i))


# --- guidance ---

SCALE = st.floats(0.0, 8.0, width=16)


def conditions(text_scale: float, emotion_scale: float) -> Condition:
    text, affect = np.array([2.0, 3.0], np.float32), np.full(9, 1 / 9, np.float32)
    return Condition.guided(text, affect, text_scale=text_scale, emotion_scale=emotion_scale)


@given(SCALE, SCALE)
def test_guidance_is_the_formula_and_its_weights_sum_to_one(text_scale: float, emotion_scale: float) -> None:
    found = conditions(text_scale, emotion_scale)
    assert found.weight_R.sum() == pytest.approx(1, abs=1e-5)
    # Logits of the three conditions that the formula names, as any function of (has text, has affect).
    logits = {(True, True): 5.0, (True, False): -2.0, (False, False): 0.75}
    mixed = sum(
        weight * logits[bool(text.any()), bool(affect.any())]
        for text, affect, weight in zip(found.text_RS, found.affect_RE, found.weight_R, strict=True)
    )
    both, only_text, nothing = logits.values()
    formula = nothing + text_scale * (only_text - nothing) + emotion_scale * (both - only_text)
    assert mixed == pytest.approx(formula, abs=1e-4)


@pytest.mark.parametrize(
    ("text_scale", "emotion_scale", "weights"),
    [(1, 1, [1]), (3, 3, [3, -2]), (3, 2, [2, 1, -2]), (1, 4, [4, -3]), (4, 0, [4, -3]), (0, 0, [1])],
)
def test_rows_without_weight_cost_no_pass(text_scale: float, emotion_scale: float, weights: list[float]) -> None:
    found = conditions(text_scale, emotion_scale)
    assert found.weight_R.tolist() == weights
    assert found.text_RS.shape == (len(weights), 2)
    assert found.affect_RE.shape == (len(weights), 9)
    assert {array.dtype for array in (found.text_RS, found.affect_RE, found.weight_R)} == {np.dtype(np.float32)}


# --- noise ---


def test_noise_is_pinned() -> None:
    # Another generator, key layout or transform would give every seed another motion.
    expected = {
        (0, 0, 0): [-1.4954516, -0.35113713],
        (7, 0, 3): [0.31533507, 1.1307946],
        (2**64 - 1, 1, 5): [0.19285437, 0.71367466],
    }
    for (seed, stage, index), values in expected.items():
        np.testing.assert_allclose(gumbel_noise(seed, stage, index, (2,)), values, rtol=1e-6)


def test_noise_is_that_of_the_documented_generator() -> None:
    key = np.array([11, (1 << 32) + 4], dtype=np.uint64)
    uniform = np.random.Generator(np.random.Philox(key=key)).random((3, 5))
    expected = (-np.log(-np.log(uniform))).astype(np.float32)
    np.testing.assert_array_equal(gumbel_noise(11, 1, 4, (3, 5)), expected)


def test_noise_follows_seed_stage_and_index() -> None:
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1 << 16), (0, 1, 1), (2**32, 0, 0)]
    drawn_once = [gumbel_noise(*key, (2000,)) for key in keys]
    for key, first in zip(keys, drawn_once, strict=True):
        np.testing.assert_array_equal(first, gumbel_noise(*key, (2000,)))
    together = np.corrcoef(drawn_once)
    assert np.abs(together - np.eye(len(keys))).max() < 0.1  # 4.5 sigma of independent draws


@pytest.mark.parametrize("seed", [2**53, 2**63 - 1, 2**63, 2**64 - 2])
@pytest.mark.filterwarnings("error")
def test_large_seeds_differ_from_their_neighbours(seed: int) -> None:
    assert (gumbel_noise(seed, 0, 0, (8,)) != gumbel_noise(seed + 1, 0, 0, (8,))).any()


def test_noise_is_gumbel() -> None:
    noise = gumbel_noise(5, 0, 0, (100, 2000))
    assert noise.dtype == np.float32 and noise.shape == (100, 2000)
    values = noise.astype(np.float64)
    assert np.isfinite(values).all()
    assert values.mean() == pytest.approx(0.5772, abs=0.012)
    assert values.var() == pytest.approx(math.pi**2 / 6, abs=0.035)
    # P(G < x) = exp(-exp(-x))
    for x in (-1.0, 0.0, 1.0, 3.0):
        assert (values < x).mean() == pytest.approx(math.exp(-math.exp(-x)), abs=0.005)


# --- windows ---


@given(st.integers(1, 600), st.integers(PREFIX_TOKENS + 1, 100))
def test_windows_cover_all_and_share_a_prefix(total: int, longest: int) -> None:
    spans = list(windows(total, longest))
    assert spans[0][0] == 0 and spans[-1][1] == total
    assert all(0 < stop - start <= longest for start, stop in spans)
    for (_, end), (start, stop) in zip(spans, spans[1:], strict=False):
        assert end - start == PREFIX_TOKENS
        assert stop > end, "every window brings new tokens"
    sizes = [stop - start for start, stop in spans]
    assert max(sizes) - min(sizes) <= 1


def test_a_short_clip_is_one_window() -> None:
    assert list(windows(64, 64)) == [(0, 64)]
    assert list(windows(65, 64)) == [(0, 40), (24, 65)]
