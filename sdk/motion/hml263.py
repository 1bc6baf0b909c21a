"""`hml263`: the 263 features of HumanML3D, at 20 fps, value for value as the published data set has them.

Shapes: T frames of joint positions (T, 22, 3), metres, Y up; a clip of T frames gives T - 1 rows (a row needs the next
frame). The features know positions only: `decode` solves rotations from positions, the block "rotation" is no pose.

Two ways to find the heading, named by `facing`; never mix them in one training set:
  "published"  as HumanML3D computes it: across = shoulders MINUS hips, the first frame faces +Z by decree. Needed for
               official data, checkpoints and evaluators. Heading loses a sign where it passes +-180 degrees, so such a
               clip decodes with the path after that frame turned a little.
  "correct"    across = shoulders plus hips, the first frame has its own heading. Decoding turns the clip so that the
               first frame faces +Z.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sdk.motion.errors import InvalidInput
from sdk.motion.from_positions import solve_rotations
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_about, quat_between, quat_inv, quat_mul, quat_rotate, quat_to_6d
from sdk.motion.skeleton import BODY, FOOT_JOINTS, JOINT, NUM_JOINTS, PARENTS, Skeleton

Facing = Literal["published", "correct"]

FPS = 20.0
CONTACT_SQUARED = 0.002
"""Squared step of a foot joint, m^2 per frame, under which it counts as planted: 0.89 m/s, so very permissive."""
HEADING_SIGMA = 20
"""Frames; the forward direction is smoothed by a Gaussian of this width, cut at four sigma."""


@dataclass(frozen=True)
class Block:
    """Consecutive features of one kind: name, columns, shape of one row's entry, unit and frame."""

    name: str
    columns: slice
    shape: tuple[int, ...]
    unit: str


BLOCKS: tuple[Block, ...] = (
    Block("yaw", slice(0, 1), (1,), "half angle, rad/frame; turning left is negative"),
    Block("velocity", slice(1, 3), (2,), "x, z of the root, m/frame, facing frame of the next row"),
    Block("height", slice(3, 4), (1,), "root over the floor, m"),
    Block("position", slice(4, 67), (21, 3), "joints 1..21, m, facing frame, root x z removed"),
    Block("rotation", slice(67, 193), (21, 6), "joints 1..21, 6D columns of the swing that ends in the joint"),
    Block("joint_velocity", slice(193, 259), (22, 3), "joints 0..21, m/frame, facing frame"),
    Block("contact", slice(259, 263), (4,), "left ankle, left foot, right ankle, right foot: 0 or 1"),
)
"""The features in their order; slices, docs and manifests come from this table."""
SLICES = {block.name: block.columns for block in BLOCKS}
NUM_FEATURES = BLOCKS[-1].columns.stop

_X, _Y, _Z = np.eye(3)
RAW_DIRECTIONS = np.stack([
    0 * _Y, _X, -_X, _Y, -_Y, -_Y, _Y, -_Y, -_Y, _Y, _Z, _Z, _Y, _X, -_X, _Z, -_Y, -_Y, -_Y, -_Y, -_Y, -_Y,
])  # fmt: skip
"""(22, 3) rest direction of the bone that ends in each joint. Not a T-pose: the arms hang, the head points forward."""
TARGET_LENGTHS = np.array([
    0, 0.103074, 0.109883, 0.131568, 0.393623, 0.390188, 0.143190, 0.432433, 0.425643, 0.057365, 0.143382, 0.149419,
    0.219360, 0.137487, 0.143383, 0.103039, 0.131614, 0.122984, 0.256840, 0.263092, 0.266012, 0.269876,
])  # fmt: skip
"""(22,) length in metres of the bone that ends in each joint, the same in every published clip."""
CHAINS = ((0, 2, 5, 8, 11), (0, 1, 4, 7, 10), (0, 3, 6, 9, 12, 15), (9, 14, 17, 19, 21), (9, 13, 16, 18, 20))
_LEG = (JOINT["right_knee"], JOINT["right_ankle"])  # HumanML3D measures the right leg only


def _checked(positions: Array, *, least: int = 1) -> Array:
    p = np.asarray(positions, dtype=np.float64)
    if p.ndim != 3 or p.shape[1:] != (NUM_JOINTS, 3) or len(p) < least:
        raise InvalidInput(f"positions must be (T, 22, 3), T >= {least}; got {p.shape}", field="positions")
    if not np.isfinite(p).all():
        raise InvalidInput("positions hold NaN or infinite values", field="positions")
    return p


def _checked_features(features: Array) -> Array:
    f = np.asarray(features, dtype=np.float64)
    if f.ndim != 2 or f.shape[1] != NUM_FEATURES or len(f) == 0:
        raise InvalidInput(f"features must be (T, {NUM_FEATURES}), T >= 1; got {f.shape}", field="features")
    if not np.isfinite(f).all():
        raise InvalidInput("features hold NaN or infinite values", field="features")
    return f


def _forward(p: Array, hips: float) -> Array:
    # Horizontal, shorter than one where the body leans sideways, which weighs frames in the smoothing as published.
    across = p[..., JOINT["right_shoulder"], :] - p[..., JOINT["left_shoulder"], :]
    across = across + hips * (p[..., JOINT["right_hip"], :] - p[..., JOINT["left_hip"], :])
    return np.cross(_Y, normalize(across))


def _smoothed(x: Array) -> Array:
    reach = 4 * HEADING_SIGMA
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / HEADING_SIGMA) ** 2)
    padded = np.pad(x, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(c, kernel / kernel.sum(), mode="valid") for c in padded.T], -1)


def _to_facing(forward: Array) -> Array:
    # The shortest rotation to +Z of a horizontal vector, as an angle: defined also for a body that faces -Z.
    return quat_about("y", -np.arctan2(forward[..., 0], forward[..., 2]))


def heading_quaternions(positions: Array, *, facing: Facing = "published") -> Array:
    """Rotations world -> facing about Y, (T, 22, 3) -> (T, 4) xyzw, from hips and shoulders smoothed over time."""
    p = _checked(positions)
    if facing not in ("published", "correct"):
        raise InvalidInput(f"facing must be 'published' or 'correct', got {facing!r}", field="facing")
    out = _to_facing(_smoothed(_forward(p, 1.0 if facing == "correct" else -1.0)))
    if facing == "published":
        out[0] = (0, 0, 0, 1)
    return out


def _swings(p: Array, heading: Array) -> Array:
    """(T, 22, 4) of the published inverse kinematics: child-indexed swings along each chain; joint 0 is the heading."""
    out = np.zeros((len(p), NUM_JOINTS, 4))
    out[:, 0] = heading
    for chain in CHAINS:
        # Arms start again from the heading and do not inherit the chest: so it was published.
        before = heading
        for parent, child in zip(chain, chain[1:], strict=False):
            swing = quat_between(RAW_DIRECTIONS[child], p[:, child] - p[:, parent])
            out[:, child] = quat_mul(quat_inv(before), swing)
            before = swing
    return out


def encode_positions(positions: Array, *, facing: Facing = "published") -> NDArray[np.float32]:
    """Features of positions as they are, (T, 22, 3) metres at 20 fps, T >= 2 -> (T - 1, 263) float32.

    For raw positions use `process`, which brings them to the published skeleton, floor, place and direction first.
    Raises InvalidInput for a wrong shape, values that are not finite or an unknown `facing`.
    """
    p = _checked(positions, least=2)
    heading = heading_quaternions(p, facing=facing)
    now, following = heading[:-1], heading[1:]
    turn = quat_mul(following, quat_inv(now))
    if facing == "correct":
        turn = np.where(turn[:, 3:] < 0, -turn, turn)
    step = p[1:] - p[:-1]
    velocity = quat_rotate(following, step[:, 0])
    local = quat_rotate(now[:, None], p[:-1] - p[:-1, :1] * [1, 0, 1])
    rows = len(step)
    parts = {
        "yaw": np.arcsin(np.clip(turn[:, 1:2], -1, 1)),
        "velocity": velocity[:, [0, 2]],
        "height": p[:-1, 0, 1:2],
        "position": local[:, 1:],
        "rotation": quat_to_6d(_swings(p, heading)[:-1, 1:], layout="columns"),
        "joint_velocity": quat_rotate(now[:, None], step),
        "contact": np.sum(step[:, FOOT_JOINTS] ** 2, -1) < CONTACT_SQUARED,
    }
    return np.concatenate([parts[b.name].reshape(rows, -1) for b in BLOCKS], -1).astype(np.float32)


def decode_positions(features: Array) -> Array:
    """Joint positions of features, (T, 263) -> (T, 22, 3) metres; the first row faces +Z with its root over the origin.

    Uses yaw, velocity, height and position, as the published decoder does. The last row's yaw and velocity are unused.
    """
    f = _checked_features(features)
    half = np.concatenate([[0.0], np.cumsum(f[:-1, 0])])
    to_world = quat_inv(quat_about("y", 2 * half))
    step = np.zeros((len(f), 3))
    step[1:, [0, 2]] = f[:-1, SLICES["velocity"]]
    path = np.cumsum(quat_rotate(to_world, step), axis=0)
    out = np.zeros((len(f), NUM_JOINTS, 3))
    out[:, 0] = path
    out[:, 0, 1] = f[:, 3]
    out[:, 1:] = quat_rotate(to_world[:, None], f[:, SLICES["position"]].reshape(-1, 21, 3)) + path[:, None]
    return out


def uniform_skeleton(positions: Array) -> Array:
    """The same poses with the published bone lengths and the path scaled to the leg, (T, 22, 3) -> (T, 22, 3).

    The published code goes through swings and back. A swing carries a raw direction onto the bone, so what remains is
    the bone's own direction times the target length; taken directly it has no singular direction.
    Raises InvalidInput if the right leg has no length in the first frame.
    """
    p = _checked(positions)
    leg = sum(float(np.linalg.norm(p[0, j] - p[0, PARENTS[j]])) for j in _LEG)
    if leg < 1e-6:
        raise InvalidInput("right leg has no length in frame 0, so the clip cannot be scaled", field="positions")
    out = np.zeros_like(p)
    out[:, 0] = p[:, 0] * (TARGET_LENGTHS[list(_LEG)].sum() / leg)
    for j, parent in enumerate(PARENTS):
        if parent >= 0:
            out[:, j] = out[:, parent] + TARGET_LENGTHS[j] * normalize(p[:, j] - p[:, parent])
    return out


def placed(positions: Array) -> Array:
    """(T, 22, 3) metres with the clip's lowest joint at y = 0, frame 0 over the origin and facing +Z."""
    p = _checked(positions).copy()
    p[..., 1] -= p[..., 1].min()
    p -= p[0, 0] * [1, 0, 1]
    return quat_rotate(_to_facing(_forward(p[0], 1.0)), p)


def process(positions: Array, *, facing: Facing = "published") -> NDArray[np.float32]:
    """The whole published pipeline: raw joint positions (T, 22, 3) metres at 20 fps, T >= 2 -> (T - 1, 263) float32."""
    return encode_positions(placed(uniform_skeleton(_checked(positions, least=2))), facing=facing)


def encode(motion: Motion, *, facing: Facing = "published") -> NDArray[np.float32]:
    """Features of a motion of any rate, resampled to 20 fps: -> (T - 1, 263) float32, T frames at 20 fps.

    Raises InvalidInput for a motion too short to have two frames at 20 fps.
    """
    at_rate = motion if motion.fps == FPS else motion.resampled(FPS)
    if len(at_rate) < 2:
        raise InvalidInput(f"hml263 needs at least {1 / FPS:g} s of motion, got {motion.seconds:g} s", field="motion")
    return process(at_rate.positions, facing=facing)


def decode(features: Array, *, skeleton: Skeleton = BODY) -> Motion:
    """A motion at 20 fps on `skeleton` from features (T, 263): rotations solved from the decoded positions.

    The path is scaled to the skeleton's legs; the lowest joint of the clip keeps its height over the floor, plus what
    the skeleton has under its toes.
    """
    p = decode_positions(features)
    rotations = solve_rotations(p, skeleton)
    # By the right leg, as `uniform_skeleton` scales the path: the published left leg is 1 cm longer.
    legs = np.sum([np.linalg.norm(p[:, j] - p[:, PARENTS[j]], axis=-1).mean() for j in _LEG])
    root = p[:, 0] * (skeleton.leg_length / max(float(legs), 1e-6))
    posed = forward_kinematics(rotations, root, skeleton)
    root[:, 1] += p[..., 1].min() + skeleton.toe_height - posed[..., 1].min()
    return Motion(rotations, root, FPS, skeleton)


# Std of HumanML3D's training set as its authors computed it, for the blocks that their loaders divide.
_RAW_STD = {"yaw": 0.012826, "velocity": 0.016927, "contact": 0.355933}
StdKind = Literal["raw", "divided by 5", "divided by 25"]


def std_kind(std: Array) -> StdKind:
    """Which of the three deviations in circulation this is, (263,) -> kind.

    Published loaders divide yaw, velocity, height and contact by 5, in place and twice: MoMask, MMM, T2M-GPT and the
    evaluator expect 25, MDM expects the raw file. A factor of 5 fits no official weights.
    Raises InvalidInput for a wrong shape or a deviation that is not positive and finite.
    """
    s = np.asarray(std, dtype=np.float64)
    if s.shape != (NUM_FEATURES,) or not np.isfinite(s).all() or not (s > 0).all():
        raise InvalidInput(f"std must be ({NUM_FEATURES},), finite and > 0; got shape {s.shape}", field="std")
    logs = [np.log(raw / s[SLICES[name]].mean()) for name, raw in _RAW_STD.items()]
    step = round(float(np.mean(logs)) / 1.609)  # log 5
    kinds: tuple[StdKind, ...] = ("raw", "divided by 5", "divided by 25")
    return kinds[min(max(step, 0), 2)]


def check_std(std: Array, *, expected: StdKind) -> None:
    """Refuse a standard deviation of another kind than the checkpoint was trained with; see `std_kind`."""
    found = std_kind(std)
    if found != expected:
        raise InvalidInput(
            f"std is {found} (yaw {float(np.asarray(std)[0]):.6f}) but {expected} is expected; "
            "use the mean and std that came with the checkpoint",
            field="std",
        )
