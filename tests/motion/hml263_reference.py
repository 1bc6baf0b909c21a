"""hml263's encoder written a second time, slowly: loops, scalars, quaternions w first. The tests compare with it."""

import math
from collections.abc import Sequence

import numpy as np

from sdk.motion.rotations import Array

Quat = tuple[float, float, float, float]
Vector = Sequence[float]


def slow_mul(a: Quat, b: Quat) -> Quat:
    (aw, ax, ay, az), (bw, bx, by, bz) = a, b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def slow_conj(q: Quat) -> Quat:
    return (q[0], -q[1], -q[2], -q[3])


def slow_turn(q: Quat, v: Vector) -> list[float]:
    return list(slow_mul(slow_mul(q, (0.0, v[0], v[1], v[2])), slow_conj(q))[1:])


def slow_between(u: Vector, v: Vector) -> Quat:
    length = math.sqrt(sum(x * x for x in u) * sum(x * x for x in v))
    q = [
        length + sum(a * b for a, b in zip(u, v, strict=True)),
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ]
    norm = math.sqrt(sum(x * x for x in q))
    return (q[0] / norm, q[1] / norm, q[2] / norm, q[3] / norm)


def slow_minus(a: Vector, b: Vector) -> list[float]:
    return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]


def slow_headings(p: Array) -> list[Quat]:
    forward = []
    for frame in p:  # the hips enter the wrong way round
        across = [float(frame[17][k] - frame[16][k] + frame[1][k] - frame[2][k]) for k in range(3)]
        norm = math.sqrt(sum(x * x for x in across))
        forward.append([across[2] / norm, 0.0, -across[0] / norm])
    out: list[Quat] = []
    for t in range(len(p)):
        total = [0.0, 0.0, 0.0]
        for k in range(-80, 81):
            near = forward[min(max(t + k, 0), len(p) - 1)]
            for i in range(3):
                total[i] += math.exp(-0.5 * (k / 20) ** 2) * near[i]
        out.append(slow_between(total, (0.0, 0.0, 1.0)))
    out[0] = (1.0, 0.0, 0.0, 0.0)
    return out


def slow_encode(p: Array) -> Array:
    qr = slow_headings(p)
    raw = {1: (1, 0, 0), 2: (-1, 0, 0), 3: (0, 1, 0), 6: (0, 1, 0), 9: (0, 1, 0), 12: (0, 1, 0), 13: (1, 0, 0)}
    raw |= {14: (-1, 0, 0), 10: (0, 0, 1), 11: (0, 0, 1), 15: (0, 0, 1)}
    chains = [[0, 2, 5, 8, 11], [0, 1, 4, 7, 10], [0, 3, 6, 9, 12, 15], [9, 14, 17, 19, 21], [9, 13, 16, 18, 20]]
    rows = []
    for t in range(len(p) - 1):
        row = [math.asin(slow_mul(qr[t + 1], slow_conj(qr[t]))[2])]
        velocity = slow_turn(qr[t + 1], slow_minus(p[t + 1][0], p[t][0]))
        row += [velocity[0], velocity[2], p[t][0][1]]
        for j in range(1, 22):
            row += slow_turn(qr[t], [p[t][j][0] - p[t][0][0], p[t][j][1], p[t][j][2] - p[t][0][2]])
        swings: dict[int, Quat] = {}
        for chain in chains:
            so_far = qr[t]
            for a, b in zip(chain[:-1], chain[1:], strict=True):
                local = slow_mul(slow_conj(so_far), slow_between(raw.get(b, (0, -1, 0)), slow_minus(p[t][b], p[t][a])))
                swings[b] = local
                so_far = slow_mul(so_far, local)
        for j in range(1, 22):
            row += slow_turn(swings[j], (1.0, 0.0, 0.0)) + slow_turn(swings[j], (0.0, 1.0, 0.0))
        for j in range(22):
            row += slow_turn(qr[t], slow_minus(p[t + 1][j], p[t][j]))
        for j in (7, 10, 8, 11):
            row.append(1.0 if sum(x * x for x in slow_minus(p[t + 1][j], p[t][j])) < 0.002 else 0.0)
        rows.append(row)
    return np.array(rows)
