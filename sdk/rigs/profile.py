"""A rig's profile: the same file that `sdk.motion.profile_file` reads for recordings, with what only a rig has.

    name: hero
    skeleton:
      joints:                       # SDK joint: bone, or several that share it, parent first
        pelvis: Hips
        spine3: [Chest, UpperChest]
        left_hip: LeftUpLeg
        ...
      twists: {left_elbow: [LeftForeArmRoll]}   # bones that take a share of the limb's twist
      follow: {ik_foot_l: foot_l}               # bones that copy another
      unit: cm                      # of the file; left out, it is judged by the length of the legs
      up: y                         # left out, both are found from the body
      ahead: z
      floor: 0                      # height of the ground in the file's unit; left out, it is found under the feet
      t_pose: rest                  # or {frame: 0} (BVH), {bones: {...}}, {axes: {...}} as in a recording's profile

Written in YAML, of which JSON is a part: a profile made for recordings of the same skeleton is one for the rig.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from sdk.clips import files
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.calibration import TPose, TPoseInFrame, frame_axes
from sdk.motion.profile_file import UNITS, Section, t_pose_of_section
from sdk.motion.skeleton import JOINT_NAMES
from sdk.rigs.mapping import NEEDED
from sdk.rigs.rig import Rig, RigMap

_KEYS = ("joints", "twists", "follow", "unit", "up", "ahead", "floor", "t_pose")
_OF_RECORDINGS = ("fps", "first_frame")
_LIMBS = tuple(f"{s}_{j}" for s in ("left", "right") for j in ("shoulder", "elbow", "hip", "knee"))


@dataclass(frozen=True)
class RigProfile:
    """What a profile says of a rig; None and empty where it says nothing. t_pose: None is the rest pose."""

    name: str
    joints: Mapping[str, tuple[str, ...]]
    twists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    follow: Mapping[str, str] = field(default_factory=dict)
    metres: float = 0.0
    up: str | None = None
    ahead: str | None = None
    floor: float | None = None
    t_pose: TPose | None = None


def read_rig_profile(path: Path | str) -> RigProfile:
    """The profile of a YAML or JSON file.

    Raises MalformedFile with the line, InvalidInput with file and key, OSError if it cannot be opened.
    """
    path = Path(path)
    document = Section(load_yaml(path.read_text(encoding="utf-8-sig"), where=path.name), path.name)
    return profile_of_section(document.section("skeleton"), document.text("name"))


def load_yaml(text: str, *, where: str) -> Any:
    """A YAML document in which no key stands twice. Raises MalformedFile with the line."""
    try:
        return yaml.load(text, _Strict)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark
        line = f"line {at.line + 1}, column {at.column + 1}: " if at is not None else ""
        raise MalformedFile(f"{where}: {line}{error.problem}") from None
    except yaml.YAMLError as error:
        raise MalformedFile(f"{where}: {' '.join(str(error).split())}") from None


class _Strict(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def profile_of_section(skeleton: Section, name: str) -> RigProfile:
    """The profile that a file's object "skeleton" describes. Raises InvalidInput, which names the key."""
    skeleton.only((*_KEYS, *_OF_RECORDINGS))
    joints = _chains(skeleton.section("joints"), JOINT_NAMES)
    missing = [joint for joint in NEEDED if joint not in joints]
    if missing:
        raise skeleton.fail(f"joints.{missing[0]}", f"is missing; needed are {', '.join(NEEDED)}")
    owner: dict[str, str] = {}
    for joint, nodes in joints.items():
        for node in nodes:
            if node in owner:
                raise skeleton.fail(f"joints.{joint}", f"and {owner[node]} both name {node!r}; keep one of them")
            owner[node] = joint
    values = skeleton.values
    if values.get("unit") is not None and values["unit"] not in UNITS:
        raise skeleton.fail("unit", f"must be one of {', '.join(UNITS)}, found {values['unit']!r}")
    up, ahead = values.get("up"), values.get("ahead")
    if (up is None) != (ahead is None):
        raise skeleton.fail("up" if up is None else "ahead", "is missing: up and ahead belong together")
    if up is not None and ahead is not None:
        try:
            axes = frame_axes(str(up), str(ahead))
        except InvalidInput as error:
            raise skeleton.fail(error.field, f"is wrong: {error}") from None
    else:
        axes = frame_axes("y", "z")
    t_pose: TPose | None = None
    if values.get("t_pose", "rest") not in ("rest", "zero"):
        first = {joint: nodes[0] for joint, nodes in joints.items()}
        t_pose = t_pose_of_section(skeleton, first, axes)
    follow = skeleton.section("follow") if "follow" in values else None
    return RigProfile(
        name=name,
        joints=joints,
        twists=_chains(skeleton.section("twists"), _LIMBS) if "twists" in values else {},
        follow={key: follow.text(key) for key in follow.values} if follow is not None else {},
        metres=UNITS[values["unit"]] if values.get("unit") else 0.0,
        up=str(up) if up is not None else None,
        ahead=str(ahead) if ahead is not None else None,
        floor=skeleton.number("floor", -1e6, 1e6) if values.get("floor") is not None else None,
        t_pose=t_pose,
    )


def _chains(section: Section, known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    section.only(known)
    out = {}
    for joint, value in section.values.items():
        nodes = value if isinstance(value, list) else [value]
        if not nodes or not all(isinstance(n, str) and n for n in nodes):
            raise section.fail(joint, f"must be a bone's name or a list of them, found {json.dumps(value)[:40]}")
        out[joint] = tuple(nodes)
    return out


def with_profile(rig: Rig, profile: RigProfile) -> Rig:
    """The rig mapped as a profile says. Raises InvalidInput for a bone it lacks or a limb in another order."""
    named = [(f"joints.{j}", n) for j, nodes in profile.joints.items() for n in nodes]
    named += [(f"twists.{j}", n) for j, nodes in profile.twists.items() for n in nodes]
    named += [(f"follow.{a}", n) for a, b in profile.follow.items() for n in (a, b)]
    for key, node in named:
        if node not in rig.index:
            near = difflib.get_close_matches(node, rig.nodes, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            what = f"{rig.name} has no bone {node!r}, which {key} of the profile names{hint}"
            raise InvalidInput(what, field="profile")
    index = rig.index
    for joint, nodes in profile.joints.items():
        for upper, lower in zip(nodes, nodes[1:], strict=False):
            if index[upper] not in rig.chain(index[lower]):
                what = f"joints.{joint}: {upper!r} does not carry {lower!r}; name them parent first"
                raise InvalidInput(f"profile {profile.name!r}: {what}", field="profile")
    for side in ("left", "right"):
        for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
            upper, lower = profile.joints[f"{side}_{a}"][-1], profile.joints[f"{side}_{b}"][0]
            if index[upper] not in rig.chain(index[lower]):
                what = f"{upper!r} ({side}_{a}) does not carry {lower!r} ({side}_{b})"
                raise InvalidInput(f"profile {profile.name!r}: {what}", field="profile")
    body = index[profile.joints["pelvis"][0]]
    stray = next((n for nodes in profile.joints.values() for n in nodes if body not in rig.chain(index[n])), None)
    if stray is not None:
        what = f"joints.pelvis {rig.nodes[body]!r} does not carry {stray!r}; name the bone that carries the whole body"
        raise InvalidInput(f"profile {profile.name!r}: {what}", field="profile")
    sure = dict.fromkeys(profile.joints, 1.0)
    t_pose = profile.t_pose
    if isinstance(t_pose, TPoseInFrame):
        if rig.suffix != ".bvh":
            message = f"profile {profile.name!r}: t_pose names a frame, which only a .bvh has; {rig.name} has none"
            raise InvalidInput(message, field="profile")
        t_pose = None  # the reader has made that frame the rest pose
    chosen = RigMap(profile.joints, profile.twists, profile.follow, sure, dict.fromkeys(profile.joints, "profile"), "")
    return replace(
        rig, map=chosen, metres=profile.metres or rig.metres, up=profile.up, ahead=profile.ahead, floor=profile.floor,
        t_pose=t_pose,
    )  # fmt: skip


def profile_text(rig: Rig) -> str:
    """The rig's map as a profile to edit: YAML, with the confidence of each joint as a comment."""
    lines = [
        "# Which bone each joint of the body drives; a list shares its turn, parent first. See docs/retarget.md",
        f"name: {_scalar(Path(rig.name).stem)}",
        "skeleton:",
        "  joints:",
    ]
    for joint in JOINT_NAMES:
        nodes = rig.map.joints.get(joint)
        if nodes is None:
            lines.append(f"    # {joint}: no bone was found")
            continue
        said = f"{rig.map.confidence.get(joint, 1.0):.2f} {rig.map.how.get(joint, '')}".strip()
        lines.append(f"    {joint}: {_flow(nodes)}  # {said}")
    if rig.map.twists:
        lines.append("  twists:")
        lines += [f"    {joint}: [{', '.join(map(_scalar, nodes))}]" for joint, nodes in rig.map.twists.items()]
    if rig.map.follow:
        lines.append("  follow:")
        lines += [f"    {_scalar(a)}: {_scalar(b)}" for a, b in rig.map.follow.items()]
    driven = {n for nodes in (*rig.map.joints.values(), *rig.map.twists.values()) for n in nodes} | set(rig.map.follow)
    rest = [n for n in rig.nodes if n not in driven]
    lines += ["  t_pose: rest", f"# Not driven: {', '.join(rest[:200])}" if rest else ""]
    return "\n".join(line for line in lines if line) + "\n"


def write_profile(rig: Rig, path: Path | str) -> Path:
    """Write `profile_text` to a .yaml, .yml or .json-like file; complete or not at all. Raises InvalidInput."""
    path = Path(path)
    files.check_writable(path, suffixes=(".yaml", ".yml"), field="write-profile")
    files.publish({path: profile_text(rig).encode()})
    return path


def _flow(nodes: Sequence[str]) -> str:
    return _scalar(nodes[0]) if len(nodes) == 1 else f"[{', '.join(map(_scalar, nodes))}]"


def _scalar(text: str) -> str:
    """A YAML scalar that reads back as this text; quoted where YAML would see something else."""
    plain = text.replace("_", "a").replace(".", "a").replace("-", "a").replace(" ", "a")
    safe = plain.isalnum() and plain.isascii() and text[0].isalpha() and yaml.safe_load(text) == text
    return text if safe else json.dumps(text)
