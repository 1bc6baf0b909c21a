"""Figures of the animator's desk: files, rigs, edits, post, batch, Blender, the page. In about half an hour."""

from pathlib import Path

from tests.figures import (
    animators_batch,
    animators_blender,
    animators_edits,
    animators_formats,
    animators_post,
    animators_rigs,
    animators_studio,
)
from tests.figures.report import Report

PARTS = (
    animators_formats, animators_blender, animators_rigs, animators_studio, animators_batch, animators_post,
    animators_edits,
)  # fmt: skip


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """All of it, the quicker parts first."""
    for part in PARTS:
        part.measure(report, prepared)
