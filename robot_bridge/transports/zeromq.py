"""ZeroMQ as the published robot code receives it: a PUB socket that binds, one multipart message of decimal text a
demand.

30 parts are the values; 31 have the send time (Unix seconds) before them. Which of the two a given robot wants is not
published, so it is a setting. A PUB socket never blocks and keeps nothing for those who are slow, and CONFLATE
stays off: it would keep a single part of each message.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import SplitResult

from robot_bridge.core import Array
from robot_bridge.governor import Mask
from robot_bridge.transports import TransportError, check_options
from sdk.errors import InvalidInput
from sdk.extras import how_to_install

PORT = 6666
PARTS = (30, 31)
MOST_WAITING = 4
"""Demands that wait for a slow subscriber; older ones would be late anyway."""


class ZeroMq:
    """Publishes demands at `address`, e.g. tcp://*:6666. parts: 30, or 31 with the time. wall: the time for that."""

    def __init__(
        self, address: str, *, parts: int = 30, controls: int = 30, wall: Callable[[], float] = time.time
    ) -> None:
        try:
            import zmq
        except ImportError:
            message = f"a zmq:// robot needs pyzmq; {how_to_install('robot')}"
            raise InvalidInput(message, field="robot") from None
        if parts not in (controls, controls + 1):
            raise InvalidInput(f"--robot: parts must be {controls} or {controls + 1}, got {parts}", field="robot")
        self._zmq, self._address, self._wall = zmq, address, wall
        self._stamped = parts == controls + 1
        self._socket: Any = None

    @classmethod
    def of_url(cls, url: SplitResult, options: Mapping[str, str], *, controls: int) -> "ZeroMq":
        """From zmq://HOST:PORT?parts=31. Raises InvalidInput for other options."""
        check_options(options, ("parts",))
        parts = options.get("parts", str(controls))
        if not parts.isdecimal():
            raise InvalidInput(f"--robot: parts must be {controls} or {controls + 1}, got {parts!r}", field="robot")
        host = url.netloc.rpartition("@")[2]
        host = host if url.port is None else host.rpartition(":")[0]
        return cls(f"tcp://{host}:{PORT if url.port is None else url.port}", parts=int(parts), controls=controls)

    @property
    def address(self) -> str:
        """Where it publishes; with the port that was found where 0 was asked for."""
        return self._address if self._socket is None else str(self._socket.getsockopt_string(self._zmq.LAST_ENDPOINT))

    def open(self) -> None:
        """Bind. Raises TransportError if the address cannot be had."""
        if self._socket is not None:
            return
        socket: Any = self._zmq.Context.instance().socket(self._zmq.PUB)
        socket.setsockopt(self._zmq.SNDHWM, MOST_WAITING)
        socket.setsockopt(self._zmq.LINGER, 0)
        try:
            socket.bind(self._address.replace(":0", ":*") if self._address.endswith(":0") else self._address)
        except self._zmq.ZMQError as error:
            socket.close()
            raise TransportError(f"cannot publish at {self._address}: {error.strerror}; choose another port") from None
        self._socket = socket

    def write(self, values: Array, mask: Mask, now: float) -> None:
        """Publish. Raises TransportError if the socket is gone."""
        if self._socket is None:
            raise TransportError(f"nothing is published at {self._address}: the socket is closed")
        texts = ([str(self._wall())] if self._stamped else []) + [str(value) for value in values.tolist()]
        try:
            self._socket.send_multipart([text.encode() for text in texts], flags=self._zmq.NOBLOCK)
        except self._zmq.Again:  # full for every subscriber: the next demand will do
            pass
        except self._zmq.ZMQError as error:
            raise TransportError(f"cannot publish at {self._address}: {error.strerror}") from None

    def positions(self) -> None:
        """Subscribers do not answer."""

    def settle(self) -> None:
        """Nothing: the receiving script's own watchdog takes over when demands end."""

    def release(self) -> None:
        """Nothing: there is no bid on this side; demands simply end."""

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
