"""Rigs built for the tests, each in another way: names, units, axes, rolls, stances. None is anybody's asset.

Places are metres in the SDK's axes; `glb_rig` and `bvh_rig` put them into a file's own axes and unit.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sdk.clips.container import pack_glb
from sdk.motion.rotations import (
    IDENTITY,
    Array,
    normalize,
    quat_about,
    quat_from_axis_angle,
    quat_inv,
    quat_mul,
    quat_rotate,
    quat_to_matrix,
)

SIDES = (("left", 1.0), ("right", -1.0))


def body(
    *, arms: float = 0.0, legs: float = 0.0, elbow: float = 0.0, toes_out: float = 0.0, size: float = 1.0
) -> dict[str, Array]:
    """Joint places of a made-up body at rest: arms hanging, legs spread, forearms bent ahead, toes out, in degrees."""
    at: dict[str, Array] = {"pelvis": np.array([0.0, 0.97, 0.0])}
    for name, y in (
        ("spine1", 1.07),
        ("spine2", 1.18),
        ("spine3", 1.30),
        ("neck", 1.50),
        ("head", 1.60),
        ("top", 1.80),
    ):
        at[name] = np.array([0.0, y, -0.01 if name.startswith("spine") else 0.0])
    for side, s in SIDES:
        hang = quat_about("z", -s * np.radians(arms))
        at[f"{side}_collar"] = np.array([0.03 * s, 1.46, 0.0])
        at[f"{side}_shoulder"] = at[f"{side}_collar"] + [0.15 * s, 0, -0.01]
        upper = quat_rotate(hang, np.array([s, 0, 0.0]))
        lower = quat_rotate(quat_mul(hang, quat_about("y", -s * np.radians(elbow))), np.array([s, 0, 0.0]))
        at[f"{side}_elbow"] = at[f"{side}_shoulder"] + 0.29 * upper
        at[f"{side}_wrist"] = at[f"{side}_elbow"] + 0.25 * lower
        at[f"{side}_index"] = at[f"{side}_wrist"] + 0.09 * lower + [0, 0, 0.03]
        at[f"{side}_pinky"] = at[f"{side}_wrist"] + 0.08 * lower - [0, 0, 0.03]
        spread = quat_about("z", s * np.radians(legs))
        at[f"{side}_hip"] = np.array([0.1 * s, 0.92, 0.0])
        at[f"{side}_knee"] = at[f"{side}_hip"] + 0.43 * quat_rotate(spread, np.array([0, -1, 0.02]))
        at[f"{side}_ankle"] = at[f"{side}_knee"] + 0.41 * quat_rotate(spread, np.array([0, -1, -0.02]))
        out = np.radians(toes_out) * s
        at[f"{side}_foot"] = at[f"{side}_ankle"] + [0.14 * np.sin(out), 0, 0.14 * np.cos(out)]
        at[f"{side}_foot"][1] = 0.02
        at[f"{side}_toe_end"] = at[f"{side}_foot"] + [0.06 * np.sin(out), 0, 0.06 * np.cos(out)]
    return {name: size * place for name, place in at.items()}


@dataclass
class Made:
    """A rig's bones: name -> (parent or None, place). truth: SDK joint -> bone that must be found for it."""

    bones: dict[str, tuple[str | None, Array]]
    truth: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, parent: str | None, place: Array, joint: str = "") -> str:
        self.bones[name] = (parent, np.asarray(place, dtype=float))
        if joint:
            self.truth[joint] = name
        return name


def limbs(
    made: Made, at: dict[str, Array], names: dict[str, Any], *, chest: str, hips: str, fingers: bool = False
) -> None:
    """Legs and arms by a naming rule: joint without side -> format with {S} (Left), {s} (l), {side} (left)."""
    for side, _ in SIDES:

        def called(joint: str, side: str = side) -> str:
            return str(names[joint]).format(S=side.title(), s=side[0], U=side[0].upper(), side=side)

        above = hips
        for joint in ("hip", "knee", "ankle", "foot"):
            if joint in names:
                above = made.add(called(joint), above, at[f"{side}_{joint}"], f"{side}_{joint}")
        if "toe_end" in names:
            made.add(called("toe_end"), above, at[f"{side}_toe_end"])
        above = chest
        for joint in ("collar", "shoulder", "elbow", "wrist"):
            if joint in names:
                above = made.add(called(joint), above, at[f"{side}_{joint}"], f"{side}_{joint}")
        if fingers:
            for finger in ("index", "pinky"):
                made.add(called(finger), above, at[f"{side}_{finger}"])


MIXAMO = {
    "hip": "mixamorig:{S}UpLeg", "knee": "mixamorig:{S}Leg", "ankle": "mixamorig:{S}Foot",
    "foot": "mixamorig:{S}ToeBase",
    "toe_end": "mixamorig:{S}Toe_End", "collar": "mixamorig:{S}Shoulder", "shoulder": "mixamorig:{S}Arm",
    "elbow": "mixamorig:{S}ForeArm", "wrist": "mixamorig:{S}Hand", "index": "mixamorig:{S}HandIndex1",
    "pinky": "mixamorig:{S}HandPinky1",
}  # fmt: skip
UNREAL = {
    "hip": "thigh_{s}", "knee": "calf_{s}", "ankle": "foot_{s}", "foot": "ball_{s}", "collar": "clavicle_{s}",
    "shoulder": "upperarm_{s}", "elbow": "lowerarm_{s}", "wrist": "hand_{s}", "index": "index_01_{s}",
    "pinky": "pinky_01_{s}",
}  # fmt: skip
ROKOKO = {
    "hip": "{S}Thigh", "knee": "{S}Shin", "ankle": "{S}Foot", "foot": "{S}Toe", "toe_end": "{S}ToeTip",
    "collar": "{S}Shoulder", "shoulder": "{S}Arm", "elbow": "{S}ForeArm", "wrist": "{S}Hand",
}  # fmt: skip
ODD = {
    "hip": "Dude_Thigh.{U}", "knee": "Dude_Shank.{U}", "ankle": "Dude_Ankle.{U}", "shoulder": "Dude_UpArm.{U}",
    "elbow": "Dude_Elbow.{U}", "wrist": "Dude_Palm.{U}",
}  # fmt: skip
HUMANOID = {
    "hip": "UpperLeg", "knee": "LowerLeg", "ankle": "Foot", "foot": "Toes", "collar": "Shoulder",
    "shoulder": "UpperArm",
    "elbow": "LowerArm", "wrist": "Hand",
}  # fmt: skip


def spine(
    made: Made, at: dict[str, Array], base: str, names: list[str], neck: list[str], head: str, truth: bool = True
) -> str:
    """A spine of these bones from the pelvis up, a neck and a head; returns the chest."""
    low, high = at["spine1"], at["spine3"]
    above = base
    for k, name in enumerate(names):
        place = low + (high - low) * k / max(len(names) - 1, 1)
        above = made.add(name, above, place)
    chest = above
    for k, name in enumerate(neck):
        above = made.add(name, above, at["neck"] + (at["head"] - at["neck"]) * k / max(len(neck), 1))
    made.add(head, above, at["head"], "head" if truth else "")
    return chest


def mixamo() -> Made:
    at, made = body(), Made({})
    hips = made.add("mixamorig:Hips", None, at["pelvis"], "pelvis")
    chest = spine(made, at, hips, [f"mixamorig:Spine{k}" for k in ("", 1, 2)], ["mixamorig:Neck"], "mixamorig:Head")
    made.add("mixamorig:HeadTop_End", "mixamorig:Head", at["top"])
    limbs(made, at, MIXAMO, chest=chest, hips=hips, fingers=True)
    return made


def unreal(*, metahuman: bool = False) -> Made:
    at = body(arms=50, legs=6, elbow=18, toes_out=8, size=1.04)
    made = Made({})
    made.add("root", None, np.zeros(3))
    hips = made.add("pelvis", "root", at["pelvis"], "pelvis")
    chest = spine(made, at, hips, [f"spine_0{k}" for k in range(1, 6)], ["neck_01", "neck_02"], "head")
    limbs(made, at, UNREAL, chest=chest, hips=hips, fingers=True)
    for side, _ in SIDES:
        s = side[0]
        for limb, bone, end, order in (
            ("shoulder", "upperarm", "elbow", (1, 2)), ("elbow", "lowerarm", "wrist", (2, 1)), ("hip",
            "thigh", "knee", (1, 2)),
            ("knee", "calf", "ankle", (2, 1)),
        ):  # fmt: skip
            for k, number in enumerate(order):
                a, b = at[f"{side}_{limb}"], at[f"{side}_{end}"]
                made.add(f"{bone}_twist_0{number}_{s}", f"{bone}_{s}", a + (b - a) * (k + 0.3) / 2.2)
        if metahuman:
            made.add(f"upperarm_correctiveRoot_{s}", f"upperarm_{s}", at[f"{side}_shoulder"])
            made.add(f"clavicle_pec_{s}", "spine_05", at[f"{side}_collar"] - [0, 0.1, -0.1])
    if not metahuman:
        made.add("ik_foot_root", "root", np.zeros(3))
        made.add("ik_hand_root", "root", np.zeros(3))
        made.add("ik_hand_gun", "ik_hand_root", at["right_wrist"])
        for side, _ in SIDES:
            made.add(f"ik_foot_{side[0]}", "ik_foot_root", at[f"{side}_ankle"])
            made.add(f"ik_hand_{side[0]}", "ik_hand_gun", at[f"{side}_wrist"])
    return made


def vrm() -> tuple[Made, dict[str, str]]:
    """Nodes called n0, n1, ...: only the Humanoid says what they are. Bone -> node's name."""
    at, made = body(size=0.85), Made({})
    bones: dict[str, str] = {}

    def add(bone: str, parent: str | None, place: Array, joint: str) -> str:
        bones[bone] = made.add(f"n{len(made.bones)}", bones.get(parent or "", "world"), place, joint)
        return bone

    made.add("world", None, np.zeros(3))
    above = add("hips", None, at["pelvis"], "pelvis")
    for bone, joint in (
        ("spine", "spine1"),
        ("chest", "spine2"),
        ("upperChest", "spine3"),
        ("neck", "neck"),
        ("head", "head"),
    ):
        above = add(bone, above, at[joint], joint)
    for side, _ in SIDES:
        above = "hips"
        for joint in ("hip", "knee", "ankle", "foot"):
            above = add(f"{side}{HUMANOID[joint]}", above, at[f"{side}_{joint}"], f"{side}_{joint}")
        above = "upperChest"
        for joint in ("collar", "shoulder", "elbow", "wrist"):
            above = add(f"{side}{HUMANOID[joint]}", above, at[f"{side}_{joint}"], f"{side}_{joint}")
    return made, bones


def rokoko() -> Made:
    at, made = body(), Made({})
    hips = made.add("Hips", None, at["pelvis"], "pelvis")
    chest = spine(made, at, hips, [f"Spine{k}" for k in range(1, 5)], ["Neck"], "Head")
    limbs(made, at, ROKOKO, chest=chest, hips=hips)
    return made


def odd() -> Made:
    """One back bone, no neck, no collars, no toes, arms hanging steeply."""
    at, made = body(arms=70, legs=3, size=1.2), Made({})
    hips = made.add("Dude_Hip", None, at["pelvis"], "pelvis")
    chest = made.add("Dude_Torso", hips, at["spine2"], "spine3")
    made.add("Dude_Head", chest, at["head"], "head")
    limbs(made, at, ODD, chest=chest, hips=hips)
    return made


def nameless() -> Made:
    """The odd one with toes and bones called Bone, Bone.001, ..."""
    at, made = body(arms=20), Made({})
    hips = made.add("Bone", None, at["pelvis"])
    chest = spine(made, at, hips, ["a", "b"], ["c"], "d", truth=False)
    made.add("e", "d", at["top"])
    limbs(made, at, {**MIXAMO, "index": "x"}, chest=chest, hips=hips)
    names = {old: f"Bone.{k:03d}" for k, old in enumerate(made.bones)}
    bones = {names[n]: (names[p] if p else None, at_) for n, (p, at_) in made.bones.items()}
    return Made(bones, {joint: names[n] for joint, n in made.truth.items()})


def rolled(made: Made, *, seed: int) -> dict[str, Array]:
    """Local axes as they come: X, Y or Z along the bone by chance, any roll."""
    random = np.random.default_rng(seed)
    return {name: normalize(random.normal(size=4)) for name in made.bones}


def glb_rig(
    made: Made,
    *,
    axes: dict[str, Array] | None = None,
    carrier: tuple[Array, float] | None = None,
    turn: Array = IDENTITY,
    humanoid: dict[str, str] | None = None,
    version: str = "1",
    animation: bool = False,
) -> bytes:
    """The rig as a GLB with a skinned mesh of a triangle a bone.

    axes: world rotation of each bone. carrier: rotation and scale of a node "Armature" over all. turn: of the whole
    character in the file, such as to Z up. humanoid: bone -> node's name, for a VRM.
    """
    names = list(made.bones)
    world = {n: quat_mul(turn, (axes or {}).get(n, IDENTITY)) for n in names}
    place = {n: quat_rotate(turn, at) for n, (_, at) in made.bones.items()}
    nodes: list[dict[str, Any]] = []
    first = 0
    base_q, scale = IDENTITY, 1.0
    if carrier is not None:
        base_q, scale = carrier
        nodes.append({"name": "Armature", "rotation": list(base_q), "scale": [scale] * 3})
        first = 1
    for name in names:
        parent = made.bones[name][0]
        q, p = (world[parent], place[parent]) if parent else (base_q, np.zeros(3))
        local = quat_rotate(quat_inv(q), place[name] - p) / scale
        nodes.append({"name": name, "rotation": list(quat_mul(quat_inv(q), world[name])), "translation": list(local)})
    for k, name in enumerate(names):
        parent = made.bones[name][0]
        above = nodes[first + names.index(parent)] if parent else (nodes[0] if first else None)
        if above is not None:
            above.setdefault("children", []).append(first + k)
    roots = [first + k for k, n in enumerate(names) if made.bones[n][0] is None]
    points, owners = [], []
    for k, name in enumerate(names):
        points += [place[name], place[name] + [0.02, 0, 0], place[name] + [0, 0.02, 0]]
        owners += [k] * 3
    positions = np.array(points, dtype=np.float32)
    joints = np.zeros((len(owners), 4), dtype=np.uint16)
    joints[:, 0] = owners
    weights = np.zeros((len(owners), 4), dtype=np.float32)
    weights[:, 0] = 1
    bind = np.zeros((len(names), 4, 4))
    for k, name in enumerate(names):
        m = np.eye(4)
        m[:3, :3], m[:3, 3] = quat_to_matrix(world[name]) * scale, place[name]
        bind[k] = np.linalg.inv(m).T
    times = np.array([0, 1], dtype=np.float32)
    spins = np.tile(np.array(nodes[first]["rotation"], dtype=np.float32), (2, 1))
    arrays = [positions, joints, weights, bind.reshape(-1, 16).astype(np.float32), times, spins]
    kinds = ["VEC3", "VEC4", "VEC4", "MAT4", "SCALAR", "VEC4"]
    blob, views, accessors = b"", [], []
    for k, (array, kind) in enumerate(zip(arrays, kinds, strict=True)):
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(blob), "byteLength": array.nbytes}
        views.append(view | ({"target": 34962} if k < 3 else {}))
        component = 5123 if array.dtype == np.uint16 else 5126
        accessor: dict[str, Any] = {"bufferView": k, "componentType": component, "count": len(array), "type": kind}
        if k in (0, 4):
            flat = array.reshape(len(array), -1)
            accessor |= {"min": [float(v) for v in flat.min(0)], "max": [float(v) for v in flat.max(0)]}
        accessors.append(accessor)
        blob += array.tobytes() + b"\0" * (-array.nbytes % 4)
    nodes.append({"name": "skin", "mesh": 0, "skin": 0})
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "somebody", "extras": {"artist": "me"}},
        "scene": 0,
        "scenes": [{"nodes": [*([0] if first else roots), len(nodes) - 1]}],
        "nodes": nodes,
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "JOINTS_0": 1, "WEIGHTS_0": 2}}]}],
        "skins": [{"joints": [first + k for k in range(len(names))], "inverseBindMatrices": 3}],
        "accessors": accessors if animation else accessors[:4],
        "bufferViews": views if animation else views[:4],
        "buffers": [{"byteLength": len(blob)}],
    }
    if animation:
        channel = {"sampler": 0, "target": {"node": first, "path": "rotation"}}
        document["animations"] = [
            {"name": "idle", "channels": [channel], "samplers": [{"input": 4, "output": 5, "interpolation": "LINEAR"}]}
        ]
    else:
        blob = blob[: views[4]["byteOffset"]]
        document["buffers"] = [{"byteLength": len(blob)}]
    if humanoid:
        index = {bone: first + names.index(node) for bone, node in humanoid.items()}
        if version == "1":
            bones: Any = {bone: {"node": node} for bone, node in index.items()}
            document["extensions"] = {"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": bones}}}
            document["extensionsUsed"] = ["VRMC_vrm"]
        else:
            bones = [{"bone": bone, "node": node} for bone, node in index.items()]
            document["extensions"] = {"VRM": {"humanoid": {"humanBones": bones}}}
            document["extensionsUsed"] = ["VRM"]
    return pack_glb(json.loads(json.dumps(document, default=float)), blob)


def bvh_rig(made: Made, path: Path, *, unit: float = 100.0, order: str = "ZXY", hips_high: bool = True) -> Path:
    """The rig as a BVH file with one frame at rest."""
    lines, counts = ["HIERARCHY"], [0]

    def write(name: str, depth: int) -> None:
        parent, place = made.bones[name]
        pad = "  " * depth
        offset = (place - made.bones[parent][1] if parent else place if hips_high else np.zeros(3)) * unit
        lines.append(f"{pad}{'JOINT' if parent else 'ROOT'} {name}")
        lines.append(pad + "{")
        lines.append(f"{pad}  OFFSET {' '.join(f'{v:.6f}' for v in offset)}")
        turns = " ".join(f"{axis}rotation" for axis in order)
        lines.append(f"{pad}  CHANNELS {'3' if parent else '6 Xposition Yposition Zposition'} {turns}")
        counts[0] += 3 if parent else 6
        below = [n for n, (p, _) in made.bones.items() if p == name]
        for child in below:
            write(child, depth + 1)
        if not below:
            lines.append(f"{pad}  End Site")
            lines.extend([pad + "  {", f"{pad}    OFFSET 0 0 {0.03 * unit:.3f}", pad + "  }"])
        lines.append(pad + "}")

    root = next(n for n, (p, _) in made.bones.items() if p is None)
    write(root, 0)
    start = made.bones[root][1] * unit
    row = " ".join(f"{v:.6f}" for v in [*start, *np.zeros(counts[0] - 3)])
    path.write_text("\n".join([*lines, "MOTION", "Frames: 1", "Frame Time: 0.0333333", row, ""]))
    return path


X_90 = quat_about("x", -np.pi / 2)
"""Y up to Z up: what Blender's exporter undoes with its carrier node."""


def files(folder: Path) -> dict[str, Path]:
    """Every test rig as a file."""
    out = {}

    def keep(name: str, raw: bytes, suffix: str = ".glb") -> None:
        out[name] = folder / f"{name}{suffix}"
        out[name].write_bytes(raw)

    along_y = {n: quat_from_axis_angle(np.array([0.0, 0.0, 0.3])) for n in mixamo().bones}
    keep("mixamo", glb_rig(mixamo(), axes=along_y, carrier=(quat_about("x", np.pi / 2), 0.01), animation=True))
    made = unreal()
    keep("ue5", glb_rig(made, axes=rolled(made, seed=1), carrier=(X_90, 0.01)))
    made = unreal(metahuman=True)
    keep("metahuman", glb_rig(made, axes=rolled(made, seed=2), carrier=(X_90, 0.01)))
    human, bones = vrm()
    keep("vrm", glb_rig(human, humanoid=bones), ".vrm")
    keep("vrm0", glb_rig(human, humanoid=bones, version="0", turn=quat_about("y", np.pi)), ".vrm")
    # Z up in the file itself, which glTF does not want but tools write, and lengths in centimetres.
    made = odd()
    keep("odd", glb_rig(made, axes=rolled(made, seed=3), turn=quat_about("x", np.pi / 2), carrier=(IDENTITY, 100.0)))
    made = nameless()
    keep("nameless", glb_rig(made, axes=rolled(made, seed=4)))
    out["rokoko"] = bvh_rig(rokoko(), folder / "rokoko.bvh", order="YXZ")
    return out


TRUTH = {
    "mixamo": mixamo, "ue5": unreal, "metahuman": lambda: unreal(metahuman=True), "vrm": lambda: vrm()[0],
    "vrm0": lambda: vrm()[0], "odd": odd, "nameless": nameless, "rokoko": rokoko,
}  # fmt: skip
