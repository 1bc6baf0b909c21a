"""How demands get to a robot. Each transport fails safe: what it cannot deliver it reports, and it never blocks a tick.

sim                     the virtual Ameca in this process
zmq://HOST:PORT         PUB of 30 or 31 text parts; zmq://*:6666?parts=31 binds every address
tritium://HOST[:PORT]   WebSocket of a robot with `robot_bridge/on_robot/emomotion_face.py` on it
"""

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, urlsplit

from robot_bridge.core import Array
from robot_bridge.governor import Mask
from sdk.errors import EmoMotionError, InvalidInput
from sdk.face.controls import ControlSchema


class TransportError(EmoMotionError):
    """The robot cannot be reached, or was lost; one line that says how."""


class Transport(Protocol):
    """One robot. Only `open` may take its time; `settle`, `release` and `close` never raise and may come twice."""

    def open(self) -> None:
        """Connect and take the controls. Raises TransportError. Called again after a release."""

    def write(self, values: Array, mask: Mask, now: float) -> None:
        """Send a demand (C,), made at `now`, with the limits that acted on it. Raises TransportError; never blocks."""

    def positions(self) -> Array | None:
        """Where the face is (C,), None where the robot does not say."""

    def settle(self) -> None:
        """Ask the robot to bring its face to rest by its own means: no demand will do it any more."""

    def release(self) -> None:
        """Give the controls back."""

    def close(self) -> None:
        """Disconnect."""


class DryRun:
    """Everything but the robot: what would be written stays here."""

    def __init__(self) -> None:
        self.written = 0

    def open(self) -> None: ...

    def write(self, values: Array, mask: Mask, now: float) -> None:
        """Count it."""
        self.written += 1

    def positions(self) -> None: ...

    def settle(self) -> None: ...

    def release(self) -> None: ...

    def close(self) -> None: ...


def open_transport(robot: str, schema: ControlSchema, *, token: str | None = None) -> Transport:
    """The transport that `--robot` names, not yet open. Raises InvalidInput, which lists what there is."""
    if robot == "sim":
        from robot_bridge.transports.simulator import Simulator

        return Simulator.of_virtual_ameca(schema)
    url, options = _url(robot)
    if url.scheme == "zmq":
        from robot_bridge.transports.zeromq import ZeroMq

        return ZeroMq.of_url(url, options, controls=len(schema))
    from robot_bridge.transports.tritium import Tritium

    return Tritium.of_url(url, options, schema, token=token)


def _url(robot: str) -> tuple[SplitResult, Mapping[str, str]]:
    try:
        url = urlsplit(robot)
        known = url.scheme in ("zmq", "tritium") and bool(url.hostname)
        assert url.port is None or url.port >= 0
    except ValueError:
        known = False
    if not known:
        what = "sim, zmq://HOST:PORT (zmq://*:6666) or tritium://HOST"
        raise InvalidInput(f"--robot {robot[:80]!r} is no robot; write {what}", field="robot")
    return url, dict(parse_qsl(url.query, keep_blank_values=True))


def check_options(options: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Raises InvalidInput for an option of a robot's address that there is not."""
    for name in options:
        if name not in known:
            raise InvalidInput(f"--robot has no option {name!r}; known: {', '.join(known)}", field="robot")
