"""Bandai-Namco-Research-Motiondataset (CC BY-NC 4.0; Kobayashi et al. 2023, arXiv 2306.08861): labels to meaning.

File names say content, style and take: `dataset-1_walk_angry_001.bvh`. There are no captions and no actor labels.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from training.datasets.captions import MANNERS, known_contents

NAME = "Bandai-Namco-Research-Motiondataset"
LICENCE = "CC-BY-NC-4.0"
ATTRIBUTION = f"{NAME} (c) 2022 Bandai Namco Research Inc., CC BY-NC 4.0"
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
    pair: there one whole (content, style) pair a style is held out, never a walk and never the normal style.
    """
    groups: dict[tuple[int, str, str], list[Label]] = defaultdict(list)
    for label in labels:
        groups[label.part, label.content, label.style].append(label)
    held_out: dict[str, str] = {}
    for part, content, style in sorted(groups):
        if part == 1 and style != "normal" and content != "walk":
            best = held_out.get(style, content)
            held_out[style] = min(best, content, key=lambda c, s=style: hashlib.sha256(f"{c} {s}".encode()).digest())
    out: dict[Label, str] = {}
    for (part, content, style), members in groups.items():
        members.sort(key=lambda m: m.take)
        if part == 1:
            out |= dict.fromkeys(members, "val" if held_out.get(style) == content else "train")
            continue
        tail = max(1, round(_TAIL * len(members))) if len(members) >= 5 else 0
        for k, member in enumerate(reversed(members)):
            out[member] = "val" if k < tail else "guard" if tail and k < tail + _GUARD else "train"
    return out
