"""Who may move what: bids on controls, as scripts on the robot make them.

A channel is anything that can be demanded: the C controls and, behind them, the M weights of the mouth driver (12
expressions and 14 visemes). The highest precedence wins each channel; of equals the older bid.
"""

import math
from collections.abc import Iterable, Sequence
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from robot_bridge.virtual import constants as c
from sdk.errors import InvalidInput
from sdk.face.controls import ControlSchema

Array = NDArray[np.float64]
MOUTH_DRIVER = "Mesmer Mouth 2"
DIRECT = "Control/Direct Motors"
WHOLE_FACE = (
    "Control/Direct Motors/Lip Motors", "Control/Direct Motors/Mouth Motors", "Control/Mesmer Mouth 2",
    "Control/Mesmer Eyelids 1", "Control/Mesmer Neck 1", "Control/Mesmer Brows 1", "Control/Mesmer Gaze 1",
    "Control/Mesmer Nose 1",
)  # fmt: skip
"""public-code: what the published playback script bids for."""
NOBODY = -1


class Precedence(IntEnum):
    """How much a bid weighs; names as on the robot."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    VERY_HIGH = 3


class BidType(StrEnum):
    """When a bid takes part: ON_DEMAND on the channels it wrote lately, EXCLUSIVE on all of its own until released."""

    ON_DEMAND = "on demand"
    EXCLUSIVE = "exclusive"


class Channels:
    """Names and addresses of all channels. An address is a path such as "Control/Mesmer Brows 1"."""

    def __init__(self, schema: ControlSchema, weights: Sequence[str]) -> None:
        """weights: names of the mouth driver's expressions and visemes."""
        self.controls = len(schema)
        self.names = (*schema.names, *weights)
        self.namespaces = (*(control.namespace for control in schema), *(MOUTH_DRIVER for _ in weights))
        lips = ["Mouth Motors" if control.region == "jaw" else "Lip Motors" for control in schema]
        direct = [f"{DIRECT}/{group}" for group in (*lips, *("Mouth Motors" for _ in weights))]
        pairs = zip(self.namespaces, direct, strict=True)
        self.addresses = tuple(f"Control/{driver}" if driver else path for driver, path in pairs)
        self._index = {name: number for number, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Place of a channel. Raises InvalidInput, which lists the known names."""
        if name not in self._index:
            raise InvalidInput(f"control {name!r} is unknown; known: {', '.join(self.names)}")
        return self._index[name]

    def covered(self, specifiers: Iterable[str]) -> NDArray[np.bool_]:
        """Channels (N,) that specifiers name: each a control, a namespace or an address, whole or its beginning.

        Raises InvalidInput for one that names nothing.
        """
        mask = np.zeros(len(self), bool)
        for given in [specifiers] if isinstance(specifiers, str) else specifiers:
            path = f"{given.rstrip('/')}/"
            hits = [
                given in (name, namespace) or f"{address}/".startswith(path)
                for name, namespace, address in zip(self.names, self.namespaces, self.addresses, strict=True)
            ]
            if not any(hits):
                known = sorted({*self.addresses, DIRECT})
                raise InvalidInput(f"{given!r} names no control; known: names of controls, and {', '.join(known)}")
            mask |= hits
        return mask


class Bid:
    """A place in the arbitration, made by `VirtualAmeca.bid`. Writes go to `VirtualAmeca.demand` with it."""

    def __init__(self, number: int, mask: NDArray[np.bool_], precedence: Precedence, kind: BidType) -> None:
        self.number, self.mask, self.precedence, self.kind = number, mask, precedence, kind
        self.released = False
        self.values: Array = np.full(len(mask), np.nan)
        self.written: Array = np.full(len(mask), -math.inf)

    def release(self) -> None:
        """Give all of it up; later writes with it are ignored and counted."""
        self.released = True

    def write(self, index: NDArray[np.intp], values: Array, now: float) -> None:
        """Take values for channels it covers."""
        self.values[index] = values
        self.written[index] = now

    def holds(self, now: float) -> NDArray[np.bool_]:
        """Channels (N,) for which it takes part at a time."""
        if self.kind is BidType.EXCLUSIVE:
            return self.mask
        return now - self.written < c.ON_DEMAND_S


class Arbiter:
    """All bids, and who wins which channel."""

    def __init__(self, channels: int) -> None:
        self._channels, self._made = channels, 0
        self._bids: list[Bid] = []

    @property
    def bids(self) -> tuple[Bid, ...]:
        """Those that were not released, weakest first."""
        return tuple(bid for bid in self._bids if not bid.released)

    def add(self, mask: NDArray[np.bool_], precedence: Precedence, kind: BidType) -> Bid:
        """A new bid."""
        bid = Bid(self._made, mask, precedence, kind)
        self._made += 1
        self._bids = sorted([*self._bids, bid], key=lambda one: (one.precedence, -one.number))
        return bid

    def decide(self, now: float) -> tuple[NDArray[np.intp], Array, Array]:
        """Winner's number (N,), NOBODY where there is none, its value (N,), NaN where it wrote none, and when (N,)."""
        if any(bid.released for bid in self._bids):
            self._bids = [bid for bid in self._bids if not bid.released]
        owner = np.full(self._channels, NOBODY, np.intp)
        values = np.full(self._channels, np.nan)
        written = np.full(self._channels, -math.inf)
        for bid in self._bids:
            holds = bid.holds(now)
            owner[holds] = bid.number
            np.copyto(values, bid.values, where=holds)
            np.copyto(written, bid.written, where=holds)
        return owner, values, written
