"""The virtual Ameca in this process: it ticks when it is written to, by the bridge's own clock."""

from robot_bridge.core import Array
from robot_bridge.governor import Mask
from robot_bridge.virtual.arbitration import Bid
from robot_bridge.virtual.robot import VirtualAmeca
from sdk.face.controls import ControlSchema

LONGEST_TICK_S = 0.1
SPECIFIERS = (
    "Control/Direct Motors/Lip Motors", "Control/Direct Motors/Mouth Motors", "Control/Mesmer Mouth 2",
    "Control/Mesmer Eyelids 1", "Control/Mesmer Neck 1", "Control/Mesmer Brows 1", "Control/Mesmer Gaze 1",
    "Control/Mesmer Nose 1",
)  # fmt: skip
"""What a face's bid names, as published playback does."""


class Simulator:
    """Moves a virtual robot. `robot` may be shown to others, who must not tick it."""

    def __init__(self, robot: VirtualAmeca) -> None:
        self.robot = robot
        self._bid: Bid | None = None
        self._last: float | None = None

    @classmethod
    def of_virtual_ameca(cls, schema: ControlSchema) -> "Simulator":
        """With a robot of its own, whose neutral is the schema's."""
        return cls(VirtualAmeca(schema))

    def open(self) -> None:
        """Bid for the face."""
        if self._bid is None:
            self._bid = self.robot.bid(SPECIFIERS)

    def write(self, values: Array, mask: Mask, now: float) -> None:
        """Demand, and let the robot live until now."""
        self.robot.demand(self._bid, values)
        before, self._last = self._last, now
        if before is not None and now > before:
            self.robot.tick(min(now - before, LONGEST_TICK_S))

    def positions(self) -> Array | None:
        """Where its motors are."""
        return self.robot.positions.copy()

    def settle(self) -> None:
        """Nothing: its own idle rules bring it to rest once it is released."""

    def release(self) -> None:
        """Withdraw the bid."""
        if self._bid is not None:
            self.robot.release(self._bid)
        self._bid = self._last = None

    def close(self) -> None:
        """The same."""
        self.release()
