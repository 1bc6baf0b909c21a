"""The one-euro filter by its laws: what rests stays, what moves is followed, frames per second do not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.errors import InvalidInput
from sdk.face.smoothing import GAP_S, OneEuroFilter, OneEuroSettings, settings_for

SETTINGS = OneEuroSettings(rest_cutoff_hz=1.0, gain=2.0)


def filtered(values: np.ndarray, fps: float, chosen: OneEuroSettings = SETTINGS) -> np.ndarray:
    smooth = OneEuroFilter(chosen)
    return np.array([smooth.step(value, k / fps) for k, value in enumerate(values)])


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5),
    st.lists(st.floats(0.001, 0.4), min_size=1, max_size=20),
)
@settings(max_examples=50, deadline=None)
def test_a_constant_stays_whatever_the_times(values: list[float], steps: list[float]) -> None:
    smooth = OneEuroFilter(SETTINGS)
    for at_s in np.cumsum([0.0, *steps]):
        np.testing.assert_array_equal(smooth.step(values, float(at_s)), values)


@pytest.mark.parametrize("fps", [15, 30, 60, 240])
def test_a_step_is_answered_without_a_swing(fps: int) -> None:
    answer = filtered(np.r_[np.zeros(3), np.ones(4 * fps)], fps)
    assert (np.diff(answer) >= 0).all()
    assert answer.min() >= 0 and answer.max() <= 1 and answer[-1] > 0.999


def test_what_moves_lags_less_than_its_rest_cutoff_alone_would() -> None:
    """The law the filter is named for: at rest it is calm, at speed prompt."""
    fps, speed = 60, 3.0
    ramp = np.arange(3 * fps) / fps * speed
    calm = OneEuroSettings(rest_cutoff_hz=1.0, gain=0.0)
    lag = (ramp - filtered(ramp, fps))[-1] / speed
    assert lag < (ramp - filtered(ramp, fps, calm))[-1] / speed / 4
    assert lag < 1 / (2 * np.pi * (1 + 2 * speed))  # seconds; the lag of a low-pass of that cutoff, sampled, is less


def test_noise_at_rest_is_calmed() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, 600)
    chosen = settings_for(0.5)
    assert chosen is not None
    assert filtered(noise, 30, chosen)[60:].std() < 0.7 * noise.std()
    stronger = settings_for(1.0)
    assert stronger is not None
    assert filtered(noise, 30, stronger)[60:].std() < 0.4 * noise.std()


@pytest.mark.parametrize("fps", [60, 120])
def test_frame_rates_agree(fps: int) -> None:
    """The same movement seen more often gives the same values at the same times, but for half a frame's movement: what
    happened between two frames is not seen."""
    slow, times = 30, np.arange(0, 3, 1 / 30)

    def movement(t: np.ndarray) -> np.ndarray:
        return np.sin(2 * np.pi * 0.7 * t) + 0.3 * np.sin(2 * np.pi * 2.1 * t)

    seen = filtered(movement(np.arange(0, 3, 1 / fps)), fps)[:: fps // slow]
    fastest = 2 * np.pi * (0.7 + 0.3 * 2.1)
    atol = fastest * (1 / slow - 1 / fps) / 2
    np.testing.assert_allclose(seen, filtered(movement(times), slow), atol=atol)


def test_a_held_signal_decays_the_same_at_any_rate() -> None:
    """Without a speed the step is exact, so rates agree to the last digit but one."""
    calm = OneEuroSettings(rest_cutoff_hz=2.0, gain=0.0)
    ends = []
    for fps in (20, 100):
        smooth = OneEuroFilter(calm)
        smooth.step(0.0, 0.0)
        ends.append([smooth.step(1.0, (k + 1) / fps) for k in range(fps)][-1])
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-12)
    np.testing.assert_allclose(ends[0], 1 - np.exp(-2 * np.pi * 2.0), rtol=1e-12)


def test_each_value_may_have_its_own_settings() -> None:
    own = OneEuroSettings(rest_cutoff_hz=np.array([0.5, 8.0]), gain=np.zeros(2))
    answer = filtered(np.r_[np.zeros((1, 2)), np.ones((5, 2))], 30, own)
    assert answer[-1, 0] < 0.5 < 0.9 < answer[-1, 1]


def test_a_gap_ends_the_past_and_a_late_frame_counts_for_its_time() -> None:
    smooth = OneEuroFilter(SETTINGS)
    smooth.step(0.0, 0.0)
    assert smooth.step(1.0, GAP_S + 0.01) == 1.0
    late = smooth.step(0.0, 1.0)
    assert 0 <= late < 0.05  # half a second has passed, not a frame
    assert smooth.step(0.5, 1.0) == late  # the same moment again changes nothing
    smooth.reset()
    assert smooth.step(7.0, 0.0) == 7.0


def test_the_result_is_the_callers_own() -> None:
    smooth = OneEuroFilter(SETTINGS)
    given_values = np.zeros(2)
    smooth.step(given_values, 0.0)[:] = 9
    given_values[:] = 9
    np.testing.assert_array_equal(smooth.step([0, 0], 0.1), [0, 0])


@pytest.mark.parametrize(
    ("values", "at_s", "words"),
    [([np.nan], 1.0, "finite"), ([1.0], np.inf, "finite"), ([1.0, 2.0], 1.0, "shape"), ([1.0], 0.4, "runs back")],
)
def test_bad_input_is_refused_and_changes_nothing(values: list[float], at_s: float, words: str) -> None:
    smooth = OneEuroFilter(SETTINGS)
    smooth.step([0.0], 0.5)
    with pytest.raises(InvalidInput, match=words):
        smooth.step(values, at_s)
    assert smooth.step([0.0], 0.6) == 0.0


@pytest.mark.parametrize("wrong", [{"rest_cutoff_hz": 0.0}, {"gain": -1.0}, {"gain": np.nan}])
def test_bad_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        OneEuroSettings(**({"rest_cutoff_hz": 1.0, "gain": 1.0} | wrong))
    with pytest.raises(InvalidInput, match="gap_s"):
        OneEuroFilter(SETTINGS, gap_s=0)


def test_strength_goes_from_none_to_calm() -> None:
    assert settings_for(0) is None
    weak, strong = settings_for(0.2), settings_for(0.9)
    assert weak is not None and strong is not None
    assert weak.rest_cutoff_hz > strong.rest_cutoff_hz and weak.gain > strong.gain
    wide = settings_for(0.5, [1.0, 60.0])
    assert wide is not None
    np.testing.assert_allclose(wide.gain[0] / wide.gain[1], 60)
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(InvalidInput, match="smoothing"):
            settings_for(wrong)
