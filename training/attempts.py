"""A log of attempts, one JSON line each, so that a run that was cut off does none of them twice."""

import json
from pathlib import Path
from typing import Any


class Attempts:
    """What was tried before, by (pair, attempt), and where the next one is written; other settings start anew."""

    def __init__(self, path: Path, settings: str) -> None:
        self._path, self._settings = path, settings
        self.known: dict[tuple[str, int], dict[str, Any]] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                entry = json.loads(line)
            except ValueError:  # the last line of a killed run
                continue
            if entry.get("settings") == settings:
                self.known[entry["pair"], entry["attempt"]] = entry

    def add(self, entry: dict[str, Any]) -> None:
        """Keep one attempt."""
        self.known[entry["pair"], entry["attempt"]] = entry
        with self._path.open("a") as file:
            file.write(json.dumps(entry | {"settings": self._settings}) + "\n")
