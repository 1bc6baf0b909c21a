"""Files that appear complete or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from sdk.errors import InvalidInput

NEEDED_BYTES = 8 * 2**20
"""Less room than this is refused before the work: a minute of motion, its sidecar and a copy of what was there."""


def check_writable(path: Path, *, suffixes: Iterable[str], field: str = "out") -> None:
    """Refuse a path that could not be written later: wrong suffix, a folder, a missing, closed or full parent.

    Raises InvalidInput with one line. Leaves no trace.
    """
    known = tuple(suffixes)
    if path.suffix.lower() not in known:
        got = f"file type {path.suffix!r} is unknown" if path.suffix else "a file type is missing"
        raise InvalidInput(f"{got}; known: {', '.join(known)}: {path}", field=field)
    try:
        if path.is_dir():
            raise InvalidInput(f"cannot write a file over the folder {path}", field=field)
        if not path.parent.exists():
            raise InvalidInput(f"folder does not exist, make it first: {path.parent}", field=field)
        if not path.parent.is_dir():
            raise InvalidInput(f"not a folder: {path.parent}", field=field)
        # Trying is the only honest test: permission bits say nothing about read-only disks or the superuser.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".emomotion-"):
            pass
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise _unwritable(path, error, field) from None
    if free < NEEDED_BYTES:
        message = f"no room: {free / 2**20:.1f} MiB are free and a clip may need {NEEDED_BYTES / 2**20:.0f}"
        raise InvalidInput(f"{message}: {path.parent}", field=field)
    try:
        path.with_name(path.name + ".emotion.json").lstat()
    except FileNotFoundError:
        pass  # the name is new
    except OSError as error:  # the name is too long, or too long with the sidecar's suffix
        raise _unwritable(path, error, field) from None


def check_apart(path: Path, given: Mapping[Path, str], *, field: str = "out") -> None:
    """Refuse a file that would be written over one that the command reads. given: what each of these is, in words.

    Raises InvalidInput, which says it: "walk.glb is the clip itself; write to another file".
    """
    for source, what in given.items() if path.exists() else ():
        if source.exists() and path.samefile(source):
            raise InvalidInput(f"{path} is {what}; write to another file", field=field)


def publish(contents: Mapping[Path, bytes]) -> None:
    """Write several files so that all of them appear or none; files that were there stay as they were on failure.

    Content is written and flushed in a folder beside the first target, then renamed in the order given. All targets
    must lie in one folder. Raises InvalidInput when the disk refuses.
    """
    targets = list(contents)
    done: list[Path] = []
    try:
        with tempfile.TemporaryDirectory(dir=targets[0].parent, prefix=".emomotion-") as folder:
            staged = [Path(folder, f"new-{k}") for k in range(len(targets))]
            kept = [Path(folder, f"old-{k}") for k in range(len(targets))]
            for part, target, old in zip(staged, targets, kept, strict=True):
                with part.open("wb") as file:
                    file.write(contents[target])
                    file.flush()
                    os.fsync(file.fileno())
                if target.exists():
                    shutil.copy2(target, old)
            try:
                for part, target in zip(staged, targets, strict=True):
                    os.replace(part, target)
                    done.append(target)
            except BaseException:
                for target, old in zip(targets, kept, strict=True):
                    if target not in done:
                        continue
                    if old.exists():
                        shutil.move(old, target)
                    else:
                        target.unlink()
                raise
    except OSError as error:
        raise _unwritable(targets[min(len(done), len(targets) - 1)], error, "out") from None


def _unwritable(path: Path, error: OSError, field: str) -> InvalidInput:
    return InvalidInput(f"cannot write: {error.strerror or error}: {path}", field=field)
