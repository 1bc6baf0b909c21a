"""Between the bridge's messages and its own types; what comes is checked, the offending field named."""

import math

from emomotion.v1 import face_pb2, robot_pb2
from robot_bridge.core import Ack, Command, Frame
from robot_bridge.governor import check_values
from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema

MAX_WRITER_CHARS = 64
TTL_MS = (1.0, 10_000.0)
COMMANDS = {robot_pb2.BridgeCommand.Value(f"BRIDGE_COMMAND_{command.name}"): command for command in Command}


def check_start(message: robot_pb2.ControlStart, schema: ControlSchema) -> None:
    """Raises InvalidInput naming the field, for a start that is not meant for this schema; its hash is judged apart."""
    if len(message.writer) > MAX_WRITER_CHARS:
        raise InvalidInput(f"writer has {len(message.writer)} characters; at most {MAX_WRITER_CHARS}", field="writer")
    if not message.writer.isprintable():
        raise InvalidInput(f"writer must be printable characters, got {message.writer!r}", field="writer")
    if message.range_set:
        schema.bounds(message.range_set)


def frame_from_wire(message: face_pb2.FaceFrame, schema: ControlSchema, *, lease: int, arrived: float) -> Frame:
    """Raises InvalidInput, naming the field, for anything that is no pose with a time to live."""
    low, high = TTL_MS
    if not low <= message.ttl_ms <= high:
        raise InvalidInput(f"ttl_ms must lie in {low:g}..{high:g}, got {message.ttl_ms:g}", field="ttl_ms")
    if not 0 <= message.made_in_ms < math.inf:
        raise InvalidInput(f"made_in_ms must be at least 0, got {message.made_in_ms:g}", field="made_in_ms")
    return Frame(
        lease=lease, number=message.number, values=check_values(message.values, len(schema)), arrived=arrived,
        ttl_s=message.ttl_ms / 1000, age_s=message.made_in_ms / 1000,
    )  # fmt: skip


def ack_to_wire(ack: Ack) -> robot_pb2.ControlAck:
    """Times travel as nanoseconds of the bridge's own clock."""
    message = robot_pb2.ControlAck(
        number=ack.number, outcome=f"FRAME_OUTCOME_{ack.outcome.name}", state=f"BRIDGE_STATE_{ack.state.name}",
        received_ns=round(1e9 * ack.arrived), late=ack.late, reason=ack.reason,
    )  # fmt: skip
    if ack.values is not None and ack.mask is not None and ack.applied_at is not None:
        message.applied_ns = round(1e9 * ack.applied_at)
        message.applied.extend(ack.values.tolist())
        message.limits.extend(ack.mask.tolist())
    return message
