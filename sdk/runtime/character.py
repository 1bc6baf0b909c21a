"""One live character: what was played, what is ready, and what must be made next. No clock, no thread, no model.

The buffer holds frames as the generator makes them. Playing walks over it at the pace that is wished, bends the way,
and lays a posture on: these three change in the very next frame. Words and feelings need new motion: the character
orders a window behind what was played, and when it comes cuts over at the first frame that was not played yet; the
posture of a new feeling fills the time until then. When nothing comes in time, it idles.

Shapes: n frames, J = 22 joints; frames at the bundle's rate. Places in the buffer are counted from the stream's
beginning and may lie between two frames.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.inertial import HALFLIFE_S, aligned, continued, spring_to_zero
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_from_axis_angle, quat_mul, quat_slerp
from sdk.motion.skeleton import NUM_JOINTS
from sdk.motion.steering import MAX_SPEED, MIN_SPEED, Steering, Way
from sdk.runtime.track import AffectTrack

HISTORY_S = 64 / 30
"""So much of what was played is kept: a window is made behind it."""
WINDOW_S = 2.0
"""So much is made at a time."""
LOW_S = 1.2
"""The next window is ordered when less than this is ready."""
POSTURE_HALFLIFE_S = 0.1
LEAST_POSTURE = 1e-4
"""Radians; less than this at every joint is none."""


class Source(StrEnum):
    """Where a frame comes from."""

    GENERATED = "generated"
    IDLE = "idle"


@dataclass(frozen=True, eq=False)
class Wish:
    """What a character is to do: words, a feeling that may change over time, its pace and its way over the ground.

    speed: 1 is as generated. track: counts from the frame in which the wish was made; instead of `affect`.
    """

    text: str
    affect: Affect = field(default_factory=Affect.neutral)
    track: AffectTrack | None = None
    speed: float = 1.0
    way: Way | None = None

    def __post_init__(self) -> None:
        if not MIN_SPEED <= self.speed <= MAX_SPEED:
            raise InvalidInput(f"speed must lie in {MIN_SPEED:g}..{MAX_SPEED:g}, got {self.speed:g}", field="speed")

    def affect_at(self, seconds: float) -> Affect:
        """The feeling so long after the wish."""
        return self.affect if self.track is None else self.track.at(seconds)


@dataclass(frozen=True, eq=False)
class Order:
    """A window to be made: behind `played` (None at the very beginning), so many frames.

    start: place of its first frame. wish: number of the wish it serves. slack_s: how long it may take, from now.
    urgent: a change is waiting for it.
    """

    text: str
    affect: Affect
    played: Motion | None
    frames: int
    seed: int
    start: int
    wish: int
    slack_s: float
    urgent: bool


@dataclass(frozen=True, eq=False)
class Frame:
    """What is sent: pose (22, 4), root (3,), contacts (4,), where it comes from, which wish it shows and what is felt.

    reacting: a posture is laid over it that its own motion does not have yet.
    """

    number: int
    rotations: Array
    root: Array
    contacts: Array
    source: Source
    wish: int
    affect: Affect
    reacting: bool


Postures = Callable[[Affect], Array]
"""How a feeling bends a neutral body: rotation vectors (22, 3), radians, to be applied before each joint's own."""


class Character:
    """See the module. `idle` is a loop to fall back on; `postures` shows a feeling before motion with it is made."""

    def __init__(self, wish: Wish, *, seed: int, idle: Motion, postures: Postures, start: Motion | None = None) -> None:
        """start: frames that were played before, to go on from; they are not sent again."""
        self._idle, self._postures, self._seed = idle, postures, seed
        self.fps = idle.fps
        self._wish, self._wishes, self._needed, self._served, self._since = wish, 0, 0, -1, 0
        self._shown = _Shown()
        self._steering: Steering | None = None
        self._orders = 0
        self._pending: Order | None = None
        self.sent = 0
        self._next, self._ready, self._first = 0.0, 0, 0
        self._rotations = np.zeros((0, NUM_JOINTS, 4))
        self._root = np.zeros((0, 3))
        self._contacts = np.zeros((0, 4))
        self._notes: list[tuple[Source, int, Affect]] = []
        if start is not None:
            self._put(start, Source.GENERATED, 0, wish.affect_at(0))
            self._next = float(self._ready)
            self._steering = Steering(start.root[-1])

    # --- wishes and orders ---

    @property
    def wish(self) -> int:
        """Number of the latest wish."""
        return self._wishes

    def change(self, wish: Wish) -> int:
        """Take another wish from the next frame on; its number. Pace and way alone need no new motion."""
        before, self._wish = self._wish, wish
        self._wishes += 1
        if (wish.text, wish.affect, wish.track) != (before.text, before.affect, before.track):
            self._needed, self._since = self._wishes, self.sent
        return self._wishes

    def due(self, *, latency_s: float = 0.0) -> Order | None:
        """The window that should be made now, if any; then `accept` or `lost` must follow before there is another one.

        latency_s: how long making it is foreseen to take; so much further on it begins, for the frames before will be
        played meanwhile. Less than a frame does not count: a window that comes a frame late is entered a frame later,
        and one that begins later than it could have keeps a change off the wire.

        A window that a change waits for is never given up for a later change, or changes that keep coming would leave
        nothing; one that only goes on is.
        """
        ahead = self._ready - self._next
        idling = ahead > 0 and self._notes[int(self._next) - self._first][0] is Source.IDLE
        changed = self._served < self._needed or idling
        if self._pending is not None and (self._pending.urgent or not changed):
            return None
        if not changed and ahead > LOW_S * self.fps * self._wish.speed:
            return None
        pace = self.fps * self._wish.speed
        start = self._ready
        if changed:
            start = min(start, self._free + int(latency_s * pace))
        middle_s = (start - self._next) / pace + (self.sent - self._since) / self.fps + WINDOW_S / 2
        self._pending = Order(
            text=self._wish.text, affect=self._wish.affect_at(middle_s), played=self._tail(start, self._history),
            frames=round(WINDOW_S * self.fps), seed=(self._seed + self._orders) % 2**64, start=start,
            wish=self._wishes, slack_s=(start - self._next) / pace, urgent=changed,
        )  # fmt: skip
        self._orders += 1
        return self._pending

    def accept(self, order: Order, made: Motion) -> bool:
        """Put a finished window in; whether it was of use. `made` begins with the last frame of `order.played`.

        Where that was played already, the window is entered later.
        """
        if self._pending is not order:
            return False
        self._pending = None
        late = max(self._free - order.start, 0)
        if late + 2 > len(made):
            return False
        old, new = self._tail(order.start + late), made[late:]
        self._cut(order.start + late)
        self._put(new if old is None else continued(old, aligned(new, old)), Source.GENERATED, order.wish, order.affect)
        self._served = max(self._served, order.wish)
        return True

    def lost(self, order: Order) -> None:
        """The window could not be made; it is due again."""
        if self._pending is order:
            self._pending = None

    # --- playing ---

    def next(self) -> Frame:
        """The next frame to be sent."""
        if self._next > self._ready - 1:
            self._idle_on()
        k, share = int(self._next) - self._first, self._next % 1
        rotations, root = self._rotations[k], self._root[k]
        if share > 0 and k + 1 < len(self._root):
            rotations = quat_slerp(rotations, self._rotations[k + 1], share)
            root = root + share * (self._root[k + 1] - root)
        source, shows, felt = self._notes[k]
        affect = self._wish.affect_at((self.sent - self._since) / self.fps)
        # What the motion itself shows needs no posture.
        aim = self._postures(affect) - self._postures(felt) if affect != felt else np.zeros((NUM_JOINTS, 3))
        posture = self._shown.towards(aim, dt=1 / self.fps)
        reacting = bool(np.abs(posture).max() > LEAST_POSTURE)
        rotations = quat_mul(quat_from_axis_angle(posture), rotations) if reacting else rotations.copy()
        if self._steering is None:
            self._steering = Steering(root)
        root, rotations[0] = self._steering.step(root, rotations[0], self._wish.way, dt=1 / self.fps)
        wish = self._wishes if shows >= self._needed else shows
        frame = Frame(self.sent, rotations, root, self._contacts[k], source, wish, affect, reacting)
        self.sent += 1
        self._next += self._wish.speed
        self._forget()
        return frame

    # --- the buffer ---

    @property
    def _history(self) -> int:
        return round(HISTORY_S * self.fps)

    @property
    def _free(self) -> int:
        """First place that was not played yet, nor was its neighbour blended with it."""
        return int(np.ceil(self._next))

    def _tail(self, stop: int, count: int = 2) -> Motion | None:
        """Up to `count` frames before a place."""
        k = stop - self._first
        if k < 1:
            return None
        rows = slice(max(k - count, 0), k)
        return Motion(self._rotations[rows], self._root[rows], self.fps, self._idle.skeleton)

    def _idle_on(self) -> None:
        """Nothing is ready: stand about, from where the character is."""
        old = self._tail(self._ready)
        new = self._idle if old is None else continued(old, aligned(self._idle, old), halflife_s=2 * HALFLIFE_S)
        self._put(new, Source.IDLE, max(self._served, 0), Affect.neutral())

    def _cut(self, at: int) -> None:
        """Take away what is ready from a place on."""
        k = at - self._first
        self._rotations, self._root = self._rotations[:k], self._root[:k]
        self._contacts, self._notes = self._contacts[:k], self._notes[:k]
        self._ready = at

    def _put(self, motion: Motion, source: Source, wish: int, affect: Affect) -> None:
        begin = len(self._rotations)
        self._rotations = np.concatenate([self._rotations, motion.rotations])
        self._root = np.concatenate([self._root, motion.root])
        # Whether a foot is at rest in the first new frame depends on the frame before it.
        rows = slice(max(begin - 1, 0), None)
        contacts = replace(motion, rotations=self._rotations[rows], root=self._root[rows]).contacts
        self._contacts = np.concatenate([self._contacts, contacts[len(contacts) - len(motion) :]])
        self._notes += [(source, wish, affect)] * len(motion)
        self._ready += len(motion)

    def _forget(self) -> None:
        """Drop played frames that no window will be made behind; not one by one."""
        spare = int(self._next) - self._first - self._history
        if spare > self._history:
            self._rotations, self._root = self._rotations[spare:], self._root[spare:]
            self._contacts, self._notes = self._contacts[spare:], self._notes[spare:]
            self._first += spare


class _Shown:
    """The posture laid over the motion, (22, 3) rotation vectors, on a spring."""

    def __init__(self) -> None:
        self._value: Array = np.zeros((NUM_JOINTS, 3))
        self._speed: Array = np.zeros((NUM_JOINTS, 3))

    def towards(self, aim: Array, *, dt: float) -> Array:
        """The posture one frame later."""
        gap, self._speed = spring_to_zero(self._value - aim, self._speed, halflife_s=POSTURE_HALFLIFE_S, at=dt)
        self._value = aim + gap
        return self._value
