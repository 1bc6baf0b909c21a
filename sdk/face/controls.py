"""The schema of a robot's face: its controls with their units, ranges, neutral, mirror and limits of motion.

Shapes: C controls (30 for Ameca), in the schema's order; `values` are (..., C) in each control's own unit (see
`Control.unit`). A *deviation* is (value - neutral) / span, where span is the width of a named range: no units, 0 in the
neutral face. Left and right are the robot's own.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from sdk.errors import InvalidInput, MalformedFile

UNITS = ("ratio", "openness", "degrees")
REGIONS = ("brow", "lid", "gaze", "head", "neck", "jaw", "lip", "nose")
SOURCES = ("vendor-doc", "public-code", "published-figure", "assumed")
VERSION = 1

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Motion:
    """How fast a control may move: per second, per second squared, per second cubed, in the control's own unit."""

    slew: float
    acceleration: float
    jerk: float


@dataclass(frozen=True, kw_only=True)
class Control:
    """One actuator's value.

    `ranges` maps a range set's name to (lowest, highest). `namespace` is the driver's, None where the motor is driven
    directly. `mirror` is the control on the other side (itself in the middle), whose deviation times
    `mirror_sign` is seen in a mirror. `sources` says where each number comes from.
    """

    name: str
    region: str
    unit: str
    ranges: Mapping[str, tuple[float, float]]
    neutral: float
    mirror: str
    mirror_sign: int
    namespace: str | None
    motion: Motion
    sources: Mapping[str, str]


@dataclass(frozen=True)
class ControlSchema:
    """All controls of a face, in order. `sha256` is that of the schema's file: 64 lower-case hexadecimal digits."""

    robot: str
    controls: tuple[Control, ...]
    sha256: str

    def __len__(self) -> int:
        return len(self.controls)

    def __iter__(self) -> Iterator[Control]:
        return iter(self.controls)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the controls, in order."""
        return tuple(control.name for control in self.controls)

    @cached_property
    def range_sets(self) -> tuple[str, ...]:
        """Names of the range sets, e.g. ("x2c", "tight")."""
        return tuple(self.controls[0].ranges)

    @cached_property
    def neutral(self) -> Array:
        """Values (C,) of the face at rest; read-only, for all share it."""
        neutral = np.array([control.neutral for control in self.controls])
        neutral.flags.writeable = False
        return neutral

    def index(self, name: str) -> int:
        """Position of a control. Raises InvalidInput, which lists the known names."""
        if name not in self.names:
            raise InvalidInput(f"control {name!r} is unknown; known: {', '.join(self.names)}")
        return self.names.index(name)

    def indices(self, region: str) -> NDArray[np.intp]:
        """Positions of a region's controls. Raises InvalidInput, which lists the regions."""
        if region not in REGIONS:
            raise InvalidInput(f"region {region!r} is unknown; known: {', '.join(REGIONS)}")
        return np.flatnonzero([control.region == region for control in self.controls])

    def bounds(self, range_set: str) -> tuple[Array, Array]:
        """Lowest and highest values, (C,) each. Raises InvalidInput for an unknown range set."""
        if range_set not in self.range_sets:
            raise InvalidInput(f"range set {range_set!r} is unknown; known: {', '.join(self.range_sets)}")
        low, high = np.array([control.ranges[range_set] for control in self.controls]).T
        return low, high

    def deviations(self, values: ArrayLike, range_set: str) -> Array:
        """Values (..., C) -> deviations from neutral (..., C) in widths of the range."""
        low, high = self.bounds(range_set)
        return (np.asarray(values, float) - self.neutral) / (high - low)

    def values(self, deviations: ArrayLike, range_set: str) -> Array:
        """The inverse of `deviations`; nothing is clipped."""
        low, high = self.bounds(range_set)
        return self.neutral + np.asarray(deviations, float) * (high - low)

    def mirrored(self, values: ArrayLike) -> Array:
        """The face in a mirror, (..., C): deviations change sides, for left and right neutrals differ."""
        order = [self.index(control.mirror) for control in self.controls]
        signs = np.array([control.mirror_sign for control in self.controls])
        return self.neutral + signs * (np.asarray(values, float) - self.neutral)[..., order]

    def calibrated(self, path: Path) -> "ControlSchema":
        """This schema with the neutral of one robot: a YAML file `neutral: {control name: value, ...}`.

        The hash stays: a calibration belongs to a robot, not to the contract. Raises MalformedFile, which names the
        entry, for unknown controls, values that are no numbers and values outside any range set.
        """
        given = _mapping(_load_yaml(path.read_bytes(), str(path)), "neutral", str(path))
        by_name = {control.name: control for control in self.controls}
        for name, value in given.items():
            if name not in by_name:
                raise MalformedFile(f"{path}: control {name!r} is unknown; known: {', '.join(by_name)}")
            _number(value, f"{path}: neutral of {name!r}")
            for low, high in by_name[name].ranges.values():
                if not low <= value <= high:
                    raise MalformedFile(f"{path}: neutral of {name!r} is {value}; it must lie in [{low:g}, {high:g}]")
        controls = tuple(replace(control, neutral=float(given.get(control.name, control.neutral))) for control in self)
        return replace(self, controls=controls)


def load_schema(path: Path) -> ControlSchema:
    """A schema from its YAML file. Raises MalformedFile, which names the entry that is wrong."""
    return parse_schema(path.read_bytes(), str(path))


def parse_schema(data: bytes, name: str) -> ControlSchema:
    """A schema from the bytes of its file; `name` stands in the errors."""
    content = _load_yaml(data, name)
    if content.get("version") != VERSION:
        raise MalformedFile(f"{name}: version is {content.get('version')!r}; this program reads version {VERSION}")
    entries = content.get("controls")
    if not isinstance(entries, list) or not entries:
        raise MalformedFile(f"{name}: controls must be a list with an entry for each control")
    motions = _mapping(content, "motion", name)
    controls = tuple(_control(entry, motions, f"{name}: controls[{number}]") for number, entry in enumerate(entries))
    schema = ControlSchema(str(content.get("robot", "")), controls, hashlib.sha256(data).hexdigest())
    _check_whole(schema, name)
    return schema


def _control(entry: Any, motions: Mapping[str, Any], place: str) -> Control:
    """One entry of the file."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise MalformedFile(f"{place} must be a mapping with a name")
    place = f"{place} ({entry['name']})"
    region = _one_of(entry.get("region"), REGIONS, f"{place}: region")
    unit = _one_of(entry.get("unit"), UNITS, f"{place}: unit")
    parts = {key: _mapping(entry, key, place) for key in ("ranges", "neutral", "mirror", "namespace")}
    ranges, sources = {}, {}
    for name in parts["ranges"]:
        bounds = _mapping(parts["ranges"], name, f"{place}: ranges")
        low, high = (_number(bounds.get(end), f"{place}: {end} of range {name}") for end in ("min", "max"))
        if not low < high:
            raise MalformedFile(f"{place}: range {name} is [{low:g}, {high:g}]; min must be below max")
        ranges[name] = (low, high)
        sources[f"range {name}"] = _source(bounds, f"{place}: range {name}")
    motion = _mapping(motions, region, f"{place}: motion")
    limits = {key: _number(motion.get(key), f"{place}: {key} of {region}") for key in ("slew", "acceleration", "jerk")}
    if min(limits.values()) <= 0:
        raise MalformedFile(f"{place}: slew, acceleration and jerk of {region} must be above 0")
    named = {"neutral": parts["neutral"], "mirror": parts["mirror"], "namespace": parts["namespace"], "motion": motion}
    sources |= {key: _source(part, f"{place}: {key}") for key, part in named.items()}
    return Control(
        name=entry["name"], region=region, unit=unit, ranges=ranges,
        neutral=_number(parts["neutral"].get("value"), f"{place}: neutral"),
        mirror=str(parts["mirror"].get("control")),
        mirror_sign=int(_one_of(parts["mirror"].get("sign"), (1, -1), f"{place}: sign of the mirror")),
        namespace=parts["namespace"].get("value"), motion=Motion(**limits), sources=sources,
    )  # fmt: skip


def _check_whole(schema: ControlSchema, name: str) -> None:
    """What no single entry can show."""
    if len(set(schema.names)) < len(schema):
        raise MalformedFile(f"{name}: a control is listed twice")
    for control in schema:
        if tuple(control.ranges) != schema.range_sets or not control.ranges:
            raise MalformedFile(f"{name}: {control.name!r} must have the range sets {', '.join(schema.range_sets)}")
        if any(not low <= control.neutral <= high for low, high in control.ranges.values()):
            raise MalformedFile(f"{name}: the neutral of {control.name!r} lies outside a range")
        if control.mirror not in schema.names or schema.controls[schema.index(control.mirror)].mirror != control.name:
            raise MalformedFile(f"{name}: {control.name!r} and its mirror {control.mirror!r} must name each other")


def _load_yaml(data: bytes, name: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MalformedFile(f"{name}: not readable as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise MalformedFile(f"{name}: must be a YAML mapping")
    return content


def _mapping(content: Mapping[str, Any], key: str, place: str) -> dict[str, Any]:
    if not isinstance(content.get(key), dict):
        raise MalformedFile(f"{place}: {key!r} must be a mapping")
    return dict(content[key])


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MalformedFile(f"{place} is {value!r}; it must be a finite number")
    return float(value)


def _one_of(value: Any, known: tuple[Any, ...], place: str) -> Any:
    if value not in known:
        raise MalformedFile(f"{place} is {value!r}; known: {', '.join(map(str, known))}")
    return value


def _source(part: Mapping[str, Any], place: str) -> str:
    return str(_one_of(part.get("source"), SOURCES, f"{place}: source"))
