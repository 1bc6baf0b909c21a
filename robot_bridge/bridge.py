"""One robot's bridge as threads use it: the core behind a lock, with a clock, a transport, a log and acknowledgements.

Calls of the transport come from the thread of the loop, but for `open`, which comes while nothing is written.
"""

import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emomotion.v1 import face_pb2
from robot_bridge.core import Ack, Array, Command, Core, Outcome, Refused, Settings, State, Tick
from robot_bridge.metrics import Metrics
from robot_bridge.record import Recorder
from robot_bridge.transports import Transport, TransportError
from robot_bridge.wire import frame_from_wire
from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema

log = logging.getLogger("emomotion.bridge")
Clock = Callable[[], float]
Acknowledge = Callable[[Ack], None]


@dataclass(frozen=True)
class Lease:
    """What a writer holds: its number in the core, and the secret by which it may come back."""

    number: int
    token: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Status:
    """How a bridge is."""

    state: State
    reason: str
    writer: str
    frames: dict[Outcome, int]
    ticks: int
    demand: Array
    position: Array | None
    log_failed: str


class Bridge:
    """Give it a transport, let a `Loop` tick it, and submit frames from any thread.

    schema: with the robot's own neutral. log: where everything is kept, see `robot_bridge.record`.
    """

    def __init__(
        self, schema: ControlSchema, settings: Settings, transport: Transport, *, clock: Clock = time.monotonic,
        log: Recorder | None = None, metrics: Metrics | None = None,
    ) -> None:  # fmt: skip
        self.schema, self.settings, self.transport = schema, settings, transport
        self.metrics = Metrics() if metrics is None else metrics
        self._core, self._clock, self._log = Core(schema, settings), clock, log
        self._lock, self._arming = threading.Lock(), threading.Lock()
        self._listeners: dict[int, Acknowledge] = {}
        self._lease: Lease | None = None
        self._position: Array | None = None
        self.rest = self._core.limits.rest.copy()
        """The pose (C,) to which the face returns."""

    # --- from any thread ---

    def acquire(self, writer: str, schema_sha256: str, acknowledge: Acknowledge, *, token: str = "") -> Lease:
        """The lease, with a listener that is told of every frame, from whatever thread decides on it.

        token: of a lease of before, to take it over. Raises Refused for another schema, or while another has the lease.
        """
        if schema_sha256 != self.schema.sha256:
            given = schema_sha256[:12] or "none"
            ours = self.schema.sha256[:12]
            raise Refused(f"the stream's control schema is {given}, the bridge's {ours}; both sides need the same file")
        with self._lock:
            now, held = self._clock(), self._lease
            mine = held is not None and bool(token) and hmac.compare_digest(held.token.encode(), token.encode())
            over = held.number if held is not None and mine else None
            number = self._core.acquire(writer, now, over=over)
            if self._log is not None:
                self._log.acquired(now, writer, over)
            lease = self._lease = Lease(number, secrets.token_hex(16))
            self._listeners[number] = acknowledge
            acks = self._core.take_acks()
        self._tell(acks)
        return lease

    def give_up(self, lease: Lease) -> None:
        """The writer has left."""
        with self._lock:
            self._core.give_up(lease.number)
            if self._log is not None:
                self._log.gave_up(lease.number)
            acks = self._core.take_acks()
        self._tell(acks)
        self._listeners.pop(lease.number, None)

    def submit(self, lease: Lease, message: face_pb2.FaceFrame) -> None:
        """Take a frame; what becomes of it is told to the lease's listener."""
        with self._lock:
            now = self._clock()
            if self._log is not None:
                self._log.frame(now, lease.number, message.SerializeToString())
            submit(self._core, self.schema, lease.number, message, now)
            acks = self._core.take_acks()
        self._tell(acks)

    def command(self, command: Command) -> None:
        """Do as told. Raises Refused where the state does not allow it, TransportError if the robot cannot be had."""
        if command is not Command.ARM:
            self._obey(command, None)
            return
        # A robot may take seconds to answer; meanwhile nothing but another arming waits.
        with self._arming:
            opened = self._core.state is State.DISARMED
            start = self._opened() if opened else None
            try:
                self._obey(command, start)
            except Refused:
                if opened:
                    self.transport.release()
                raise

    def _obey(self, command: Command, start: Array | None) -> None:
        with self._lock:
            now = self._clock()
            self._core.command(command, now, start=start)
            if self._log is not None:
                self._log.command(now, command, start)
            acks = self._core.take_acks()
        self.metrics.commands.labels(command).inc()
        self._tell(acks)

    def check(self) -> None:
        """The watchdog's look; see `Core.check`. For a thread that does not tick."""
        with self._lock:
            if self._core.check(self._clock()):
                self._failed_now()

    def status(self) -> Status:
        """How it is."""
        with self._lock:
            core = self._core
            frames = {outcome: core.counters[outcome] for outcome in Outcome if core.counters[outcome]}
            return Status(
                state=core.state, reason=core.reason, writer=core.writer, frames=frames, ticks=core.counters["ticks"],
                demand=core.governor.values.copy(), position=self._position,
                log_failed="" if self._log is None else self._log.failed,
            )  # fmt: skip

    @property
    def holding(self) -> bool:
        """Whether the robot is held."""
        return self._core.holding

    # --- from the thread of the loop ---

    def tick(self) -> None:
        """Decide what is due now, and do it. Never raises: what fails in here is latched as a fault."""
        try:
            self._tick()
        except Exception as error:
            log.exception("a tick of the bridge failed")
            self.fail(f"a tick failed with {type(error).__name__}: {error}", cut=True)

    def _tick(self) -> None:
        with self._lock:
            now = self._clock()
            tick = self._core.tick(now)
            if self._log is not None:
                self._log.tick(now, tick)
            acks = self._core.take_acks()
        written = self._write(tick, now)
        self._tell([self._after_write(ack, written) if ack.outcome is Outcome.APPLIED else ack for ack in acks])

    def fail(self, reason: str, *, cut: bool) -> None:
        """Latch FAULT for something that failed outside the core."""
        with self._lock:
            if self._log is not None:
                self._log.failure(reason, cut=cut)
            self._core.fail(reason, cut=cut)
            acks = self._core.take_acks()
        self._tell(acks)

    def close(self) -> None:
        """Let go of the robot, whatever state this is in. Call it when no loop ticks any more."""
        if self._core.holding:
            self.transport.settle()
            self.transport.release()
        self.transport.close()
        if self._log is not None:
            self._log.close()

    def _write(self, tick: Tick, now: float) -> bool:
        """Do what a tick says; whether the demand was written."""
        written = True
        try:
            if tick.values is not None and tick.mask is not None:
                self.transport.write(tick.values, tick.mask, now)
                self._position = self.transport.positions()
        except TransportError as error:
            written = False
            self.fail(str(error), cut=True)
        except Exception as error:  # a transport's own fault must not end the loop that keeps the robot safe
            written = False
            self.fail(f"the transport failed with {type(error).__name__}: {error}", cut=True)
        if tick.release:
            if tick.values is None and tick.state is not State.ESTOP:
                self.transport.settle()
            self.transport.release()
        return written

    def _after_write(self, ack: Ack, written: bool) -> Ack:
        """The acknowledgement of an applied frame, with the moment of the write."""
        if not written:
            return replace(ack, outcome=Outcome.NOT_ARMED, state=self._core.state, values=None, mask=None)
        now = self._clock()
        self.metrics.arrival_to_write.observe(now - ack.arrived)
        return replace(ack, applied_at=now, late=1000 * (now - ack.arrived) > self.settings.late_ms)

    def _opened(self) -> Array | None:
        """Take the robot; where its face is, if it says so."""
        self.transport.open()
        pose = self.transport.positions()
        return pose if pose is not None and np.isfinite(pose).all() else None

    def _failed_now(self) -> None:
        if self._log is not None:
            self._log.failure(self._core.reason, cut=False)

    def _tell(self, acks: list[Ack]) -> None:
        for ack in acks:
            self.metrics.frames.labels(ack.outcome).inc()
            if listener := self._listeners.get(ack.lease):
                listener(ack)


def submit(core: Core, schema: ControlSchema, lease: int, message: face_pb2.FaceFrame, now: float) -> None:
    """Hand a message to a core: as a frame, or as one that is rejected with the reason."""
    try:
        frame = frame_from_wire(message, schema, lease=lease, arrived=now)
    except InvalidInput as error:
        core.reject(lease, message.number, now, str(error))
    else:
        core.submit(frame, now)


def recorder(path: Path | None, schema: ControlSchema, schema_file: Path, settings: Settings) -> Recorder | None:
    """The log that was asked for. Raises InvalidInput if it cannot be begun."""
    return None if path is None else Recorder(path, schema, schema_file.read_bytes(), settings)
