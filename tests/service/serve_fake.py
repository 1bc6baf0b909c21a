"""The serve command over the fake engine, as a program of its own: `python -m tests.service.serve_fake --port 0`."""

from collections import deque

import sdk.runtime.engine
from sdk import serve
from sdk.console import run
from tests.service.fake_engine import FakeEngine


class Engine:
    """Takes the place of the engine that the command loads."""

    @staticmethod
    def load(path: object = None, *, threads: int = 0) -> FakeEngine:
        engine = FakeEngine()
        # A program may be asked 200,000 times, and its memory is looked at.
        engine.requests, engine.windows = deque(maxlen=100), deque(maxlen=100)  # type: ignore[assignment]
        return engine


if __name__ == "__main__":
    sdk.runtime.engine.Engine = Engine  # type: ignore[misc, assignment]
    run(serve.command, name="serve")
