"""File names of a batch: a pattern filled with a row's own words, safe on every system and never the same twice."""

import re
import string
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from sdk.batch.rows import Row
from sdk.errors import InvalidInput

PARTS = ("prompt", "emotion", "intensity", "seed", "seconds", "plan", "generator", "fps", "number")
"""What may stand in braces in a pattern; `/` outside the braces begins a folder."""
MAX_WORDS = 60
"""A prompt gives at most so many letters to a name."""
MAX_BYTES = 200
"""No part of a path is longer, so that a sidecar's suffix still fits."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def stem_of(row: Row) -> PurePosixPath:
    """Path of a row's clip below the folder, without its suffix.

    Raises InvalidInput for a pattern with unknown parts, or one that leaves the folder.
    """
    values = {
        "prompt": slug(row.text, MAX_WORDS), "emotion": slug(row.emotion, MAX_WORDS),
        "intensity": f"{row.affect.intensity:.3g}", "seed": str(row.seed), "seconds": f"{row.seconds:g}",
        "plan": slug(row.plan or "default"), "generator": slug(row.generator or "default"),
        "fps": "own" if row.fps is None else f"{row.fps:g}", "number": f"{row.number:04d}",
    }  # fmt: skip
    parts = [_safe(part, row.name) for part in _filled(row.name, values).split("/")]
    return PurePosixPath(*parts)


def stems(rows: Sequence[Row]) -> tuple[list[PurePosixPath], list[str]]:
    """The paths of all rows, and every fault of them: bad patterns and rows whose files would have one name."""
    out, faults = [], []
    first: dict[str, Row] = {}
    for row in rows:
        try:
            stem = stem_of(row)
        except InvalidInput as error:
            faults.append(f"line {row.line}: {error}")
            continue
        out.append(stem)
        # Some systems take upper and lower case for one, and all ways to write an accent.
        other = first.setdefault(unicodedata.normalize("NFKC", str(stem)).casefold(), row)
        if other is not row:
            faults.append(f"line {row.line}: its file {stem} is that of line {other.line} too; {_remedy(row, other)}")
    return out, faults


def slug(text: str, most: int = MAX_WORDS) -> str:
    """Words joined by hyphens; letters and digits of every language stay."""
    words = re.sub(r"[^\w.]+", "-", unicodedata.normalize("NFC", text)).strip("-._")
    return words[:most].strip("-._")


def _remedy(row: Row, other: Row) -> str:
    values = {
        name: (getattr(row, name), getattr(other, name)) for name in ("seed", "seconds", "plan", "generator", "fps")
    }
    values["intensity"] = (row.affect.intensity, other.affect.intensity)
    values = {"prompt": (slug(row.text), slug(other.text)), "emotion": (row.emotion, other.emotion), **values}
    apart = [name for name, (mine, its) in values.items() if mine != its and f"{{{name}}}" not in row.name]
    if apart:
        return f"put {{{apart[0]}}} into the name, e.g. {row.name}_{{{apart[0]}}}"
    if row.settings == other.settings:
        return "it asks for the same clip again; give it another seed, or leave it out"
    return f"put {{number}} into the name, e.g. {{number}}_{row.name}"


def _filled(pattern: str, values: dict[str, Any]) -> str:
    known = ", ".join(f"{{{part}}}" for part in PARTS)
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError:
        message = f"name {pattern[:80]!r} has a brace without its other; known: {known}"
        raise InvalidInput(message, field="name") from None
    out = ""
    for plain, name, form, conversion in parts:
        out += plain
        if name is None:
            continue
        if name not in values or form or conversion:
            message = f"name {pattern[:80]!r} holds {{{name}}}, which is unknown; known: {known}"
            raise InvalidInput(message, field="name")
        out += values[name]
    return out


def _safe(part: str, pattern: str) -> str:
    cleaned = re.sub(r'[\x00-\x1f<>:"\\|?*]+', "-", unicodedata.normalize("NFC", part)).strip(" ")
    if cleaned in ("", ".", "..") or cleaned.startswith("."):
        raise InvalidInput(f"name {pattern[:80]!r} gives {part[:40]!r}, which is no file name", field="name")
    cleaned = f"clip-{cleaned}" if _RESERVED.match(cleaned) else cleaned.rstrip(".")
    if len(cleaned.encode()) > MAX_BYTES:
        cleaned = cleaned.encode()[:MAX_BYTES].decode(errors="ignore").rstrip("-._ ")
    return cleaned
