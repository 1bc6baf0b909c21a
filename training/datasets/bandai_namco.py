"""Bandai-Namco-Research-Motiondataset (CC BY-NC 4.0; Kobayashi et al. 2023, arXiv 2306.08861): labels to meaning.

File names say content, style and take: `dataset-1_walk_angry_001.bvh`. There are no captions and no actor labels.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion.bvh import read_bvh
from sdk.motion.motion import Motion
from sdk.motion.retarget import PROFILES, retarget
from training.datasets.captions import CAPTIONS_PER_CLIP, MANNERS, captions, known_contents
from training.datasets.preparation import Done, Plan, Planned, SetInfo, Source, prepare
from training.datasets.splits import held_out_contents, pair_split

NAME = "Bandai-Namco-Research-Motiondataset"
LICENCE = "CC-BY-NC-4.0"
ATTRIBUTION = f"{NAME} (c) 2022 Bandai Namco Research Inc., CC BY-NC 4.0"
INFO = SetInfo(NAME, LICENCE, ATTRIBUTION)
PROFILE = "bandai-namco"

# style -> (affect, evidence). A style that is no emotion is neutral and goes into the words (see captions.MANNERS).
_NEUTRAL = Affect.neutral()
STYLES: dict[str, tuple[Affect, str]] = {
    "normal": (_NEUTRAL, "mocap"),
    "happy": (Affect({Emotion.JOY: 1}, 1.0), "mocap"),
    "sad": (Affect({Emotion.SADNESS: 1}, 1.0), "mocap"),
    "angry": (Affect({Emotion.ANGER: 1}, 1.0), "mocap"),
    "not-confident": (Affect({Emotion.FEAR: 1}, 0.6), "proxy"),
    "tired": (Affect({Emotion.SADNESS: 1}, 0.4), "proxy"),
    "exhausted": (Affect({Emotion.SADNESS: 1}, 0.4), "proxy"),
    "active": (Affect({Emotion.ANTICIPATION: 1, Emotion.JOY: 1}, 0.8), "proxy"),
    "youthful": (Affect({Emotion.ANTICIPATION: 1, Emotion.JOY: 1}, 0.8), "proxy"),
} | {style: (_NEUTRAL, "style") for style in MANNERS if style not in {
    "normal", "happy", "sad", "angry", "not-confident", "tired", "exhausted", "active", "youthful"}}  # fmt: skip

_FILE = re.compile(r"^dataset-(?P<set>[12])_(?P<content>[^_]+)_(?P<style>[^_]+)_(?P<take>\d+)\.bvh$")
_TAIL = 0.1
_GUARD = 2


@dataclass(frozen=True)
class Label:
    """What a file's name says."""

    part: int
    content: str
    style: str
    take: int


def find_clips(root: Path) -> list[Path]:
    """All BVH files below `root`, in a fixed order."""
    return sorted(root.rglob("*.bvh"), key=lambda p: (p.name, p))


def parse_label(path: Path) -> Label:
    """Label of a file name. Raises InvalidInput that names the unknown part; no unknown label is taken as neutral."""
    match = _FILE.match(path.name)
    if not match:
        raise InvalidInput("file name is not dataset-<1|2>_<content>_<style>_<take>.bvh")
    if match["content"] not in known_contents():
        raise InvalidInput(f"content {match['content']!r} has no wording; add it to training/datasets/captions.py")
    if match["style"] not in STYLES:
        raise InvalidInput(f"style {match['style']!r} has no affect; add it to training/datasets/bandai_namco.py")
    return Label(int(match["set"]), match["content"], match["style"], int(match["take"]))


def split_of(labels: Iterable[Label]) -> dict[Label, str]:
    """Deterministic split: label -> "train", "val" or "guard".

    The second set's numbers run in recording order and neighbours are repeats of one take (the performer's standing
    height drifts slowly along the numbers and jumps between recordings). So the last tenth of every (content, style) is
    held out as one block, and the two clips before it are used by neither side. The first set has one or two clips a
    pair: there one whole (content, style) pair a style is held out, never a walk and never the normal style; where it
    goes to one side, its mirror image is used by neither, for training mirrors its clips.
    """
    groups: dict[tuple[int, str, str], list[Label]] = defaultdict(list)
    for label in labels:
        groups[label.part, label.content, label.style].append(label)
    pairs = [(content, style) for part, content, style in groups if part == 1 and style != "normal"]
    held_out = held_out_contents(pairs, spared={"walk"})
    out: dict[Label, str] = {}
    for (part, content, style), members in groups.items():
        members.sort(key=lambda m: m.take)
        if part == 1:
            out |= dict.fromkeys(members, pair_split(content, style, held_out))
            continue
        tail = max(1, round(_TAIL * len(members))) if len(members) >= 5 else 0
        for k, member in enumerate(reversed(members)):
            out[member] = "val" if k < tail else "guard" if tail and k < tail + _GUARD else "train"
    return out


def _read(path: Path) -> Motion:
    return retarget(read_bvh(path), PROFILES[PROFILE])


def plan_of(files: Sequence[Path]) -> Plan:
    """What the files are, one clip each; a name that says nothing known, or says it twice, is a skip."""
    plan = Plan(len(files))
    labels: dict[Path, Label] = {}
    first: dict[str, Path] = {}
    for path in files:
        try:
            label = parse_label(path)
            if first.setdefault(path.name, path) != path:
                raise InvalidInput(f"another file has this name; only the first is read: {first[path.name]}")
            labels[path] = label
        except InvalidInput as error:
            plan.skips.append(Done(path, skipped=str(error)))
    splits = split_of(labels.values())
    for path, label in labels.items():
        affect, evidence = STYLES[label.style]
        fields = asdict(label) | {
            "captions": captions(label.content, label.style, count=CAPTIONS_PER_CLIP),
            "affect": {e.label: w for e, w in affect.weights.items()}, "intensity": affect.intensity,
            "evidence": evidence, "actor": "unknown",
        }  # fmt: skip
        plan.sources.append(Source(path, (Planned(path.stem, splits[label], fields),), _read))
    return plan


def prepare_set(files: Sequence[Path], out: Path, jobs: int) -> dict[str, Any]:
    """Prepare all files into `out` and return the report. Raises OSError when `out` cannot be written."""
    return prepare(plan_of(files), INFO, out, jobs)
