"""Diffusion sampling as a host loop over short passes (MDM, Tevet et al. 2023; prefixes as in DiP, Tevet et al. 2025).

Shapes: K steps, T frames, F features, R condition rows, S text width, E = 9 emotions.
Pure numpy: a pass is a `DenoisePasses` object, ONNX Runtime in the runtime and torch in the guard and the parity check.
Noisy motion x lives in the model's normalised space; known frames and the result are features in their own units. Only
the passes know the mean and the deviation between the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.runtime.decode import Allow, Condition, Floats, every, windows

CONTEXT = 20
"""Frames that a window of a long clip, or the next part of a stream, is given of what came before (DiP)."""
_STAGE = 3  # behind decode.Stage: noise for different uses never shares a key
_MAX_BETA = 0.999
_COSINE_OFFSET = 0.008

Noise = Callable[[int, tuple[int, ...]], Floats]
"""noise(index, shape): normal noise; index K starts the sampling, index k is added after step k."""


class DenoisePasses(Protocol):
    """One denoising graph as a function; it was trained for its number of steps K."""

    def denoise(
        self, x_TF: Floats, frames_TF: Floats, known_T: Floats, step: int,
        text_RS: Floats, affect_RE: Floats, weight_R: Floats,
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """Clean motion (T, F) that x at `step` (0 .. K - 1, 0 is the cleanest) came from, normalised and in units.

        Where `known_T` is 1 the frames of `frames_TF`, in units, are taken instead of x and of the prediction. The
        prediction is the sum over condition rows of weight * prediction(text, affect).
        """


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """Tables of K steps, each (K,) float64, step 0 the cleanest.

    x_k = signal[k] x_0 + noise[k] e. One step back: x_(k-1) = to_clean[k] x_0 + to_noisy[k] x_k + spread[k] e.
    """

    signal: NDArray[np.float64]
    noise: NDArray[np.float64]
    to_clean: NDArray[np.float64]
    to_noisy: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def cosine(cls, steps: int) -> "NoiseSchedule":
        """Cosine betas (Nichol & Dhariwal 2021, equation 17, cut at 0.999) with the small posterior variance, as MDM.

        The posterior is Ho et al. 2020, equations 6 and 7. At step 0 it is x_0 itself. Raises InvalidInput for steps
        outside 1..1000.
        """
        if not 1 <= steps <= 1000:
            raise InvalidInput(f"a noise schedule has 1..1000 steps, got {steps}", field="steps")
        at = (np.arange(steps + 1) / steps + _COSINE_OFFSET) / (1 + _COSINE_OFFSET)
        kept = np.cos(np.pi / 2 * at) ** 2
        beta = np.minimum(1 - kept[1:] / kept[:-1], _MAX_BETA)
        bar = np.cumprod(1 - beta)
        before = np.concatenate([[1.0], bar[:-1]])
        return cls(
            signal=np.sqrt(bar),
            noise=np.sqrt(1 - bar),
            to_clean=beta * np.sqrt(before) / (1 - bar),
            to_noisy=(1 - before) * np.sqrt(1 - beta) / (1 - bar),
            spread=np.sqrt(beta * (1 - before) / (1 - bar)),
        )

    @property
    def steps(self) -> int:
        """K."""
        return len(self.signal)


@dataclass(frozen=True, eq=False)
class Known:
    """Frames (T, F), in units, that are given and not to be made, where `flags` (T,) is 1; elsewhere they are zero."""

    frames: Floats
    flags: Floats

    def __post_init__(self) -> None:
        if self.frames.ndim != 2 or self.flags.shape != self.frames.shape[:1]:
            message = f"known frames (T, F) need flags (T,), got {self.frames.shape} and {self.flags.shape}"
            raise InvalidInput(message, field="known")
        if not np.isfinite(self.frames).all():
            raise InvalidInput("known frames hold NaN or infinite values", field="known")

    @classmethod
    def none(cls, frames: int, width: int = rot272.DIM) -> "Known":
        """Nothing is given: plain generation."""
        return cls.at({}, frames, width)

    @classmethod
    def at(cls, given: Mapping[int, Floats], frames: int, width: int = rot272.DIM) -> "Known":
        """Parts (n, F) that begin at the frames `given` names: {0: what was played last}, or a start and an end.

        Raises InvalidInput for a part that does not lie inside the clip or is not finite.
        """
        all_TF, flags_T = np.zeros((frames, width), np.float32), np.zeros(frames, np.float32)
        for start, part in given.items():
            if not 0 <= start <= start + len(part) <= frames:
                message = f"known frames {start}..{start + len(part)} do not lie inside a clip of {frames}"
                raise InvalidInput(message, field="known")
            all_TF[start : start + len(part)] = part
            flags_T[start : start + len(part)] = 1
        return cls(all_TF, flags_T)

    def padded(self, frames: int) -> "Known":
        """The same with unknown frames behind, `frames` in all."""
        more = frames - len(self.flags)
        return Known(np.pad(self.frames, ((0, more), (0, 0))), np.pad(self.flags, (0, more)))

    def part(self, start: int, stop: int) -> "Known":
        """Frames start .. stop - 1."""
        return Known(self.frames[start:stop], self.flags[start:stop])


def normal_noise(seed: int, index: int, shape: tuple[int, ...]) -> Floats:
    """Normal noise that depends on (seed, index) alone, and in each entry not on how many follow.

    Box-Muller, sqrt(-2 log(1 - u)) cos(2 pi v), of pairs (u, v) of Philox4x64-10 uniforms with the key
    (seed, 3 * 2**32 + index); u and v are numpy's 53-bit uniforms in [0, 1).
    """
    key = np.array([seed, (_STAGE << 32) + index], dtype=np.uint64)
    u, v = np.moveaxis(np.random.Generator(np.random.Philox(key=key)).random((*shape, 2)), -1, 0)
    noise: Floats = (np.sqrt(-2 * np.log1p(-u)) * np.cos(2 * np.pi * v)).astype(np.float32)
    return noise


def sample(
    passes: DenoisePasses,
    condition: Condition,
    schedule: NoiseSchedule,
    known: Known,
    *,
    noise: Noise,
    allow: Allow = every,
) -> Floats:
    """Ancestral sampling (Ho et al. 2020, algorithm 2, with a model that predicts x_0): features (T, F) in units.

    Known frames come back unchanged. `allow` says 1 or more for the first pass; when it then leaves none, the sampling
    ends with the clean motion of the pass before, which is smoother than it should be.
    """
    shape = known.frames.shape
    x_TF = noise(schedule.steps, shape)
    features_TF = known.frames
    for step in reversed(range(schedule.steps)):
        if allow(step + 1) < 1:
            break
        clean_TF, features_TF = passes.denoise(
            x_TF, known.frames, known.flags, step, condition.text_RS, condition.affect_RE, condition.weight_R
        )
        x_TF = np.float32(schedule.to_clean[step]) * clean_TF + np.float32(schedule.to_noisy[step]) * x_TF
        if step > 0:
            x_TF = x_TF + np.float32(schedule.spread[step]) * noise(step, shape)
    return np.where(known.flags[:, None] > 0, known.frames, features_TF)


class DiffusionGenerator:
    """Makes features from conditions with denoisers of one or more numbers of steps.

    passes: {K: the graph trained for K steps}. patch: frames a token, a divisor of 20; max_frames: longest window, a
    multiple of the patch and longer than 20 frames. width: F.
    """

    def __init__(
        self, passes: Mapping[int, DenoisePasses], *, patch: int = 4, max_frames: int = 256, width: int = rot272.DIM
    ) -> None:
        if not passes or CONTEXT % patch or max_frames % patch or max_frames < CONTEXT + patch:
            message = f"no diffusion sampler of {len(passes)} graphs, patch {patch} and {max_frames} frames a window"
            raise InvalidInput(f"{message}; the patch must divide {CONTEXT} and the window")
        self._passes, self._patch, self._max_frames, self._width = dict(passes), patch, max_frames, width
        self._schedules = {steps: NoiseSchedule.cosine(steps) for steps in passes}

    @property
    def steps(self) -> tuple[int, ...]:
        """The numbers of steps that `features` can be asked for."""
        return tuple(sorted(self._passes))

    def features(
        self,
        text_S: Floats,
        affect_E: Floats,
        frames: int,
        *,
        steps: int,
        text_guidance: float,
        emotion_guidance: float,
        seed: int,
        known: Known | None = None,
        allow: Callable[[int, int], int] = lambda window, left: left,
    ) -> Floats:
        """Features (frames, F) in their own units for one sentence embedding and one affect condition.

        Guidance scales act as in `Condition.guided`; zeros stand for no text and for no emotion. `known` holds frames
        that are given, e.g. the last CONTEXT frames of what a stream has played; they come back unchanged. Clips longer
        than a window are made window by window, each behind CONTEXT frames of the one before. Equal seeds give equal
        features. `allow` is as in `sample`, with the window's number before the passes left. Raises InvalidInput for a
        number of steps that no graph was trained for, and for `known` of another length.
        """
        if steps not in self._passes:
            here = ", ".join(map(str, self.steps))
            raise InvalidInput(f"no denoiser here was trained for {steps} steps; known: {here}", field="steps")
        known = Known.none(frames, self._width) if known is None else known
        if frames < 1 or len(known.flags) != frames:
            raise InvalidInput(f"known frames cover {len(known.flags)} frames of a clip of {frames}", field="known")
        condition = Condition.guided(text_S, affect_E, text_scale=text_guidance, emotion_scale=emotion_guidance)
        # The convolutions of a graph need two tokens.
        tokens = max(2, -(-frames // self._patch))
        known = known.padded(tokens * self._patch)
        spans = windows(tokens, self._max_frames // self._patch, shared=CONTEXT // self._patch)
        for number, (first, last) in enumerate(spans):
            start, stop = first * self._patch, last * self._patch

            def noise(index: int, shape: tuple[int, ...], window: int = number) -> Floats:
                return normal_noise(seed, (window << 16) + index, shape)

            made = sample(
                self._passes[steps], condition, self._schedules[steps], known.part(start, stop),
                noise=noise, allow=partial(allow, number),
            )  # fmt: skip
            # What was made is known to the windows that follow.
            known.frames[start:stop] = made
            known.flags[start:stop] = 1
        return known.frames[:frames]


class GraphDenoiser:
    """`DenoisePasses` over a graph: `run` takes the inputs by name and returns the outputs in order."""

    def __init__(self, run: Callable[[dict[str, Any]], list[Any]]) -> None:
        self._run = run

    def denoise(
        self, x_TF: Floats, frames_TF: Floats, known_T: Floats, step: int,
        text_RS: Floats, affect_RE: Floats, weight_R: Floats,
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """See `DenoisePasses.denoise`."""
        inputs = {"x": x_TF, "frames": frames_TF, "known": known_T, "step": np.array([step])}
        clean, features = self._run({**inputs, "text": text_RS, "affect": affect_RE, "weight": weight_R})
        return clean, features
