"""When what is done: moments of a composed clip, and of the raw motion that it is made of.

Raw motion runs at the model's own pace and rate. Where speed is not 1, new parts of it are longer or shorter than in
the clip; kept spans never are. A loop is cut from more than it lasts.

Shapes: T frames of the clip, R raw frames.
"""

from typing import NamedTuple

import numpy as np

from sdk.emotion import Affect
from sdk.motion.rotations import Array
from sdk.runtime.composition import Composition

PIECE_S = 1.5
"""A feeling that changes is given to the generator in pieces of about this length."""
LEAST_CHANGE = 0.02
"""Pieces whose mixtures differ by less than this in every emotion are one."""


class Piece(NamedTuple):
    """A sentence and a feeling for so many raw frames."""

    text: str
    affect: Affect
    frames: int


class Timeline:
    """seconds: of the clip. more_s: raw motion behind its end, in which the first beat begins again."""

    def __init__(self, composition: Composition, *, fps: float, raw_fps: float, more_s: float = 0.0) -> None:
        self._composition, self._raw_fps = composition, raw_fps
        clip, raw = [0.0], [0.0]
        for span in composition.keep:
            end = min(span.end_s, composition.seconds)
            if span.start_s > clip[-1]:
                raw.append(raw[-1] + (span.start_s - clip[-1]) * composition.speed)
                clip.append(span.start_s)
            raw.append(raw[-1] + end - clip[-1])
            clip.append(end)
        more_s = max(more_s, 0.0)
        for end in (composition.seconds, composition.seconds + more_s / composition.speed):
            if end > clip[-1]:
                raw.append(raw[-1] + (end - clip[-1]) * composition.speed)
                clip.append(end)
        self._clip, self._raw = np.array(clip), np.array(raw)
        self.frames = round(composition.seconds * fps) + 1
        self.times: Array = np.arange(self.frames) / fps
        self.raw_frames = round(self._raw[-1] * raw_fps) + 1

    def raw_at(self, seconds: Array | float) -> Array:
        """Raw frames (fractional) of moments of the clip."""
        return np.asarray(np.interp(seconds, self._clip, self._raw) * self._raw_fps)

    @property
    def raw_times(self) -> Array:
        """The moment of the clip that each raw frame shows, (R,)."""
        return np.asarray(np.interp(np.arange(self.raw_frames) / self._raw_fps, self._raw, self._clip))

    def pieces(self) -> list[Piece]:
        """What the generator is given, one after the other; R frames in all."""
        it = self._composition
        beats = [(beat.text, beat.seconds) for beat in it.beats]
        more = float(self._clip[-1]) - it.seconds
        if more > 1e-9:
            beats.append((it.beats[0].text, more))
        out: list[Piece] = []
        begin, done = 0.0, 0
        for number, (text, seconds) in enumerate(beats):
            count = 1 if it.track is None else max(round(seconds / PIECE_S), 1)
            for k in range(count):
                middle, end = begin + seconds * (k + 0.5) / count, begin + seconds * (k + 1) / count
                last = number == len(beats) - 1 and k == count - 1
                upto = self.raw_frames if last else int(round(float(self.raw_at(end))))
                affect = it.affect_at(middle - it.seconds if number == len(it.beats) else middle)
                if k and np.abs(affect.condition - out[-1].affect.condition).max() < LEAST_CHANGE:
                    out[-1] = out[-1]._replace(frames=out[-1].frames + upto - done)
                else:
                    out.append(Piece(text, affect, upto - done))
                done = upto
            begin += seconds
        return out
