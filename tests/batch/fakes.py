"""A maker without a model, and the command over it: `python -m tests.batch.fakes LIST --out FOLDER [--pause S]`."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Self

from sdk.clips.tags import ClipTags
from sdk.console import run
from sdk.making import BundleFacts, Made
from tests.synthetic import walking

MODULE = import_module("sdk.batch.command")  # `sdk.batch` has the command itself by this name


class FakeMaker:
    """Walks; `made` holds what was asked for. problem(text) may raise instead."""

    facts = BundleFacts("ab" * 32, "fake", "1", ("best",))

    def __init__(self, *ignored: object, pause_s: float = 0.0) -> None:
        self.made: list[str] = []
        self.most_at_once = self._now = 0
        self.problem: Callable[[str], None] = lambda text: None
        self._pause_s, self._lock = pause_s, threading.Lock()

    def make(self, text: str, options: Mapping[str, Any]) -> Made:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            time.sleep(self._pause_s)
            self.problem(text)
            motion = walking(options["seconds"], speed=0.8 + options["affect"].intensity)
        finally:
            with self._lock:
                self._now -= 1
                self.made.append(text)
        tags = ClipTags(
            prompt=text, requested=options["affect"], applied=options["affect"], seed=options["seed"], plan="best",
            licence="CC0-1.0", seconds=options["seconds"], bundle_sha256=self.facts.sha256,
        )  # fmt: skip
        return Made(motion=motion, tags=tags, total_ms=1.0, evidence={})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


if __name__ == "__main__":
    *arguments, _, pause = sys.argv[1:]
    MODULE.EngineMaker = lambda bundle: FakeMaker(pause_s=float(pause))  # type: ignore[attr-defined]
    run(MODULE.command, arguments)
