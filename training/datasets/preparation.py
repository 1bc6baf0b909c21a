"""What preparing any set has in common: a pool of workers, runs that go on, the index and the report.

A set says which files it has, how one is read (`Source.read`: path -> Motion, at any rate, anywhere) and what each of
its clips means (`Planned.labels`); the rest is here. A file is one clip or several: sub-clips that the set names, or
parts of a recording too long to be one. Nothing disappears: what is no clip in the end has its reason in the report.
"""

import hashlib
import json
import os
import statistics
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from sdk.errors import InvalidInput, MalformedFile
from sdk.motion import rot272
from sdk.motion.motion import Motion
from sdk.motion.retarget import canonical

PREPARATION = 1
"""Raise it when a clip would come out differently: an older run's clips are then made again, not taken over."""
MIN_SECONDS = 0.5
MAX_SECONDS = 65.0
CUT_SECONDS = 20.0
"""Recordings longer than this become equal parts, for sets whose recordings are minutes long."""
LIMIT_SPEED = 12.0
"""m/s; no body moves its pelvis faster, a broken capture may."""
NO_LABEL = "none"
"""Evidence of a clip whose set says nothing about emotion; its affect is neutral for want of another."""
_CHANGES = ("retargeted to 22 joints", "floor at y = 0", "starts over the origin facing +Z")

Span = tuple[float, float | None]
"""From and to, seconds of the recording; None: to its end."""


@dataclass(frozen=True)
class SetInfo:
    """What every clip of a set carries on: who made it and under which terms."""

    name: str
    licence: str
    attribution: str


@dataclass(frozen=True)
class Planned:
    """One clip before it is made. labels: the index's fields from content to evidence, in the order of the index."""

    id: str
    split: str
    labels: Mapping[str, Any]
    span: Span | None = None


@dataclass(frozen=True)
class Source:
    """One file, how to read it, and the clips it holds.

    settings: all that decides what comes out besides the file and this module; a clip made with others is made again.
    """

    path: Path
    clips: tuple[Planned, ...]
    read: Callable[[Path], Motion]
    settings: str = ""
    changes: tuple[str, ...] = _CHANGES


@dataclass(frozen=True)
class Done:
    """The outcome of one clip: made, or the reason why not. A file that cannot be read is one outcome, without `id`."""

    path: Path
    id: str = ""
    frames: int = 0
    digest: str = ""
    speed: float = 0.0
    skipped: str = ""


@dataclass
class Plan:
    """All that a set holds: sources to read, files that are none with their reasons, and files left out as a class."""

    found: int
    sources: list[Source] = field(default_factory=list)
    skips: list[Done] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def check_motion(motion: Motion) -> None:
    """Raises InvalidInput for a clip nobody should train on: too short, too long, or faster than a body can be."""
    if not MIN_SECONDS <= motion.seconds <= MAX_SECONDS:
        raise InvalidInput(f"lasts {motion.seconds:.2f} s, outside {MIN_SECONDS:g}..{MAX_SECONDS:g} s")
    if len(motion) > 1:
        speed = np.linalg.norm(np.diff(motion.root, axis=0), axis=-1).max() * motion.fps
        if speed > LIMIT_SPEED:
            raise InvalidInput(f"the pelvis jumps at {speed:.0f} m/s, more than {LIMIT_SPEED:g}")


def parts(start: float, stop: float) -> list[Span]:
    """start..stop, seconds, in equal spans of at most CUT_SECONDS that follow each other without a gap."""
    count = max(1, int(np.ceil((stop - start) / CUT_SECONDS - 1e-9)))
    edges = [start + (stop - start) * k / count for k in range(count)]
    return list(zip(edges, [*edges[1:], stop], strict=True))


def write_npz(path: Path, **arrays: Any) -> None:
    """Write beside, then rename: a file is there completely or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    os.replace(part, path)


def clip_made(target: Path, digest: str, settings: str = "") -> tuple[int, float]:
    """Frames and mean speed, m/s, of the clip that an earlier run made of the same source; (0, 0) if there is none."""
    try:
        with np.load(target) as old:
            made = str(old["source_sha256"]), int(old["preparation"]), str(old["settings"]) if "settings" in old else ""
            if made == (digest, PREPARATION, settings):
                return len(old["root"]), mean_speed(old["root"])
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):  # absent or damaged
        pass
    return 0, 0.0


def mean_speed(root: np.ndarray) -> float:
    """Mean speed over the ground, m/s, of a root path (T, 3) at the prepared rate."""
    steps = np.linalg.norm(np.diff(np.asarray(root, dtype=np.float64)[:, [0, 2]], axis=0), axis=-1)
    return float(steps.mean() * rot272.FPS) if len(steps) else 0.0


def make_clips(source: Source, folder: Path) -> list[Done]:
    """Write the clips of one file into `folder`; what is wrong with the file is returned, not raised.

    Each becomes a canonical Motion at 30 fps, sampled in time. Raises OSError when `folder` cannot be written.
    """
    try:
        digest = hashlib.sha256(source.path.read_bytes()).hexdigest()
    except OSError as error:
        return [Done(source.path, skipped=str(error))]
    out, motion = [], None
    for clip in source.clips:
        target = folder / f"{clip.id}.npz"
        settings = json.dumps([source.settings, clip.span]) if source.settings else ""
        frames, speed = clip_made(target, digest, settings)
        if not frames:
            try:
                if motion is None:
                    motion = source.read(source.path)
                    motion = motion if motion.fps == rot272.FPS else motion.resampled(rot272.FPS)
            except (InvalidInput, MalformedFile, OSError) as error:
                return [Done(source.path, skipped=str(error).removeprefix(f"{source.path.name}: "))]
            try:
                made = canonical(_within(motion, clip.span))
                check_motion(made)
            except InvalidInput as error:
                which = f"clip {clip.id}: " if len(source.clips) > 1 else ""
                out.append(Done(source.path, clip.id, skipped=f"{which}{error}"))
                continue
            arrays = {"rotations": made.rotations.astype(np.float32), "root": made.root.astype(np.float32)}
            extra = {"settings": settings} if settings else {}
            write_npz(target, **arrays, source_sha256=digest, preparation=PREPARATION, **extra)
            frames, speed = len(made), mean_speed(arrays["root"])
        out.append(Done(source.path, clip.id, frames, digest, speed))
    return out


def _within(motion: Motion, span: Span | None) -> Motion:
    if span is None:
        return motion
    first = round(span[0] * motion.fps)
    # Parts that follow each other share no frame; the last one keeps the recording's last frame.
    end = len(motion) if span[1] is None or span[1] >= motion.seconds else round(span[1] * motion.fps)
    if first >= min(end, len(motion)):
        until = "its end" if span[1] is None else f"{span[1]:g} s"
        raise InvalidInput(f"{span[0]:g} s to {until} lies outside the recording of {motion.seconds:.2f} s")
    return motion[first:end]


def index_line(planned: Planned, done: Done, info: SetInfo, changes: Sequence[str]) -> dict[str, Any]:
    """What the index keeps of a clip."""
    return {
        "id": planned.id, "frames": done.frames, "split": planned.split, **planned.labels,
        "source": info.name, "licence": info.licence, "source_sha256": done.digest, "changes": list(changes),
        "attribution": info.attribution,
    }  # fmt: skip


def report_of(info: SetInfo, plan: Plan, lines: list[dict[str, Any]], outcomes: list[Done]) -> dict[str, Any]:
    """Counts and minutes of what was read, by split, content and affect, with every skip and its reason."""

    def minutes(key: str) -> dict[str, float]:
        totals: dict[str, float] = {}
        for line in lines:
            name = line[key] if isinstance(line[key], str) else "+".join(line[key])
            totals[name] = totals.get(name, 0) + line["frames"] / rot272.FPS / 60
        return {name: round(value, 2) for name, value in sorted(totals.items())}

    skips = plan.skips + [done for done in outcomes if done.skipped]
    told = {done.path for done in outcomes} | {done.path for done in plan.skips}
    speeds: dict[str, list[float]] = {}
    made = {done.id: done.speed for done in outcomes if not done.skipped}
    for line in lines:
        speeds.setdefault(line["content"], []).append(made[line["id"]])
    return {
        "source": info.attribution, "files": plan.found, "clips": len(lines), "skipped": len(skips),
        "accounted": len(told) + sum(plan.left_out.values()), "frames": sum(line["frames"] for line in lines),
        "minutes_by_split": minutes("split"), "minutes_by_content": minutes("content"),
        "minutes_by_style": minutes("style"), "minutes_by_affect": minutes("affect"),
        "minutes_by_evidence": minutes("evidence"), "minutes_by_actor": minutes("actor"),
        "speed_by_content": {c: round(statistics.median(v), 3) for c, v in sorted(speeds.items())},
        "emotion_labels": sum(line["evidence"] != NO_LABEL for line in lines),
        "left_out": dict(sorted(plan.left_out.items())),
        "skips": [{"file": done.path.name, "reason": done.skipped} for done in skips],
    }  # fmt: skip


def write_outcome(out: Path, report: dict[str, Any], lines: Iterable[dict[str, Any]]) -> None:
    """Write report and index. The index comes last: where it stands, everything it names is there."""
    index = "".join(json.dumps(line) + "\n" for line in lines)
    for name, text in (("report.json", json.dumps(report, indent=1) + "\n"), ("index.jsonl", index)):
        part = out / f"{name}.part"
        part.write_text(text)
        os.replace(part, out / name)


def prepare(plan: Plan, info: SetInfo, out: Path, jobs: int) -> dict[str, Any]:
    """Make all clips of a plan into `out` and return the report. Raises OSError when `out` cannot be written."""
    folder = out / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = []
    outcomes: list[Done] = []
    with ExitStack() as stack:
        mapped = stack.enter_context(ProcessPoolExecutor(jobs)).map if jobs > 1 else map
        results = mapped(make_clips, plan.sources, [folder] * len(plan.sources))
        bar = tqdm(zip(plan.sources, results, strict=True), total=len(plan.sources), unit="file", disable=None)
        for source, made in bar:
            outcomes += made
            planned = {clip.id: clip for clip in source.clips}
            lines += [index_line(planned[d.id], d, info, source.changes) for d in made if not d.skipped]
    report = report_of(info, plan, lines, outcomes)
    write_outcome(out, report, lines)
    return report


def check_emotional(lines: Iterable[Mapping[str, Any]], where: object) -> None:
    """Raises InvalidInput when no clip among the index lines shows an emotion: nothing could be learned about one."""
    if not any(line["evidence"] != NO_LABEL and set(line["affect"]) - {"neutral"} for line in lines):
        raise InvalidInput(
            f"{where}: none of the clips has an emotion label other than neutral; "
            "add a set that has some, e.g. made by: python -m training.prepare emotions DATA --out DIR"
        )
