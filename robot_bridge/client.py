"""Talk to a bridge from Python, or from a shell: `python -m robot_bridge.client HOST:PORT arm`.

    with BridgeClient("localhost:50061") as bridge:
        bridge.command("arm")
        with bridge.control(ameca()) as writer:
            writer.send(values)                 # (30,) in the controls' own units
            print(writer.acks()[-1].applied)    # what the robot was told

Errors are those of `sdk.client`: InvalidInput for what the bridge refuses as wrong, ServerError for everything else.
"""

import math
import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import click
import grpc
import numpy as np
from numpy.typing import ArrayLike

from emomotion.v1 import face_pb2, robot_pb2, robot_pb2_grpc
from sdk.client import OPTIONS, Tls, bearer, check_target
from sdk.client_errors import translated as translated_for_a_server
from sdk.closing import Closing
from sdk.console import run
from sdk.errors import InvalidInput, ServerError
from sdk.face.controls import ControlSchema
from sdk.server_options import Connection, server_options

TIMEOUT_S = 10.0
DEFAULT_TTL_MS = 200.0
KEPT = 1000
START_ONE = "start one with: python -m robot_bridge --robot sim"
COMMANDS = ("arm", "disarm", "stop", "cut", "clear")


@contextmanager
def translated(target: str, timeout_s: float) -> Iterator[None]:
    """As in `sdk.client`, in a bridge's own words."""
    try:
        with translated_for_a_server(target, timeout_s):
            yield
    except ServerError as error:
        if str(error).startswith("no server answers"):
            message = f"no bridge answers at {target}; {START_ONE}"
        elif error.status == "UNIMPLEMENTED":
            message = f"{target} is no bridge; is it the EmoMotion server? A bridge says its address when it starts"
        else:
            message = str(error).replace(f"server {target}", f"bridge {target}").replace("Client(", "BridgeClient(")
        raise ServerError(message, status=error.status) from None


class BridgeClient(Closing):
    """A connection to one bridge at HOST:PORT. Threads may share it. Close it, or use it in a `with`."""

    def __init__(self, target: str, *, token: str | None = None, tls: Tls | None = None) -> None:
        self.target = check_target(target)
        self._metadata = bearer(token)
        if tls is None:
            self._channel = grpc.insecure_channel(self.target, OPTIONS)
        else:
            self._channel = grpc.secure_channel(self.target, tls.credentials(), OPTIONS)
        self._stub = robot_pb2_grpc.BridgeServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def command(self, command: str, *, timeout_s: float = TIMEOUT_S) -> robot_pb2.BridgeStatus:
        """arm, disarm, stop, cut or clear; how the bridge is then."""
        if command not in COMMANDS:
            raise InvalidInput(f"command {command!r} is unknown; known: {', '.join(COMMANDS)}", field="command")
        request = robot_pb2.CommandRequest(command=f"BRIDGE_COMMAND_{command.upper()}")
        with translated(self.target, timeout_s):
            status: robot_pb2.BridgeStatus = self._stub.Command(request, timeout=timeout_s, metadata=self._metadata)
            return status

    def status(self, *, timeout_s: float = TIMEOUT_S) -> robot_pb2.BridgeStatus:
        """How the bridge is."""
        statuses = self.watch(rate_hz=10, timeout_s=timeout_s)
        try:
            return next(statuses)
        finally:
            statuses.close()

    def watch(self, *, rate_hz: float = 10.0, timeout_s: float = math.inf) -> Generator[robot_pb2.BridgeStatus]:
        """How the bridge is, again and again. Closing the iterator ends it."""
        limit = None if math.isinf(timeout_s) else timeout_s
        with translated(self.target, timeout_s):
            call = self._stub.Watch(robot_pb2.WatchRequest(rate_hz=rate_hz), timeout=limit, metadata=self._metadata)
            try:
                yield from call
            finally:
                call.cancel()

    def control(self, schema: ControlSchema, *, range_set: str = "", writer: str = "", lease: str = "") -> "Writer":
        """Become the writer. lease: `Writer.lease` of a stream that was lost. Raises ServerError while another one
        is."""
        start = robot_pb2.ControlStart(
            schema_sha256=schema.sha256, range_set=range_set, lease=lease, writer=writer
        )  # fmt: skip
        return Writer(self, start)

    def close(self) -> None:
        """Give the connection back."""
        self._channel.close()


class Writer(Closing):
    """One stream of frames. `send` never waits; what became of frames is in `acks`. Close it, or use it in a `with`."""

    def __init__(self, client: BridgeClient, start: robot_pb2.ControlStart) -> None:
        self._target = client.target
        self._outgoing: queue.SimpleQueue[robot_pb2.ControlRequest | None] = queue.SimpleQueue()
        self._outgoing.put(robot_pb2.ControlRequest(start=start))
        self._acks: list[robot_pb2.ControlAck] = []
        self._lock, self._done = threading.Lock(), threading.Event()
        self._error: grpc.RpcError | None = None
        self.ended: robot_pb2.ControlEnded | None = None
        self._call = client._stub.Control(iter(self._outgoing.get, None), metadata=client._metadata)
        self.number = 0
        with translated(self._target, TIMEOUT_S):
            self.header = next(self._call).header
        threading.Thread(target=self._read, name="bridge acks", daemon=True).start()

    @property
    def lease(self) -> str:
        """The secret by which this writer may come back after a lost connection."""
        return str(self.header.lease)

    def send(self, values: ArrayLike, *, ttl_ms: float = DEFAULT_TTL_MS, made_in_ms: float = 0.0) -> int:
        """A pose to go to now; its number. Raises ServerError once the stream has ended."""
        frame = face_pb2.FaceFrame(
            number=self.number, values=np.asarray(values, np.float32).tolist(), ttl_ms=ttl_ms, made_in_ms=made_in_ms,
            mode=face_pb2.FACE_MODE_FOLLOW, confidence=1.0,
        )  # fmt: skip
        self.send_frame(frame)
        return self.number - 1

    def send_frame(self, frame: face_pb2.FaceFrame) -> None:
        """A frame as FaceService made it. Raises ServerError once the stream has ended."""
        if self._done.is_set():
            self._raise()
            raise ServerError("the stream to the bridge has ended", status="CANCELLED")
        self.number = frame.number + 1
        self._outgoing.put(robot_pb2.ControlRequest(frame=frame))

    def acks(self) -> list[robot_pb2.ControlAck]:
        """What became of frames since the last call, a thousand at most. Raises ServerError if the bridge ended it."""
        with self._lock:
            found, self._acks = self._acks, []
        if not found:
            self._raise()
        return found

    def close(self) -> None:
        """End the stream and the lease."""
        if not self._done.is_set():
            self._outgoing.put(robot_pb2.ControlRequest(end=face_pb2.FaceEnd()))
            self._done.wait(1.0)
        self._outgoing.put(None)
        self._call.cancel()

    def _read(self) -> None:
        try:
            for reply in self._call:
                if reply.WhichOneof("part") == "ended":
                    self.ended = reply.ended
                with self._lock:
                    if reply.WhichOneof("part") == "ack":
                        self._acks = [*self._acks[-KEPT + 1 :], reply.ack]
        except grpc.RpcError as error:
            self._error = error
        self._done.set()

    def _raise(self) -> None:
        if self._error is not None:
            with translated(self._target, math.inf):
                raise self._error


def state_of(status: robot_pb2.BridgeStatus) -> str:
    """The state's name as people write it, e.g. "return neutral"."""
    return robot_pb2.BridgeState.Name(status.state).removeprefix("BRIDGE_STATE_").lower().replace("_", " ")


def line_of(status: robot_pb2.BridgeStatus) -> str:
    """A status in one line."""
    counts = " ".join(
        f"{robot_pb2.FrameOutcome.Name(entry.outcome).removeprefix('FRAME_OUTCOME_').lower()} {entry.count}"
        for entry in status.frames
    )
    parts = [
        state_of(status) + (f" ({status.reason})" if status.reason else ""),
        f"writer {status.writer}" if status.writer else "", counts,
        f"missed {status.missed_count}" if status.missed_count else "", "dry run" if status.dry_run else "",
        "LOG FAILED" if status.log_failed else "",
    ]  # fmt: skip
    return ", ".join(part for part in parts if part)


@click.command("bridge-client")
@click.argument("target", metavar="HOST:PORT")
@click.argument("what", type=click.Choice([*COMMANDS, "status", "watch"]))
@server_options
def command(target: str, what: str, connection: Connection) -> None:
    """Tell a bridge what to do, or ask how it is."""
    options: dict[str, Any] = dict(connection)
    with BridgeClient(target, **options) as client:
        if what == "watch":
            for status in client.watch(rate_hz=2):
                click.echo(line_of(status))
        else:
            click.echo(line_of(client.status() if what == "status" else client.command(what)))


if __name__ == "__main__":
    run(command, name="python -m robot_bridge.client")
