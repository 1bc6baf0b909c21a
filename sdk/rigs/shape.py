"""Limbs of a rig whose bone names say nothing: found by how it stands. Y or Z is up."""

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array
from sdk.rigs.rig import Rig

LEAST_REACH = 0.12
"""Ends nearer than this share of the body's height to where they branch off are no limbs (ears, buttons)."""


def limbs_by_shape(rig: Rig) -> dict[str, int]:
    """Joint -> node of a standing body: two ends are lowest, two are widest, one is on top. {} if there are no such.

    Left and right follow from up and from where the toes point.
    """
    p = rig.rest[1]
    ends = [k for k, below in enumerate(rig.children()) if not below]
    if len(ends) < 5:
        return {}
    for up in (np.eye(3)[1], np.eye(3)[2]):
        found = _standing(rig, p, ends, up)
        if found:
            return found
    return {}


def _standing(rig: Rig, p: Array, ends: list[int], up: Array) -> dict[str, int]:
    height = p @ up
    tall = float(np.ptp(height[ends]))
    if tall <= 0:
        return {}
    low = sorted((k for k in ends if height[k] < height.min() + 0.15 * tall), key=lambda k: height[k])
    legs = _pair(rig, p, low, tall)
    if legs is None:
        return {}
    base = rig.above(legs)
    if base < 0:
        return {}
    paths = [[n for n in rig.chain(end) if base in rig.chain(n) and n != base] for end in legs]
    paths = [_long_bones(rig, p, path, base, tall) for path in paths]
    if any(len(path) < 3 for path in paths):
        return {}
    feet = p[[path[-1] for path in paths]] - p[[path[2] for path in paths]]
    ahead = feet.sum(0) - (feet.sum(0) @ up) * up
    if float(np.linalg.norm(ahead)) < 1e-3 * tall:
        return {}  # without toes nobody can tell left from right
    left = np.cross(up, ahead / np.linalg.norm(ahead))
    out: dict[str, int] = {"pelvis": base}
    order = np.argsort([-float(p[path[1]] @ left) for path in paths])
    for side, which in zip(("left", "right"), order, strict=True):
        for joint, node in zip(("hip", "knee", "ankle", "foot"), paths[which], strict=False):
            out[f"{side}_{joint}"] = node
    rest = [k for k in ends if base in rig.chain(k) and not any(path[0] in rig.chain(k) for path in paths)]
    if len(rest) < 3:
        return {}
    wide = {side: max(rest, key=lambda k: sign * float(p[k] @ left)) for side, sign in (("left", 1), ("right", -1))}
    chest = rig.above(list(wide.values()))
    for side, end in wide.items():
        path = [n for n in rig.chain(end) if chest in rig.chain(n) and n != chest]
        limb = _arm(p, path)
        if limb is None:
            return {}
        out |= {f"{side}_{joint}": node for joint, node in limb.items()}
    tops = [k for k in rest if chest in rig.chain(k) and k not in wide.values()]
    if tops:
        top = max(tops, key=lambda k: float(height[k]))
        path = [n for n in rig.chain(top) if chest in rig.chain(n) and n != chest]
        if path:
            out["head"] = path[min(1, len(path) - 1)]
    return out


def _pair(rig: Rig, p: Array, low: list[int], tall: float) -> list[int] | None:
    """Two low ends on two different legs."""
    for i, a in enumerate(low):
        for b in low[i + 1 :]:
            base = rig.above([a, b])
            if base >= 0 and min(np.linalg.norm(p[k] - p[base]) for k in (a, b)) > 0.3 * tall:
                return [a, b]
    return None


def _long_bones(rig: Rig, p: Array, path: list[int], base: int, tall: float) -> list[int]:
    """The joints of a leg: bones of a thousandth of the height are helpers that lie in one point."""
    out: list[int] = []
    for node in path:
        if not out or float(np.linalg.norm(p[node] - p[out[-1]])) > 1e-3 * tall:
            out.append(node)
    return out


def _arm(p: Array, path: list[int]) -> dict[str, int] | None:
    """Shoulder, elbow and wrist: the two longest bones of the path that follow each other."""
    if len(path) < 3:
        return None
    size = [float(np.linalg.norm(p[b] - p[a])) for a, b in zip(path, path[1:], strict=False)]
    pairs = [size[k] + size[k + 1] for k in range(len(size) - 1)]
    if not pairs:
        return None
    at = int(np.argmax(pairs))
    if min(size[at], size[at + 1]) <= 0:
        raise InvalidInput("two bones of an arm lie in one point", field="rig")
    limb = {"shoulder": path[at], "elbow": path[at + 1], "wrist": path[at + 2]}
    return limb | ({"collar": path[at - 1]} if at > 0 else {})
