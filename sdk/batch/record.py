"""What a batch has made, line by line in its folder: a batch that was killed goes on behind its last whole line.

A line has the hashes of the clip's files and is on the disk before them, so that every file of a batch is known as such
whenever the process ends; a clip counts as made while all its files lie there with these hashes. A line that was cut
short is passed over.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sdk.errors import InvalidInput

FILE = "batch.jsonl"
SCHEMA = "sdk.batch/1"


@dataclass(frozen=True, kw_only=True)
class FileMade:
    """A file by its path below the folder, its bytes and their hash."""

    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: PurePosixPath, content: bytes) -> "FileMade":
        """The facts of a file with this content."""
        return cls(path=str(path), size=len(content), sha256=hashlib.sha256(content).hexdigest())

    def lies_in(self, folder: Path) -> bool:
        """Whether the file is there as it was made."""
        path = folder / self.path
        try:
            return path.stat().st_size == self.size and file_sha256(path) == self.sha256
        except OSError:
            return False


@dataclass(frozen=True, kw_only=True)
class ClipMade:
    """A clip that is made. key: see `key_of`. files: each clip and behind it its sidecar.

    seed, plan: as used. seconds: from the first to the last frame. notes: what could not be done as asked.
    """

    key: str
    files: tuple[FileMade, ...]
    seed: int
    plan: str
    seconds: float
    notes: tuple[str, ...] = ()

    def lies_in(self, folder: Path) -> bool:
        """Whether all files are still there as they were made."""
        return all(file.lies_in(folder) for file in self.files)


def file_sha256(path: Path) -> str:
    """Hash of a file's content. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key_of(settings: Mapping[str, Any], stem: PurePosixPath, bundle_sha256: str) -> str:
    """What a clip depends on, as a hash: its row, its name, the bundle."""
    told = json.dumps([SCHEMA, settings, str(stem), bundle_sha256], sort_keys=True, allow_nan=False)
    return hashlib.sha256(told.encode()).hexdigest()


class Record:
    """The record of a folder, open for more lines; close it, or use it in a `with`. One process at a time has it.

    made: the last line of each key. by_path: of each file's path, the hashes it was made with. Threads may share it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self.made: dict[str, ClipMade] = {}
        self.by_path: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        self._where: dict[str, int] = {}
        try:
            self._file: BinaryIO = self._path.open("a+b")
            _alone(self._file, folder)
            self._read()
        except OSError as error:
            raise InvalidInput(f"cannot write: {error.strerror or error}: {self._path}", field="out") from None

    def add(self, clip: ClipMade, pose: str) -> None:
        """Remember a clip and what the contact sheet draws of it. On the disk when this returns.

        Raises InvalidInput when the disk refuses; what was remembered before stays.
        """
        line = json.dumps({"schema": SCHEMA, **asdict(clip), "pose": pose}, ensure_ascii=False) + "\n"
        with self._lock:
            end = self._file.seek(0, os.SEEK_END)
            try:
                self._file.write(line.encode())
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                self._cut(end)
                raise InvalidInput(f"cannot write: {error.strerror or error}: {self._path}", field="out") from None
            self._keep(clip, end)

    def pose_of(self, key: str) -> str:
        """What the contact sheet draws of a clip."""
        self._file.seek(self._where[key])
        return str(json.loads(self._file.readline())["pose"])

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _read(self) -> None:
        end = 0
        for at, line in self._lines():
            try:
                value = json.loads(line)
                files = tuple(FileMade(**file) for file in value["files"])
                names = ("key", "seed", "plan", "seconds")
                clip = ClipMade(files=files, notes=tuple(value["notes"]), **{name: value[name] for name in names})
            except (ValueError, KeyError, TypeError):
                number = self._path.read_bytes()[:at].count(b"\n") + 1
                message = f"{self._path}, line {number}: not a line of a batch; move the file away to begin anew"
                raise InvalidInput(message, field="out") from None
            self._keep(clip, at)
            end = at + len(line)
        self._cut(end)  # a line that was cut short

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Whole lines and where they begin."""
        at = self._file.seek(0)
        for line in self._file:
            if line.endswith(b"\n"):
                yield at, line
            at += len(line)

    def _keep(self, clip: ClipMade, at: int) -> None:
        self.made[clip.key], self._where[clip.key] = clip, at
        for file in clip.files:
            self.by_path.setdefault(file.path, set()).add(file.sha256)

    def _cut(self, end: int) -> None:
        """Forget what stands behind a place; if not even that can be written, the next reader does it."""
        with suppress(OSError):
            self._file.truncate(end)


def _alone(file: BinaryIO, folder: Path) -> None:
    """Hold a lock for as long as the file is open; raises InvalidInput where another batch holds it."""
    try:
        import fcntl
    except ImportError:  # Windows has none: there nobody is kept out
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = f"another batch is writing to {folder}; wait for it, or give another --out"
        raise InvalidInput(message, field="out") from None
