"""Rigs known by name: small YAML files of public facts (names, hierarchy, axes, unit), put on a made-up body.

A file in sdk/rigs/known/ is a profile (`sdk.rigs.profile`) with two more keys beside `skeleton`:

    rest: {arms: 45, bones: x}     # degrees that the arms hang below a T-pose; where local axes point, see AXES
    bones: {pelvis: root, ...}     # every bone's parent, parent first; null for the root
    marks: [correctiveRoot]        # pieces of names that only this rig has, where another has the same names
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from sdk.motion.bodies import ATHLETE
from sdk.motion.calibration import frame_axes
from sdk.motion.profile_file import Section
from sdk.motion.rotations import IDENTITY, Array, quat_about, quat_from_matrix, quat_inv, quat_mul, quat_rotate
from sdk.motion.skeleton import JOINT, JOINT_NAMES, PARENTS
from sdk.rigs.profile import RigProfile, load_yaml, profile_of_section
from sdk.rigs.rig import Rig, RigMap

AXES = ("world", "y", "x")
"""Local axes at rest: the file's own; Y along the bone; X along the bone, against it on the right (Unreal)."""
_NEXT = {"pelvis": "spine1", "spine1": "spine2", "spine2": "spine3", "spine3": "neck", "neck": "head"} | {
    f"{side}_{a}": f"{side}_{b}"
    for side in ("left", "right")
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("ankle", "foot"), ("collar", "shoulder"), ("shoulder", "elbow"),
                 ("elbow", "wrist"))
}  # fmt: skip
TIP_M = 0.08
"""Length of a bone at the end of a limb, metres."""


@dataclass(frozen=True)
class KnownRig:
    """One file of sdk/rigs/known/."""

    profile: RigProfile
    bones: Mapping[str, str | None]
    arms: float
    axes: str
    marks: tuple[str, ...]
    title: str


class _Known(Mapping[str, KnownRig]):
    """The known rigs by name, read when they are first asked for."""

    def __init__(self) -> None:
        folder = files("sdk.rigs").joinpath("known")
        self._files = {f.name.removesuffix(".yaml"): f for f in folder.iterdir() if f.name.endswith(".yaml")}
        self._read: dict[str, KnownRig] = {}

    def __getitem__(self, name: str) -> KnownRig:
        if name not in self._read:
            self._read[name] = _known(self._files[name].read_text(encoding="utf-8"), f"{name}.yaml")
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._files))

    def __len__(self) -> int:
        return len(self._files)


NAMED: Mapping[str, KnownRig] = _Known()


def _known(text: str, where: str) -> KnownRig:
    document = Section(load_yaml(text, where=where), where)
    document.only(("name", "title", "skeleton", "rest", "bones", "marks"))
    rest, bones = document.section("rest"), document.section("bones")
    rest.only(("arms", "bones"))
    if rest.text("bones") not in AXES:
        raise rest.fail("bones", f"must be one of {', '.join(AXES)}")
    names = list(bones.values)
    for k, (name, parent) in enumerate(bones.values.items()):
        if parent is not None and parent not in names[:k]:
            raise bones.fail(name, f"has the parent {parent!r}, which does not stand before it")
    return KnownRig(
        profile_of_section(document.section("skeleton"), document.text("name")),
        bones.values,
        rest.number("arms", 0, 80),
        rest.text("bones"),
        tuple(document.values.get("marks", ())),
        document.text("title"),
    )


def build_named(known: KnownRig) -> Rig:
    """The rig, standing in glTF's axes and metres below a node that carries the unit and axes of its own files."""
    profile, names = known.profile, list(known.bones)
    parents = [names.index(p) if p is not None else -1 for p in known.bones.values()]
    places, ways = _stance(known)
    at = np.zeros((len(names), 3))
    way = np.zeros((len(names), 3))
    for k, name in enumerate(names):
        if name in places:
            at[k], way[k] = places[name], ways[name]
        elif parents[k] >= 0:  # an end: goes on as its parent does
            parent = parents[k]
            at[k], way[k] = at[parent] + TIP_M * way[parent], way[parent]
    axes = frame_axes(profile.up or "y", profile.ahead or "z")
    unit = profile.metres or 1.0
    frames = [_bone_axes(known, names[k], way[k], axes) for k in range(len(names))]
    # Everything so far stands in the SDK's axes, metres; the carrier turns the file's own axes and unit into them.
    nodes = ("Armature", *names)
    turned = [axes, *frames]
    spot = [np.zeros(3), *at]
    above = [-1, *(p + 1 for p in parents)]
    scales = np.ones((len(nodes), 3))
    scales[0] = unit
    rotations, translations = np.zeros((len(nodes), 4)), np.zeros((len(nodes), 3))
    for k, parent in enumerate(above):
        if parent < 0:
            rotations[k] = turned[k]
        else:
            rotations[k] = quat_mul(quat_inv(turned[parent]), turned[k])
            translations[k] = quat_rotate(quat_inv(turned[parent]), spot[k] - spot[parent]) / unit
    sure = dict.fromkeys(profile.joints, 1.0)
    how = dict.fromkeys(profile.joints, profile.name)
    chosen = RigMap(profile.joints, profile.twists, profile.follow, sure, how, profile.name)
    return Rig(profile.name, nodes, tuple(above), translations, rotations, scales, chosen, metres=1.0)


def _stance(known: KnownRig) -> tuple[dict[str, Array], dict[str, Array]]:
    """Place (3,) and direction (3,) of every bone that a joint drives or that lies along a limb; SDK axes, metres."""
    body = np.zeros((len(JOINT_NAMES), 3))
    body[0] = (0.0, ATHLETE.rest_height, 0.0)
    hang = {"left": quat_about("z", -np.radians(known.arms)), "right": quat_about("z", np.radians(known.arms))}
    for j, parent in enumerate(PARENTS):
        if parent >= 0:
            side, _, part = JOINT_NAMES[j].partition("_")
            turn = hang[side] if part in ("elbow", "wrist") else IDENTITY
            body[j] = body[parent] + quat_rotate(turn, ATHLETE.offsets[j])
    places: dict[str, Array] = {}
    ways: dict[str, Array] = {}
    mapped = known.profile.joints
    for joint, nodes in mapped.items():
        start, end = body[JOINT[joint]], _end(joint, mapped, body)
        direction = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
        for k, node in enumerate(nodes):
            places[node], ways[node] = start + (end - start) * k / len(nodes), direction
        twists = known.profile.twists.get(joint, ())
        for k, node in enumerate(twists, start=1):
            places[node], ways[node] = start + (end - start) * k / (len(twists) + 1), direction
    for node, other in known.profile.follow.items():
        places[node], ways[node] = places[other], ways[other]
    for node in known.bones:
        if node not in places and (not known.bones[node] or "ik" in node.split("_")):
            places[node], ways[node] = np.zeros(3), np.array([0.0, 1.0, 0.0])
    return places, ways


def _end(joint: str, mapped: Mapping[str, tuple[str, ...]], body: Array) -> Array:
    """Where a joint's bone ends: at the next joint of the chain that the rig has."""
    following = _NEXT.get(joint, "")
    while following and following not in mapped:
        following = _NEXT.get(following, "")
    if following:
        place: Array = body[JOINT[following]]
        return place
    parent = PARENTS[JOINT[joint]]
    way = body[JOINT[joint]] - body[parent]
    if joint.endswith("foot"):
        way = np.array([0.0, 0.0, 1.0])
    elif joint == "head":
        way = np.array([0.0, 1.0, 0.0])
    out: Array = body[JOINT[joint]] + TIP_M * way / max(float(np.linalg.norm(way)), 1e-9)
    return out


def _bone_axes(known: KnownRig, name: str, way: Array, axes: Array) -> Array:
    """World rotation (4,) of a bone that points along `way`, SDK axes."""
    if known.axes == "world" or float(np.linalg.norm(way)) < 1e-9:
        return axes
    ahead = np.array([0.0, 0.0, 1.0])
    across = ahead - (ahead @ way) * way
    if float(np.linalg.norm(across)) < 0.2:
        across = np.array([0.0, 1.0, 0.0]) - way[1] * way
    across = across / np.linalg.norm(across)
    if known.axes == "y":
        return quat_from_matrix(np.stack([np.cross(way, across), way, across], -1))
    sign = -1.0 if name.endswith("_r") else 1.0
    x, y = sign * way, sign * across
    return quat_from_matrix(np.stack([x, y, np.cross(x, y)], -1))


def known_kind(found: Mapping[str, KnownRig], names: tuple[str, ...], kind: str) -> str:
    """Of known rigs with the joints of `kind`, the one whose marks the names carry."""
    if not kind:
        return kind
    joints = found[kind].profile.joints
    twins = [n for n, k in found.items() if k.profile.joints == joints and k.marks]
    marked = [n for n in twins if any(m in name for m in found[n].marks for name in names)]
    if marked:
        return marked[0]
    plain = [n for n, k in found.items() if k.profile.joints == joints and not k.marks]
    return plain[0] if plain else kind
