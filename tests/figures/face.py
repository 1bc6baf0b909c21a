"""Figures of the face: the mapper, image to landmarks, FaceService, and the bridge to a robot.

What is trained is read from docs/results, each file with the command that made it; the rest is measured here.
"""

from pathlib import Path

from tests.figures import face_bridge, face_mapper, face_service, face_vision
from tests.figures.report import Report


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """All of it; needs two cores that nobody else uses, for a quarter of an hour. `prepared` is of no use here."""
    for part in (face_mapper, face_vision, face_bridge, face_service):  # the longest last
        part.measure(report)
