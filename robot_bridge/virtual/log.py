"""What a robot lived through: events always, and every tick if a file is given.

One JSON object a line; equal runs give equal bytes.
"""

import json
import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import IO, Any

KEPT_EVENTS = 10_000
DIGITS = 6


class Log:
    """Events as they happen; the latest KEPT_EVENTS are kept in memory, all go to the file."""

    def __init__(self) -> None:
        self.events: deque[dict[str, Any]] = deque(maxlen=KEPT_EVENTS)
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        """Called with each event; they must not change it."""
        self._file: IO[str] | None = None

    @property
    def recording(self) -> bool:
        """Whether ticks are wanted too."""
        return self._file is not None

    def record_to(self, file: IO[str] | None) -> None:
        """Write everything from now on to a text file; None ends that."""
        self._file = file

    def event(self, now: float, kind: str, **facts: Any) -> None:
        """Something that happens once: a bid, a fault that begins, a blink."""
        entry = {"t": round(now, DIGITS), "event": kind, **facts}
        self.events.append(entry)
        self._write(entry)
        for listener in self.listeners:
            listener(entry)

    def tick(self, now: float, rows: Mapping[str, Any]) -> None:
        """All values of one tick: arrays and counters by name."""
        entry: dict[str, Any] = {"t": round(now, DIGITS)}
        for name, row in rows.items():
            entry[name] = [_tidy(value) for value in row.tolist()] if hasattr(row, "tolist") else row
        self._write(entry)

    def _write(self, entry: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")


def _tidy(value: float) -> float | None:
    """JSON has no NaN: a position that is not known is null."""
    return round(value, DIGITS) if math.isfinite(value) else None
