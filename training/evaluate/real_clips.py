"""The recorded clips that judges may learn from, and what is kept from them.

Whole (content, style) pairs are held out by the prepared index (`split` val where no training clip has the pair). A
mirrored twin of such a pair shows it too, so clips whose mirror image belongs to a held-out pair are left out as well.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from training.data import load_index, load_motion
from training.datasets.captions import mirrored_caption

RECORDED = ("mocap", "proxy", "style")
"""Evidence of clips that a performer moved for; nothing made by a program may teach a judge."""
SAME_STYLE = {"masculinity": "masculine", "old": "elderly"}
"""The two parts of the data call these styles differently."""


@dataclass(frozen=True)
class RealClip:
    """What the index says of a recorded clip. `part`: which of the source's sets it is of."""

    name: str
    content: str
    style: str
    part: int
    split: str
    affect: dict[str, float]
    intensity: float

    @property
    def family(self) -> str:
        """The content without its side: a clip and its mirror image are of one family."""
        return self.content.replace("-left", "-side").replace("-right", "-side")

    @property
    def pair(self) -> tuple[str, str]:
        """(content, style) with one name for a style."""
        return self.content, SAME_STYLE.get(self.style, self.style)


@dataclass(frozen=True, eq=False)
class RealClips:
    """A prepared folder of recorded clips."""

    folder: Path
    clips: tuple[RealClip, ...]

    @classmethod
    def load(cls, folder: Path) -> "RealClips":
        """Read the index.

        Raises InvalidInput for a folder not prepared, for a clip that no performer moved for, and for an index of
        another set, which has no parts.
        """
        names = ("content", "style", "part", "split", "affect", "intensity")
        clips = []
        for line in load_index(folder):
            if line.get("evidence") not in RECORDED:
                raise InvalidInput(
                    f"clip {line['id']} has evidence {line.get('evidence')!r}; judges learn from recorded clips only "
                    f"({', '.join(RECORDED)}): give the folder made by `python -m training.prepare bandai`",
                    field="data",
                )
            missing = [name for name in names if name not in line]
            if missing:
                raise InvalidInput(
                    f"clip {line['id']} has no {', '.join(missing)} in the index; judges learn from the folder made by "
                    "`python -m training.prepare bandai`",
                    field="data",
                )
            clips.append(RealClip(line["id"], *(line[name] for name in names)))
        return cls(folder, tuple(clips))

    @cached_property
    def held_out_pairs(self) -> frozenset[tuple[str, str]]:
        """(content, style) that only held-out clips have."""
        seen = {c.pair for c in self.clips if c.split == "train"}
        return frozenset(c.pair for c in self.clips if c.split == "val" and c.pair not in seen)

    @cached_property
    def train(self) -> tuple[RealClip, ...]:
        """Training clips, without those whose mirror image shows a held-out pair."""
        return tuple(c for c in self.clips if c.split == "train" and not self._shows_held_out(c))

    @cached_property
    def left_out(self) -> tuple[RealClip, ...]:
        """Training clips of the index that judges may not see."""
        return tuple(c for c in self.clips if c.split == "train" and self._shows_held_out(c))

    @cached_property
    def val(self) -> tuple[RealClip, ...]:
        """Held-out clips."""
        return tuple(c for c in self.clips if c.split == "val")

    def _shows_held_out(self, clip: RealClip) -> bool:
        return (mirrored_caption(clip.content), clip.pair[1]) in self.held_out_pairs

    def motion(self, clip: RealClip) -> Motion:
        """The clip's motion. Raises InvalidInput when its file is missing or damaged."""
        try:
            return load_motion(self.folder, clip.name)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            raise InvalidInput(
                f"clip {clip.name} of {self.folder} is missing or damaged; prepare the data again", field="data"
            ) from None

    def facts(self, used: Sequence[RealClip]) -> dict[str, Any]:
        """What a card says of the data."""
        index = (self.folder / "index.jsonl").read_bytes()
        return {
            "source": "Bandai-Namco-Research-Motiondataset (c) 2022 Bandai Namco Research Inc., CC BY-NC 4.0",
            "index_sha256": hashlib.sha256(index).hexdigest(),
            "training_clips": len(used),
            "held_out_pairs": sorted("/".join(pair) for pair in self.held_out_pairs),
            "left_out_clips": sorted(c.name for c in self.left_out),
        }
