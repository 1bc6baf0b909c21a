"""The serve command over the fake engine, as a program of its own: `python -m tests.service.serve_fake --port 0`."""

from collections import deque

import sdk.runtime.engine
import sdk.runtime.face
from sdk import serve
from sdk.console import run
from tests.service.fake_engine import FakeEngine
from tests.service.fake_faces import FakeFaces


class Engine:
    """Takes the place of the engine that the command loads."""

    @staticmethod
    def load(path: object = None, *, threads: int = 0) -> FakeEngine:
        engine = FakeEngine()
        # A program may be asked 200,000 times, and its memory is looked at.
        engine.requests, engine.windows = deque(maxlen=100), deque(maxlen=100)  # type: ignore[assignment]
        return engine


class Faces:
    """Takes the place of the engine for faces."""

    @staticmethod
    def load(folder: object = None) -> FakeFaces:
        faces = FakeFaces()
        faces.followings = deque(maxlen=100)  # type: ignore[assignment]
        return faces


if __name__ == "__main__":
    sdk.runtime.engine.Engine = Engine  # type: ignore[misc, assignment]
    sdk.runtime.face.FaceEngine = Faces  # type: ignore[misc, assignment]
    run(serve.command, name="serve")
