"""Making the clips of a batch: several at once, each complete or not there, failures collected, nothing made twice."""

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

from sdk.batch.poses import packed_poses
from sdk.batch.record import ClipMade, FileMade, Record, file_sha256, key_of
from sdk.batch.rows import Row
from sdk.clips.files import publish
from sdk.clips.options import WriteOptions
from sdk.clips.write import check_writable, clip_files
from sdk.errors import EmoMotionError, InvalidInput, ServerError
from sdk.making import Made, Maker, posted
from sdk.rigs import Rig, clip_on_rig, load_rig, rig_clip_files, rig_named
from sdk.rigs.write import SUFFIXES as RIG_SUFFIXES

BUSY = ("RESOURCE_EXHAUSTED", "UNAVAILABLE")
"""What a server answers that can be asked again later."""
PATIENCE_S = 60.0
"""So long a clip waits for a server that is away or too busy."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """A clip to make: its row, where it lies below the folder (without suffix), and what it depends on as a hash."""

    row: Row
    stem: PurePosixPath
    key: str

    @property
    def clips(self) -> list[PurePosixPath]:
        """Paths of its clips, one a format."""
        return [self.stem.with_name(self.stem.name + suffix) for suffix in self.row.formats]


@dataclass
class Outcome:
    """What became of a batch. failed: each with what went wrong. kept: those that were made before."""

    made: list[Task] = field(default_factory=list)
    kept: list[Task] = field(default_factory=list)
    failed: list[tuple[Task, str]] = field(default_factory=list)


class Stopped(EmoMotionError):
    """Nothing more can be made: the disk is full, the server is gone. What was made is kept and recorded."""


def tasks_of(rows: Sequence[Row], stems: Sequence[PurePosixPath], bundle_sha256: str) -> list[Task]:
    """A task of each row."""
    return [
        Task(row=row, stem=stem, key=key_of({**row.settings, "rig": _rig_content(row)}, stem, bundle_sha256))
        for row, stem in zip(rows, stems, strict=True)
    ]


def _rig_content(row: Row) -> str | None:
    """What stands for a rig in the record: its name, or the hash of its file."""
    if row.rig is None or not Path(row.rig).suffix:
        return row.rig
    return hashlib.sha256(Path(row.rig).read_bytes()).hexdigest()


def rig_faults(rows: Sequence[Row]) -> list[str]:
    """What is wrong with the rigs of a list, and formats that a rig cannot be written in; a line each."""
    out: dict[str, None] = {}
    for row in rows:
        if row.rig is None:
            continue
        try:
            rig = rig_of(row.rig)
        except EmoMotionError as error:
            out[f"line {row.line}: {error}"] = None
            continue
        for suffix in row.formats:
            if suffix not in RIG_SUFFIXES or (suffix == ".vrm" and rig.suffix != ".vrm"):
                out[f"line {row.line}: a clip on the rig {row.rig} cannot be written as {suffix}"] = None
    return list(out)


def strangers(tasks: Sequence[Task], folder: Path, record: Record) -> list[PurePosixPath]:
    """Files in the way of a batch that it did not make, or that were changed since."""
    out = []
    for task in tasks:
        for path in task.clips:
            if not (folder / path).exists():
                continue
            try:
                own = file_sha256(folder / path) in record.by_path.get(str(path), ())
            except OSError:
                own = False
            out += [] if own else [path]
    return out


def make_all(
    tasks: Sequence[Task], maker: Maker, folder: Path, record: Record, *, workers: int,
    outcome: Outcome, done: Callable[[Task, str], None] = lambda task, problem: None,
) -> None:  # fmt: skip
    """Make what is not there yet, `workers` at a time; `outcome` grows with every clip, and stays when this raises.

    done(task, problem) is called for each, in this thread.

    Raises Stopped when nothing more can be made, whatever else at once, after what is being made has ended.
    """
    left = _left(tasks, folder, record, outcome, done)
    stop = threading.Event()
    running: dict[Future[None], Task] = {}
    with ThreadPoolExecutor(workers, thread_name_prefix="emomotion-batch") as pool:
        try:
            while True:
                for task in left:
                    running[pool.submit(make_one, task, maker, folder, record, stop)] = task
                    if len(running) > workers:  # one more than are at work, so that none waits for this thread
                        break
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    _settle(running.pop(future), future, outcome, done)
        except BaseException:
            stop.set()
            for future in running:
                future.cancel()
            raise


def _left(
    tasks: Sequence[Task], folder: Path, record: Record, outcome: Outcome, done: Callable[[Task, str], None]
) -> Iterator[Task]:
    for task in tasks:
        clip = record.made.get(task.key)
        if clip is not None and clip.lies_in(folder):
            outcome.kept.append(task)
            done(task, "")
        else:
            yield task


def _settle(task: Task, future: "Future[None]", outcome: Outcome, done: Callable[[Task, str], None]) -> None:
    """Count one that ended. Raises Stopped where it is no use to go on."""
    try:
        future.result()
    except Stopped:
        raise
    except EmoMotionError as error:
        if isinstance(error, InvalidInput) and error.field == "out":
            raise Stopped(str(error)) from None
        outcome.failed.append((task, str(error)))
        done(task, str(error))
    else:
        outcome.made.append(task)
        done(task, "")


def make_one(task: Task, maker: Maker, folder: Path, record: Record, stop: threading.Event) -> None:
    """Make, record and write one clip.

    Raises InvalidInput, of field "out" where the disk refuses; ServerError for this clip; Stopped where the server is
    gone.
    """
    row = task.row
    made = posted(_made(row, maker, stop), row.post)
    motion, tags = made.motion, made.tags
    options = WriteOptions(fps=row.fps, in_place=row.in_place)
    on_rig = None if row.rig is None else clip_on_rig(motion, tags, rig_of(row.rig), options)
    contents: dict[PurePosixPath, bytes] = {}
    for suffix in row.formats:
        if on_rig is None:
            files = clip_files(task.stem.name, motion, tags, suffix=suffix, options=options)
        else:
            files = rig_clip_files(task.stem.name, *on_rig, suffix=suffix)
        contents |= {task.stem.with_name(name): content for name, content in files.items()}
    clip = ClipMade(
        key=task.key, files=tuple(FileMade.of(path, content) for path, content in contents.items()), seed=tags.seed,
        plan=tags.plan, seconds=round(motion.seconds, 3), notes=() if on_rig is None else on_rig[0].report.notes,
    )  # fmt: skip
    target = folder / task.stem.parent
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot write: {error.strerror or error}: {target}", field="out") from None
    # Recorded first: whenever the process ends, files that lie there are known to be this batch's.
    record.add(clip, packed_poses(motion))
    publish({folder / path: content for path, content in contents.items()})


def _made(row: Row, maker: Maker, stop: threading.Event) -> Made:
    """The clip of the maker, asked again for a while where a server is away or busy."""
    until, pause = time.monotonic() + PATIENCE_S, FIRST_PAUSE_S
    while True:
        try:
            return maker.make(row.text, row.options)
        except ServerError as error:
            if error.status not in BUSY:
                raise
            if stop.is_set() or time.monotonic() + pause > until:
                raise (Stopped(str(error)) if error.status == "UNAVAILABLE" else error) from None
        stop.wait(pause * random.uniform(0.7, 1.3))
        pause = min(2 * pause, LONGEST_PAUSE_S)


@cache
def rig_of(name: str) -> Rig:
    """A rig by its name or its file; read once. Raises InvalidInput, MalformedFile."""
    if not Path(name).suffix:
        return rig_named(name)
    try:
        return load_rig(Path(name))
    except OSError as error:
        raise InvalidInput(f"cannot read the rig: {error.strerror or error}: {name}", field="rig") from None


def check_folder(folder: Path) -> None:
    """Make the folder of a batch and see that it takes files. Raises InvalidInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot make the folder: {error.strerror or error}: {folder}", field="out") from None
    check_writable(folder / "batch.glb")
