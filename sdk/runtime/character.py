"""One live character: what was played, what is ready, and what must be made next. No clock, no thread, no model.

Frames have numbers from 0. Those before `sent` are out and never change. Those up to `ready` stand in the buffer and
may be replaced. A wish (words, feeling, way) may change at any time: the character then orders a window that begins
behind the frames it has played, and cuts over at the first frame that is not yet sent when the window comes. Until then
a posture of the new feeling is laid over what is there, so that the change shows in the very next frame. When nothing
comes in time, it idles.

Shapes: n frames, J = 22 joints; frames at the bundle's rate.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.inertial import HALFLIFE_S, aligned, continued, spring_to_zero
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_from_axis_angle, quat_mul
from sdk.motion.skeleton import NUM_JOINTS
from sdk.motion.steering import Way, steered
from sdk.runtime.track import AffectTrack

HISTORY_S = 64 / 30
"""So much of what was played is kept: a window is made behind it."""
WINDOW_S = 2.0
"""So much is made at a time."""
LOW_S = 1.2
"""The next window is ordered when less than this is ready."""
POSTURE_HALFLIFE_S = 0.1
MIN_SPEED, MAX_SPEED = 0.5, 1.5
"""Bounds of Wish.speed: beyond them a gait is another gait."""


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
    """A window to be made: behind `played` (None at the very beginning), so many frames at the generator's own pace.

    start: number of its first frame. wish: number of the wish it serves. slack_s: how long it may take, from now.
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
        """start: frames that were played before, to go on from; the last one is not sent again."""
        self._idle, self._postures, self._seed = idle, postures, seed
        self.fps = idle.fps
        self._wish, self._wishes, self._since = wish, 0, 0
        self._shown = _Shown(wish.affect_at(0))
        self._orders = 0
        self._pending: Order | None = None
        self._served = -1
        self.sent = self.ready = 0
        self._first = 0
        self._rotations = np.zeros((0, NUM_JOINTS, 4))
        self._root = np.zeros((0, 3))
        self._contacts = np.zeros((0, 4))
        self._notes: list[tuple[Source, int, Affect]] = []
        if start is not None:
            self._put(start[-self._history :], Source.GENERATED, 0, self._shown.affect)
            self.sent = self.ready

    # --- wishes and orders ---

    @property
    def wish(self) -> int:
        """Number of the latest wish."""
        return self._wishes

    def change(self, wish: Wish) -> int:
        """Take another wish from the next frame on; its number."""
        self._wish, self._wishes, self._since = wish, self._wishes + 1, self.sent
        return self._wishes

    def due(self, *, latency_s: float = 0.0) -> Order | None:
        """The window that should be made now, if any; then `accept` or `lost` must follow before there is another one.

        latency_s: how long making it is foreseen to take; so much longer it begins behind the next frame, for earlier
        ones will be sent meanwhile. A change of wish takes the place of an order that is not back yet.
        """
        ahead = self.ready - self.sent
        idling = ahead > 0 and self._notes[self.sent - self._first][0] is Source.IDLE
        changed = self._served < self._wishes or idling
        changed = changed and (self._pending is None or self._pending.wish < self._wishes)
        if not changed and (self._pending is not None or ahead > LOW_S * self.fps):
            return None
        start = self.ready
        if changed and ahead:
            start = min(self.ready, self.sent + max(1, int(np.ceil(latency_s * self.fps))))
        middle_s = (start - self._since) / self.fps + WINDOW_S / 2
        self._pending = Order(
            text=self._wish.text, affect=self._wish.affect_at(middle_s), played=self._played(start),
            frames=int(np.ceil(WINDOW_S * self.fps * self._wish.speed)), seed=(self._seed + self._orders) % 2**64,
            start=start, wish=self._wishes, slack_s=(start - self.sent) / self.fps, urgent=changed,
        )  # fmt: skip
        self._orders += 1
        return self._pending

    def accept(self, order: Order, made: Motion) -> bool:
        """Put a finished window in; whether it was of use. `made` begins with the last frame of `order.played`.

        Where that is already past, the window is entered later; a window that was overtaken by a newer wish is dropped.
        """
        if self._pending is not order:
            return False
        self._pending = None
        if abs(self._wish.speed - 1) > 1e-6:
            made = replace(made, fps=self.fps * self._wish.speed).resampled(self.fps)
        late = max(self.sent - order.start, 0)
        if late + 2 > len(made):
            return False
        old = self._tail(order.start + late)
        new = made[late:] if old is None else aligned(made[late:], old)
        if self._wish.way is not None:
            new = steered(new, self._wish.way)
        if old is not None:
            new = continued(old, new)
        self._cut(order.start + late)
        self._put(new, Source.GENERATED, order.wish, order.affect)
        self._served = max(self._served, order.wish)
        return True

    def lost(self, order: Order) -> None:
        """The window could not be made; it is due again."""
        if self._pending is order:
            self._pending = None

    # --- playing ---

    def next(self) -> Frame:
        """The next frame to be sent."""
        if self.sent >= self.ready:
            self._idle_on()
        k = self.sent - self._first
        source, wish, affect = self._notes[k]
        wanted = self._wish.affect_at((self.sent - self._since) / self.fps)
        # What the motion itself shows needs no posture.
        aim = self._postures(wanted) - self._postures(affect) if wanted != affect else np.zeros((NUM_JOINTS, 3))
        posture = self._shown.towards(aim, dt=1 / self.fps)
        reacting = bool(np.abs(posture).max() > 1e-4)
        rotations = quat_mul(quat_from_axis_angle(posture), self._rotations[k]) if reacting else self._rotations[k]
        frame = Frame(self.sent, rotations, self._root[k], self._contacts[k], source, wish, wanted, reacting)
        self.sent += 1
        self._forget()
        return frame

    # --- the buffer ---

    @property
    def _history(self) -> int:
        return round(HISTORY_S * self.fps)

    def _played(self, start: int) -> Motion | None:
        """Frames before `start` at the generator's own pace, sent or not."""
        tail = self._tail(start, self._history)
        if tail is None or len(tail) < 2 or abs(self._wish.speed - 1) < 1e-6:
            return tail
        return replace(tail, fps=self.fps / self._wish.speed).resampled(self.fps)

    def _tail(self, stop: int, count: int = 2) -> Motion | None:
        """Up to `count` frames before `stop`."""
        k = stop - self._first
        if k < 1:
            return None
        rows = slice(max(k - count, 0), k)
        return Motion(self._rotations[rows], self._root[rows], self.fps, self._idle.skeleton)

    def _idle_on(self) -> None:
        """Nothing is ready: stand about, from where the character is."""
        old = self._tail(self.ready)
        new = self._idle if old is None else continued(old, aligned(self._idle, old), halflife_s=2 * HALFLIFE_S)
        self._put(new, Source.IDLE, max(self._served, 0), Affect.neutral())

    def _cut(self, at: int) -> None:
        """Take away what is ready from frame `at` on."""
        k = at - self._first
        self._rotations, self._root = self._rotations[:k], self._root[:k]
        self._contacts, self._notes = self._contacts[:k], self._notes[:k]
        self.ready = at

    def _put(self, motion: Motion, source: Source, wish: int, affect: Affect) -> None:
        begin = len(self._rotations)
        self._rotations = np.concatenate([self._rotations, motion.rotations])
        self._root = np.concatenate([self._root, motion.root])
        # Whether a foot is at rest in the first new frame depends on the frame before it.
        rows = slice(max(begin - 1, 0), None)
        contacts = replace(motion, rotations=self._rotations[rows], root=self._root[rows]).contacts
        self._contacts = np.concatenate([self._contacts, contacts[len(contacts) - len(motion) :]])
        self._notes += [(source, wish, affect)] * len(motion)
        self.ready += len(motion)

    def _forget(self) -> None:
        """Drop played frames that no window will be made behind; not one by one."""
        spare = self.sent - self._first - self._history
        if spare > self._history:
            self._rotations, self._root = self._rotations[spare:], self._root[spare:]
            self._contacts, self._notes = self._contacts[spare:], self._notes[spare:]
            self._first += spare


class _Shown:
    """The posture laid over the motion, (22, 3) rotation vectors, on a spring."""

    def __init__(self, affect: Affect) -> None:
        self.affect = affect
        self._value: Array = np.zeros((NUM_JOINTS, 3))
        self._speed: Array = np.zeros((NUM_JOINTS, 3))

    def towards(self, aim: Array, *, dt: float) -> Array:
        """The posture one frame later."""
        gap, self._speed = spring_to_zero(self._value - aim, self._speed, halflife_s=POSTURE_HALFLIFE_S, at=dt)
        self._value = aim + gap
        return self._value
