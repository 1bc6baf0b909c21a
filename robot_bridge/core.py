"""What the bridge decides, as a pure function of what it is told and when: states, lease, mailbox, loss of signal.

No clock, no threads, no transport: every method takes `now`, seconds of one monotonic clock. The same calls give
the same demands to the bit, which is what `robot_bridge.replay` checks. Shapes: C controls.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_bridge.governor import Governor, Mask
from robot_bridge.limits import Limits
from sdk.errors import EmoMotionError, InvalidInput
from sdk.face.controls import ControlSchema

Array = NDArray[np.float64]
BREACH = 1e-6
"""A demand that lies further outside its limits than this was not made by a working governor."""
RESTED_S = 0.2
"""assumed: so long after the demand the motors are there too; only then is the robot released."""


class State(StrEnum):
    """What the bridge is doing. All but DISARMED, and FAULT and ESTOP once they have released, hold the robot."""

    DISARMED = "disarmed"
    """Writes nothing."""
    ARMED = "armed"
    """Holds the face in neutral and waits for frames."""
    TRACKING = "tracking"
    """Follows frames."""
    HOLD = "hold"
    """No frame for a moment: still on the way to the last one, or there."""
    RETURN_NEUTRAL = "return_neutral"
    """No frame for longer, or told to disarm: on the way to neutral."""
    FAULT = "fault"
    """Something failed; stays until it is cleared."""
    ESTOP = "estop"
    """Told to stop; stays until it is cleared."""


class Command(StrEnum):
    """What may be told to the bridge."""

    ARM = "arm"
    DISARM = "disarm"
    STOP = "stop"
    """Settle in neutral, then release."""
    CUT = "cut"
    """Release at once; the robot's own behaviour takes over from where the face is."""
    CLEAR = "clear"
    """Leave FAULT or ESTOP."""


class Outcome(StrEnum):
    """What became of a frame."""

    APPLIED = "applied"
    OVERTAKEN = "overtaken"
    """A newer one came before the next tick."""
    STALE = "stale"
    """Older than its time to live."""
    REORDERED = "reordered"
    """Its number is not above the last one's."""
    REJECTED = "rejected"
    """No pose: wrong length, or a value that is not finite."""
    NO_LEASE = "no_lease"
    """Another writer has taken over."""
    NOT_ARMED = "not_armed"
    """The bridge does not follow frames in its state."""


class Refused(EmoMotionError):
    """A command or a writer that does not fit the present state; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a bridge behaves. late_s: TRACKING becomes HOLD. hold_s: HOLD becomes RETURN_NEUTRAL, from the last frame.

    watchdog_s: a loop that did not tick for so long is a fault. lease_s: a silent writer may be replaced after this.
    late_ms: a frame written later than so after its arrival is marked late. Raises InvalidInput outside the ranges.
    """

    range_set: str = "tight"
    profile: str = "sdk"
    late_s: float = 0.05
    hold_s: float = 0.10
    watchdog_s: float = 0.25
    lease_s: float = 2.0
    late_ms: float = 30.0

    def __post_init__(self) -> None:
        for name, low, high in (("hold_s", 0.1, 0.15), ("watchdog_s", 0.1, 1.0), ("lease_s", 0.5, 60.0)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidInput(f"{name} must lie in {low:g}..{high:g}, got {value:g}", field=name)


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """A pose (C,) that a writer wants shown. age_s: how old it was when it arrived; ttl_s: how old it may become."""

    lease: int
    number: int
    values: Array
    arrived: float
    ttl_s: float
    age_s: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Ack:
    """What became of one frame. Of an applied one also the demand (C,) and the limits that acted on each control, and,
    once it was written, when, and whether that was late."""

    lease: int
    number: int
    outcome: Outcome
    state: State
    arrived: float
    applied_at: float | None = None
    values: Array | None = None
    mask: Mask | None = None
    late: bool = False
    reason: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Tick:
    """What is to be done in a tick: write `values` with `mask` if there are any, then release if so said."""

    state: State
    values: Array | None = None
    mask: Mask | None = None
    release: bool = False


@dataclass
class _Lease:
    """Who may write. number: of the lease; last: of its last accepted frame."""

    number: int
    writer: str
    heard: float
    last: int = -1


class Core:
    """One robot's bridge. `schema` has the robot's own neutral; see `ControlSchema.calibrated`."""

    def __init__(self, schema: ControlSchema, settings: Settings) -> None:
        self.settings = settings
        self.limits = Limits(schema, range_set=settings.range_set, profile=settings.profile)
        self.governor = Governor(self.limits)
        self.state = State.DISARMED
        self.reason = ""
        self.holding = False
        """Whether the robot is held: demands are written."""
        self.counters: Counter[str] = Counter()
        self._lease: _Lease | None = None
        self._leases = 0
        self._waiting: Frame | None = None
        self._target: Array | None = None
        self._heard = 0.0
        self._leaving = False
        self._rested: float | None = None
        self._release = False
        self._ticked: float | None = None
        self._acks: list[Ack] = []

    # --- who may write ---

    @property
    def writer(self) -> str:
        """Name of the writer that has the lease, empty without."""
        return "" if self._lease is None else self._lease.writer

    def acquire(self, writer: str, now: float, *, over: int | None = None) -> int:
        """The lease's number for a new writer. Raises Refused while another one has it.

        over: the lease this writer had before, on a connection it lost; it may take that over at once.
        """
        held = self._lease
        if held is not None and held.number != over and now - held.heard < self.settings.lease_s:
            left_s = self.settings.lease_s - (now - held.heard)
            what = f"{f'writer {held.writer}' if held.writer else 'another writer'} has the lease"
            raise Refused(f"{what}; it ends when its stream does, or {left_s:.1f} s from now if it sends nothing more")
        self._drop(Outcome.NO_LEASE)
        self._leases += 1
        self._lease = _Lease(self._leases, writer, now)
        return self._leases

    def give_up(self, lease: int) -> None:
        """End a lease; one that has ended already stays so."""
        if self._lease is not None and self._lease.number == lease:
            self._drop(Outcome.NO_LEASE)
            self._lease = None

    def submit(self, frame: Frame, now: float) -> None:
        """Take a frame for the next tick, in place of one that still waits for it."""
        lease = self._lease
        if lease is None or lease.number != frame.lease:
            return self._note(frame, Outcome.NO_LEASE)
        lease.heard = now
        if frame.number <= lease.last:
            return self._note(frame, Outcome.REORDERED)
        lease.last = frame.number
        if not self._follows:
            return self._note(frame, Outcome.NOT_ARMED)
        if self._age(frame, now) > frame.ttl_s:
            return self._note(frame, Outcome.STALE)
        self._drop(Outcome.OVERTAKEN)
        self._waiting = frame

    def reject(self, lease: int, number: int, arrived: float, reason: str) -> None:
        """Count a frame that is no pose. It renews no lease: who sends nothing else loses it."""
        frame = Frame(lease=lease, number=number, values=np.empty(0), arrived=arrived, ttl_s=0.0)
        self._note(frame, Outcome.REJECTED, reason=reason)

    def take_acks(self) -> list[Ack]:
        """What became of frames since the last call: one for each frame, in the order in which it was decided."""
        acks, self._acks = self._acks, []
        return acks

    # --- what it is told ---

    def command(self, command: Command, now: float, *, start: Array | None = None) -> None:
        """Do as told. start: where the face is (C,), when arming, if it is known. Raises Refused where it cannot."""
        if command is Command.ARM:
            if self.state is not State.DISARMED:
                hint = "send clear first" if self.state in (State.FAULT, State.ESTOP) else "it holds the robot already"
                raise Refused(f"cannot arm while {self.state}: {hint}")
            self.governor.reset(self.limits.rest if start is None else start)
            self.holding, self._leaving, self._target = True, False, None
            self._ticked = now  # from here on the watchdog counts
            self._become(State.ARMED)
        elif command is Command.DISARM:
            if self.state in (State.FAULT, State.ESTOP):
                raise Refused(f"cannot disarm while {self.state}: send clear, which disarms")
            if self.holding:
                self._stop(State.RETURN_NEUTRAL, "told to disarm", cut=False)
        elif command is Command.CLEAR:
            if self.state not in (State.FAULT, State.ESTOP):
                raise Refused(f"nothing to clear while {self.state}")
            if self.holding:
                raise Refused("still on the way to neutral; send clear again in a second")
            self._become(State.DISARMED)
        else:
            self._stop(State.ESTOP, f"told to {command}", cut=command is Command.CUT)

    def fail(self, reason: str, *, cut: bool) -> None:
        """Latch FAULT; an ESTOP stays one. cut: write nothing any more, else the face goes to neutral first."""
        self.counters["faults"] += 1
        self._stop(State.ESTOP if self.state is State.ESTOP else State.FAULT, reason, cut=cut)

    def check(self, now: float, *, silent_s: float | None = None) -> bool:
        """The watchdog: latches FAULT when the robot is held and no tick comes. Whether it did so just now."""
        if not self.holding or self.state in (State.FAULT, State.ESTOP) or self._ticked is None:
            return False
        silent_s = now - self._ticked if silent_s is None else silent_s
        if silent_s <= self.settings.watchdog_s:
            return False
        self.fail(f"no tick for {1000 * silent_s:.0f} ms", cut=False)
        return True

    # --- time ---

    def tick(self, now: float) -> Tick:
        """What is to be written now. A tick that is not after the one before writes nothing."""
        before, self._ticked = self._ticked, now
        if before is None or not self.holding:
            return self._nothing()
        dt = now - before
        if not dt > 0:
            self.counters["ticks_refused"] += 1
            if dt < 0:  # what is known of times is worth nothing any more, the lease's either
                self.fail("the clock went back", cut=False)
                self._lease = None
            return self._nothing()
        self.check(now, silent_s=dt)
        frame = self._newest(now)
        demand = self.governor.step(self._decide(now), dt)
        if not self.limits.excess(demand.values) <= BREACH:
            self.fail("a demand of the governor breaks a limit, which is a fault of the bridge itself", cut=True)
            return self._nothing()
        self.counters["ticks"] += 1
        if frame is not None:
            self._note(frame, Outcome.APPLIED, values=demand.values, mask=demand.mask)
        at_rest = bool(self.governor.at_rest)
        if self.state is State.RETURN_NEUTRAL and at_rest and not self._leaving:
            self._become(State.ARMED)
        if not (at_rest and self._leaving):
            self._rested = None
        elif self._rested is None:
            self._rested = now
        released = self._rested is not None and now - self._rested >= RESTED_S
        if released:
            self.holding = self._leaving = False
            if self.state is State.RETURN_NEUTRAL:
                self._become(State.DISARMED)
        return Tick(state=self.state, values=demand.values, mask=demand.mask, release=released)

    def _newest(self, now: float) -> Frame | None:
        """The frame that waited, if it may still be used; then it is what is gone to."""
        frame = self._waiting
        if frame is None:
            return None
        if self._age(frame, now) > frame.ttl_s:
            self._drop(Outcome.STALE)
            return None
        self._waiting = None
        self._target, self._heard = frame.values, frame.arrived
        return frame

    def _decide(self, now: float) -> Array:
        """The pose (C,) to go to now, and the state that says why."""
        rest = self.limits.rest
        if not self._follows or self._target is None:
            return rest
        gap_s = now - self._heard
        if gap_s <= self.settings.late_s:
            self._become(State.TRACKING)
        elif gap_s <= self.settings.hold_s:
            self._become(State.HOLD)
        else:
            self._target = None
            self._become(State.RETURN_NEUTRAL, "no frames")
            return rest
        return self._target

    @property
    def _follows(self) -> bool:
        """Whether frames move the face."""
        return self.holding and not self._leaving and self.state not in (State.FAULT, State.ESTOP)

    def _stop(self, state: State, reason: str, *, cut: bool) -> None:
        """Go to neutral and then release, or release at once; in a state that stays until it is cleared."""
        self._become(state, reason)
        self._drop(Outcome.NOT_ARMED)
        self._target = self._rested = None
        if self.holding and cut:
            self.holding, self._release = False, True
        self._leaving = self.holding

    def _become(self, state: State, reason: str = "") -> None:
        if state is not self.state:
            self.counters[f"to_{state}"] += 1
            self.state, self.reason = state, reason

    def _nothing(self) -> Tick:
        release, self._release = self._release, False
        return Tick(state=self.state, release=release)

    def _drop(self, outcome: Outcome) -> None:
        """Let go of the frame that waits, if there is one."""
        frame, self._waiting = self._waiting, None
        if frame is not None:
            self._note(frame, outcome)

    def _note(self, frame: Frame, outcome: Outcome, **more: Any) -> None:
        self.counters[outcome] += 1
        about: dict[str, Any] = {"lease": frame.lease, "number": frame.number, "arrived": frame.arrived}
        self._acks.append(Ack(outcome=outcome, state=self.state, **about, **more))

    @staticmethod
    def _age(frame: Frame, now: float) -> float:
        return frame.age_s + (now - frame.arrived)
