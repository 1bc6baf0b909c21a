"""Guards against the failure that no loss shows: a generator that stands still.

Sampling repeats the commonest code when a model knows what belongs to a prompt but not where; the cross-entropy looks
fine all the while. So a finished masked transformer has to move before it counts as finished. And a model does as its
clips do: clips read with a wrong scale or frame rate are slow, so a set to fine-tune on is compared with the set that
the model was trained on before.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.runtime.decode import Condition, Floats, Ints, Passes, Schedule, gumbel_noise, unmask
from training.data import ClipSet
from training.models.rvq import Rvq
from training.models.transformer import MaskedTransformer
from training.passes import TorchPasses
from training.tokens import TokenSet

ENERGY_FLOOR = 0.6
SPEED_FLOOR = 0.6
"""Least speed of a set to fine-tune on, as a share of the base set's for the same contents. The emotions of the
development set, sadness and fear among them, have 0.9 together; half the frame rate gives 0.45."""
CLIPS = 24
GUIDANCE = 3.0
_SCHEDULE = Schedule(iterations=10, residual_layers=0, choice_temperature=4.0)
_ALIKE = 1.5  # root and joints that are slow by factors closer than this are slow for one reason


class Speeds(NamedTuple):
    """Mean speed of the root on the ground, and of the joints about it."""

    root: float
    joints: float


def energy(features_TF: np.ndarray) -> float:
    """Path of the root plus mean path of the joints relative to it, metres over the clip."""
    return sum(_paths(features_TF))


def _paths(features_TF: np.ndarray) -> Speeds:
    """Both parts of the energy, metres."""
    root = np.linalg.norm(features_TF[1:, rot272.SLICES["root_velocity"]], axis=-1).sum()
    joints = features_TF[1:, rot272.SLICES["velocities"]].reshape(len(features_TF) - 1, -1, 3)
    return Speeds(float(root), float(np.linalg.norm(joints, axis=-1).mean(-1).sum()))


def content_speeds(clips: ClipSet) -> dict[str, list[float]]:
    """Content -> number of clips, mean speed of root and of joints, m/s; as a checkpoint keeps it."""
    found: dict[str, list[list[float]]] = {}
    for clip in clips.clips:
        seconds = (len(clip.features) - 1) / rot272.FPS
        found.setdefault(clip.content, []).append([path / seconds for path in _paths(clip.features)])
    return {content: [len(rows), *np.mean(rows, 0).tolist()] for content, rows in sorted(found.items())}


def relative_speeds(tuned: Mapping[str, Sequence[float]], base: Mapping[str, Sequence[float]]) -> Speeds:
    """Speeds of `tuned` over those of `base` (both as `content_speeds` gives them) for the same contents.

    Waving is slower than running without any fault, so contents are not mixed; where none is shared, all clips count.
    """
    shared = [content for content in tuned if content in base]
    if shared:
        count = np.array([tuned[c][0] for c in shared])[:, None]
        ours, theirs = (np.array([speeds[c][1:] for c in shared]) * count for speeds in (tuned, base))
    else:
        ours, theirs = (np.array([[v[0] * x for x in v[1:]] for v in s.values()]) / sum(v[0] for v in s.values())
                        for s in (tuned, base))  # fmt: skip
    return Speeds(*(ours.sum(0) / np.maximum(theirs.sum(0), 1e-9)).tolist())


def check_speeds(ratio: Speeds, *, allow_slow: bool = False) -> None:
    """Raises InvalidInput, naming the likely cause, when a set to fine-tune on is far slower than the base set."""
    if min(ratio) >= SPEED_FLOOR or allow_slow:
        return
    if max(ratio) < _ALIKE * min(ratio):
        cause = "both alike, as when clips are read at a lower frame rate than they were recorded at"
    elif ratio.root < ratio.joints:
        cause = "the root above all, as when its path has another scale than the body"
        if ratio.joints < SPEED_FLOOR:
            cause += ", and all of it at a lower frame rate than recorded"
    else:
        cause = "the joints above all: look at how rotations are read"
    raise InvalidInput(
        f"the clips are too slow to fine-tune on: root {ratio.root:.2f}, joints {ratio.joints:.2f} of the base set's "
        f"speed for the same contents, floor {SPEED_FLOOR:g}: {cause}; --allow-slow trains on them as they are"
    )


def sampled(
    passes: Passes, text_S: Floats, affect_E: Floats, tokens: int, *, schedule: Schedule, guidance: float, codes: int,
    seed: int,
) -> Ints:  # fmt: skip
    """Base tokens (N,) sampled for one condition, text and emotion guided alike."""
    return unmask(
        passes.masked,
        Condition.guided(text_S, affect_E, text_scale=guidance, emotion_scale=guidance),
        schedule,
        np.full(tokens, -1, dtype=np.int64),
        codes=codes,
        noise=lambda stage, index, shape: gumbel_noise(seed, stage, index, shape),
    )


def generated_pairs(
    model: MaskedTransformer, rvq: Rvq, clips: TokenSet, *, schedule: Schedule, guidance: float, seed: int
) -> Iterator[tuple[Floats, Floats]]:
    """Features sampled for a clip's caption and affect, and the clip's own base tokens decoded alike."""
    was_training = model.training
    model.eval()
    passes = TorchPasses(rvq, model, None)
    for k in range(0, len(clips.sequences), max(1, len(clips.sequences) // CLIPS)):
        truth = clips.sequences[k][0].astype(np.int64)[:, : model.config.max_tokens]
        made = np.full_like(truth, -1)
        made[0] = sampled(
            passes, clips.text[k][0], clips.affect[k], truth.shape[1],
            schedule=schedule, guidance=guidance, codes=model.config.codes, seed=seed + k,
        )  # fmt: skip
        base = np.where(np.arange(len(truth))[:, None] == 0, truth, -1)
        yield passes.decode(made, clips.affect[k]), passes.decode(base, clips.affect[k])
    model.train(was_training)


def generated_speeds(
    model: MaskedTransformer,
    rvq: Rvq,
    clips: TokenSet,
    *,
    schedule: Schedule = _SCHEDULE,
    guidance: float = GUIDANCE,
    seed: int = 0,
) -> Speeds:
    """How fast root and joints of sampled clips are, over those of the clips whose captions were asked for."""
    pairs = generated_pairs(model, rvq, clips, schedule=schedule, guidance=guidance, seed=seed)
    paths: NDArray[np.float64] = np.sum([[_paths(made), _paths(real)] for made, real in pairs], 0)
    return Speeds(*(paths[0] / np.maximum(paths[1], 1e-9)).tolist())


def generated_energy(model: MaskedTransformer, rvq: Rvq, clips: TokenSet, *, seed: int = 0) -> float:
    """Energy of base tokens sampled for held-out captions over that of the clips' own base tokens, decoded alike."""
    pairs = list(generated_pairs(model, rvq, clips, schedule=_SCHEDULE, guidance=GUIDANCE, seed=seed))
    return sum(energy(made) for made, _ in pairs) / sum(energy(real) for _, real in pairs)


def check_generated(ratio: float) -> None:
    """Raises InvalidInput for a generator that moves far less than the clips it learned from."""
    if ratio < ENERGY_FLOOR:
        raise InvalidInput(
            f"static motion: sampled clips move {ratio:.0%} as much as real ones, less than {ENERGY_FLOOR:.0%}; "
            "train longer, or look at docs/log.md for the causes that were found"
        )
