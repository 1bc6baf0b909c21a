"""Windows of a motion as cue statistics: what the emotion judge reads.

Shapes: W windows, F features. A feature is a mean posture, the logarithm of how much a signal varies, or of a mean
speed or acceleration, over one window; both sides of the body are averaged, so a motion and its mirror image have the
same features. Logarithms make ratios of speeds differences, which is how cues are published ("twice as fast").
"""

import numpy as np

from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.motion.skeleton import NUM_JOINTS
from training.evaluate.cue_signals import FPS, LATERAL, Signals, measure_signals

VERSION = 1
"""Raise it when a feature changes: judges trained on another version are then refused."""
WINDOW = 75
HOP = 30
"""Frames at 30 fps: windows of 2.5 s, one a second; a shorter clip is one window."""
# What is added before the logarithm: the level under which a movement is noise.
_QUIET_ANGLE, _QUIET_FORWARD, _QUIET_SPEED, _QUIET_CHANGE = 0.5, 0.02, 0.03, 0.2


def window_spans(frames: int) -> list[tuple[int, int]]:
    """First and last frame (exclusive) of evenly spread windows that cover the clip from end to end."""
    if frames <= WINDOW:
        return [(0, frames)]
    count = int(np.ceil((frames - WINDOW) / HOP)) + 1
    return [(round(s), round(s) + WINDOW) for s in np.linspace(0, frames - WINDOW, count)]


def _window(signals: Signals, part: slice) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, signal in signals.middle.items():
        values = signal[part]
        quiet = _QUIET_FORWARD if name == "forward" else _QUIET_ANGLE
        out[f"{name}.mean"] = float((np.abs(values) if name in LATERAL else values).mean())
        out[f"{name}.spread"] = float(np.log(quiet + values.std()))
    for name, signal in signals.sides.items():
        values = signal[part]
        out[f"{name}.mean"] = float(values.mean())
        out[f"{name}.spread"] = float(np.log(_QUIET_ANGLE + values.std(0).mean()))
    for name, signal in signals.speed.items():
        out[f"{name}.speed"] = float(np.log(_QUIET_SPEED + signal[part].mean()))
    for name, signal in signals.acceleration.items():
        out[f"{name}.change"] = float(np.log(_QUIET_CHANGE + signal[part].mean()))
    return out


def cue_features(motion: Motion) -> Array:
    """Features (W, F) of a clip's windows, float64. Raises InvalidInput for a clip under half a second."""
    signals = measure_signals(motion)
    rows = [_window(signals, slice(*span)) for span in window_spans(len(signals))]
    return np.array([list(row.values()) for row in rows])


def feature_names() -> tuple[str, ...]:
    """Names (F,) of the columns of `cue_features`."""
    rest = np.zeros((16, NUM_JOINTS, 4))
    rest[..., 3] = 1
    return tuple(_window(measure_signals(Motion(rest, np.zeros((16, 3)), FPS)), slice(None)))
