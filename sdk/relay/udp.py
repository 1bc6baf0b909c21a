"""UDP: where datagrams go, and where changes come from."""

import re
import socket
import threading
from collections.abc import Callable
from typing import Any

from sdk.closing import Closing
from sdk.errors import InvalidInput


def address_of(text: str, port: int) -> tuple[str, int]:
    """HOST:PORT, or HOST alone with the protocol's own port. Raises InvalidInput."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.%]+\]|[^\s:/\[\]]+)(?::(\d{1,5}))?", text)
    found = int(match[2]) if match and match[2] else port
    if not match or not 1 <= found <= 65535:
        raise InvalidInput(f"a receiver is HOST or HOST:PORT, e.g. 127.0.0.1:{port}; got {text[:80]!r}", field="to")
    return match[1].strip("[]"), found


class Outlet(Closing):
    """Sends datagrams to every receiver. Nobody need listen: UDP does not know.

    failed: datagrams that this machine could not send. Raises InvalidInput for a name that cannot be resolved.
    """

    def __init__(self, receivers: list[tuple[str, int]]) -> None:
        self.sent = self.failed = self.longest = 0
        self._targets: list[tuple[socket.socket, tuple[Any, ...]]] = []
        for host, port in receivers:
            try:
                family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            except OSError as error:
                raise InvalidInput(f"receiver {host}:{port} cannot be found: {error}", field="to") from None
            out = socket.socket(family, kind)
            out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)  # a whole network may be meant
            out.setblocking(False)
            self._targets.append((out, address))

    def send(self, datagrams: list[bytes]) -> str:
        """Send to all; why something could not be sent, or ""."""
        reason = ""
        for datagram in datagrams:
            self.longest = max(self.longest, len(datagram))
            for out, address in self._targets:
                try:
                    out.sendto(datagram, address)
                    self.sent += 1
                except OSError as error:  # no network just now, or a full buffer: the next frame tries again
                    self.failed += 1
                    reason = f"{address[0]}:{address[1]} cannot be sent to: {error.strerror}"
        return reason

    def close(self) -> None:
        """Give the sockets back."""
        for out, _ in self._targets:
            out.close()


def listen(host: str, port: int, take: Callable[[bytes], None]) -> int:
    """Hand every datagram to `take`, on a thread of its own; returns the port. Raises InvalidInput for a taken one."""
    inlet = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        inlet.bind((host, port))
    except OSError as error:
        inlet.close()
        raise InvalidInput(f"cannot listen at {host}:{port}: {error.strerror}", field="listen") from None

    def read() -> None:
        while True:
            take(inlet.recv(65536))

    threading.Thread(target=read, daemon=True, name="relay-osc-in").start()
    return int(inlet.getsockname()[1])
