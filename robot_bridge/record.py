"""The log of a bridge: everything it was told and everything it made of it, in order, so that it can be played again.

A file begins with MAGIC and holds records: kind (one byte), length (u32), CRC-32 of the payload (u32), payload;
little-endian. A thread of its own hands them to the system, for a disk may take longer than a tick, and asks for the
disk itself every second. What a dying program or machine leaves is whole records and at most one torn one at the
end, which the reader passes over and says so.

| kind | payload |
| --- | --- |
| S | JSON: version, settings, the schema's file, the neutral in use |
| A | time f64, lease taken over i64 (-1 none), name of the writer |
| G | lease u32 |
| F | time f64, lease u32, a FaceFrame as it came |
| C | time f64, length of the name u8, command, pose at the start (C f64, or none) |
| X | cut u8, reason |
| T | time f64, state's length u8, state, release u8, demand (C f64, or none), mask (C u8, or none) |
"""

import errno
import json
import os
import queue
import re
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from robot_bridge.core import Array, Command, Settings, Tick
from robot_bridge.governor import Mask
from sdk.errors import InvalidInput, MalformedFile
from sdk.face.controls import ControlSchema

MAGIC = b"EmoMotion bridge log 1\n"
VERSION = 1
SYNC_EVERY_S = 1.0
CLOSE_S = 5.0
MOST_WAITING = 100_000
"""Records that wait for the disk; more are a quarter of an hour of them."""
_HEAD = struct.Struct("<BII")
_LONGEST = 1 << 24
_MAYBE_RECORD = re.compile(rb"(?=[SAGFCXT](?!\x00\x00)..\x00\x00)", re.DOTALL)
"""A record of 1 byte to 64 KiB may begin here; no record is empty."""


class Recorder:
    """Writes a log. Raises InvalidInput, in one line, if the file cannot be begun; nothing is ever overwritten.

    A disk that fails later must not stop a robot: `failed` then says why, and nothing more is written.
    """

    def __init__(self, path: Path, schema: ControlSchema, schema_file: bytes, settings: Settings) -> None:
        self._file = begun(path)
        self.failed = ""
        about = {
            "version": VERSION, "settings": asdict(settings), "schema": schema_file.decode(),
            "neutral": schema.neutral.tolist(),
        }  # fmt: skip
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting.put(MAGIC)
        self._write(b"S", json.dumps(about).encode())
        self._thread = threading.Thread(target=self._run, name="bridge log", daemon=True)
        self._thread.start()

    def acquired(self, now: float, writer: str, over: int | None) -> None:
        """A writer got the lease."""
        self._write(b"A", struct.pack("<dq", now, -1 if over is None else over) + writer.encode())

    def gave_up(self, lease: int) -> None:
        """A writer left."""
        self._write(b"G", struct.pack("<I", lease))

    def frame(self, now: float, lease: int, message: bytes) -> None:
        """A frame came, whatever is in it."""
        self._write(b"F", struct.pack("<dI", now, lease) + message)

    def command(self, now: float, command: Command, start: Array | None) -> None:
        """A command was obeyed."""
        pose = b"" if start is None else start.astype("<f8").tobytes()
        self._write(b"C", struct.pack("<dB", now, len(command)) + command.encode() + pose)

    def failure(self, reason: str, *, cut: bool) -> None:
        """Something outside the core failed."""
        self._write(b"X", struct.pack("<B", cut) + reason.encode())

    def tick(self, now: float, tick: Tick) -> None:
        """A tick was decided."""
        head = struct.pack("<dB", now, len(tick.state)) + tick.state.encode() + struct.pack("<B", tick.release)
        pose = b"" if tick.values is None or tick.mask is None else applied_bytes(tick)
        self._write(b"T", head + pose)

    def close(self) -> None:
        """Write what waits, and end the file."""
        self._waiting.put(None)
        self._thread.join(CLOSE_S)

    def _write(self, kind: bytes, payload: bytes) -> None:
        if not self.failed:
            self._waiting.put(_HEAD.pack(kind[0], len(payload), zlib.crc32(payload)) + payload)
            if self._waiting.qsize() > MOST_WAITING:
                self.failed = "the disk is too slow"

    def _run(self) -> None:
        """The thread: write what comes, until the end or until the disk fails."""
        synced = time.monotonic()
        try:
            with self._file as file:
                while (data := self._waiting.get()) is not None and not self.failed:
                    if file.write(data) != len(data):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    if time.monotonic() - synced > SYNC_EVERY_S:
                        os.fsync(file.fileno())
                        synced = time.monotonic()
        except OSError as error:
            self.failed = error.strerror or type(error).__name__


def begun(path: Path) -> BinaryIO:
    """A new file. Raises InvalidInput if there is one already, or none can be made."""
    try:
        return path.open("xb", buffering=0)
    except FileExistsError:
        message = f"--log {path} exists already; logs are never overwritten, name another"
        raise InvalidInput(message, field="log") from None
    except OSError as error:
        raise InvalidInput(f"--log cannot be written ({error.strerror}): {path}", field="log") from None


def applied_bytes(tick: Tick) -> bytes:
    """What a tick wrote, as a log has it: values as f64, then the mask."""
    assert tick.values is not None and tick.mask is not None
    return tick.values.astype("<f8").tobytes() + tick.mask.tobytes()


@dataclass(frozen=True)
class Record:
    """One record of a log: its kind and its fields by name."""

    kind: str
    fields: dict[str, Any]


def read_log(path: Path) -> Iterator[Record]:
    """All records; a last one of kind "torn" stands for bytes at the end that are none, "more" says whether there are
    whole records among them, which no interruption leaves.

    Raises MalformedFile for a file that is no log, or of another version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MalformedFile(f"log cannot be read ({error.strerror}): {path}") from None
    if not data.startswith(MAGIC):
        raise MalformedFile(f"no log of this version of the bridge: {path}")
    place = len(MAGIC)
    while place < len(data):
        if (found := _whole(data, place)) is None:
            more = any(_whole(data, maybe.start()) for maybe in _MAYBE_RECORD.finditer(data, place + 1))
            yield Record("torn", {"at": place, "bytes": len(data) - place, "more": more})
            return
        kind, payload = found
        yield Record(kind, _FIELDS[kind](payload))
        place += _HEAD.size + len(payload)


def _whole(data: bytes, place: int) -> tuple[str, bytes] | None:
    """Kind and payload of the record that begins there; None where there is none, or a part of one."""
    if len(data) < place + _HEAD.size:
        return None
    kind, length, crc = _HEAD.unpack_from(data, place)
    payload = data[place + _HEAD.size : place + _HEAD.size + length]
    if length > _LONGEST or len(payload) < length or zlib.crc32(payload) != crc or chr(kind) not in _FIELDS:
        return None
    return chr(kind), payload


def _command(payload: bytes) -> dict[str, Any]:
    now, length = struct.unpack_from("<dB", payload)
    name, pose = payload[9 : 9 + length], payload[9 + length :]
    start = np.frombuffer(pose, "<f8") if pose else None
    return {"now": now, "command": Command(name.decode()), "start": start}


def _tick(payload: bytes) -> dict[str, Any]:
    now, length = struct.unpack_from("<dB", payload)
    state, rest = payload[9 : 9 + length].decode(), payload[9 + length :]
    return {"now": now, "state": state, "release": bool(rest[0]), "applied": rest[1:]}


def _acquired(payload: bytes) -> dict[str, Any]:
    now, over = struct.unpack_from("<dq", payload)
    return {"now": now, "over": None if over < 0 else over, "writer": payload[16:].decode()}


def _frame(payload: bytes) -> dict[str, Any]:
    now, lease = struct.unpack_from("<dI", payload)
    return {"now": now, "lease": lease, "message": payload[12:]}


_FIELDS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "S": json.loads, "A": _acquired, "G": lambda payload: {"lease": struct.unpack("<I", payload)[0]},
    "F": _frame, "C": _command, "X": lambda payload: {"cut": bool(payload[0]), "reason": payload[1:].decode()},
    "T": _tick,
}  # fmt: skip


def applied_of(record: bytes, controls: int) -> tuple[Array, Mask]:
    """Values (C,) and mask (C,) of a tick's `applied` bytes."""
    return np.frombuffer(record[: 8 * controls], "<f8"), np.frombuffer(record[8 * controls :], np.uint8)
