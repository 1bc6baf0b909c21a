"""A motion on a rig as BVH: a BVH's own hierarchy and channels as they were, or one made of another rig's bones."""

import numpy as np

from sdk.errors import InvalidInput
from sdk.motion.rotations import Array, quat_continuous, quat_inv, quat_mul, quat_rotate, quat_to_matrix
from sdk.rigs.put import RigMotion
from sdk.rigs.rig import BvhSource, Rig

CM = 100.0


def rig_bvh_bytes(made: RigMotion) -> bytes:
    """The motion as a BVH file: in the unit and axes of the rig's own BVH, else in centimetres, Y up, facing +Z.

    Raises InvalidInput for a bone that has to turn and has fewer than three rotation channels.
    """
    if isinstance(made.rig.source, BvhSource):
        text, table = made.rig.source.hierarchy, _own_columns(made, made.rig.source)
    else:
        text, table = _made_hierarchy(made)
    rows = [" ".join(f"{v:.6f}" for v in row) for row in table]
    tail = ["MOTION", f"Frames: {len(made)}", f"Frame Time: {1 / made.fps:.8f}", *rows]
    return "\n".join([text, *tail, ""]).encode()


def _own_columns(made: RigMotion, source: BvhSource) -> Array:
    """(T, columns) values of the file's own channels."""
    rig, count = made.rig, len(made)
    local = np.broadcast_to(rig.rotations, (count, *rig.rotations.shape)).copy()
    shift = np.broadcast_to(rig.translations, (count, *rig.translations.shape)).copy()
    local[:, list(made.animated)] = made.rotations
    shift[:, list(made.moved)] = made.translations
    orders: dict[int, str] = {}
    for node, channel in source.channels:
        if channel.endswith("rotation"):
            orders[node] = orders.get(node, "") + channel[0].lower()
    for node in made.animated:
        if sorted(orders.get(node, "")) != ["x", "y", "z"]:
            what = f"bone {rig.nodes[node]!r} has the rotation channels {orders.get(node, '').upper() or 'none'}"
            raise InvalidInput(f"{rig.name}: {what} and cannot turn freely; give it X, Y and Z", field="rig")
    angles = {}
    for node, order in orders.items():
        if sorted(order) == ["x", "y", "z"]:
            angles[node] = np.degrees(np.unwrap(euler_angles(local[:, node], order), axis=0))
    columns = []
    for node, channel in source.channels:
        axis = "xyz".index(channel[0].lower())
        if channel.endswith("position"):
            columns.append(shift[:, node, axis])
        elif node in angles:
            columns.append(angles[node][:, orders[node].index(channel[0].lower())])
        else:
            columns.append(np.zeros(count))
    return np.stack(columns, 1)


def euler_angles(q: Array, order: str) -> Array:
    """Intrinsic angles (..., 3) radians of rotations (..., 4) for any order of three different axes, e.g. "zxy".

    R = R_a R_b R_c for the order "abc"; the middle angle lies in [-pi/2, pi/2], at its ends the last one is 0.
    """
    a, b, c = ("xyz".index(letter) for letter in order)
    sign = 1.0 if (b - a) % 3 == 1 else -1.0
    m = quat_to_matrix(q)
    middle = np.arcsin(np.clip(sign * m[..., a, c], -1, 1))
    locked = np.abs(m[..., a, c]) > 1 - 1e-10
    first = np.where(
        locked, np.arctan2(sign * m[..., c, b], m[..., b, b]), np.arctan2(-sign * m[..., b, c], m[..., c, c])
    )
    last = np.where(locked, 0.0, np.arctan2(-sign * m[..., a, b], m[..., a, a]))
    return np.stack([first, middle, last], -1)


def _made_hierarchy(made: RigMotion) -> tuple[str, Array]:
    """Hierarchy of the rig's bones from the one that carries the body, and its columns; at rest all angles are zero."""
    rig, fit = made.rig, made.fit
    body = made.moved[0]
    bones = [k for k in range(len(rig.nodes)) if body in rig.chain(k)]
    rest_q, rest_p = quat_mul(fit.axes, rig.rest[0]), CM * fit.metres * quat_rotate(fit.axes, rig.rest[1])
    world, places = made.world()
    turned = quat_mul(quat_mul(fit.axes, world), quat_inv(rest_q))
    place = CM * fit.metres * quat_rotate(fit.axes, places[:, body])
    place[:, 1] -= CM * fit.metres * fit.floor
    lines, order = ["HIERARCHY"], []
    below = rig.children()

    def write(k: int, depth: int) -> None:
        order.append(k)
        pad, top = "\t" * depth, k == body
        offset = np.zeros(3) if top else rest_p[k] - rest_p[rig.parents[k]]
        channels = "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
        lines.extend([f"{pad}{'ROOT' if top else 'JOINT'} {_word(rig, k)}", pad + "{"])
        lines.append(f"{pad}\tOFFSET {_three(offset)}")
        lines.append(f"{pad}\tCHANNELS {channels if top else '3 Zrotation Xrotation Yrotation'}")
        for child in below[k]:
            write(child, depth + 1)
        if not below[k]:
            lines.extend([f"{pad}\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET {_three(0.4 * offset)}", pad + "\t}"])
        lines.append(pad + "}")

    write(body, 0)
    assert set(order) == set(bones)
    columns = [place]
    for k in order:
        local = turned[:, k] if k == body else quat_mul(quat_inv(turned[:, rig.parents[k]]), turned[:, k])
        columns.append(np.degrees(np.unwrap(euler_angles(quat_continuous(local), "zxy"), axis=0)))
    return "\n".join(lines), np.concatenate(columns, 1)


def _word(rig: Rig, k: int) -> str:
    """A joint's name as one word, as the format wants it."""
    return "_".join(rig.nodes[k].split())


def _three(values: Array) -> str:
    return " ".join(f"{v + 0.0:.6f}" for v in values)
