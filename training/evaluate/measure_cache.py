"""Results kept on disk under the hash of all that they depend on, so that an interrupted measurement goes on."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InvalidInput

Arrays = dict[str, np.ndarray]
ROOT = Path(__file__).resolve().parents[2]
CODE = ("training/evaluate", "sdk/motion")
"""What is measured depends on the code below these folders: it is part of every key of a measured result."""


class Cache:
    """A folder of .npz files named by the hash of their key. Raises InvalidInput where none can be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(f"no folder can be made: {error.strerror}: {folder}", field="out") from None

    def get(self, kind: str, key: Any, make: Callable[[], Arrays]) -> Arrays:
        """Arrays of an earlier call with this kind and key (anything JSON can tell), else those that `make` returns."""
        path = self._path(kind, key)
        found = self._read(path)
        if found is None:
            found = make()
            part = path.with_suffix(f".{os.getpid()}.part")
            try:
                with part.open("wb") as file:
                    np.savez(file, **found)  # type: ignore[arg-type]
                os.replace(part, path)
            except OSError as error:
                part.unlink(missing_ok=True)
                raise InvalidInput(f"cannot write: {error.strerror}: {path}", field="out") from None
        return found

    def has(self, kind: str, key: Any) -> bool:
        """Whether `get` would find this without making it."""
        return self._path(kind, key).exists()

    def _path(self, kind: str, key: Any) -> Path:
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{kind}-{digest[:24]}.npz"

    @staticmethod
    def _read(path: Path) -> Arrays | None:
        try:
            with np.load(path) as arrays:
                return dict(arrays)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):  # absent or damaged
            return None


@cache
def code_digest() -> str:
    """Hash of the sources that decide how a clip is finished and measured."""
    digest = hashlib.sha256()
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not path.name.startswith(("report", "pictures", "__main__")):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
