"""A user's own skeleton profile, read from a JSON file; `docs/data.md` shows one. Every complaint names file and key.

    {"name": "studio", "skeleton": {"joints": {"pelvis": "Hips", "left_hip": "LeftUpLeg", ...}, "unit": "cm",
     "up": "y", "ahead": "z", "t_pose": "zero", "fps": 120, "first_frame": 1}}

t_pose is one of
    "zero"                                     all-zero rotations are a T-pose facing `ahead`
    {"frame": 0}                               the performer holds it in that frame, facing anywhere
    {"bones": {"left_ankle": [0, -0.6, 0.8]}}  all-zero rotations are another upright pose; see `TPoseByBones`
    {"axes": {"Hips": {"x": [0, 1, 0], "y": [-1, 0, 0]}, ...}}   where each node's local axes point in the T-pose
Directions are given in the SDK's frame: Y up, +Z ahead, the character's left +X.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sdk.motion.calibration import BONES, TPose, TPoseByBones, TPoseInFrame, frame_axes
from sdk.motion.errors import InvalidInput, MalformedFile
from sdk.motion.retarget import Profile
from sdk.motion.rotations import Array, quat_from_matrix
from sdk.motion.skeleton import JOINT_NAMES

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "foot": 0.3048}
NEEDED = ("pelvis", *(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
                      for side in ("left", "right")))  # fmt: skip
"""Joints without which a body cannot be posed."""
_KEYS = ("joints", "unit", "up", "ahead", "t_pose", "fps", "first_frame")


class Section:
    """One object of a JSON file, read key by key; complaints name the file and the whole way to the key."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise InvalidInput(f"{where} must be an object {{...}}, found {_short(values)}", field=where)
        self.values: dict[str, Any] = values
        self.where = where

    def fail(self, key: str, what: str) -> InvalidInput:
        """The complaint about one key."""
        return InvalidInput(f"{self.where}.{key} {what}", field=key)

    def only(self, known: Iterable[str]) -> None:
        """Raises InvalidInput for a key that is not among `known`."""
        names = list(known)
        for key in self.values:
            if key not in names:
                near = difflib.get_close_matches(key, names, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}"
                raise self.fail(key, f"is unknown{hint}")

    def section(self, key: str) -> "Section":
        """The object under `key`. Raises InvalidInput when it is missing or none."""
        if key not in self.values:
            raise self.fail(key, "is missing")
        return Section(self.values[key], f"{self.where}.{key}")

    def text(self, key: str, default: str | None = None) -> str:
        """The string under `key`; required unless there is a default."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value:
            raise self.fail(key, "is missing" if value is None else f"must be a text, found {_short(value)}")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """The number under `key`, low <= number <= high."""
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.fail(key, f"must be a number in {low:g}..{high:g}, found {_short(value)}")
        return float(value)

    def direction(self, key: str) -> Array:
        """The direction (3,) under `key`."""
        value = self.values.get(key)
        if not isinstance(value, list) or len(value) != 3 or not all(_is_number(x) for x in value) or not any(value):
            raise self.fail(key, f"must be a direction like [0, 1, 0], found {_short(value)}")
        return np.array(value, dtype=np.float64)


def read_document(path: Path) -> Section:
    """A JSON file as its outermost section.

    Raises MalformedFile with the line for a file that is no JSON or names a key twice; OSError if it cannot be opened.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
        if twice is not None:
            raise MalformedFile(f"{path.name}: the key {twice!r} stands twice in one object")
        return dict(pairs)

    try:
        return Section(json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=unique), path.name)
    except json.JSONDecodeError as error:
        what = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise MalformedFile(f"{path.name}: {what}; profiles are JSON") from None
    except UnicodeDecodeError:
        raise MalformedFile(f"{path.name}: the file is not text in UTF-8") from None


def read_profile(path: Path | str) -> Profile:
    """The skeleton profile of a file.

    Raises MalformedFile with the line, InvalidInput with the key, OSError if the file cannot be opened.
    """
    document = read_document(Path(path))
    return profile_of(document.section("skeleton"), document.text("name"))


def profile_of(skeleton: Section, name: str) -> Profile:
    """The profile that a file's object "skeleton" describes. Raises InvalidInput, which names the key."""
    skeleton.only(_KEYS)
    nodes = _nodes(skeleton.section("joints"))
    unit = skeleton.values.get("unit")
    if unit is not None and unit not in UNITS:
        raise skeleton.fail("unit", f"must be one of {', '.join(UNITS)}, found {_short(unit)}")
    try:
        axes = frame_axes(skeleton.text("up", "y"), skeleton.text("ahead", "z"))
    except InvalidInput as error:
        raise skeleton.fail(error.field, f"is wrong: {error}") from None
    fps = skeleton.number("fps", 1, 240) if "fps" in skeleton.values else None
    first = skeleton.number("first_frame", 0, 1e6) if "first_frame" in skeleton.values else 0
    t_pose = t_pose_of_section(skeleton, nodes, axes)
    return Profile(name, nodes, t_pose, axes, UNITS[unit] if unit else 0.0, fps, int(first))


def _nodes(joints: Section) -> dict[str, str]:
    joints.only(JOINT_NAMES)
    nodes = {joint: joints.text(joint) for joint in joints.values}
    missing = [joint for joint in NEEDED if joint not in nodes]
    if missing:
        raise joints.fail(missing[0], f"is missing; needed are {', '.join(NEEDED)}")
    for joint, node in nodes.items():
        first = next(other for other, theirs in nodes.items() if theirs == node)
        if first != joint:
            raise joints.fail(joint, f"and {first} name the same node {node!r}")
    return nodes


def t_pose_of_section(skeleton: Section, nodes: Mapping[str, str], axes: Array) -> TPose:
    """What `t_pose` of an object "skeleton" says; nodes: SDK joint -> node.

    Raises InvalidInput, which names the key.
    """
    value = skeleton.values.get("t_pose", "zero")
    if value == "zero":
        return dict.fromkeys(nodes.values(), axes)
    known = '"zero", {"frame": n}, {"bones": {...}} or {"axes": {...}}'
    if not isinstance(value, dict) or len(value) != 1:
        raise skeleton.fail("t_pose", f"must be {known}, found {_short(value)}")
    pose = skeleton.section("t_pose")
    pose.only(("frame", "bones", "axes"))
    if "frame" in value:
        return TPoseInFrame(int(pose.number("frame", 0, 1e6)))
    if "bones" in value:
        bones = pose.section("bones")
        bones.only(BONES)
        return TPoseByBones({joint: bones.direction(joint) for joint in bones.values})
    return _given_axes(pose.section("axes"), nodes)


def _given_axes(table: Section, nodes: Mapping[str, str]) -> dict[str, Array]:
    table.only(nodes.values())
    pose = {}
    for node in nodes.values():
        entry = table.section(node)
        entry.only(("x", "y"))
        x, y = entry.direction("x"), entry.direction("y")
        x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
        if abs(float(x @ y)) > 1e-3:
            raise table.fail(node, "needs x and y at right angles")
        y = y - (x @ y) * x
        pose[node] = quat_from_matrix(np.stack([x, y / np.linalg.norm(y), np.cross(x, y / np.linalg.norm(y))], -1))
    return pose


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "..."
