"""HumanML3D (Guo et al., CVPR 2022) as users have it on disk; motions derive from AMASS: research only, not passed on.

    new_joint_vecs/<name>.npy (L, 263)   texts/<name>.txt   train.txt val.txt test.txt   Mean.npy Std.npy

Features are decoded to positions and rotations solved from those, at 20 fps, then sampled in time at 30 fps. A text
line is `caption#token/POS ...#from#to`; lines with a range make a clip of their own. Mirrored twins (M...) are left
out, for training mirrors its clips. Emotion words in captions are weak labels: see `training.datasets.text_mining`.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InvalidInput, MalformedFile
from sdk.motion import hml263
from sdk.motion.motion import Motion
from training.datasets.preparation import NO_LABEL, Done, Plan, Planned, SetInfo, Source, Span
from training.datasets.text_mining import mined

INFO = SetInfo(
    "HumanML3D",
    "AMASS: non-commercial research, no redistribution; texts MIT",
    "HumanML3D, C. Guo et al., Generating Diverse and Natural 3D Human Motions from Text, CVPR 2022; motions: AMASS",
)
CONTENT = "text"
"""Content label of every clip: the set has captions and no labels of action."""
SPLITS = ("train", "val", "test")
CHANGES = ("rotations solved from joint positions", "resampled in time from 20 to 30 fps", "floor at y = 0",
           "starts over the origin facing +Z")  # fmt: skip
_KIT_FEATURES = 251
_HEIGHT = (0.05, 2.5)
"""Mean pelvis height, metres, of anything a person does over a whole clip; normalised features lie about 0."""


@dataclass(frozen=True)
class TextLine:
    """One caption, and the range of seconds it tells of; None: the whole clip."""

    caption: str
    span: Span | None


def read_texts(path: Path) -> list[TextLine]:
    """The captions of one clip. Raises MalformedFile with the line."""
    out = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        # From the right, for a caption that holds a "#" after all keeps it; what is cut off there is fixed.
        fields = line.strip().rsplit("#", 3)
        if len(fields) != 4 or not fields[0].strip():
            raise MalformedFile(f"{path.name}: line {number}: caption#tokens#from#to should stand here")
        try:
            start, stop = float(fields[2]), float(fields[3])
        except ValueError:
            raise MalformedFile(f"{path.name}: line {number}: {fields[2]!r} to {fields[3]!r} are no seconds") from None
        whole = math.isnan(start) or math.isnan(stop) or start == stop == 0
        if not whole and not 0 <= start < stop:
            raise MalformedFile(f"{path.name}: line {number}: the range {start:g}..{stop:g} s is empty")
        out.append(TextLine(fields[0].strip(), None if whole else (start, stop)))
    return out


def read_motion(path: Path) -> Motion:
    """A feature file as a Motion at 20 fps. Raises InvalidInput for other features, NaN, or normalised ones."""
    try:
        features = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise MalformedFile(f"{path.name}: no array of numbers: {error}") from None
    if features.ndim == 2 and features.shape[1] == _KIT_FEATURES:
        raise InvalidInput(f"{_KIT_FEATURES} features: this is KIT-ML (21 joints, 12.5 fps, mm), not HumanML3D")
    if features.ndim != 2 or features.shape[1] != hml263.NUM_FEATURES or len(features) < 2:
        raise InvalidInput(f"features must be (L, {hml263.NUM_FEATURES}), L >= 2, found {features.shape}")
    motion = hml263.decode(features)
    height = float(features[:, 3].mean())
    if not _HEIGHT[0] <= height <= _HEIGHT[1]:
        raise InvalidInput(f"the pelvis is {height:.2f} m high on average: are these features normalised already?")
    return motion


def check_statistics(folder: Path) -> str:
    """Which deviation lies in `Std.npy`, for the report. Raises InvalidInput for files of another size."""
    for name in ("Mean.npy", "Std.npy"):
        path = folder / name
        if not path.is_file():
            raise InvalidInput(f"{path} is missing: is this a HumanML3D folder?")
        values = np.load(path, allow_pickle=False)
        if values.shape == (_KIT_FEATURES,):
            raise InvalidInput(f"{name} has {_KIT_FEATURES} values: this is KIT-ML, whose 21 joints are not supported")
        if values.shape != (hml263.NUM_FEATURES,):
            raise InvalidInput(f"{name} must be ({hml263.NUM_FEATURES},), found {values.shape}")
    return hml263.std_kind(np.load(folder / "Std.npy", allow_pickle=False))


def read_splits(folder: Path) -> dict[str, str]:
    """name -> split, of the lists in the folder. Raises InvalidInput when one is missing or they overlap."""
    out: dict[str, str] = {}
    for split in SPLITS:
        path = folder / f"{split}.txt"
        if not path.is_file():
            raise InvalidInput(f"{path} is missing: the split comes from train.txt, val.txt and test.txt")
        for name in path.read_text(encoding="utf-8-sig").split():
            if out.setdefault(name, split) != split:
                raise InvalidInput(f"{name} stands in {out[name]}.txt and in {split}.txt")
    return out


def plan_of(folder: Path) -> Plan:
    """A plan of the folder. Raises InvalidInput, naming the file, when it is no HumanML3D folder."""
    files = sorted((folder / "new_joint_vecs").glob("*.npy"))
    if not files:
        raise InvalidInput(f"no .npy file lies in {folder / 'new_joint_vecs'}")
    check_statistics(folder)
    splits = read_splits(folder)
    plan = Plan(len(files))
    for path in files:
        name = path.stem
        if name.startswith("M"):
            plan.left_out["mirrored twin; training mirrors its clips"] += 1
        elif name not in splits:
            plan.skips.append(Done(path, skipped="in none of train.txt, val.txt and test.txt"))
        else:
            _add(plan, path, folder / "texts" / f"{name}.txt", splits[name])
    for name in sorted(set(splits) - {path.stem for path in files}):
        plan.found += 1
        plan.skips.append(Done(folder / "new_joint_vecs" / f"{name}.npy", skipped="listed, but the file is missing"))
    return plan


def _add(plan: Plan, path: Path, texts: Path, split: str) -> None:
    try:
        lines = read_texts(texts)
    except FileNotFoundError:
        plan.skips.append(Done(path, skipped=f"has no captions: texts/{texts.name} is missing"))
        return
    except MalformedFile as error:
        plan.skips.append(Done(path, skipped=str(error)))
        return
    if not lines:
        plan.skips.append(Done(path, skipped=f"has no captions: texts/{texts.name} is empty"))
        return
    by_span: dict[Span | None, list[str]] = defaultdict(list)
    for line in lines:
        by_span[line.span].append(line.caption)
    clips = []
    for number, (span, captions) in enumerate(by_span.items(), 1):
        clip = f"humanml3d-{path.stem}" + ("" if span is None else f"-{number}")
        clips.append(Planned(clip, split, _fields(captions), _rows(span)))
    plan.sources.append(Source(path, tuple(clips), read_motion, "hml263", CHANGES))


def _rows(span: Span | None) -> Span | None:
    # The published loaders cut at whole frames of 20 fps, rounded down.
    if span is None or span[1] is None:
        return span
    return int(span[0] * hml263.FPS) / hml263.FPS, int(span[1] * hml263.FPS) / hml263.FPS


def _fields(captions: Sequence[str]) -> dict[str, Any]:
    found = mined(captions)
    affect = {"neutral": 1.0} if found.affect is None else {e.label: w for e, w in found.affect.weights.items()}
    noted: dict[str, Any] = {}
    if found.affect is not None:
        noted = {"captions_as_written": list(captions), "emotion_in_words": found.in_words}
    return {
        "content": CONTENT, "style": "normal", "take": 1, "captions": list(found.captions), "affect": affect,
        "intensity": 1.0 if found.affect is None else found.affect.intensity,
        "evidence": NO_LABEL if found.affect is None else "text-mined", "actor": "unknown", **noted,
    }  # fmt: skip
