"""The one-euro filter (Casiez, Roussel and Vogel 2012): calm where a signal rests, prompt where it moves.

A low-pass whose cutoff rises with the speed of the signal. Time is told, not counted: a frame says when it was taken,
and the filter's step is the exact one of a first-order low-pass, 1 - exp(-2 pi cutoff dt), so 30 and 60 fps agree and a
late frame does no harm. Shapes: any; settings and values broadcast, so each control may have its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdk.errors import InvalidInput

Array = NDArray[np.float64]

GAP_S = 0.5
"""After a longer gap nothing of the past counts: the next value stands as it is (assumed)."""
SPEED_CUTOFF_HZ = 1.0
"""Cutoff of the speed's own filter, that of the paper."""


@dataclass(frozen=True, kw_only=True)
class OneEuroSettings:
    """Numbers, or arrays that broadcast to the values.

    rest_cutoff_hz: cutoff of a signal at rest; lower is calmer. gain: how much the cutoff rises with speed, in hertz
    for each unit a second; higher lags less.
    """

    rest_cutoff_hz: float | Array
    gain: float | Array

    def __post_init__(self) -> None:
        for name, least in (("rest_cutoff_hz", np.nextafter(0, 1)), ("gain", 0.0)):
            value = np.asarray(getattr(self, name), float)
            if not (np.isfinite(value).all() and (value >= least).all()):
                rule = "above 0" if least else "0 or more"
                raise InvalidInput(f"{name} must be finite and {rule}, got {getattr(self, name)}", field=name)


def settings_for(strength: float, span: ArrayLike = 1.0) -> OneEuroSettings | None:
    """Settings by strength in [0, 1] for values whose range is `span` wide; None at 0, which is no smoothing.

    At rest the cutoff falls from 12 Hz for the least strength to 0.6 Hz for 1; a move through the whole range in a
    second adds 6 to 2 Hz (all assumed: chosen on the noise of landmarks, to be felt rather than derived).
    Raises InvalidInput for other strengths.
    """
    if not 0 <= strength <= 1:  # NaN too
        raise InvalidInput(f"smoothing must lie in [0, 1], got {strength}", field="smoothing")
    if strength == 0:
        return None
    rest, gain = 12.0 * (0.6 / 12.0) ** strength, 6.0 * (2.0 / 6.0) ** strength
    return OneEuroSettings(rest_cutoff_hz=rest, gain=gain / np.asarray(span, float))


class OneEuroFilter:
    """Smooths one signal, an array of any shape, value by value. Not for several threads at once."""

    def __init__(self, settings: OneEuroSettings, *, gap_s: float = GAP_S) -> None:
        if not gap_s > 0:
            raise InvalidInput(f"gap_s must be positive, got {gap_s}", field="gap_s")
        self.settings, self.gap_s = settings, gap_s
        self._at_s = -np.inf
        self._raw: Array | None = None
        self._speed = self._smooth = np.zeros(())

    def step(self, values: ArrayLike, at_s: float) -> Array:
        """The smoothed values at `at_s` seconds, by a clock that does not run back.

        The first values, and those after a gap, are returned as they are. Raises InvalidInput for values that are not
        finite or change their shape, and for a time before the last one.
        """
        raw = np.array(values, float)
        if not (np.isfinite(raw).all() and np.isfinite(at_s)):
            raise InvalidInput("values and times to smooth must be finite", field="values")
        if self._raw is None or at_s - self._at_s > self.gap_s:
            self._raw, self._smooth, self._speed, self._at_s = raw, raw, np.zeros_like(raw), at_s
            return raw.copy()
        if raw.shape != self._raw.shape:
            raise InvalidInput(f"values of shape {raw.shape} follow some of {self._raw.shape}", field="values")
        dt = at_s - self._at_s
        if dt < 0:
            raise InvalidInput(f"time runs back by {-dt:.3g} s; drop frames that come out of order", field="at_s")
        if dt > 0:
            # Of raw values, not against the last smooth one: that difference holds the lag, which no dt divides away.
            self._speed = self._speed + _share(SPEED_CUTOFF_HZ, dt) * ((raw - self._raw) / dt - self._speed)
            cutoff = self.settings.rest_cutoff_hz + self.settings.gain * np.abs(self._speed)
            self._smooth = self._smooth + _share(cutoff, dt) * (raw - self._smooth)
            self._raw, self._at_s = raw, at_s
        return np.array(self._smooth)

    def reset(self) -> None:
        """Forget the past: the next values stand as they are."""
        self._raw, self._at_s = None, -np.inf


def _share(cutoff_hz: float | Array, dt: float) -> Array:
    """How much of the way to its target a first-order low-pass goes in `dt` seconds."""
    return np.asarray(-np.expm1(-2 * np.pi * np.asarray(cutoff_hz) * dt))
