"""The ranges that face.proto states are those that the validator holds."""

import math
from typing import Any

import pytest

from emomotion.v1 import face_pb2
from sdk.errors import InvalidInput
from sdk.face.affect_face import FaceWish
from sdk.face.expressions import ameca_schema
from sdk.service.face_messages import (
    calibration_from_wire,
    express_start_from_wire,
    face_wish_from_wire,
    incoming_from_wire,
    track_start_from_wire,
)
from tests.test_protos import FLOATS, INTEGERS, Documented, described, documented

__all__ = ["described", "documented"]  # fixtures
SCHEMA = ameca_schema()
ASKED = ("TrackStart", "FaceImage", "FaceLandmarks", "Calibrate", "ExpressStart", "ExpressChange", "VisemeWeight")


def track(**fields: Any) -> None:
    track_start_from_wire(face_pb2.TrackStart(**fields), SCHEMA)


def express(**fields: Any) -> None:
    express_start_from_wire(face_pb2.ExpressStart(**fields), SCHEMA)


def wish(**fields: Any) -> None:
    face_wish_from_wire(face_pb2.ExpressChange(**fields), FaceWish())


def landmarks(**fields: Any) -> None:
    face = {"points": [1.0] * 1404, **fields}
    incoming_from_wire(face_pb2.TrackRequest(landmarks=face))


NUMBERS = {
    "TrackStart.calibration_faces": lambda value: track(calibration_faces=value),
    "TrackStart.ttl_ms": lambda value: track(ttl_ms=value),
    "TrackStart.smoothing": lambda value: track(smoothing=value),
    "FaceImage.capture_ns": lambda value: incoming_from_wire(
        face_pb2.TrackRequest(image={"encoded": b"jpeg", "capture_ns": value})
    ),
    "FaceLandmarks.points": lambda value: landmarks(points=[value] * 1404),
    "FaceLandmarks.confidence": lambda value: landmarks(confidence=value),
    "FaceLandmarks.capture_ns": lambda value: landmarks(capture_ns=value),
    "Calibrate.faces": lambda value: calibration_from_wire(face_pb2.Calibrate(faces=value)),
    "ExpressStart.fps": lambda value: express(fps=value),
    "ExpressStart.ttl_ms": lambda value: express(ttl_ms=value),
    "ExpressStart.seed": lambda value: express(seed=value),
    "ExpressChange.look_left": lambda value: wish(look_left=value),
    "ExpressChange.look_up": lambda value: wish(look_up=value),
    "VisemeWeight.weight": lambda value: wish(visemes=[{"viseme": 1, "weight": value}]),
}


def test_the_validator_holds_the_stated_ranges(documented: dict[str, Documented]) -> None:
    numbers = {
        name: entry
        for name, entry in documented.items()
        if entry.field is not None
        and entry.field.type in FLOATS | INTEGERS | {entry.field.TYPE_INT64}
        and name.partition(".")[0] in ASKED
    }
    assert set(numbers) == set(NUMBERS), "a new number in a request needs a line above"
    for name, take in NUMBERS.items():
        assert numbers[name].range is not None, name
        low, high = numbers[name].range or (0, 0)
        whole = numbers[name].field.type not in FLOATS  # type: ignore[union-attr]
        for inside in (low, high):
            take(inside)
        outside = [low - 1, high + 1] if whole else [low - 0.1, 1.01 * high + 0.1, math.nan, math.inf, -math.inf]
        for value in outside:
            with pytest.raises((InvalidInput, ValueError)) as refusal:
                take(value)
            if isinstance(refusal.value, InvalidInput):
                assert refusal.value.field, name
