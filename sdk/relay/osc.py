"""Open Sound Control 1.0, as much as VMC and the plain protocol need: messages and bundles of int, float and string.

Everything is big-endian and padded to four bytes.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sdk.errors import InvalidInput
from sdk.relay.moment import MOST_BYTES

Argument = int | float | str
AT_ONCE = 1
"""The time tag of a bundle that is to be taken when it comes."""
HEAD = b"#bundle\0" + struct.pack(">Q", AT_ONCE)


class Message(NamedTuple):
    """An address, e.g. "/VMC/Ext/OK", and its arguments."""

    address: str
    arguments: tuple[Argument, ...]


def message(address: str, *arguments: Argument) -> bytes:
    """One message. numpy's numbers are floats here; True and False are the integers 1 and 0."""
    tags, data = ",", b""
    for value in arguments:
        if isinstance(value, str):
            tags, data = tags + "s", data + _string(value)
        elif isinstance(value, int):
            tags, data = tags + "i", data + struct.pack(">i", value)
        else:
            tags, data = tags + "f", data + struct.pack(">f", value)
    return _string(address) + _string(tags) + data


def bundles(messages: Iterable[bytes], most_bytes: int = MOST_BYTES) -> Iterator[bytes]:
    """The messages in order, in as few bundles as stay below `most_bytes`."""
    parts, length = [HEAD], len(HEAD)
    for one in messages:
        if length + 4 + len(one) >= most_bytes and len(parts) > 1:
            yield b"".join(parts)
            parts, length = [HEAD], len(HEAD)
        parts += [struct.pack(">i", len(one)), one]
        length += 4 + len(one)
    if len(parts) > 1:
        yield b"".join(parts)


def parse(datagram: bytes) -> list[Message]:
    """The messages of a datagram, those of bundles within bundles too. Raises InvalidInput for what is no OSC."""
    try:
        return list(_messages(datagram, depth=0))
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise InvalidInput(f"a datagram of {len(datagram)} bytes is no OSC: {error}", field="osc") from None


def _messages(data: bytes, depth: int) -> Iterator[Message]:
    if not data.startswith(b"#bundle\0"):
        yield _message(data)
        return
    if depth > 4:
        raise InvalidInput("OSC bundles lie more than four deep in one another", field="osc")
    at = len(HEAD)
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        if size < 4 or at + 4 + size > len(data):
            raise InvalidInput(f"an OSC bundle says {size} bytes and has {len(data) - at - 4} left", field="osc")
        yield from _messages(data[at + 4 : at + 4 + size], depth + 1)
        at += 4 + size


def _message(data: bytes) -> Message:
    address, at = _read_string(data, 0)
    if not address.startswith("/"):
        raise InvalidInput("an OSC address begins with a slash", field="osc")
    tags, at = _read_string(data, at) if at < len(data) else (",", at)
    arguments: list[Argument] = []
    for tag in tags[1:]:
        if tag == "s":
            text, at = _read_string(data, at)
            arguments.append(text)
        elif tag in "TF":
            arguments.append(int(tag == "T"))
        elif tag in "ifhd":
            (value,) = struct.unpack_from({"i": ">i", "f": ">f", "h": ">q", "d": ">d"}[tag], data, at)
            at += struct.calcsize({"i": ">i", "f": ">f", "h": ">q", "d": ">d"}[tag])
            arguments.append(value)
        else:
            raise InvalidInput(f"OSC arguments of type {tag!r} are not read; send i, f or s", field="osc")
    return Message(address, tuple(arguments))


def _string(text: str) -> bytes:
    data = text.encode() + b"\0"
    return data + b"\0" * (-len(data) % 4)


def _read_string(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at) if b"\0" in data[at:] else len(data)
    return data[at:end].decode(), at + (end - at) // 4 * 4 + 4
