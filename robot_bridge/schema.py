"""The face of Ameca: `ameca_controls.yaml`, loaded once."""

from functools import cache
from pathlib import Path

from sdk.face.controls import ControlSchema, load_schema

FILE = Path(__file__).with_name("ameca_controls.yaml")


@cache
def ameca() -> ControlSchema:
    """The 30 controls with the neutral of the virtual robot."""
    return load_schema(FILE)
