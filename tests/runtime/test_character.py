"""A live character over windows of made-up walks: what it orders, how windows join, what it does when none comes."""

import numpy as np
import pytest

from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.idle import idle_loop
from sdk.motion.kinematics import heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_angle, quat_rotate
from sdk.motion.skeleton import JOINT, NUM_JOINTS
from sdk.motion.steering import Way
from sdk.runtime.character import LOW_S, WINDOW_S, Character, Frame, Order, Source, Wish
from sdk.runtime.track import AffectTrack
from tests.synthetic import walking

FPS = 30
CYCLE = 32
"""Frames of two steps: a window goes on in the phase in which the one before ended."""
JOY, SAD = Affect.of("joy", 1.0), Affect.of("sadness", 1.0)
WALK = Wish("a person walks forward", affect=JOY)


def postures(affect: Affect) -> np.ndarray:
    """Sadness bends the neck by half a radian, joy straightens it by a quarter."""
    out = np.zeros((NUM_JOINTS, 3))
    out[JOINT["neck"], 0] = 0.5 * affect.condition[SAD_ROW] - 0.25 * affect.condition[JOY_ROW]
    return out


JOY_ROW, SAD_ROW = int(np.argmax(JOY.condition)), int(np.argmax(SAD.condition))


class World:
    """Plays a character and makes its windows, each `latency` frames after it was ordered: walks, faster for joy."""

    def __init__(self, wish: Wish = WALK, *, latency: int = 2, start: Motion | None = None) -> None:
        self.character = Character(wish, seed=1, idle=idle_loop(), postures=postures, start=start)
        self.latency, self.orders, self.frames = latency, [], []
        self._coming: list[tuple[int, Order]] = []
        self.outage = False

    def play(self, frames: int) -> "World":
        for _ in range(frames):
            order = self.character.due(latency_s=self.latency / FPS)
            if order is not None:
                self.orders.append(order)
                self._coming.append((len(self.frames) + self.latency, order))
            arrived = [o for at, o in self._coming if at <= len(self.frames)]
            self._coming = [(at, o) for at, o in self._coming if at > len(self.frames)]
            for order in arrived:
                if self.outage:
                    self.character.lost(order)
                else:
                    self.character.accept(order, made(order))
            self.frames.append(self.character.next())
        return self

    @property
    def motion(self) -> Motion:
        return Motion(np.array([f.rotations for f in self.frames]), np.array([f.root for f in self.frames]), FPS)


def made(order: Order) -> Motion:
    """What a generator would make: it knows neither the place nor the heading of the character."""
    speed = 1.4 if order.affect.label == "joy" else 0.7
    first = order.start % CYCLE - (order.played is not None) + CYCLE
    return walking(6.0, speed=speed, cycle_s=CYCLE / FPS)[first : order.start % CYCLE + CYCLE + order.frames]


def jumps(motion: Motion) -> np.ndarray:
    """Largest step of a joint in each frame beyond what the neighbours' steps would suggest, metres."""
    step = np.diff(motion.positions, axis=0)
    return np.linalg.norm(step[1:-1] - 0.5 * (step[:-2] + step[2:]), axis=-1).max(-1)


def own_jumps() -> float:
    """What the made-up walks do by themselves, when a foot strikes."""
    return float(jumps(walking(8.0, speed=1.4, cycle_s=CYCLE / FPS)).max())


def test_it_orders_before_it_runs_dry_and_only_one_window_at_a_time() -> None:
    world = World().play(600)
    assert [f.number for f in world.frames] == list(range(600))
    starts = [order.start for order in world.orders]
    assert starts[0] == 0 and len(starts) == pytest.approx(600 / (WINDOW_S * FPS), abs=2)
    assert world.orders[0].played is None and world.orders[0].urgent
    for order in world.orders[1:]:
        assert order.played is not None and len(order.played) == min(64, order.start)
        assert order.slack_s == pytest.approx(LOW_S, abs=0.04) and not order.urgent
    assert all(f.source is Source.GENERATED for f in world.frames[world.latency :])
    assert len({order.seed for order in world.orders}) == len(starts), "every window has noise of its own"


def test_windows_join_without_a_jump() -> None:
    motion = World().play(900).motion[10:]
    assert jumps(motion).max() < 1.05 * own_jumps()
    turn = quat_angle(motion.rotations[1:], motion.rotations[:-1]).max()
    plain = walking(8.0, speed=1.4)
    assert turn < 1.5 * quat_angle(plain.rotations[1:], plain.rotations[:-1]).max()


def test_what_was_played_is_what_the_next_window_is_made_behind() -> None:
    world = World().play(300)
    order = next(o for o in world.orders if o.start > 150)
    assert order.played is not None and order.start <= 300
    played = world.motion[order.start - len(order.played) : order.start]
    np.testing.assert_allclose(order.played.root, played.root, atol=1e-9)


def test_a_walk_without_end_stays_on_the_floor_and_goes_on() -> None:
    world = World().play(30 * 60 * 10)
    root = world.motion.root
    late = root[-900:]
    assert abs(late[:, 1].mean() - root[60:960, 1].mean()) < 0.005
    assert np.linalg.norm(late[-1] - late[0]) > 20
    buffer = world.character._rotations  # the memory of an endless stream is bounded
    assert len(buffer) < 300


@pytest.mark.parametrize("latency", [1, 2, 5, 12])
def test_a_change_of_feeling_shows_in_the_next_frame_and_in_the_motion_as_soon_as_it_is_made(latency: int) -> None:
    world = World(latency=latency).play(100)
    plain = World(latency=latency).play(101)
    number = world.character.change(Wish(WALK.text, affect=SAD))
    world.play(120)
    changed = world.frames[100:]
    assert changed[0].affect == SAD and changed[0].reacting
    assert not np.allclose(changed[0].rotations, plain.frames[100].rotations), "the wire shows it within one frame"
    first = next(k for k, f in enumerate(changed) if f.wish == number)
    assert first == latency, "the cut is at the first frame that was not sent when the window came"
    assert not any(f.reacting for f in changed[60:]), "the motion shows the feeling itself, nothing is laid over it"
    assert jumps(world.motion[90:]).max() < 1.05 * own_jumps()


def test_the_posture_of_a_feeling_grows_at_once_and_smoothly() -> None:
    world = World(latency=1000).play(40)
    world.character.change(Wish(WALK.text, affect=SAD))
    world.play(30)
    neck = np.array([f.rotations[JOINT["neck"]] for f in world.frames[40:]])
    bend = 2 * np.arcsin(neck[:, 0])
    assert np.all(np.diff(bend[:12]) > 0) and bend[-1] > 0.45
    assert world.frames[-1].source is Source.IDLE, "nothing ever came, so it stands, sadly"


def test_an_outage_is_bridged_by_standing_about_and_ends_by_itself() -> None:
    world = World().play(60)
    world.outage = True
    world.play(300)
    idle = [f.source is Source.IDLE for f in world.frames]
    assert any(idle) and all(idle[-60:])
    still = world.motion[-60:]
    assert np.linalg.norm(np.diff(still.root, axis=0), axis=-1).max() < 0.002
    world.outage = False
    world.play(90)
    assert world.frames[-1].source is Source.GENERATED
    assert np.linalg.norm(world.motion.root[-1] - world.motion.root[-30]) > 0.5, "it walks again"
    assert jumps(world.motion[5:]).max() < 0.1, "it breaks into a walk in the middle of a step"


def test_changes_that_keep_coming_do_not_starve_each_other() -> None:
    world = World(latency=6).play(100)
    for k in range(60):
        world.character.change(Wish("a person runs", affect=SAD if k % 2 else JOY))
        world.play(1)
    shown = [f.wish for f in world.frames[100:]]
    assert shown[-1] > 40 and all(b >= a for a, b in zip(shown, shown[1:], strict=False))
    assert all(f.source is Source.GENERATED for f in world.frames[100:])


def test_pace_and_way_change_in_the_next_frame_without_new_motion() -> None:
    world = World().play(100)
    orders = len(world.orders)
    number = world.character.change(Wish(WALK.text, affect=JOY, speed=0.5, way=Way(heading=0.8)))
    world.play(20)
    assert world.frames[100].wish == number and len(world.orders) <= orders + 1
    steps = np.linalg.norm(np.diff(world.motion.root[:, [0, 2]], axis=0), axis=-1)
    assert steps[101:119].mean() == pytest.approx(0.5 * steps[60:99].mean(), rel=0.15)
    assert heading_angle(world.motion.rotations[119, 0]) > 0.2


def test_a_window_that_comes_late_is_entered_later() -> None:
    world = World(latency=2).play(100)
    world.latency = 20
    world.character.change(Wish(WALK.text, affect=SAD))
    order = world.character.due(latency_s=2 / FPS)
    assert order is not None and order.start == 102
    frames = [world.character.next() for _ in range(10)]
    assert world.character.accept(order, made(order))
    after = [world.character.next() for _ in range(20)]
    assert {f.wish for f in frames} == {0} and {f.wish for f in after} == {1}
    both = frames + after
    motion = Motion(np.array([f.rotations for f in both]), np.array([f.root for f in both]), FPS)
    assert jumps(motion).max() < 1.05 * own_jumps()


@pytest.mark.parametrize(("latency_s", "frames"), [(0.0, 0), (0.032, 0), (0.05, 1), (0.07, 2)])
def test_a_change_waits_only_for_whole_frames_of_the_foreseen_latency(latency_s: float, frames: int) -> None:
    world = World(latency=2).play(100)
    world.character.change(Wish(WALK.text, affect=SAD))
    order = world.character.due(latency_s=latency_s)
    assert order is not None and order.start == 100 + frames


def test_a_window_that_is_over_before_it_comes_is_of_no_use() -> None:
    world = World(latency=2).play(100)
    world.character.change(Wish(WALK.text, affect=SAD))
    order = world.character.due()
    assert order is not None
    for _ in range(order.frames + 5):
        world.character.next()
    assert not world.character.accept(order, made(order))
    assert world.character.due() is not None, "another one is due"


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 1.5])
def test_speed_changes_the_pace_and_not_the_steps(speed: float) -> None:
    def pace(world: World) -> float:
        return float(np.linalg.norm(world.motion.root[-1] - world.motion.root[-151]) / 5)

    plain = World().play(300)
    other = World(Wish(WALK.text, affect=JOY, speed=speed)).play(300)
    assert pace(other) == pytest.approx(speed * pace(plain), rel=0.1)
    order = other.orders[-1]
    assert order.frames == WINDOW_S * FPS and order.played is not None
    own = np.linalg.norm(np.diff(order.played.root[:, [0, 2]], axis=0), axis=-1).mean() * FPS
    assert own == pytest.approx(pace(plain), rel=0.15), "the generator sees its own pace"


@pytest.mark.parametrize("speed", [0.0, 0.49, 1.51, -1.0, float("nan"), float("inf")])
def test_speeds_have_bounds(speed: float) -> None:
    with pytest.raises(InvalidInput, match="speed must lie in") as caught:
        Wish("a person walks", speed=speed)
    assert caught.value.field == "speed"


def test_a_heading_is_reached_and_kept() -> None:
    world = World(Wish(WALK.text, affect=JOY, way=Way(heading=1.5))).play(450)
    facing = heading_angle(world.motion.rotations[-90:, 0])
    assert np.abs(facing - 1.5).mean() < np.radians(8)
    ahead = quat_rotate(world.motion.rotations[-90:, 0], np.array([0, 0, 1.0])).mean(0)
    way = world.motion.root[-1] - world.motion.root[-90]
    assert way @ ahead / np.linalg.norm(way) > 0.97


def test_a_track_changes_the_feeling_over_time() -> None:
    track = AffectTrack([0.0, 4.0, 6.0], [JOY, JOY, SAD])
    world = World(Wish(WALK.text, track=track)).play(360)
    felt = [f.affect.condition for f in world.frames]
    np.testing.assert_allclose(felt[90], JOY.condition, atol=1e-6)
    np.testing.assert_allclose(felt[150], 0.5 * JOY.condition + 0.5 * SAD.condition, atol=1e-6)
    np.testing.assert_allclose(felt[-1], SAD.condition, atol=1e-6)
    labels = [order.affect.label for order in world.orders]
    assert labels[0] == "joy" and labels[-1] == "sadness"


def test_a_lost_stream_goes_on_from_its_last_pose() -> None:
    before = World().play(200)
    last = before.motion[-1:]
    after = World(start=last, latency=2).play(60)
    whole = Motion(
        np.concatenate([last.rotations, after.motion.rotations]), np.concatenate([last.root, after.motion.root]), FPS
    )
    gap = np.linalg.norm(whole.positions[1] - whole.positions[0], axis=-1).max()
    assert gap < 0.05 and np.degrees(quat_angle(whole.rotations[1], whole.rotations[0]).max()) < 10
    assert after.frames[0].number == 0


def test_frames_are_whole() -> None:
    frame: Frame = World().play(5).frames[-1]
    assert frame.rotations.shape == (NUM_JOINTS, 4) and frame.root.shape == (3,) and frame.contacts.shape == (4,)
    np.testing.assert_allclose(np.linalg.norm(frame.rotations, axis=-1), 1.0, atol=1e-6)


def test_contacts_are_those_of_the_motion() -> None:
    world = World().play(300)
    contacts = np.array([f.contacts for f in world.frames])
    expected = world.motion.contacts
    assert (contacts == expected).mean() > 0.99, "but for the frames beside a cut, whose neighbours were not known yet"
