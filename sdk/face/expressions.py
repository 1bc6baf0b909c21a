"""From high-level to low-level controls: 12 mouth expressions and 14 visemes as poses over 13 direct mouth controls.

Two rules turn weights of poses into values. The linear one is H_delta = sum of x_i H_i over the 12 expressions
(`Poses.mixed`). The other is that of the published driver (`Poses.mouth`): visemes first, expressions share what they
leave, Mouth Open goes over a speaking jaw to a wide one, and a direct value wins where it deviates more.

The numbers of the poses are assumed, see `ameca_poses.yaml`; the rules are public-code. Nothing here ran on a robot.
Shapes: M = 13 mouth controls in the schema's order, C = 30 controls, E = 12 expressions, V = 14 visemes; leading axes
(...) broadcast. Values and deltas are in the controls' own units.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from sdk.emotion import Emotion
from sdk.errors import InvalidInput, MalformedFile
from sdk.face.controls import SOURCES, Array, ControlSchema, load_schema

EXPRESSIONS = (
    "Open",
    "Anger",
    "Content",
    "Disgust",
    "Fear",
    "Happy",
    "Huh",
    "Joy",
    "Sad",
    "Sneer",
    "Surprise",
    "Worried",
)
"""Mouth expressions, as the driver names them after "Mouth"; the order of every axis E."""
VISEMES = ("A", "CH", "CLOSED", "E", "F", "I", "ING", "KK", "M", "NN", "O", "RR", "SS", "U")
"""The order of every axis V, and of the wire's enum (wire value = place + 1)."""
OPEN = EXPRESSIONS.index("Open")
HIGHEST = np.where(np.arange(len(EXPRESSIONS)) == OPEN, 2.0, 1.0)
"""Values at which each expression is shown in full, (E,)."""
SCHEMA_FILE = Path(__file__).with_name("ameca_controls.yaml")
POSES_FILE = Path(__file__).with_name("ameca_poses.yaml")
_POSITIVE = {"left": -1.0, "right": 1.0, "down": -1.0, "up": 1.0}


@cache
def ameca_schema() -> ControlSchema:
    """The control schema that comes with the SDK: the same bytes as that of `robot_bridge`."""
    return load_schema(SCHEMA_FILE)


def mouth_indices(schema: ControlSchema) -> NDArray[np.intp]:
    """Places (M,) of the mouth controls in the schema: Jaw Pitch and the 12 of the lips. Jaw Yaw stands apart."""
    return np.flatnonzero([control.region == "lip" or control.name == "Jaw Pitch" for control in schema])


@dataclass(frozen=True, eq=False)
class Poses:
    """What poses add to neutral. Read one with `load_poses`.

    expressions: (E, M), the matrix whose rows are H_i; the first one is jaw_wide. jaw_speaking: (M,). visemes: (V, M).
    emotion_mouth: (9, E), weights of expressions for each emotion at full intensity. emotion_rest: (9, C), what it adds
    to the controls that are not of the mouth. signs: for each turning control 1 where positive is to the face's own
    right, or up, else -1.
    """

    schema: ControlSchema
    expressions: Array
    jaw_speaking: Array
    visemes: Array
    emotion_mouth: Array
    emotion_rest: Array
    signs: Mapping[str, float]

    @cached_property
    def controls(self) -> NDArray[np.intp]:
        """Places (M,) of the mouth controls in the schema."""
        return mouth_indices(self.schema)

    @cached_property
    def neutral(self) -> Array:
        """Values (M,) of the mouth at rest."""
        return self.schema.neutral[self.controls]

    def mixed(self, weights: ArrayLike) -> Array:
        """The linear formula: weights (..., E) -> deltas (..., M).

        Raises InvalidInput for weights below 0, above 1 in all, or of another number. What is missing to 1 is neutral.
        """
        x_E = checked_weights(weights, len(EXPRESSIONS), "weights")
        if (x_E.sum(-1) > 1 + 1e-9).any():
            raise InvalidInput(f"weights must be 1 in all or less, got {x_E.sum(-1).max():g}", field="weights")
        return x_E @ self.expressions

    def mouth(self, expressions: ArrayLike, visemes: ArrayLike | None = None, direct: ArrayLike | None = None) -> Array:
        """The driver's rule: demands (..., M) for expressions (..., E), visemes (..., V) and direct values (..., M).

        Expressions lie in 0..1, Open in 0..2; visemes in 0..1; direct values are in the controls' units, NaN for none.
        As in the driver nothing is clamped: bounds are for the receiver. Raises InvalidInput for what is out of range.
        """
        asked_E = checked_weights(expressions, len(EXPRESSIONS), "expressions")
        if (asked_E > HIGHEST).any():
            raise InvalidInput("expressions must lie in 0..1, Open in 0..2", field="expressions")
        spoken_V = np.zeros(len(VISEMES)) if visemes is None else checked_weights(visemes, len(VISEMES), "visemes")
        if (spoken_V > 1).any():
            raise InvalidInput(f"visemes must lie in 0..1, got {spoken_V.max():g}", field="visemes")
        x_E, v_V = shared(asked_E / HIGHEST, spoken_V)
        speaking, wide = jaw_gains(x_E[..., OPEN])
        x_E = x_E.copy()
        x_E[..., OPEN] = wide
        delta_M = x_E @ self.expressions + speaking[..., None] * self.jaw_speaking + v_V @ self.visemes
        if direct is not None:
            direct_M = np.asarray(direct, float) - self.neutral
            delta_M = np.where(np.abs(direct_M) > np.abs(delta_M), direct_M, delta_M)  # a NaN is never more
        return self.neutral + delta_M


def shared(expressions: Array, visemes: Array) -> tuple[Array, Array]:
    """How the mouth is shared: visemes (..., V) take at most 1, expressions (..., E) at most what is left of it."""
    said = visemes.sum(-1, keepdims=True)
    v_V = visemes / np.maximum(said, 1.0)
    left = np.maximum(1.0 - np.minimum(said, 1.0), 0.0)
    total = expressions.sum(-1, keepdims=True)
    scale = np.where(total > left, left / np.where(total > 0, total, 1.0), 1.0)
    return expressions * scale, v_V


def jaw_gains(weight: ArrayLike) -> tuple[Array, Array]:
    """Gains of (jaw_speaking, jaw_wide) for a weight of Mouth Open in 0..1: up to a half the jaw speaks, then opens."""
    w = np.asarray(weight, float)
    speaking = np.where(w <= 0.5, 2 * w, 2 * (1 - w))
    return speaking, np.where(w <= 0.5, 0.0, 1 - speaking)


def checked_weights(weights: ArrayLike, count: int, name: str) -> Array:
    """Weights (..., count) as floats. Raises InvalidInput, naming them, for another count, one below 0 or infinite."""
    array = np.asarray(weights, float)
    if array.ndim == 0 or array.shape[-1] != count:
        raise InvalidInput(f"{name} must be {count} numbers, got shape {array.shape}", field=name)
    if not (np.isfinite(array) & (array >= 0)).all():
        raise InvalidInput(f"{name} must be finite and 0 or more", field=name)
    return array


def load_poses(schema: ControlSchema, path: Path = POSES_FILE) -> Poses:
    """The poses of a file for a schema. Raises MalformedFile, which names the entry that is wrong."""
    content = _content(path)
    mouth = mouth_indices(schema)
    entries = {part: _entries(content, part, names, str(path)) for part, names in _PARTS.items()}
    speaking = _deltas(content.get("jaw_speaking"), schema, f"{path}: jaw_speaking")[mouth]
    poses = {
        part: np.stack([_deltas(entry, schema, f"{path}: {part}: {name}")[mouth] for name, entry in named.items()])
        for part, named in entries.items()
        if part in ("expressions", "visemes")
    }
    emotions = entries["emotions"]
    rest = np.stack([_deltas(entry, schema, f"{path}: emotions: {name}") for name, entry in emotions.items()])
    if rest[:, mouth].any():
        raise MalformedFile(f"{path}: emotions: deltas are not for the mouth; give weights of expressions")
    return Poses(
        schema=schema, expressions=poses["expressions"], jaw_speaking=speaking, visemes=poses["visemes"],
        emotion_mouth=np.stack([_weights(entry, f"{path}: emotions: {name}") for name, entry in emotions.items()]),
        emotion_rest=rest, signs=_signs(content.get("directions"), schema, f"{path}: directions"),
    )  # fmt: skip


@cache
def _content(path: Path) -> dict[str, Any]:
    """What stands in a file, read once."""
    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MalformedFile(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or content.get("version") != 1:
        raise MalformedFile(f"{path}: must be a YAML mapping of version 1")
    return content


_PARTS = {"expressions": EXPRESSIONS, "visemes": VISEMES, "emotions": tuple(emotion.label for emotion in Emotion)}


def _entries(content: Mapping[str, Any], part: str, names: tuple[str, ...], place: str) -> dict[str, Any]:
    """One part of the file in the order of its names."""
    found = content.get(part)
    if not isinstance(found, dict) or set(found) != set(names):
        raise MalformedFile(f"{place}: {part} must be exactly {', '.join(names)}")
    return {name: found[name] for name in names}


def _deltas(entry: Any, schema: ControlSchema, place: str) -> Array:
    """What one entry adds to each control, (C,)."""
    if not isinstance(entry, dict) or entry.get("source") not in SOURCES or not isinstance(entry.get("deltas"), dict):
        raise MalformedFile(f"{place} must have deltas, and a source of {', '.join(SOURCES)}")
    out = np.zeros(len(schema))
    for name, value in entry["deltas"].items():
        sides = (" Left", " Right") if str(name).endswith(" Sides") else ("",)
        for control in (str(name).removesuffix(" Sides") + side for side in sides):
            if control not in schema.names:
                raise MalformedFile(f"{place}: control {control!r} is unknown; known: {', '.join(schema.names)}")
            out[schema.index(control)] = _finite(value, f"{place}: {name}")
    return out


def _weights(entry: Any, place: str) -> Array:
    """Weights of expressions of one emotion, (E,), at most 1 in all."""
    mouth = entry.get("mouth")
    if not isinstance(mouth, dict) or not set(mouth) <= set(EXPRESSIONS):
        raise MalformedFile(f"{place}: mouth must have weights of {', '.join(EXPRESSIONS)}")
    out = np.array([_finite(mouth.get(name, 0), f"{place}: {name}") for name in EXPRESSIONS])
    if out.min() < 0 or out.sum() > 1 + 1e-9:
        raise MalformedFile(f"{place}: weights of the mouth must be 0 or more, and 1 in all or less")
    return out


def _signs(entry: Any, schema: ControlSchema, place: str) -> dict[str, float]:
    turning = [control.name for control in schema if control.unit == "degrees"]
    if not isinstance(entry, dict) or set(entry) != set(turning):
        raise MalformedFile(f"{place} must be exactly {', '.join(turning)}")
    for name, part in entry.items():
        if not isinstance(part, dict) or part.get("positive") not in _POSITIVE or part.get("source") not in SOURCES:
            raise MalformedFile(f"{place}: {name}: positive must be one of {', '.join(_POSITIVE)}, with a source")
    return {name: _POSITIVE[entry[name]["positive"]] for name in turning}


def _finite(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise MalformedFile(f"{place} is {value!r}; it must be a finite number")
    return float(value)
