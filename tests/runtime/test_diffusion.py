"""The diffusion sampler on denoisers that are plain functions: its tables, its randomness, known frames, windows.

K steps, T frames, F = 272 features, R condition rows, as in `sdk.runtime.diffusion`.
"""

import math

import numpy as np
import pytest

from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.runtime.decode import Condition, Floats
from sdk.runtime.diffusion import (
    CONTEXT,
    DiffusionGenerator,
    GraphDenoiser,
    Known,
    NoiseSchedule,
    normal_noise,
    sample,
)

TEXT, JOY = np.ones(4, np.float32), np.eye(9, dtype=np.float32)[1]
ROW = Condition(TEXT[None], JOY[None], np.ones(1, np.float32))
MEAN, STD = np.float32(0.25), np.float32(2.0)


class Oracle:
    """Knows the clean motion of the longest clip, in units, or draws it from its conditions; notes what it was given.

    Normalised space is (units - MEAN) / STD.
    """

    def __init__(self, truth_TF: Floats | None = None) -> None:
        self.truth = truth_TF
        self.seen: list[tuple[int, Floats, Floats, Floats]] = []
        self.rows: list[tuple[Floats, Floats, Floats]] = []

    def denoise(self, x_TF, frames_TF, known_T, step, text_RS, affect_RE, weight_R):
        self.seen.append((step, x_TF.copy(), frames_TF.copy(), known_T.copy()))
        self.rows.append((text_RS, affect_RE, weight_R))
        if self.truth is None:
            made = 0.5 * x_TF + (text_RS.sum(-1) + 10 * affect_RE.sum(-1)) @ weight_R
        else:
            made = (self.truth[: len(x_TF)] - MEAN) / STD
        made = np.where(known_T[:, None] > 0, (frames_TF - MEAN) / STD, made).astype(np.float32)
        return made, made * STD + MEAN


def motion(frames: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(frames, rot272.DIM)).astype(np.float32)


def features(oracle: Oracle, frames: int, *, steps: int = 10, max_frames: int = 256, **how) -> Floats:
    asked = {"text_guidance": 1.0, "emotion_guidance": 1.0, "seed": 5, **how}
    return DiffusionGenerator({steps: oracle}, max_frames=max_frames).features(TEXT, JOY, frames, steps=steps, **asked)


# --- tables ---


def test_the_cosine_schedule_is_that_of_mdm() -> None:
    def kept(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    for steps in (10, 50, 1000):
        schedule = NoiseSchedule.cosine(steps)
        beta = [min(1 - kept((k + 1) / steps) / kept(k / steps), 0.999) for k in range(steps)]
        assert beta[-1] == 0.999
        assert schedule.steps == steps
        np.testing.assert_allclose(schedule.signal**2, np.cumprod(1 - np.array(beta)), rtol=1e-12)
        np.testing.assert_allclose(schedule.signal**2 + schedule.noise**2, 1, rtol=1e-12)
    # Facts of the published schedule: first beta and signal left after half of the steps.
    assert 1 - NoiseSchedule.cosine(1000).signal[0] ** 2 == pytest.approx(4.1285e-5, rel=1e-3)
    assert NoiseSchedule.cosine(50).signal[24] ** 2 == pytest.approx(0.4938, abs=1e-3)
    assert NoiseSchedule.cosine(50).signal[-1] < 2e-3, "sampling may begin with pure noise"


@pytest.mark.parametrize("steps", [10, 50])
def test_a_step_back_is_the_product_of_two_gaussians(steps: int) -> None:
    schedule = NoiseSchedule.cosine(steps)
    clean, noisy = 0.7, -1.3
    for k in range(1, steps):
        signal, before = schedule.signal[k], schedule.signal[k - 1]
        alpha = (signal / before) ** 2
        # x_(k-1) given x_0, and x_k given x_(k-1): precisions add, means weigh by precision.
        ours, theirs = 1 / schedule.noise[k - 1] ** 2, alpha / (1 - alpha)
        mean = (ours * before * clean + theirs * noisy / math.sqrt(alpha)) / (ours + theirs)
        assert schedule.to_clean[k] * clean + schedule.to_noisy[k] * noisy == pytest.approx(mean, rel=1e-9)
        assert schedule.spread[k] ** 2 == pytest.approx(1 / (ours + theirs), rel=1e-9)
    assert (schedule.to_clean[0], schedule.to_noisy[0], schedule.spread[0]) == pytest.approx((1, 0, 0), abs=1e-15)


def test_steps_outside_the_range_are_refused() -> None:
    for steps in (0, 1001):
        with pytest.raises(InvalidInput, match=rf"1\.\.1000 steps, got {steps}"):
            NoiseSchedule.cosine(steps)


# --- noise ---


def test_noise_is_normal_and_depends_on_seed_and_index_alone() -> None:
    noise = normal_noise(11, 3, (400, rot272.DIM))
    assert noise.dtype == np.float32
    assert noise.mean() == pytest.approx(0, abs=0.01) and noise.std() == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(noise) > 2) == pytest.approx(0.0455, abs=0.003)
    np.testing.assert_array_equal(noise[:30], normal_noise(11, 3, (30, rot272.DIM)))
    for other in (normal_noise(11, 4, noise.shape), normal_noise(12, 3, noise.shape)):
        assert abs(np.corrcoef(noise.ravel(), other.ravel())[0, 1]) < 0.02
    assert not np.array_equal(normal_noise(2**53, 0, (4,)), normal_noise(2**53 + 1, 0, (4,)))


# --- the loop ---


@pytest.mark.parametrize("steps", [1, 10, 50])
def test_with_a_perfect_denoiser_the_loop_ends_at_the_truth(steps: int) -> None:
    truth = motion(40)
    oracle = Oracle(truth)
    np.testing.assert_allclose(features(oracle, 40, steps=steps), truth, atol=1e-5)
    assert [step for step, *_ in oracle.seen] == list(reversed(range(steps)))


def test_what_a_denoiser_is_shown_is_as_noisy_as_in_training() -> None:
    truth = motion(200)
    oracle, schedule = Oracle(truth), NoiseSchedule.cosine(50)
    features(oracle, 200, steps=50)
    for step, x_TF, _, _ in oracle.seen:
        rest = x_TF - schedule.signal[step] * (truth - MEAN) / STD
        assert rest.std() == pytest.approx(schedule.noise[step], rel=0.02), step
        assert rest.mean() == pytest.approx(0, abs=0.02)


def test_the_best_guess_about_gaussian_data_brings_back_their_spread() -> None:
    centre, width = 0.8, 0.5
    schedule = NoiseSchedule.cosine(400)

    class Best(Oracle):
        def denoise(self, x_TF, frames_TF, known_T, step, text_RS, affect_RE, weight_R):
            signal, noise = schedule.signal[step], schedule.noise[step]
            gain = width**2 * signal / ((width * signal) ** 2 + noise**2)
            made = (centre + gain * (x_TF - signal * centre)).astype(np.float32)
            return made, made

    def noise(index: int, shape: tuple[int, ...]) -> Floats:
        return normal_noise(1, index, shape)

    found = sample(Best(), ROW, schedule, Known.none(60), noise=noise)
    assert found.mean() == pytest.approx(centre, abs=0.02)
    assert found.std() == pytest.approx(width, rel=0.03)


def test_equal_seeds_give_equal_motion() -> None:
    first, again, other = (features(Oracle(), 61, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.1
    assert first.shape == (61, rot272.DIM) and first.dtype == np.float32


def test_sampling_can_be_stopped_before_every_pass() -> None:
    class Stop(Exception):
        pass

    oracle = Oracle()

    def allow(window: int, left: int) -> int:
        if len(oracle.seen) == 4:
            raise Stop
        return left

    with pytest.raises(Stop):
        features(oracle, 30, allow=allow)
    assert len(oracle.seen) == 4


def test_a_sampling_without_time_ends_with_what_it_has() -> None:
    oracle = Oracle()
    found = features(oracle, 30, allow=lambda window, left: left if len(oracle.seen) < 4 else 0)
    assert len(oracle.seen) == 4 and found.shape == (30, rot272.DIM) and np.isfinite(found).all()


# --- conditions ---


@pytest.mark.parametrize(
    ("text", "emotion", "rows"),
    [(1.0, 1.0, 1), (2.5, 2.5, 2), (2.5, 4.0, 3), (0.0, 0.0, 1)],
)
def test_guidance_becomes_weighted_rows(text: float, emotion: float, rows: int) -> None:
    oracle = Oracle()
    features(oracle, 30, text_guidance=text, emotion_guidance=emotion)
    text_RS, affect_RE, weight_R = oracle.rows[0]
    assert len(weight_R) == rows and weight_R.sum() == pytest.approx(1)
    # What comes out follows u + s_t (c_text - u) + s_e (c_both - c_text) with u = 0, c_text = 4, c_both = 14.
    assert (text_RS.sum(-1) + 10 * affect_RE.sum(-1)) @ weight_R == pytest.approx(4 * text + 10 * emotion)


# --- known frames ---


def test_known_frames_come_back_to_the_bit_and_are_shown_to_every_pass() -> None:
    given = motion(45, seed=1) * np.float32(1 / 3)
    known = Known.at({0: given[:20], 50: given[20:]}, 75)
    oracle = Oracle()
    found = features(oracle, 75, known=known)
    assert found[:20].tobytes() == given[:20].tobytes()
    assert found[50:].tobytes() == given[20:].tobytes()
    assert np.abs(found[20:50]).min(-1).max() > 0
    for _, _, frames_TF, known_T in oracle.seen:
        np.testing.assert_array_equal(frames_TF[:75], known.frames)
        np.testing.assert_array_equal(known_T, np.r_[np.ones(20), np.zeros(30), np.ones(25), 0])
    assert not known.flags[20:50].any(), "what the caller gave is left alone"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Known.at({70: motion(10)}, 75), r"known frames 70\.\.80 do not lie inside a clip of 75"),
        (lambda: Known.at({-1: motion(10)}, 75), r"known frames -1\.\.9"),
        (lambda: Known.at({0: motion(10) * np.nan}, 75), "NaN"),
        (lambda: Known(motion(4), np.ones(5, np.float32)), r"need flags \(T,\), got \(4, 272\) and \(5,\)"),
        (lambda: features(Oracle(), 30, known=Known.none(31)), "cover 31 frames of a clip of 30"),
        (lambda: features(Oracle(), 0), "a clip of 0"),
        (
            lambda: DiffusionGenerator({50: Oracle(), 10: Oracle()}).features(
                TEXT, JOY, 30, steps=20, text_guidance=1, emotion_guidance=1, seed=0
            ),
            "trained for 20 steps; known: 10, 50",
        ),
        (lambda: DiffusionGenerator({}), "0 graphs"),
        (lambda: DiffusionGenerator({10: Oracle()}, patch=8), "the patch must divide 20"),
    ],
)
def test_what_cannot_be_made_is_named(make, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        make()


# --- lengths ---


@pytest.mark.parametrize("frames", [1, 4, 9, 61])
def test_passes_get_whole_tokens_and_the_caller_its_frames(frames: int) -> None:
    oracle = Oracle()
    assert features(oracle, frames).shape == (frames, rot272.DIM)
    shown = len(oracle.seen[0][1])
    assert shown % 4 == 0 and shown >= 8 and 0 <= shown - frames < 8


def test_long_clips_are_made_behind_what_was_made() -> None:
    oracle = Oracle()
    found = features(oracle, 250, steps=10, max_frames=100)
    windows = [oracle.seen[k] for k in range(0, len(oracle.seen), 10)]
    assert len(oracle.seen) == 30 and len(windows) == 3
    start = 0
    for number, (_, x_TF, frames_TF, known_T) in enumerate(windows):
        assert len(x_TF) <= 100
        if number:
            np.testing.assert_array_equal(known_T, np.arange(len(x_TF)) < CONTEXT)
            np.testing.assert_array_equal(frames_TF[:CONTEXT], found[start : start + CONTEXT])
        start += len(x_TF) - CONTEXT
    # Windows do not repeat one another's noise.
    assert abs(np.corrcoef(windows[1][1][20:60].ravel(), windows[2][1][20:60].ravel())[0, 1]) < 0.1


def test_known_frames_may_lie_in_any_window() -> None:
    given = motion(10, seed=2)
    found = features(Oracle(), 250, max_frames=100, known=Known.at({240: given}, 250))
    assert found[240:].tobytes() == given.tobytes()


def test_a_graph_gets_its_inputs_by_name() -> None:
    calls = []

    def run(inputs):
        calls.append(inputs)
        return Oracle().denoise(*list(inputs.values())[:3], 0, inputs["text"], inputs["affect"], inputs["weight"])

    direct = features(Oracle(), 30)
    np.testing.assert_array_equal(features(GraphDenoiser(run), 30), direct)
    assert list(calls[0]) == ["x", "frames", "known", "step", "text", "affect", "weight"]
    assert calls[0]["step"].dtype == np.int64 and calls[0]["step"].tolist() == [9]
    assert {str(v.dtype) for k, v in calls[0].items() if k != "step"} == {"float32"}
