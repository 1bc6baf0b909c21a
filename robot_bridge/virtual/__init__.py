"""A virtual Ameca: arbitration, drivers, limits, motors and faults of the robot's face, as far as these are public."""

from robot_bridge.virtual.arbitration import WHOLE_FACE, Bid, BidType, Precedence
from robot_bridge.virtual.faults import Fault, Faults
from robot_bridge.virtual.robot import VirtualAmeca

__all__ = ["WHOLE_FACE", "Bid", "BidType", "Fault", "Faults", "Precedence", "VirtualAmeca"]
