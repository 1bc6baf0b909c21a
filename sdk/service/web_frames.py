"""The bytes of gRPC-Web: frames, trailers, base64, metadata. Knows no HTTP server.

A frame is a byte of flags, the length as four bytes (big endian), then so many bytes: a message, or, with the flag
TRAILERS, lines of "name: value".
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterable
from urllib.parse import quote

import grpc

from sdk.service.context import BroughtContext

COMPRESSED, TRAILERS = 0x01, 0x80
_HEAD = struct.Struct(">BI")
_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])")
_UNIT_S = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_NAME = re.compile(r"[0-9a-z_.!#$&'*+^`|~-]+")
_PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


class BadCall(Exception):
    """Bytes that are no call, or one that may not be; `code` is the status to refuse them with."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def malformed(message: str) -> BadCall:
    """What is said of bytes that are not as the protocol has them."""
    return BadCall(grpc.StatusCode.INVALID_ARGUMENT, message)


class FrameReader:
    """Takes bytes in pieces of any length, gives whole messages of at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most, self._left = most, bytearray()

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._left)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that end in `data`. Raises BadCall for a frame that may not be, as soon as its head is there."""
        self._left += data
        messages = []
        while len(self._left) >= _HEAD.size:
            flags, length = _HEAD.unpack_from(self._left)
            if flags == COMPRESSED:
                raise BadCall(grpc.StatusCode.UNIMPLEMENTED, "messages may not be compressed; send flag 0")
            if flags:
                raise malformed(f"a frame of a caller has flag 0, and not {flags}")
            if length > self._most:
                message = f"a message may have {self._most} bytes at most; this one has {length}"
                raise BadCall(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
            end = _HEAD.size + length
            if len(self._left) < end:
                break
            messages.append(bytes(self._left[_HEAD.size : end]))
            del self._left[:end]
        return messages


class TextReader:
    """Takes base64 in pieces of any length, gives the bytes. Padding may come wherever the sender flushed."""

    def __init__(self) -> None:
        self._left = b""

    @property
    def partial(self) -> bool:
        """Whether characters are left that are no whole group of four."""
        return bool(self._left)

    def feed(self, data: bytes) -> bytes:
        """What the whole groups of four stand for. Raises BadCall for what is no base64."""
        data = self._left + data
        whole = len(data) // 4 * 4
        self._left, pieces = data[whole:], re.findall(rb"[^=]+={0,2}", data[:whole])
        try:
            if sum(map(len, pieces)) != whole:
                raise malformed("the body is no base64")
            return b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
        except binascii.Error:
            raise malformed("the body is no base64") from None


def frame(message: bytes, flags: int = 0) -> bytes:
    """A message as it goes over the wire."""
    return _HEAD.pack(flags, len(message)) + message


def lines_frame(lines: Iterable[tuple[str, str]]) -> bytes:
    """Headers or trailers as they go over the wire."""
    return frame("".join(f"{name}: {value}\r\n" for name, value in lines).encode(), TRAILERS)


def trailers_of(context: BroughtContext) -> list[tuple[str, str]]:
    """How a call ended, names in lower case; the text is percent-encoded as gRPC has it."""
    status = [("grpc-status", str(context.status.value[0]))]
    if context.details:
        status.append(("grpc-message", quote(context.details, safe=_PRINTABLE)))
    return [*status, *context.trailers]


def metadata_of(lines: bytes, most: int) -> list[tuple[str, str]]:
    """Lines of "name: value" as metadata. Raises BadCall for other bytes or more than `most` of them."""
    if len(lines) > most:
        raise BadCall(grpc.StatusCode.RESOURCE_EXHAUSTED, f"metadata may have {most} bytes at most")
    found = []
    for line in filter(None, lines.decode("latin-1").split("\r\n")):
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name.lower()):
            raise malformed('the first message holds metadata as lines of "name: value"')
        found.append((name.lower(), value.strip()))
    return found


def timeout_of(metadata: Iterable[tuple[str, str]]) -> float | None:
    """Seconds that the caller waits, None for as long as it takes. Raises BadCall for a grpc-timeout that is none."""
    given = [value for name, value in metadata if name == "grpc-timeout"]
    if not given:
        return None
    match = _TIMEOUT.fullmatch(given[0])
    if match is None:
        raise malformed("grpc-timeout is up to eight digits and one of H M S m u n, e.g. 500m")
    return int(match[1]) * _UNIT_S[match[2]]
