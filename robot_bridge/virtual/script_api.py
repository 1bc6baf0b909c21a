"""What a script on the robot finds there, as far as it is public: `system`, `Precedence`, `BidType`, `probe` and `log`.

A script is a Python file with a class `Activity`. Its controls are None until acquired; demands count only inside
`with bid.use()`. Everything else that a real robot offers to scripts is missing here, and asking for it fails.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from robot_bridge.virtual.arbitration import Bid, BidType, Precedence
from robot_bridge.virtual.mouth import MOST, WEIGHTS
from robot_bridge.virtual.robot import VirtualAmeca
from sdk.errors import InvalidInput

Handler = TypeVar("Handler", bound=Callable[..., Any])
TICKS, WATCHES = "_ticks_per_second", "_watched_controls"
LOW, HIGH = "min", "max"


class ScriptControl:
    """A control as a script sees it. Properties that were not asked for in `acquire` stay None.

    min, max: the range that holds now, with the limiter's. position: where it is. demand: what is asked of it; writing
    it asks. They are there from the tick after the script asked for them.
    """

    def __init__(self, owner: "Scope", name: str, namespace: str | None, acquire: frozenset[str]) -> None:
        self._owner, self.name, self.namespace, self._acquire = owner, name, namespace, acquire
        self._asked = owner.robot.time

    @property
    def min(self) -> float | None:
        """Lowest value it goes to."""
        return self._read(LOW)

    @property
    def max(self) -> float | None:
        """Highest value it goes to."""
        return self._read(HIGH)

    @property
    def position(self) -> float | None:
        """Where it is; None also while its sensor fails."""
        return self._read("position")

    @property
    def demand(self) -> float | None:
        """What is asked of it, by whoever won it; limits do not show here."""
        return self._read("demand")

    @demand.setter
    def demand(self, value: float) -> None:
        self._owner.write(self.name, value)

    def _read(self, key: str) -> float | None:
        if key not in self._acquire or self._owner.robot.time <= self._asked:
            return None
        return read_back(self._owner.robot, self.name)[key]


def read_back(robot: VirtualAmeca, name: str) -> Mapping[str, float | None]:
    """min, max, position and demand of a control, or of a weight of the mouth driver, which has no position."""
    number = robot.channels.index(name)
    if number >= len(robot.schema):
        row = WEIGHTS.index(name)
        return {LOW: 0.0, HIGH: float(MOST[row]), "position": None, "demand": float(robot.asked[number])}
    position = float(robot.positions[number])
    return {
        LOW: float(robot.limits[0][number]), HIGH: float(robot.limits[1][number]),
        "position": None if math.isnan(position) else position, "demand": float(robot.demands[number]),
    }  # fmt: skip


class ScriptBid:
    """A bid of a script. Demands made inside `with bid.use()` are made with it."""

    def __init__(self, owner: "Scope", bid: Bid) -> None:
        self._owner, self.bid = owner, bid

    @contextmanager
    def use(self) -> Iterator[None]:
        """Make demands with this bid."""
        before, self._owner.using = self._owner.using, self.bid
        try:
            yield
        finally:
            self._owner.using = before


class Scope:
    """One running script's part of the robot: its bids, which end with it, and the one in use."""

    def __init__(self, robot: VirtualAmeca, post: Callable[[str, Any], None]) -> None:
        self.robot, self.post = robot, post
        self.using: Bid | None = None
        self.bids: list[Bid] = []

    def write(self, name: str, value: float) -> None:
        """Ask for a value with the bid in use. Without one the robot ignores it."""
        self.robot.write(self.using, {name: value})

    def close(self) -> None:
        """Give all bids up."""
        for bid in self.bids:
            self.robot.release(bid)


class _Arbitration:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def make_bid(
        self, specifiers: Iterable[str], precedence: Precedence = Precedence.MEDIUM,
        bid_type: BidType = BidType.ON_DEMAND,
    ) -> ScriptBid:  # fmt: skip
        """A bid on addresses such as "Control/Mesmer Brows 1"."""
        bid = self._scope.robot.bid(specifiers, precedence, bid_type)
        self._scope.bids.append(bid)
        return ScriptBid(self._scope, bid)


class _Messaging:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def post(self, channel: str, message: Any) -> None:
        """Send a message to all running scripts, this one too; it comes in the next tick."""
        self._scope.post(channel, message)


class _Poses:
    """Poses by name. Of the many on a robot only neutral ones are here, for no other is public."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self, name: str) -> dict[tuple[str, str | None], float] | None:
        """{(control, namespace): value} of "Mouth Neutral" or "Face Neutral"; None for any other."""
        robot = self._scope.robot
        regions = {"Mouth Neutral": ("jaw", "lip"), "Face Neutral": None}
        if name not in regions:
            return None
        wanted = regions[name]
        pairs = zip(robot.schema, robot.neutral.tolist(), strict=True)
        return {(one.name, one.namespace): value for one, value in pairs if wanted is None or one.region in wanted}

    def apply(self, pose: Mapping[tuple[str, str | None], float]) -> None:
        """Ask for a pose, with the bid in use."""
        for (name, _), value in pose.items():
            self._scope.write(name, value)


class System:
    """The `system` of one script."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.arbitration, self.messaging, self.poses = _Arbitration(scope), _Messaging(scope), _Poses(scope)

    def control(self, name: str, namespace: str | None, acquire: Iterable[str] = ("demand",)) -> ScriptControl:
        """A control by name and namespace (None: a motor that is driven directly). Raises InvalidInput."""
        channels = self._scope.robot.channels
        true = channels.namespaces[channels.index(name)]
        if namespace != true:
            raise InvalidInput(f"control {name!r} has the namespace {true!r}, not {namespace!r}")
        return ScriptControl(self._scope, name, namespace, frozenset(acquire))

    def tick(self, fps: float) -> Callable[[Handler], Handler]:
        """Marks a method to be called so often a second."""
        if not 0 < fps <= 1000:
            raise InvalidInput(f"fps must lie in (0, 1000], got {fps:g}")

        def mark(handler: Handler) -> Handler:
            setattr(handler, TICKS, fps)
            return handler

        return mark

    def watch(self, controls: ScriptControl | Iterable[ScriptControl]) -> Callable[[Handler], Handler]:
        """Marks a method to be called with a set of those controls whose demand or position changed."""
        watched = (controls,) if isinstance(controls, ScriptControl) else tuple(controls)

        def mark(handler: Handler) -> Handler:
            setattr(handler, WATCHES, watched)
            return handler

        return mark
