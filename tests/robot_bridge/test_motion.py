"""How a pose moves: the laws of `robot_bridge.motion`, judged by the independent checker."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.limits import Limits
from robot_bridge.motion import MotionLimiter, step_response, windows
from robot_bridge.schema import ameca
from sdk.errors import InvalidInput
from tests.robot_bridge.bridges import pose
from tests.robot_bridge.checker import Checker

SLOWEST, FASTEST = 1 / 20, 1 / 120


def walked(limits: Limits, targets: np.ndarray, dts: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """Demands (T + 1, ..., C) on the way to targets (T, ..., C), the start first."""
    begin = np.broadcast_to(limits.rest, targets.shape[1:]) if start is None else start
    motion = MotionLimiter(limits, begin)
    return np.array([motion.demand, *(motion.step(target, dt) for target, dt in zip(targets, dts, strict=True))])


def times_of(dts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(dts)])


@settings(max_examples=16)
@given(
    seed=st.integers(0, 2**32 - 1), profile=st.sampled_from(["published", "sdk"]),
    range_set=st.sampled_from(["x2c", "tight"]), patience=st.sampled_from([0.02, 0.1, 0.5, 1.0]),
)  # fmt: skip
def test_no_targets_and_no_ticks_break_a_law(seed: int, profile: str, range_set: str, patience: float) -> None:
    limits, checker = Limits(ameca(), range_set=range_set, profile=profile), Checker(range_set, profile)
    draw = np.random.default_rng(seed)
    steps, robots = 80, 12
    dts = draw.uniform(FASTEST, SLOWEST, steps)
    asked = np.empty((steps, robots, 30))
    now = limits.rest * np.ones((robots, 1))
    for step in range(steps):
        ends = np.where(draw.random(now.shape) < 0.5, limits.low, limits.high)
        other = np.where(draw.random(now.shape) < 0.5, ends, draw.uniform(limits.low, limits.high, now.shape))
        now = np.where(draw.random(now.shape) < patience, other, now)
        asked[step] = limits.legal(now)
    assert checker.verdict(times_of(dts), walked(limits, asked, dts)).broken == []


def test_the_checker_sees_a_breach_of_each_law() -> None:
    checker, rest = Checker(), Limits(ameca()).rest
    times = np.arange(12) / 60
    still = np.tile(rest, (12, 1))
    assert checker.verdict(times, still).broken == []
    for name, values, law in (
        ("Nose Wrinkle", np.full(12, -0.001), "range"), ("Lip Top Raise Middle", np.full(12, 0.2), "coupled"),
        ("Gaze Target Phi", np.arange(12) * 6.8, "slew"),
        ("Gaze Target Phi", np.array([0, 0, 0, 0, 0, 0, 3.6, 7.2, 10.8, 14.4, 18, 21.6]), "acceleration"),
        ("Gaze Target Phi", np.array([0, 0, 0, 0, 0, 0, 3.2, 4.8, 6.4, 8.0, 9.6, 11.2]), "jerk"),
        ("Head Yaw", np.full(12, np.nan), "range"),
    ):  # fmt: skip
        moved = still.copy()
        moved[:, ameca().index(name)] = values
        assert any(line.startswith(law) for line in checker.verdict(times, moved).broken), law


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), hz=st.sampled_from([20.0, 45.0, 60.0, 120.0]))
def test_a_target_that_stays_is_reached_in_the_promised_time_and_never_passed(seed: int, hz: float) -> None:
    limits = Limits(ameca(), range_set="x2c")
    draw = np.random.default_rng(seed)
    start, target = limits.legal(draw.uniform(limits.low, limits.high, (2, 20, 30)))
    slew = np.array([control.motion.slew for control in limits.schema])
    first, second = windows(limits)
    way_s = np.abs(target - start) / slew
    for group in limits.groups:
        way_s[:, group] = way_s[:, group].max(1, keepdims=True)
    promised = np.ceil(way_s * hz - 1e-9) + np.ceil((first + second) * hz - 1e-9)
    steps = int(promised.max() + np.ceil((first + second).max() * hz)) + 1
    made = walked(limits, np.tile(target, (steps, 1, 1)), np.full(steps, 1 / hz), start)
    arrived = np.argmax(np.abs(made - target) < 1e-9, axis=0)
    assert (made[-1] == target).all() and (arrived <= promised).all()
    low, high = np.minimum(start, target), np.maximum(start, target)
    assert ((made >= low - 1e-9) & (made <= high + 1e-9)).all()


def test_it_can_stop_at_any_moment_inside_the_ranges() -> None:
    limits = Limits(ameca(), range_set="x2c")
    draw = np.random.default_rng(5)
    motion = MotionLimiter(limits, np.tile(limits.rest, (200, 1)))
    for _ in range(25):
        motion.step(limits.legal(np.where(draw.random((200, 30)) < 0.5, limits.low, limits.high)), 1 / 60)
    stop = motion.path.copy()
    for _ in range(20):
        motion.step(stop, 1 / 60)
    assert motion.at_rest.all() and (limits.excess(motion.demand) <= 1e-9).all()


@pytest.mark.parametrize("hz", [60.0, 120.0])
def test_a_blink_shuts_the_lids_in_75_to_100_ms(hz: float) -> None:
    lids = ameca().indices("lid")
    shut = pose(**{ameca().names[k].replace(" ", "_"): 0.0 for k in lids})
    made = walked(Limits(ameca()), np.tile(shut, (30, 1)), np.full(30, 1 / hz))[:, lids]
    arrived = int(np.argmax((np.abs(made) < 1e-9).all(1)))
    assert 0.075 - 1e-9 <= arrived / hz <= 0.1 + 1e-9


def test_a_slow_wish_is_followed_with_half_the_windows_delay_and_no_other_error() -> None:
    limits = Limits(ameca())
    yaw = ameca().index("Head Yaw")
    times = np.arange(1, 301) / 60
    targets = np.tile(limits.rest, (300, 1))
    targets[:, yaw] = 10 * np.sin(times)
    made = walked(limits, targets, np.full(300, 1 / 60))[1:, yaw]
    first, second = windows(limits)
    delay = (first + second)[yaw] / 2
    expected = 10 * np.sin(times - delay)
    assert np.abs(made - expected)[60:].max() < 0.02


def test_tied_controls_do_not_wait_for_each_other_where_the_rules_allow_it() -> None:
    limits = Limits(ameca())
    jaw_open = limits.legal(pose(Jaw_Pitch=0.5, Jaw_Yaw=0.55, Lip_Bottom_Depress_Middle=0.9, Lip_Bottom_Curl=0.9))
    made = walked(limits, np.tile(jaw_open, (40, 1)), np.full(40, 1 / 60))
    arrived = {name: int(np.argmax(np.abs(made - jaw_open)[:, ameca().index(name)] < 1e-9))
               for name in ("Jaw Yaw", "Lip Bottom Depress Middle")}  # fmt: skip
    assert arrived["Jaw Yaw"] < arrived["Lip Bottom Depress Middle"]


def test_the_step_response_rises_once_from_nothing_to_all() -> None:
    ages = np.linspace(0, 0.3, 601)
    shown = np.diff(step_response(ages, 0.1, 0.05)) / np.diff(ages)
    assert (np.diff(shown) >= -1e-9).all() and shown[0] < 1e-3 and shown[-1] == pytest.approx(1)
    assert shown[ages[1:] <= 0.15].max() <= 1 + 1e-9


def test_it_only_starts_from_a_legal_pose() -> None:
    limits = Limits(ameca())
    for start in (pose(Nose_Wrinkle=-1.0), pose(Lip_Top_Raise_Middle=0.0), np.full(30, np.nan), np.zeros(29)):
        with pytest.raises(InvalidInput, match="legal pose"):
            MotionLimiter(limits, start)


def test_the_page_has_the_schemas_numbers() -> None:
    """docs/robot.md, table of motion: slew, acceleration, jerk, windows, longest way, time."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "robot.md").read_text()
    rows = [line.strip("| \n").split(" | ") for line in page.splitlines() if line.count("|") == 8 and " + " in line]
    limits = Limits(ameca(), range_set="x2c")
    first, second = windows(limits)
    seen = set()
    for regions, *numbers, both, way, takes in rows:
        stated = [float(number.replace(",", "").removesuffix(" deg")) for number in (*numbers, way)]
        for region in regions.split(", "):
            seen.add(region)
            members = ameca().indices(region)
            motion = ameca().controls[members[0]].motion
            longest = np.maximum(limits.high - limits.rest, limits.rest - limits.low)[members].max()
            assert stated[:3] == [motion.slew, motion.acceleration, motion.jerk]
            assert stated[3] >= longest - 1e-9
            spans = [round(1000 * float(window[members[0]])) for window in (first, second)]
            assert both == f"{spans[0]} + {spans[1]}"
            seconds = stated[3] / motion.slew + float((first + second)[members[0]])
            assert float(takes.removesuffix(" s")) == pytest.approx(seconds, abs=0.0051)
    assert seen == {control.region for control in ameca()}
