"""What a request may ask for: one table, shared by the engine, the server, the protos' comments and the tests."""

import math
from typing import TYPE_CHECKING

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array

if TYPE_CHECKING:  # the engine imports this module
    from sdk.runtime.engine import Request

MAX_TEXT_CHARS = 1000
MIN_SECONDS = 0.5
MAX_SECONDS = 30.0
MIN_FPS = 10
MAX_FPS = 120
MIN_BUDGET_MS = 1
MAX_BUDGET_MS = 600_000

# Compositions (protos/emomotion/v1/compose.proto). A beat is as long as a request may be.
MAX_COMPOSED_SECONDS = 120.0
MAX_BEATS = 32
MAX_SPANS = 32
MAX_FELT = 1024
MAX_KEYFRAMES = 64
MAX_GOALS = 64
MIN_POINTS = 2
MAX_PATH_POINTS = 512
MAX_WAYPOINTS = 64
MAX_SOURCE_FRAMES = 2700
"""What one message can carry beside the rest: 90 seconds at 30 frames per second."""
MAX_PLACE_M = 1000.0
MAX_HEADING = 6.2832
MIN_PACE, MAX_PACE = 0.5, 2.0
MAX_VARIATIONS = 64
MAX_JOINT_SPEED = 20.0
"""No joint can be asked to turn faster between two keyframes, radians a second."""
MAX_ROOT_SPEED = 8.0
"""No body can be asked to travel faster, metres a second: a good sprint."""
MAX_END_SPEED = 8.0
"""No hand or foot can be asked to travel faster from one goal to the next, metres a second: a quick punch."""
MIN_EASE_S, MAX_EASE_S = 0.1, 5.0
SAME_TIME_S = 1e-6
"""Moments nearer to each other than this, seconds, are one."""


def validate_request(request: "Request") -> None:
    """Raises InvalidInput, naming the field and what it accepts, for the first value outside the table.

    Whether the plan exists is for the engine to say, which knows the bundle.
    """
    validate_text(request.text)
    check_range("seconds", request.seconds, MIN_SECONDS, MAX_SECONDS)
    if request.fps is not None:
        check_range("fps", request.fps, MIN_FPS, MAX_FPS)
    if request.budget_ms is not None:
        check_range("budget_ms", request.budget_ms, MIN_BUDGET_MS, MAX_BUDGET_MS)
    if request.seed is not None and not 0 <= request.seed < 2**64:
        raise InvalidInput(f"seed must lie in 0..{2**64 - 1}, got {request.seed}", field="seed")


def validate_text(text: str) -> None:
    """Raises InvalidInput for a text that is empty or too long."""
    if not text.strip():
        raise InvalidInput("text is empty; say what the character does, e.g. 'a person walks forward'", field="text")
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidInput(f"text must have at most {MAX_TEXT_CHARS} characters, got {len(text)}", field="text")


def check_range(field: str, value: float, low: float, high: float) -> None:
    """Raises InvalidInput for a number that is not finite or not within [low, high]."""
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidInput(f"{field} must lie in {low:g}..{high:g}, got {value:g}", field=field)


def check_place(field: str, place: Array) -> None:
    """Raises InvalidInput for a place with a number that is not finite or further than MAX_PLACE_M from the origin."""
    if not np.isfinite(place).all() or np.abs(place).max() > MAX_PLACE_M:
        message = f"places of {field} must be finite and within {MAX_PLACE_M:g} m of the origin"
        raise InvalidInput(message, field=field)
