"""The contact sheet of a batch: one page that shows every clip moving, without a server and without the network."""

import html
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from sdk.batch.poses import figure_data
from sdk.batch.record import Record
from sdk.batch.work import Task
from sdk.clips.preview import ACCENTS, mood
from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion.skeleton import BODY

FILE = "index.html"


def write_sheet(
    folder: Path, title: str, tasks: Sequence[Task], failed: Sequence[tuple[Task, str]], record: Record
) -> Path:
    """Write the page, complete or not at all; tasks: those that were made, in the order to show. Returns its path.

    Clips are read from the record one by one, so a long batch takes no memory. Raises InvalidInput when the disk
    refuses.
    """
    target = folder / FILE
    part = ""
    try:
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".emomotion-", encoding="utf-8", delete=False) as file:
            part = file.name
            file.writelines(_page(title, tasks, failed, record))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)  # a temporary file is its owner's alone
        os.replace(part, target)
    except BaseException as error:
        if part:
            Path(part).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InvalidInput(f"cannot write: {error.strerror or error}: {target}", field="out") from None
        raise
    return target


def _page(title: str, tasks: Sequence[Task], failed: Sequence[tuple[Task, str]], record: Record) -> Iterator[str]:
    template = files("sdk.batch").joinpath("sheet.html").read_text(encoding="utf-8")
    counts = {emotion: 0 for emotion in Emotion}
    for task in tasks:
        counts[_emotion(task)] += 1
    made = f"{len(tasks)} clip{'s' if len(tasks) != 1 else ''}" + (f", {len(failed)} failed" if failed else "")
    values = {
        "TITLE": html.escape(title), "COUNT": html.escape(made), "FIGURE": json.dumps(figure_data(BODY)),
        "FILTERS": "".join(_filter(emotion, n) for emotion, n in counts.items() if n), "FAILED": _failures(failed),
    }  # fmt: skip
    for piece in template.split("@@"):
        if piece == "CARDS":
            for number, task in enumerate(tasks):
                yield _card(number, task, record)
        else:
            yield values.get(piece, piece)


def _emotion(task: Task) -> Emotion:
    return Emotion[task.row.affect.label.upper()]


def _colour(emotion: Emotion) -> str:
    return "#{:02x}{:02x}{:02x}".format(*ACCENTS[emotion])


def _filter(emotion: Emotion, count: int) -> str:
    return (
        f'<button type="button" class="filter" data-emotion="{emotion.label}" aria-pressed="false" '
        f'style="--accent:{_colour(emotion)}"><i></i>{emotion.label} <small>{count}</small></button>\n'
    )


def _card(number: int, task: Task, record: Record) -> str:
    clip, row, emotion = record.made[task.key], task.row, _emotion(task)
    links = []
    for file in clip.files:
        kind = "tags" if file.path.endswith(".json") else Path(file.path).suffix.lstrip(".").upper()
        links.append(f'<a href="{html.escape(quote(file.path))}" download>{html.escape(kind)}</a>')
    facts = f"seed {clip.seed} · {clip.seconds:g} s · {clip.plan}"
    name = html.escape(f"{row.text}: {mood(row.affect)}")
    return (
        f'<li class="card" data-emotion="{emotion.label}" style="--accent:{_colour(emotion)}">'
        f'<button type="button" class="stage" aria-label="Play {name}"><canvas width="320" height="320"></canvas>'
        f"<b></b></button>"
        f'<div class="words"><h2>{html.escape(row.text)}</h2><p class="mood"><i></i>{html.escape(mood(row.affect))}</p>'
        f'<p class="facts">{html.escape(facts)}</p><p class="links">{" ".join(links)}</p></div>'
        f'<script type="application/octet-stream">{record.pose_of(task.key)}</script></li>\n'
    )


def _failures(failed: Sequence[tuple[Task, str]]) -> str:
    if not failed:
        return ""
    lines = (
        f"<li><b>line {task.row.line}</b> {html.escape(task.row.text)}, {html.escape(mood(task.row.affect))}: "
        f"{html.escape(problem)}</li>"
        for task, problem in failed
    )
    return f'<section class="failed"><h2>Not made</h2><ul>{"".join(lines)}</ul></section>'
