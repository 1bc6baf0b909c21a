"""Numbers on their way between studio and page: one JSON header, then arrays, all little-endian.

    bytes 0-3    "EMO1"
    bytes 4-7    length of the header in bytes, uint32; a multiple of 4, the header is padded with spaces
    header       JSON; its "arrays" maps a name to {"type": one of `TYPES`, "shape": [...], "at": offset}
    arrays       one behind the other, each at a multiple of 4 bytes from the end of the header

Shapes: T frames, J = 22 joints, C = 30 controls of a face.
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import normalize
from sdk.motion.skeleton import NUM_JOINTS

MAGIC = b"EMO1"
TYPES = ("f4", "i2", "u2", "u1", "u4")
MAX_HEADER_BYTES = 1 << 23
MAX_FRAMES = 14_401
"""Two minutes at 120 frames a second."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """A packet; the arrays' types must be among `TYPES`."""
    described: dict[str, Any] = {}
    parts: list[bytes] = []
    at = 0
    for name, array in arrays.items():
        kind = f"{array.dtype.kind}{array.dtype.itemsize}"
        assert kind in TYPES, f"{name} is {array.dtype}"
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        data += b"\0" * (-len(data) % 4)
        described[name] = {"type": kind, "shape": list(array.shape), "at": at}
        parts.append(data)
        at += len(data)
    text = json.dumps({**header, "arrays": described}, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *parts])


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays of a packet. Raises InvalidInput, which says what is wrong, for anything else."""
    if len(data) < 8 or data[:4] != MAGIC:
        raise InvalidInput('the body is no packet: it must begin with "EMO1" and a length', field="body")
    length = struct.unpack_from("<I", data, 4)[0]
    if length > MAX_HEADER_BYTES or 8 + length > len(data):
        raise InvalidInput(f"the packet's header has {length} bytes, of {len(data)} in all", field="body")
    header = load_object(data[8 : 8 + length])
    rest = memoryview(data)[8 + length :]
    described = header.pop("arrays", {})
    if not isinstance(described, dict):
        raise InvalidInput("arrays must be an object", field="arrays")
    return header, {str(name): _array(rest, entry, f"arrays.{name}") for name, entry in described.items()}


def _array(data: memoryview, entry: Any, field: str) -> NDArray[Any]:
    match entry:
        case {"type": kind, "shape": list(shape), "at": int(at)} if kind in TYPES and all(
            type(size) is int and size >= 0 for size in shape
        ):
            dtype = np.dtype(f"<{kind}")
            count = math.prod(shape)
            if at >= 0 and at % 4 == 0 and at + count * dtype.itemsize <= len(data):
                return np.frombuffer(data, dtype, count, at).reshape(shape)
    raise InvalidInput("an array needs a type, a shape and a place inside the packet", field=field)


def load_object(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises InvalidInput for anything else, NaN and Infinity included."""
    try:
        found = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the request is not JSON: {error}", field="body") from None
    if not isinstance(found, dict):
        raise InvalidInput("the request must be a JSON object", field="body")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def motion_arrays(motion: Motion) -> dict[str, NDArray[Any]]:
    """A motion's arrays: rotations (T, J, 4), root (T, 3), contacts (T, 4)."""
    return {
        "rotations": motion.rotations.astype(np.float32),
        "root": motion.root.astype(np.float32),
        "contacts": (motion.contacts > 0.5).astype(np.uint8),
    }


def motion_of(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Motion:
    """The motion of a packet that a page sent. Raises InvalidInput."""
    fps = header.get("fps")
    if isinstance(fps, bool) or not isinstance(fps, int | float):
        raise InvalidInput("fps must be a number", field="fps")
    for name, shape in (("rotations", (NUM_JOINTS, 4)), ("root", (3,))):
        if name not in arrays or arrays[name].shape[1:] != shape or not 1 <= len(arrays[name]) <= MAX_FRAMES:
            wanted = ", ".join(map(str, ("T", *shape)))
            raise InvalidInput(f"{name} must have the shape ({wanted}), 1 to {MAX_FRAMES} frames", field=name)
    rotations, root = (arrays[name].astype(np.float64) for name in ("rotations", "root"))
    motion = Motion(rotations, root, float(fps))
    # What was rounded to float32 is a hair off unit length.
    return Motion(normalize(motion.rotations), motion.root, motion.fps)
