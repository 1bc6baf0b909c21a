"""The virtual Ameca: takes demands as the robot's scripts would, moves its motors, and shows a face. It has no clock.

Shapes: C = 30 controls in the schema's order and units; N channels are the controls and, behind them, the weights of
the mouth driver. Time is the sum of all ticks, in seconds.

What it does not model: skin and its folds, heat, current, load and friction, sound; the robot's true poses and looks;
its camera; its body. See docs/virtual_ameca.md.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot_bridge.virtual import constants as c
from robot_bridge.virtual.arbitration import NOBODY, Arbiter, Bid, BidType, Channels, Precedence
from robot_bridge.virtual.drivers import RANGE_SET, Drivers, split_head
from robot_bridge.virtual.faults import Fault, Faults, Link
from robot_bridge.virtual.idle import Blinking
from robot_bridge.virtual.limits import CoupledLimits
from robot_bridge.virtual.log import Log
from robot_bridge.virtual.motors import Motors
from robot_bridge.virtual.mouth import WEIGHTS, Mouth
from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema
from sdk.face.rig import Camera, Identity, Rig

Array = NDArray[np.float64]
Values = ArrayLike | Mapping[str, float]

COUNTED = ("writes", "lost", "reordered", "damaged", "not_finite", "without_bid", "clamped", "blinks", "ticks")


class VirtualAmeca:
    """One robot. Everything it does follows from its arguments, what it is told and when it is ticked.

    calibration: {control name: neutral} of this very unit; brows are midpoints in motor space, inside (0, 1).
    blinking: whether it blinks when nobody moves its lids.
    """

    def __init__(
        self, schema: ControlSchema, *, seed: int = 0, faults: Faults | None = None,
        calibration: Mapping[str, float] | None = None, blinking: bool = True,
    ) -> None:  # fmt: skip
        self.schema, self.seed, self.faults = schema, seed, Faults()
        for fault in faults.script if faults else ():
            self.inject(fault)
        self.low, self.high = schema.bounds(RANGE_SET)
        self.neutral, midpoints = self._calibrated(calibration or {})
        self.channels = Channels(schema, WEIGHTS)
        self.log = Log()
        self.counters: Counter[str] = Counter({name: 0 for name in COUNTED})
        self._damage, link, blink = (np.random.default_rng([seed, number]) for number in range(3))
        self._link: Link[Callable[[], None]] = Link(self.faults, link, self.counters)
        self._arbiter = Arbiter(len(self.channels))
        self._drivers = Drivers(schema, midpoints)
        own = [replace(control, neutral=value) for control, value in zip(schema, self.neutral.tolist(), strict=True)]
        self._mouth = Mouth(replace(schema, controls=tuple(own)))
        self._coupled = CoupledLimits(schema, self.low, self.high)
        self._blinking = Blinking(blink) if blinking else None
        self._motors = Motors(schema, self._drivers.to_motors(self.neutral, 0.0), self.faults)
        self._theta = schema.index("Gaze Target Theta")
        self._lids = schema.indices("lid")
        pose = ("Head Pitch", "Head Roll", "Head Yaw", "Neck Pitch", "Neck Roll")
        self._head = [schema.index(name) for name in pose]
        self._slow = np.concatenate([schema.indices("head"), schema.indices("neck")])
        self.rig, self.identity = Rig(schema), Identity.mean()
        self._faulty: list[str] = []
        self._all = np.arange(len(schema))
        self._shut = False

        self.time = 0.0
        self.owner = np.full(len(self.channels), NOBODY, np.intp)
        self._held: Array = np.concatenate([self.neutral, np.zeros(len(self.channels) - len(schema))])
        self._rest, self._wanted = self._held.copy(), self._held.copy()
        self._heard = np.full(len(self.channels), -math.inf)
        self._ramp_from, self._ramp_since = self.neutral[self._slow], np.full(len(self._slow), -math.inf)
        self.demands = self.neutral.copy()
        self.targets = self.neutral.copy()
        self.limits = self._coupled.around(self.neutral)
        self.positions = self.neutral.copy()

    def _calibrated(self, given: Mapping[str, float]) -> tuple[Array, Array]:
        """Neutral (C,) in control space and the brows' midpoints (B,) in motor space."""
        brows = self.schema.indices("brow")
        neutral, midpoints = self.schema.neutral.copy(), np.full(len(brows), 0.5)
        for name, value in given.items():
            number = self.schema.index(name)
            inside = self.low[number] <= value <= self.high[number]
            if not inside or (number in brows and not 0 < value < 1):
                inside_of = f"between {self.low[number]:g} and {self.high[number]:g}"
                raise InvalidInput(f"calibration: {name!r} is {value:g}; it must lie {inside_of}")
            if number in brows:
                midpoints[brows.tolist().index(number)] = value
            else:
                neutral[number] = value
        return neutral, midpoints

    def inject(self, fault: Fault) -> None:
        """Add a fault to the script. Raises InvalidInput for an unknown control."""
        if fault.control:
            self.schema.index(fault.control)
        self.faults.script = (*self.faults.script, fault)

    # --- what scripts on the robot do ---

    def bid(
        self, specifiers: str | Iterable[str], precedence: Precedence = Precedence.VERY_HIGH,
        kind: BidType = BidType.ON_DEMAND,
    ) -> Bid:  # fmt: skip
        """A bid on controls, namespaces or addresses such as "Control/Direct Motors". Raises InvalidInput."""
        bid = self._arbiter.add(self.channels.covered(specifiers), Precedence(precedence), BidType(kind))
        self.log.event(self.time, "bid", number=bid.number, precedence=bid.precedence.name, type=bid.kind.value)
        return bid

    def release(self, bid: Bid) -> None:
        """Give a bid up."""
        bid.release()
        self.log.event(self.time, "release", number=bid.number)

    def demand(self, bid: Bid | None, values: Values) -> None:
        """Ask for values of all controls (C,), or of some channels by name, over the link and its faults.

        Without a valid bid they are ignored, as on the robot, and counted; so is a frame with a value that is not
        finite. Raises InvalidInput for a wrong length or an unknown name.
        """
        index, array = self._checked(values)
        self.over_link(lambda carried: self._take(bid, index, carried), array)

    def expression(self, bid: Bid | None, weights: Mapping[str, float]) -> None:
        """Ask the mouth driver for expressions by name ("Happy"), 0..1 each, "Open" 0..2. As `demand` otherwise."""
        self.demand(bid, {f"Mouth {name}": weight for name, weight in weights.items()})

    def visemes(self, bid: Bid | None, weights: Mapping[str, float]) -> None:
        """Ask the mouth driver for visemes by name ("A"), 0..1 each. As `demand` otherwise."""
        self.demand(bid, {f"Viseme {name}": weight for name, weight in weights.items()})

    def write(self, bid: Bid | None, values: Values) -> None:
        """As `demand`, from a script on the robot itself: no link, no faults of it."""
        self._take(bid, *self._checked(values))

    def over_link(self, deliver: Callable[[Array], None], numbers: ArrayLike = ()) -> None:
        """Let something pass the link: `deliver` is called with the numbers once they have come, or never."""
        array = np.array(numbers, float)
        if not self.faults.script:
            deliver(array)
            return
        struck, place = self._damage.random(2)
        if len(array) and struck < self.faults.value(self.time, "nan", 0):
            self.counters["damaged"] += 1
            array[int(place * len(array))] = math.nan
        self._link.send(self.time, lambda: deliver(array))

    @property
    def connected(self) -> bool:
        """Whether the link is up; a transport closes its socket while it is not."""
        return self._link.up(self.time)

    def holds(self, bid: Bid) -> NDArray[np.bool_]:
        """Controls (C,) that a bid won in the last tick."""
        won: NDArray[np.bool_] = self.owner[: len(self.schema)] == bid.number
        return won

    def _checked(self, values: Values) -> tuple[NDArray[np.intp], Array]:
        """Channels and what is asked of them."""
        if isinstance(values, Mapping):
            index = np.array([self.channels.index(name) for name in values], np.intp)
            array = np.array([float(value) for value in values.values()])
        else:
            index, array = self._all, np.array(values, float)
        if array.shape != index.shape:
            raise InvalidInput(f"values must be {len(index)}, one a control; got shape {array.shape}")
        return index, array

    def _take(self, bid: Bid | None, index: NDArray[np.intp], values: Array) -> None:
        """A frame has come."""
        self.counters["writes"] += 1
        if bid is None or bid.released:
            self.counters["without_bid"] += 1
        elif not np.isfinite(values).all():
            self.counters["not_finite"] += 1
        else:
            covered = bid.mask[index]
            self.counters["without_bid"] += not covered.all()
            bid.write(index[covered], values[covered], self.time)

    # --- one tick ---

    def tick(self, dt: float = 1 / c.TICK_HZ) -> None:
        """Let `dt` seconds pass. Raises InvalidInput unless dt lies in (0, LARGEST_STEP_S]."""
        if not 0 < dt <= c.LARGEST_STEP_S:
            raise InvalidInput(f"dt must lie in (0, {c.LARGEST_STEP_S:g}] seconds, got {dt:g}")
        self.time += dt
        self.counters["ticks"] += 1
        for deliver in self._link.due(self.time):
            deliver()
        self._note_faults()
        owner, values, written = self._arbiter.decide(self.time)
        asked = ~np.isnan(values)
        np.copyto(self._held, values, where=asked)
        np.copyto(self._heard, written, where=asked)
        idle = self.time - self._heard > c.IDLE_S
        self._wanted = np.where(idle, self._rest, self._held)
        self.demands = self._in_range(self._driven(self._wanted, idle))
        self.targets = self._warmed(self._blinked(self.demands, idle), owner)
        self.owner = owner
        self.limits = self._coupled.around(self.targets)
        self.targets = np.minimum(np.maximum(self.targets, self.limits[0]), self.limits[1])
        theta = self._motors.places[self._theta]
        self._motors.step(self._drivers.to_motors(self.targets, theta), dt, self.time)
        self.positions = self._drivers.from_motors(self._motors.places, self._motors.places[self._theta])
        if self.faults.script:
            self.positions[self._motors.unknown] = math.nan
        if self.log.recording:
            self.log.tick(self.time, self.state())

    def _driven(self, wanted: Array, idle: NDArray[np.bool_]) -> Array:
        """Values (C,) that the drivers ask for: mouth and neck."""
        values = wanted[: len(self.schema)].copy()
        self._mouth.drive(values, wanted[len(self.schema) :])
        pitch, roll, yaw, neck_pitch, neck_roll = self._head
        if idle[neck_pitch] and idle[neck_roll] and not (idle[pitch] and idle[roll]):
            values[[pitch, roll, neck_pitch, neck_roll]] = split_head(values[pitch], values[roll], values[yaw])
        return values

    def _in_range(self, values: Array) -> Array:
        inside = np.minimum(np.maximum(values, self.low), self.high)
        if (inside != values).any():
            self.counters["clamped"] += 1
        return inside

    def _blinked(self, values: Array, idle: NDArray[np.bool_]) -> Array:
        """Values with the lids shut while the robot blinks."""
        if self._blinking is None or not self._blinking.shut(self.time, free=bool(idle[self._lids].all())):
            self._shut = False
            return values.copy()
        if not self._shut:
            self.counters["blinks"] += 1
            self.log.event(self.time, "blink")
        self._shut = True
        blinked = values.copy()
        blinked[self._lids] = 0.0
        return blinked

    def _warmed(self, values: Array, owner: NDArray[np.intp]) -> Array:
        """Values in which head and neck come over slowly when they have a new owner."""
        rows = self._slow
        changed = owner[rows] != self.owner[rows]
        if changed.any():
            self._ramp_from = np.where(changed, self.targets[rows], self._ramp_from)
            self._ramp_since = np.where(changed, self.time, self._ramp_since)
        share = np.minimum((self.time - self._ramp_since) / c.WARM_UP_S, 1)
        values[rows] = self._ramp_from + share * (values[rows] - self._ramp_from)
        return values

    def _note_faults(self) -> None:
        """Say in the log which faults begin or end."""
        if not self.faults.script:
            return
        now = sorted(f"{fault.kind} {fault.control}".strip() for fault in self.faults.script if fault.acts(self.time))
        if now != self._faulty:
            self._faulty = now
            self.log.event(self.time, "faults", active=now)

    # --- what is seen of it ---

    @property
    def status(self) -> NDArray[np.intp]:
        """Status of each motor (C,): 0 or the maker's code, see `motors.STATUS`."""
        return self._motors.status

    @property
    def homing(self) -> bool:
        """Whether head and neck are being homed after a loss of supply, and do not follow."""
        return self._motors.homing

    @property
    def active_faults(self) -> list[str]:
        """Faults that are there now, in words."""
        return list(self._faulty)

    def state(self) -> dict[str, Any]:
        """What a log line and the browser show."""
        return {
            "demand": self.demands, "target": self.targets, "position": self.positions, "low": self.limits[0],
            "high": self.limits[1], "owner": self.owner[: len(self.schema)], "status": self.status,
            "counters": dict(self.counters),
        }  # fmt: skip

    @property
    def asked(self) -> Array:
        """What the winners ask of each channel (N,), before any driver; what was last asked counts until it is idle."""
        return self._wanted

    @property
    def bids(self) -> tuple[Bid, ...]:
        """Bids that were not released, weakest first."""
        return self._arbiter.bids

    @property
    def looks(self) -> Array:
        """Control values (C,) to draw the face with: where it is, its own neutral being the schema's."""
        places = self._motors.places
        return self._drivers.from_motors(places, places[self._theta]) - self.neutral + self.schema.neutral

    def landmarks(self) -> Array:
        """Points (478, 3) of the face in MediaPipe's numbering, metres: its left +X, up +Y, forward +Z."""
        return self.rig.points(self.looks, self.identity)

    def picture(self, size: int = 512) -> NDArray[np.uint8]:
        """The face from the front, (size, size, 3) RGB."""
        return self.rig.render(self.looks, self.identity, Camera.frontal(size), size, look="ameca")
