"""The emotion curve of a clip: how much of each emotion there is in each frame. T frames."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from sdk.emotion import Affect, Emotion
from sdk.motion.rotations import Array


class Felt(Protocol):
    """Tags, as far as the curve goes; see `ClipTags`."""

    @property
    def applied(self) -> Affect: ...
    @property
    def track(self) -> Any: ...
    @property
    def segments(self) -> Any: ...


def emotion_curves(tags: Felt, frames: int, fps: float) -> dict[Emotion, Array]:
    """Emotion -> (T,) values 0..1: its share times the intensity, as the models are given it. Neutral is left out.

    From the track, else from the segments, else the applied affect throughout. Only emotions that are felt at all.
    """
    seconds = np.arange(frames) / fps
    if tags.track is not None:
        felt = np.stack([tags.track.at(float(at)).condition for at in seconds])
    else:
        felt = np.tile(tags.applied.condition, (frames, 1))
        for segment in tags.segments:
            # Half a frame less, so that of two neighbours the later one has the frame they share.
            felt[seconds > segment.start_s - 0.5 / fps] = segment.affect.condition
    curves = {emotion: felt[:, emotion].astype(np.float64) for emotion in Emotion if emotion is not Emotion.NEUTRAL}
    return {emotion: values for emotion, values in curves.items() if values.max() > 0}


def stated_curves(curves: Mapping[Emotion, Array], fps: float) -> dict[str, Any]:
    """The curves as the sidecar states them: at most six decimals; the last value holds, so a constant one has one."""
    stated = {}
    for emotion, values in curves.items():
        kept = values[:1] if np.ptp(values) == 0 else values
        stated[emotion.label] = {"fps": fps, "values": [round(float(value), 6) + 0.0 for value in kept]}
    return stated
