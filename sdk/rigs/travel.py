"""Who carries the path of a motion on a rig: its hips, its root bone, or nobody."""

from dataclasses import replace

import numpy as np

from sdk.clips.options import WriteOptions, prepared
from sdk.clips.tags import ClipTags
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, quat_inv, quat_rotate
from sdk.rigs.put import RigMotion, put_on_rig
from sdk.rigs.rig import Rig

LOW = 0.1
"""A root bone lies at most this share of the leg's length over the floor, SDK body frame metres per metre of leg."""


def in_place(made: RigMotion) -> RigMotion:
    """The same movement without travel: the body stays over where it began, IK bones with it."""
    places = made.world()[1]
    path = _path(made, places)
    shifted = {k: places[:, k] - (path - path[0]) for k in made.moved}
    return _placed(made, made.moved, shifted, {})


def clip_on_rig(
    motion: Motion, tags: ClipTags, rig: Rig, options: WriteOptions, *, plant: bool = True, reach: float = 1.0
) -> tuple[RigMotion, ClipTags]:
    """The motion on a rig as the options want it, and tags that say so; see `put_on_rig`.

    Feet are planted while the character still travels: those of one that stays over its place slide, and a foot that
    slides cannot be planted. Raises InvalidInput as `put_on_rig`.
    """
    motion, tags = prepared(motion, tags, replace(options, in_place=False))
    made = put_on_rig(motion, rig, plant=plant, reach=reach)
    if options.in_place:
        made = in_place(made)
        tags = replace(tags, root_motion="in_place", postprocess=(*tags.postprocess, ("in_place", {})))
    return made, tags


def by_root_bone(made: RigMotion) -> RigMotion:
    """The path on the rig's root bone, as engines want it for root motion; the body moves in the world as before.

    Raises InvalidInput for a rig that has no bone on the floor above its hips.
    """
    rig, fit = made.rig, made.fit
    heights = quat_rotate(fit.axes, rig.rest[1])[:, 1] - fit.floor
    leg = fit.skeleton.leg_length / fit.scale
    above = [k for k in rig.chain(made.moved[0])[:-1] if rig.nodes[k] != "Armature" and abs(heights[k]) < LOW * leg]
    if not above:
        fix = "keep the path on the hips, or add a bone on the floor that carries them"
        raise InvalidInput(f"{rig.name}: no bone on the floor carries {rig.nodes[made.moved[0]]!r}; {fix}", field="rig")
    root = above[-1]
    places = made.world()[1]
    path = _path(made, places)
    spots = {k: places[:, k] for k in made.moved}
    spots[root] = rig.rest[1][root] + path - _flat(made, rig.rest[1][made.moved[0]])
    return _placed(made, (*made.moved, root), spots, {root: spots[root] - rig.rest[1][root]})


def _flat(made: RigMotion, points: Array) -> Array:
    """Points (..., 3) of the file without their height."""
    up = quat_rotate(quat_inv(made.fit.axes), np.array([0.0, 1.0, 0.0]))
    out: Array = points - (points @ up)[..., None] * up
    return out


def _path(made: RigMotion, places: Array) -> Array:
    return _flat(made, places[:, made.moved[0]])


def _placed(made: RigMotion, moved: tuple[int, ...], spots: dict[int, Array], carried: dict[int, Array]) -> RigMotion:
    """The motion with nodes `moved` at world places (T, 3); nodes below those in `carried` went along by so much."""
    rig = made.rig
    turned, places = made.world()
    shifts = []
    for k in moved:
        parent = rig.parents[k]
        if parent < 0:
            shifts.append(spots[k])
            continue
        at = spots[parent] if parent in spots else places[:, parent]
        if parent not in spots:
            at = at + sum((d for n, d in carried.items() if n in rig.chain(parent)), np.zeros(3))
        shifts.append(quat_rotate(quat_inv(turned[:, parent]), spots[k] - at) / rig.world_scales[parent])
    return replace(made, moved=moved, translations=np.stack(shifts, 1))
