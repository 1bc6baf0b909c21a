"""Live Link Face: the packets of Epic's telephone app, which Unreal's Live Link takes for a face by itself.

61 floats: 52 blendshapes by the names of ARKit, in the order of `sdk.face.blendshapes.NAMES`, then yaw, pitch and roll
of the head and of both eyes. The latter are sent as zero: the head belongs to the body, which comes another way.
"""

import struct
import time
import uuid

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array
from sdk.relay.moment import Moment

PORT = 11111
"""Where Unreal's plugin "Apple ARKit Face Support" listens."""
VERSION = 6
VALUES = 61


class LiveLinkFace:
    """Sends Live Link Face. subject: name under which Live Link lists the face."""

    name, port = "Live Link Face", PORT

    def __init__(self, *, subject: str = "EmoMotion") -> None:
        encoded = subject.encode()
        if not 1 <= len(encoded) <= 100:
            raise InvalidInput(f"subject must have 1..100 bytes, got {len(encoded)}", field="subject")
        device = str(uuid.uuid5(uuid.NAMESPACE_DNS, subject)).upper()  # the same subject is the same device
        self._head = struct.pack("<I", VERSION) + f"${device}".encode() + struct.pack(">i", len(encoded)) + encoded

    def datagrams(self, moment: Moment) -> list[bytes]:
        """One packet: the moment's face, stamped with the frames since midnight."""
        return [self.packet(moment.face, moment.fps)]

    def packet(self, blendshapes: Array, fps: float) -> bytes:
        """The packet of (52,) blendshapes, each 0..1."""
        now = time.time()
        local = time.localtime(now)
        since_midnight = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec + now % 1
        number, subframe = divmod(since_midnight * fps, 1)
        stamp = struct.pack(">ifii", int(number), subframe, round(fps), 1)
        values = np.zeros(VALUES)
        values[: len(blendshapes)] = np.clip(blendshapes, 0.0, 1.0)
        return self._head + stamp + struct.pack(">B61f", VALUES, *values)
