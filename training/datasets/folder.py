"""A folder of BVH files whose names carry the labels: from a pattern with named groups to a plan.

The pattern is matched with each file's path below the folder, written with slashes. Its groups: `emotion` or `style`,
`content`, `actor`, `take`; each may be left out. A name that does not match is a skip with its reason; a label that is
in no table is an error, never neutral.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.bvh import read_bvh
from sdk.motion.motion import Motion
from sdk.motion.retarget import Profile, retarget
from training.datasets.captions import CAPTIONS_PER_CLIP, sentences
from training.datasets.preparation import Done, Plan, Planned, Source, Span, parts
from training.datasets.splits import by_actor, by_file
from training.datasets.vocabulary import MOVES, UNLABELLED, Action, Feeling, Vocabulary, key_of

GROUPS = ("emotion", "style", "content", "actor", "take")
CHANGES = ("retargeted to 22 joints", "resampled in time to 30 fps", "floor at y = 0",
           "starts over the origin facing +Z")  # fmt: skip
_HEADER = re.compile(r"Frames:\s*(\d+)\s+Frame Time:\s*([0-9.eE+-]+)", re.IGNORECASE)
_LONGEST_S = 24 * 3600.0
_HEADER_CHARACTERS = 1 << 18  # of a file: a hierarchy of 72 nodes takes a tenth of it


@dataclass(frozen=True)
class BvhReader:
    """Reads one BVH file as a Motion at its own rate."""

    profile: Profile

    def __call__(self, path: Path) -> Motion:
        return retarget(read_bvh(path), self.profile)

    @property
    def settings(self) -> str:
        """Hash of the profile: a clip made with another one is made again."""
        text = json.dumps(asdict(self.profile), default=_plain, sort_keys=True)
        return f"{self.profile.name} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Labelled:
    """A file whose name is understood."""

    path: Path
    name: str
    match: re.Match[str]
    feeling: Feeling
    action: Action

    @property
    def actor(self) -> str:
        """Who moves, or "unknown"."""
        return self.match.groupdict().get("actor") or "unknown"

    @property
    def take(self) -> int:
        """The number in the group `take`, 1 without one."""
        digits = re.sub(r"\D", "", self.match.groupdict().get("take") or "")
        return int(digits) if digits else 1


def compiled(pattern: str, *, needs: tuple[str, ...] = ()) -> re.Pattern[str]:
    """The pattern of file names. Raises InvalidInput for one that is no regular expression or lacks a needed group."""
    try:
        out = re.compile(pattern)
    except re.error as error:
        raise InvalidInput(f"--pattern is no regular expression: {error}: {pattern}", field="pattern") from None
    unknown = [group for group in out.groupindex if group not in GROUPS]
    if unknown:
        raise InvalidInput(f"--pattern has the group {unknown[0]!r}; known: {', '.join(GROUPS)}", field="pattern")
    missing = [group for group in needs if group not in out.groupindex]
    if missing:
        raise InvalidInput(f"--pattern lacks the group (?P<{missing[0]}>...): {pattern}", field="pattern")
    if {"emotion", "style"} <= set(out.groupindex):
        raise InvalidInput(
            "--pattern has both (?P<emotion>) and (?P<style>); one of them is the label", field="pattern"
        )
    return out


def labelled_files(
    directory: Path, pattern: re.Pattern[str], vocabulary: Vocabulary, plan: Plan, *, prefix: str
) -> list[Labelled]:
    """The understood files of a folder, ordered by path; the others go to the plan's skips.

    Raises InvalidInput when there is no file, none matches, or a label is in no table.
    """
    files = sorted(directory.rglob("*.[bB][vV][hH]"), key=lambda p: p.relative_to(directory).as_posix())
    if not files:
        raise InvalidInput(f"no .bvh file lies below {directory}")
    plan.found = len(files)
    out: list[Labelled] = []
    names: dict[str, Path] = {}
    unknown: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], str] = {}
    for path in files:
        below = path.relative_to(directory).as_posix()
        match = pattern.fullmatch(below)
        if match is None:
            plan.skips.append(Done(path, skipped=f"the name does not match {pattern.pattern}"))
            continue
        name = f"{prefix}-{re.sub(r'[^0-9A-Za-z]+', '-', path.stem).strip('-')}"
        if name in names:  # the same file name in two folders: the path tells them apart
            name = f"{prefix}-{re.sub(r'[^0-9A-Za-z]+', '-', below.rpartition('.')[0]).strip('-')}"
        if names.setdefault(name, path) != path:
            plan.skips.append(Done(path, skipped=f"another file makes the same clip {name}: {names[name]}"))
            continue
        feeling, action = _meaning(match, vocabulary, unknown, example)
        if feeling and action:
            out.append(Labelled(path, name, match, feeling, action))
    if unknown:
        (kind, word), count = unknown.most_common(1)[0]
        more = f"; {len(unknown) - 1} other labels too" if len(unknown) > 1 else ""
        known = sorted(vocabulary.actions if kind == "content" else vocabulary.feelings)
        raise InvalidInput(
            f"{kind} {word!r} ({count} files, e.g. {example[kind, word]}) is in no table{more}; "
            f"add it to --labels or a profile's labels; known: {', '.join(known) or 'none'}",
            field="labels",
        )
    if not out:
        raise InvalidInput(f"none of {len(files)} files matches the pattern {pattern.pattern}", field="pattern")
    return out


def _meaning(
    match: re.Match[str], vocabulary: Vocabulary, unknown: Counter[tuple[str, str]], example: dict[tuple[str, str], str]
) -> tuple[Feeling | None, Action | None]:
    groups = match.groupdict()

    def found(kind: str, table: Mapping[str, Any], default: Any) -> Any:
        word = groups.get(kind)
        if word is None:
            return default
        from_table = table.get(key_of(word))
        if from_table is None:
            unknown[kind, word] += 1
            example.setdefault((kind, word), match.string)
        return from_table

    kind = "style" if "style" in groups else "emotion"
    return found(kind, vocabulary.feelings, UNLABELLED), found("content", vocabulary.actions, MOVES)


def bvh_length(path: Path) -> tuple[int, float] | None:
    """Frames and seconds a frame, as the file's header says; None where it says nothing readable."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            match = _HEADER.search(file.read(_HEADER_CHARACTERS))
        return (int(match[1]), float(match[2])) if match and float(match[2]) > 0 else None
    except (OSError, ValueError):
        return None


def plan_folder(
    directory: Path,
    pattern: re.Pattern[str],
    vocabulary: Vocabulary,
    profile: Profile,
    *,
    prefix: str,
    split: Callable[[list[Labelled]], Mapping[str, str]],
    window: Callable[[Labelled], tuple[int, int] | None] = lambda _: None,
) -> Plan:
    """A plan of the folder's files. split: files -> clip name -> split. window: first and last frame to use of a file.

    A recording longer than CUT_SECONDS becomes parts `<name>-1`, `<name>-2` ... Raises what `labelled_files` does.
    """
    plan = Plan(0)
    files = labelled_files(directory, pattern, vocabulary, plan, prefix=prefix)
    splits = split(files)
    reader = BvhReader(profile)
    settings = reader.settings
    for file in files:
        spans = _spans(file, profile, window(file))
        names = [file.name] if len(spans) == 1 else [f"{file.name}-{k}" for k in range(1, len(spans) + 1)]
        side, fields = splits[file.name], index_fields(file)
        clips = tuple(Planned(n, side, fields, span) for n, span in zip(names, spans, strict=True))
        plan.sources.append(Source(file.path, clips, reader, settings, CHANGES))
    return plan


def _spans(file: Labelled, profile: Profile, window: tuple[int, int] | None) -> list[Span | None]:
    length = bvh_length(file.path)
    if length is None:  # reading it will say what is wrong
        return [None]
    frames, frame_time = length
    step = 1 / profile.fps if profile.fps else frame_time
    start, stop = window or (0, frames - 1 - profile.first_frame)
    if not (stop - start) * step <= _LONGEST_S:  # a header that lies; reading the file will say so
        return [None]
    spans = parts(start * step, min(stop, frames - 1) * step)
    if window is None:  # to the end, however the header rounds
        spans[-1] = spans[-1][0], None
    return [None] if len(spans) == 1 and window is None else [*spans]


def index_fields(file: Labelled) -> dict[str, Any]:
    """The index's fields of a file's clips, from content to actor."""
    affect = file.feeling.affect
    return {
        "content": file.action.content, "style": file.feeling.style, "take": file.take,
        "captions": sentences(file.action.phrases, file.feeling.manners, count=CAPTIONS_PER_CLIP),
        "affect": {e.label: w for e, w in affect.weights.items()}, "intensity": affect.intensity,
        "evidence": file.feeling.evidence, "actor": file.actor,
    }  # fmt: skip


def split_by_actor(files: list[Labelled]) -> dict[str, str]:
    """Clip name -> side, all clips of one person on one side."""
    sides = by_actor(file.actor for file in files)
    return {file.name: sides[file.actor] for file in files}


def split_by_file(files: list[Labelled]) -> dict[str, str]:
    """Clip name -> side, for sets that do not say who moves."""
    return by_file(file.name for file in files)


def _plain(value: Any) -> Any:
    return np.round(value, 9).tolist() if isinstance(value, np.ndarray) else vars(value)
