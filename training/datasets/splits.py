"""Splits that leak nothing: by person where the set names them, else by whole (content, style) pairs."""

import hashlib
from collections.abc import Collection, Iterable

from training.datasets.captions import mirrored_caption

HELD_OUT_SHARE = 0.15


def _order(*words: str) -> bytes:
    return hashlib.sha256(" ".join(words).encode()).digest()


def by_actor(actors: Iterable[str], *, share: float = HELD_OUT_SHARE) -> dict[str, str]:
    """actor -> "train" or "val": the same for the same people whatever the order of files.

    Nobody is held out of fewer than two; a group of actors is never empty on either side otherwise.
    """
    names = sorted(set(actors), key=_order)
    held = min(max(1, round(share * len(names))), len(names) - 1) if len(names) > 1 else 0
    return {name: "val" if k < held else "train" for k, name in enumerate(names)}


def by_file(names: Iterable[str], *, share: float = 0.1) -> dict[str, str]:
    """name -> "train" or "val", for sets that name nobody: whole files, chosen by hash."""
    ordered = sorted(set(names), key=_order)
    held = max(1, round(share * len(ordered))) if len(ordered) > 1 else 0
    return {name: "val" if k < held else "train" for k, name in enumerate(ordered)}


def held_out_contents(pairs: Iterable[tuple[str, str]], *, spared: Collection[str]) -> dict[str, str]:
    """style -> the one content of it that is held out, chosen by hash among those that are not `spared`."""
    chosen: dict[str, str] = {}
    for content, style in sorted(set(pairs)):
        if content not in spared:
            best = chosen.get(style, content)
            chosen[style] = min(best, content, key=lambda c, s=style: _order(c, s))
    return chosen


def pair_split(content: str, style: str, held_out: dict[str, str]) -> str:
    """Side of a pair: "val" when held out, "guard" for its mirror image (training mirrors clips), else "train"."""
    if held_out.get(style) == content:
        return "val"
    return "guard" if held_out.get(mirrored_caption(style)) == mirrored_caption(content) else "train"
