"""What the bridge's tests share: a clock that is set by hand, transports that remember or fail, and frames."""

from pathlib import Path
from typing import Any

import numpy as np

from emomotion.v1 import face_pb2
from robot_bridge.bridge import Bridge, Lease
from robot_bridge.core import Ack, Command, Settings
from robot_bridge.record import Recorder
from robot_bridge.schema import FILE, ameca
from robot_bridge.transports import TransportError
from sdk.face.controls import ControlSchema

HZ = 60.0
SCHEMA = ameca()


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Remembering:
    """A robot that keeps what is written. `fails` is raised by the next write."""

    def __init__(self, at: np.ndarray | None = None) -> None:
        self.written: list[np.ndarray] = []
        self.times: list[float] = []
        self.calls: list[str] = []
        self.fails: Exception | None = None
        self.refuses = ""
        self.at = at

    def open(self) -> None:
        if self.refuses:
            raise TransportError(self.refuses)
        self.calls.append("open")

    def write(self, values: np.ndarray, mask: np.ndarray, now: float) -> None:
        if self.fails is not None:
            raise self.fails
        self.written.append(values.copy())
        self.times.append(now)

    def positions(self) -> np.ndarray | None:
        return self.at

    def settle(self) -> None:
        self.calls.append("settle")

    def release(self) -> None:
        self.calls.append("release")

    def close(self) -> None:
        self.calls.append("close")


class Rig:
    """A bridge on a remembering robot, with time in hand and one writer."""

    def __init__(self, *, log: Path | None = None, at: np.ndarray | None = None, **settings: Any) -> None:
        self.clock, self.robot = Clock(), Remembering(at)
        self.settings = Settings(**settings)
        self.log = None if log is None else Recorder(log, SCHEMA, FILE.read_bytes(), self.settings)
        self.bridge = Bridge(SCHEMA, self.settings, self.robot, clock=self.clock, log=self.log)
        self.acks: list[Ack] = []
        self.number = 0
        self.lease: Lease | None = None
        self.bridge.tick()

    def armed(self) -> "Rig":
        self.bridge.command(Command.ARM)
        self.writer()
        return self

    def writer(self, name: str = "test") -> Lease:
        self.lease = self.bridge.acquire(name, SCHEMA.sha256, self.acks.append)
        return self.lease

    def send(self, values: np.ndarray | list[float], **fields: Any) -> None:
        assert self.lease is not None
        self.bridge.submit(self.lease, frame(values, number=fields.pop("number", self.number), **fields))
        self.number += 1

    def tick(self, ticks: int = 1, *, hz: float = HZ, values: np.ndarray | None = None) -> None:
        """Let so many ticks pass, with a frame before each if there are values."""
        for _ in range(ticks):
            if values is not None:
                self.send(values)
            self.clock.now += 1 / hz
            self.bridge.tick()

    @property
    def state(self) -> str:
        return str(self.bridge.status().state)

    @property
    def demand(self) -> np.ndarray:
        return self.robot.written[-1]

    def outcomes(self) -> list[str]:
        return [str(ack.outcome) for ack in self.acks]


def frame(values: np.ndarray | list[float], *, number: int = 0, **fields: Any) -> face_pb2.FaceFrame:
    """A frame as FaceService would make it."""
    given = {"ttl_ms": 200.0, "mode": face_pb2.FACE_MODE_FOLLOW, "confidence": 1.0} | fields
    return face_pb2.FaceFrame(number=number, values=np.asarray(values, float).tolist(), **given)


def pose(schema: ControlSchema = SCHEMA, **values: float) -> np.ndarray:
    """Neutral but for some controls, named as Head_Yaw=10."""
    made = schema.neutral.copy()
    for name, value in values.items():
        made[schema.index(name.replace("_", " "))] = value
    return made
