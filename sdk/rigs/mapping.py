"""Which bone is which: by the file's own word, by the names of known rigs, by words and hierarchy, by shape at last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array
from sdk.rigs.names import NameParts, common_words, parts_of, words_of
from sdk.rigs.rig import Rig, RigMap

NEEDED = ("pelvis", *(f"{side}_{joint}" for side in ("left", "right")
                      for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")))  # fmt: skip
"""Joints without which no rig can be moved."""
LEG, ARM = ("hip", "knee", "ankle", "foot"), ("collar", "shoulder", "elbow", "wrist")
SIDES = ("left", "right")

HUMANOID: Mapping[str, str] = {
    "hips": "pelvis", "spine": "spine1", "chest": "spine2", "upperChest": "spine3", "neck": "neck", "head": "head",
    **{f"{s}{vrm}": f"{s}_{ours}" for s in SIDES for vrm, ours in (
        ("UpperLeg", "hip"), ("LowerLeg", "knee"), ("Foot", "ankle"), ("Toes", "foot"), ("Shoulder", "collar"),
        ("UpperArm", "shoulder"), ("LowerArm", "elbow"), ("Hand", "wrist"))},
}  # fmt: skip
"""Bones of VRM's and Unity's Humanoid -> joints of the body."""

BY_FILE, BY_NAME, BY_PATH, BY_SHAPE = 1.0, 0.9, 0.75, 0.5
"""Confidence in a joint that the file names itself, that its words name, that lies between two such, or by shape."""


@dataclass
class _Draft:
    """The map while it is made: nodes as indices."""

    joints: dict[str, list[int]] = field(default_factory=dict)
    confidence: dict[str, float] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)

    def put(self, joint: str, node: int, confidence: float, how: str) -> None:
        self.joints[joint], self.confidence[joint], self.how[joint] = [node], confidence, how


def map_humanoid(rig: Rig, bones: Mapping[str, int]) -> RigMap:
    """The map of a file that names its Humanoid bones itself: bone -> node's index. Raises InvalidInput."""
    draft = _Draft()
    for bone, node in bones.items():
        if bone in HUMANOID:
            draft.put(HUMANOID[bone], node, BY_FILE, "humanoid")
    _check_needed(rig, draft)
    return _finished(rig, draft, kind="vrm")


def find_map(rig: Rig, known: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None) -> RigMap:
    """The map of a rig that says nothing about itself.

    known: names of rigs -> their joints' nodes; one whose names are all here tells what the rig is.
    Raises InvalidInput for a body without hips, legs or arms, and for two bones that claim one joint alike.
    """
    kind = _kind(rig, known or {})
    parts = _parts(rig)
    draft = _Draft()
    if kind:
        assert known is not None
        own = _by_tail(rig)
        for joint, nodes in known[kind].items():
            if all(n in own for n in nodes):
                draft.put(joint, own[nodes[0]], 0.99, kind)
    else:
        _by_names(rig, parts, draft)
        if not any(j in draft.joints for j in NEEDED):
            _by_shape(rig, draft)
    _check_needed(rig, draft)
    return _finished(rig, draft, kind=kind)


def _by_tail(rig: Rig) -> dict[str, int]:
    """Nodes by name without namespace, "mixamorig:Hips" and "mixamorig9:Hips" both as "Hips"; the first of a name."""
    out: dict[str, int] = {}
    for k, name in enumerate(rig.nodes):
        bare = name.split(":")[-1].split("|")[-1]
        out.setdefault(bare.removeprefix("mixamorig"), k)
        out.setdefault(bare, k)
    return out


def _kind(rig: Rig, known: Mapping[str, Mapping[str, tuple[str, ...]]]) -> str:
    """The known rig with the most names here, if all that it needs and four fifths of the rest are."""
    own, best = _by_tail(rig), ("", 0)
    for name, joints in known.items():
        nodes = [n for chain in joints.values() for n in chain]
        found = sum(n in own for n in nodes)
        needed = all(n in own for j in NEEDED for n in joints[j][:1])
        if needed and found >= 0.8 * len(nodes) and found > best[1]:
            best = (name, found)
    if best[0]:
        counts: dict[str, int] = {}
        for node in rig.nodes:
            tail = node.split("#")[0].split(":")[-1].split("|")[-1]
            counts[tail] = counts.get(tail, 0) + 1
        for joint in NEEDED:
            tail = known[best[0]][joint][0]
            if counts.get(tail, 0) > 1:  # two characters in one file, or a copy of a skeleton
                twins = [n for n in rig.nodes if n.split("#")[0].split(":")[-1].split("|")[-1] == tail]
                raise _two(rig, joint, twins)
    return best[0]


def _parts(rig: Rig) -> list[NameParts]:
    common = common_words(rig.nodes)
    out = [parts_of(name.split("#")[0], common=common) for name in rig.nodes]
    # Beside the bones that deform (Rigify's DEF-) stand controls of the same names; those are not meant.
    deforming = {(part.side, part.part) for part in out if "def" in part.words}
    for k, part in enumerate(out):
        if (part.side, part.part) in deforming and "def" not in part.words:
            out[k] = replace(part, part="")
    return out


def _two(rig: Rig, joint: str, names: Sequence[str]) -> InvalidInput:
    listed = " and ".join(repr(n) for n in names[:3])
    fix = f"say which with a profile: emomotion retarget RIG --write-profile rig.yaml, then set joints.{joint} in it"
    return InvalidInput(f"{rig.name}: {listed} both claim {joint}; {fix}", field="rig")


def _by_names(rig: Rig, parts: list[NameParts], draft: _Draft) -> None:
    """Legs and arms from each side's words in the order of the hierarchy; then pelvis, head."""
    for side in SIDES:
        legs = _sided(rig, parts, side, ("thigh", "leg", "foot", "toe"))
        for joint, node in _leg(rig, parts, side, legs).items():
            draft.put(f"{side}_{joint}", node, BY_NAME, "name")
        arms = _sided(rig, parts, side, ("clavicle", "shoulder", "arm", "forearm", "hand"))
        for joint, node in _arm(rig, parts, side, arms).items():
            draft.put(f"{side}_{joint}", node, BY_NAME, "name")
    for joint, part in (("pelvis", "hips"), ("head", "head")):
        nodes = _topmost(rig, [k for k, p in enumerate(parts) if p.part == part and not p.twist and not p.side])
        hips = [draft.joints[f"{s}_hip"][0] for s in SIDES if f"{s}_hip" in draft.joints]
        if joint == "pelvis" and hips:
            nodes = [n for n in nodes if all(n in rig.chain(h) for h in hips)] or nodes
        if len(nodes) > 1:
            raise _two(rig, joint, [rig.nodes[n] for n in nodes])
        if nodes:
            draft.put(joint, nodes[0], BY_NAME, "name")


def _topmost(rig: Rig, nodes: list[int]) -> list[int]:
    """Those of `nodes` that are below no other of them."""
    here = set(nodes)
    return [n for n in nodes if not here & set(rig.chain(n)[:-1])]


def _sided(rig: Rig, parts: list[NameParts], side: str, kinds: Iterable[str]) -> list[list[int]]:
    """Chains of one side's bones of these parts, parent first, one for each bone at an end."""
    nodes = [k for k, p in enumerate(parts) if p.side == side and p.part in kinds and not p.twist]
    ends = [n for n in nodes if not any(n in rig.chain(m)[:-1] for m in nodes)]
    return [[k for k in rig.chain(end) if k in nodes] for end in ends]


def _one_chain(
    rig: Rig, parts: list[NameParts], chains: list[list[int]], side: str, needed: dict[str, str]
) -> list[int]:
    """The chain with most parts; two that agree in parts but not in bones are two bones for one joint."""
    if not chains:
        return []
    ranked = sorted(chains, key=lambda c: -len({parts[k].part for k in c}))
    best = ranked[0]
    for other in ranked[1:]:
        for part, joint in needed.items():
            mine, theirs = ([k for k in c if parts[k].part == part] for c in (best, other))
            if mine and theirs and not set(mine) & set(theirs):
                raise _two(rig, f"{side}_{joint}", [rig.nodes[mine[0]], rig.nodes[theirs[0]]])
    return best


def _leg(rig: Rig, parts: list[NameParts], side: str, chains: list[list[int]]) -> dict[str, int]:
    names = {"thigh": "hip", "leg": "knee", "foot": "ankle"}
    chain = _one_chain(rig, parts, chains, side, names)
    of = {part: [k for k in chain if parts[k].part == part] for part in ("thigh", "leg", "foot", "toe")}
    out: dict[str, int] = {}
    if not of["thigh"] and len(of["leg"]) > 1:  # leg_01, leg_02
        of["thigh"], of["leg"] = of["leg"][:1], of["leg"][1:]
    if of["leg"] and not of["thigh"] and len(of["leg"]) == 1 and of["foot"]:
        between = [k for k in rig.chain(of["foot"][0]) if of["leg"][0] in rig.chain(k)[:-1]]
        if len(between) > 1:  # leg, something, foot
            of["thigh"], of["leg"] = of["leg"], between[:1]
    if not of["toe"] and len(of["foot"]) > 1:  # ankle, foot
        of["toe"] = of["foot"][1:]
    for joint, part in zip(LEG, ("thigh", "leg", "foot", "toe"), strict=True):
        if of[part]:
            out[joint] = of[part][0]
    return out


def _arm(rig: Rig, parts: list[NameParts], side: str, chains: list[list[int]]) -> dict[str, int]:
    names = {"arm": "shoulder", "forearm": "elbow", "hand": "wrist"}
    chain = _one_chain(rig, parts, chains, side, names)
    of = {p: [k for k in chain if parts[k].part == p] for p in ("clavicle", "shoulder", "arm", "forearm", "hand")}
    out: dict[str, int] = {}
    upper, lower, collars = of["arm"], of["forearm"], of["clavicle"]
    if not lower and len(upper) > 1:  # arm_01, arm_02
        upper, lower = upper[:1], upper[1:]
    if not lower and len(upper) == 1 and of["shoulder"]:  # shoulder, arm, hand
        upper, lower = of["shoulder"][-1:], upper
    elif upper:
        collars = collars or of["shoulder"]
    else:  # shoulder means the upper arm where nothing else does
        upper, collars = of["shoulder"][-1:], collars or of["shoulder"][:-1]
    for joint, nodes in zip(ARM, (collars, upper, lower, of["hand"]), strict=True):
        if nodes:
            out[joint] = nodes[0]
    return out


def _by_shape(rig: Rig, draft: _Draft) -> None:
    """Five limbs by where they end: of a body that stands, Y or Z up, with names that say nothing."""
    from sdk.rigs.shape import limbs_by_shape  # only such rigs need it

    for joint, node in limbs_by_shape(rig).items():
        draft.put(joint, node, BY_SHAPE, "shape")


def _check_needed(rig: Rig, draft: _Draft) -> None:
    """Fill joints in that lie between known ones, then refuse a body that lacks one."""
    for side in SIDES:
        _between(rig, draft, (f"{side}_hip", f"{side}_knee", f"{side}_ankle"))
        _between(rig, draft, (f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist"))
    hips = [draft.joints[f"{s}_hip"][0] for s in SIDES if f"{s}_hip" in draft.joints]
    if len(hips) == 2:
        trunk = [draft.joints[j][0] for j in ("spine1", "neck", "head", "left_shoulder") if j in draft.joints][:1]
        common = rig.above([*hips, *trunk])
        if common in hips:
            raise InvalidInput(f"{rig.name}: {rig.nodes[common]!r} is a leg and carries the other leg", field="rig")
        if common >= 0 and "pelvis" not in draft.joints:
            draft.put("pelvis", common, BY_PATH, "hierarchy")
    missing = [j for j in NEEDED if j not in draft.joints]
    if not missing:
        return
    legs = [j for j in missing if j.split("_")[-1] in LEG]
    if "pelvis" in missing:
        what = "no hips were found among its bones"
    elif len(legs) >= 4:
        what = "it has no legs (no bones like LeftUpLeg, thigh_l), and a body is moved by its legs"
    else:
        what = f"no bone was found for {', '.join(missing)}"
    shown = ", ".join(rig.nodes[:6]) + (", ..." if len(rig.nodes) > 6 else "")
    fix = "name them in a profile (docs/retarget.md shows one)"
    raise InvalidInput(f"{rig.name}: {what}; {fix}. Its bones: {shown}", field="rig")


def _between(rig: Rig, draft: _Draft, joints: tuple[str, str, str]) -> None:
    """The middle of a limb whose ends are known: the bone between them that parts its length most evenly."""
    start, middle, end = joints
    if middle in draft.joints or start not in draft.joints or end not in draft.joints:
        return
    path = rig.chain(draft.joints[end][0])
    if draft.joints[start][0] not in path:
        return
    inner = path[path.index(draft.joints[start][0]) + 1 : -1]
    if inner:
        p = rig.rest[1]
        a, b = p[path[path.index(inner[0]) - 1]], p[path[-1]]
        node = min(inner, key=lambda k: abs(float(np.linalg.norm(p[k] - a) - np.linalg.norm(p[k] - b))))
        draft.put(middle, node, BY_PATH, "hierarchy")


def _finished(rig: Rig, draft: _Draft, *, kind: str) -> RigMap:
    """The trunk, from the hierarchy; doubts; roll bones; IK bones."""
    one = {joint: nodes[0] for joint, nodes in draft.joints.items()}
    for side in SIDES:  # a collar beside the arm instead of above it carries nothing
        collar = one.get(f"{side}_collar")
        if collar is not None and collar not in rig.chain(one[f"{side}_shoulder"]):
            for table in (one, draft.joints, draft.confidence, draft.how):
                table.pop(f"{side}_collar")
    _check_order(rig, one)
    hips = [one["left_hip"], one["right_hip"]]
    tops = [one.get(f"{s}_collar", one[f"{s}_shoulder"]) for s in SIDES]
    head = [one["head"]] if "head" in one else []
    base = rig.above([*hips, *tops, *head])
    if base < 0:
        raise InvalidInput(f"{rig.name}: its legs and arms hang on no common bone; join them to one root", field="rig")
    if one["pelvis"] != base:
        # What carries the legs and the trunk is moved; a bone called hips below it goes with it.
        draft.put("pelvis", base, min(draft.confidence["pelvis"], BY_PATH), "hierarchy")
        if base in rig.chain(one["pelvis"]):
            draft.joints["pelvis"] = [n for n in rig.chain(one["pelvis"]) if base in rig.chain(n)]
    _trunk(rig, draft, base, tops, one.get("head"))
    _doubts(rig, draft)
    names = {joint: tuple(rig.nodes[n] for n in nodes) for joint, nodes in draft.joints.items()}
    twists = _twists(rig, {joint: nodes[0] for joint, nodes in draft.joints.items()})
    follow = _follow(rig, {joint: nodes[-1] for joint, nodes in draft.joints.items()})
    return RigMap(names, twists, follow, dict(draft.confidence), dict(draft.how), kind)


def _check_order(rig: Rig, one: Mapping[str, int]) -> None:
    for side in SIDES:
        for names in (LEG, ARM):
            joints = [f"{side}_{n}" for n in names if f"{side}_{n}" in one]
            for upper, lower in zip(joints, joints[1:], strict=False):
                if one[upper] == one[lower]:
                    what = f"{rig.nodes[one[upper]]!r} is both {upper} and {lower}; map them with a profile"
                    raise InvalidInput(f"{rig.name}: {what}", field="rig")
                if one[upper] not in rig.chain(one[lower]):
                    a, b = rig.nodes[one[upper]], rig.nodes[one[lower]]
                    fix = f"parent {b!r} below {a!r}, or map others with a profile"
                    raise InvalidInput(f"{rig.name}: {upper} {a!r} does not carry {lower} {b!r}; {fix}", field="rig")


def _trunk(rig: Rig, draft: _Draft, base: int, tops: Sequence[int], head: int | None) -> None:
    """Every bone from the pelvis to the chest shares the back's turns, every one from there to the head the neck's."""
    chest = rig.above([*tops, *([head] if head is not None else [])])
    sure = draft.confidence.get("spine1", min(BY_NAME, draft.confidence["pelvis"]))
    how = draft.how.get("spine1", "hierarchy")
    spine = [n for n in rig.chain(chest) if n != base and base in rig.chain(n)]
    old = {joint: draft.joints.pop(joint)[0] for joint in ("spine1", "spine2", "spine3") if joint in draft.joints}
    for joint in old:
        draft.confidence.pop(joint), draft.how.pop(joint)
    for place, nodes in shared_spine(spine).items():
        draft.put(place, nodes[0], sure, how)
        draft.joints[place] = list(nodes)
    if head is None:
        return
    neck = [n for n in rig.chain(head)[:-1] if n != chest and chest in rig.chain(n)]
    found = draft.joints.pop("neck", None)
    if neck:
        confidence = draft.confidence.get("neck", min(BY_NAME, draft.confidence["head"]) if found is None else BY_FILE)
        draft.put("neck", neck[0], confidence, draft.how.get("neck", "hierarchy"))
        draft.joints["neck"] = neck
    else:
        draft.confidence.pop("neck", None), draft.how.pop("neck", None)


def shared_spine(nodes: Sequence[int]) -> dict[str, list[int]]:
    """Which of the back's three joints each bone of a spine belongs to, parent first; the chest is the last one's."""
    count = len(nodes)
    if count == 0:
        return {}
    if count == 1:
        return {"spine3": list(nodes)}
    if count == 2:
        return {"spine2": [nodes[0]], "spine3": [nodes[1]]}
    out: dict[str, list[int]] = {"spine1": [], "spine2": [], "spine3": []}
    for k, node in enumerate(nodes):
        # 3 bones are the three joints; of more, the upper joints take one more each.
        out[f"spine{3 - (count - 1 - k) * 3 // count}"].append(node)
    return out


def _doubts(rig: Rig, draft: _Draft) -> None:
    """Less confidence where the two sides differ in length by more than a tenth."""
    p = rig.rest[1]
    for names in (LEG, ARM):
        for upper, lower in zip(names, names[1:], strict=False):
            size = []
            for side in SIDES:
                a, b = draft.joints.get(f"{side}_{upper}"), draft.joints.get(f"{side}_{lower}")
                if a and b:
                    size.append(float(np.linalg.norm(p[b[0]] - p[a[0]])))
            if len(size) == 2 and abs(size[0] - size[1]) > 0.1 * max(size):
                for side in SIDES:
                    if draft.how[f"{side}_{upper}"] != "humanoid":
                        draft.confidence[f"{side}_{upper}"] *= 0.7


def _twists(rig: Rig, one: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Roll bones by limb joint: called so, and below it but not below the next joint."""
    out: dict[str, list[str]] = {}
    parts = _parts(rig)
    driven = {node: joint for joint, node in one.items()}
    for k, part in enumerate(parts):
        if part.twist and k not in driven:
            joint = next((driven[n] for n in reversed(rig.chain(k)) if n in driven), "")
            if joint.split("_")[-1] in ("shoulder", "elbow", "hip", "knee"):
                out.setdefault(joint, []).append(rig.nodes[k])
    return {joint: tuple(nodes) for joint, nodes in out.items()}


def _follow(rig: Rig, one: Mapping[str, int]) -> dict[str, str]:
    """IK bones of game rigs (ik_foot_l, ik_hand_gun) that have no parent among the driven and copy a hand or a foot."""
    out: dict[str, str] = {}
    driven = set(one.values())
    for k, name in enumerate(rig.nodes):
        words = words_of(name)
        if words[:1] != ["ik"] or "root" in words or driven & set(rig.chain(k)):
            continue
        side = parts_of(name).side or ("right" if "gun" in words else "")
        joint = "wrist" if "hand" in words else "ankle" if "foot" in words else ""
        if side and joint:
            out[name] = rig.nodes[one[f"{side}_{joint}"]]
    return out


def positions_of(rig: Rig, joints: Mapping[str, tuple[str, ...]]) -> dict[str, Array]:
    """Rest position (3,) of each joint's first node, the file's unit and axes."""
    return {joint: rig.rest[1][rig.index[nodes[0]]] for joint, nodes in joints.items()}
