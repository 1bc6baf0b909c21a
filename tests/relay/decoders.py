"""Receivers of the relay's protocols, written from their specifications and not from the senders."""

import socket
import struct
import time
from dataclasses import dataclass
from typing import Any


class Reader:
    """Walks over big-endian bytes that are padded to four."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        assert self.at + count <= len(self.data), "the packet is too short"
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def text(self) -> str:
        out = b""
        while True:
            four = self.take(4)
            out += four
            if four[3] == 0:
                head, _, padding = out.partition(b"\0")
                assert not padding.strip(b"\0"), "padding must be zero"
                return head.decode("ascii")


def decode_osc(data: bytes) -> list[tuple[str, list[Any]]]:
    """Addresses and arguments of a bundle, or of one message."""
    assert len(data) % 4 == 0
    reader = Reader(data)
    if data[:8] != b"#bundle\0":
        address, tags = reader.text(), reader.text()
        assert address[0] == "/" and tags[0] == ","
        values = [reader.text() if tag == "s" else reader.number({"i": "i", "f": "f"}[tag]) for tag in tags[1:]]
        assert reader.at == len(data)
        return [(address, values)]
    reader.take(8)
    assert reader.number("Q") == 1, "the time tag must say: at once"
    found = []
    while reader.at < len(data):
        found += decode_osc(reader.take(reader.number("i")))
    return found


@dataclass
class Face:
    subject: str
    device: str
    frame: int
    subframe: float
    fps: int
    denominator: int
    values: list[float]


def decode_live_link_face(data: bytes) -> Face:
    """A packet of version 6."""
    reader = Reader(data)
    assert struct.unpack("<I", reader.take(4))[0] == 6
    device = reader.take(37).decode("ascii")
    subject = reader.take(reader.number("i")).decode()
    stamp = [reader.number(form) for form in "ifii"]
    values = [reader.number("f") for _ in range(reader.number("B"))]
    assert reader.at == len(data)
    return Face(subject, device, *stamp, values)


class Inbox:
    """A UDP port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def read(self, count: int, patience_s: float = 30.0) -> list[bytes]:
        """So many datagrams."""
        end = time.monotonic() + patience_s
        out = []
        while len(out) < count:
            self._socket.settimeout(max(end - time.monotonic(), 0.001))
            out.append(self._socket.recv(65536))
        return out

    def close(self) -> None:
        self._socket.close()
