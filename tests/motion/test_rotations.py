"""Rotations: laws over batches and difficult neighbourhoods, one anchor for what no law can know, parity with scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sdk.motion import rotations as R
from sdk.motion.rotations import Array

SHAPES = [(), (1,), (50,), (4, 1, 3)]
NEIGHBOURHOODS = ["anywhere", "near identity", "near half turn", "half turn", "negative w"]
SEEDS = st.integers(0, 2**32 - 1)


def unit_vectors(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return R.normalize(rng.normal(size=(*shape, 3)))


def random_quats(rng: np.random.Generator, shape: tuple[int, ...], where: str = "anywhere") -> Array:
    q = R.normalize(rng.normal(size=(*shape, 4)))
    if where == "negative w":
        return np.where(q[..., 3:] > 0, -q, q)
    if where == "anywhere":
        return q
    tiny = 10.0 ** rng.uniform(-12, -3, size=(*shape, 1))
    angle = {"near identity": tiny, "near half turn": np.pi - tiny, "half turn": np.full_like(tiny, np.pi)}[where]
    return np.concatenate([np.sin(angle / 2) * unit_vectors(rng, shape), np.cos(angle / 2)], -1)


@pytest.fixture(params=[(shape, where) for shape in SHAPES for where in NEIGHBOURHOODS], ids=str)
def batch(request: pytest.FixtureRequest) -> tuple[Array, Array, Array, Array]:
    """Three batches of rotations, the first from the neighbourhood under test, and vectors."""
    shape, where = request.param
    rng = np.random.default_rng(7)
    a, b, c = random_quats(rng, shape, where), random_quats(rng, shape), random_quats(rng, shape)
    return a, b, c, rng.normal(size=(*shape, 3))


def same_rotation(a: Array, b: Array, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(R.quat_to_matrix(a), R.quat_to_matrix(b), atol=atol)


def test_anchor_quarter_turn_about_y_carries_forward_to_left() -> None:
    quarter = np.array([0, np.sin(np.pi / 4), 0, np.cos(np.pi / 4)])
    np.testing.assert_allclose(R.quat_rotate(quarter, np.array([0, 0, 1.0])), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(R.quat_about("y", np.pi / 2), quarter, atol=1e-12)


def test_anchor_layouts_of_6d() -> None:
    quarter = R.quat_about("y", np.pi / 2)  # rows 0 0 1, 0 1 0, -1 0 0
    np.testing.assert_allclose(R.quat_to_6d(quarter, layout="rows"), [0, 0, 1, 0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(R.quat_to_6d(quarter, layout="columns"), [0, 0, -1, 0, 1, 0], atol=1e-12)


def test_anchor_euler_order_is_intrinsic() -> None:
    # R = Rz Rx Ry: a vector meets the y turn first.
    q = R.quat_from_euler(np.radians([90.0, 0.0, 90.0]), "zxy")
    np.testing.assert_allclose(R.quat_rotate(q, np.array([0, 0, 1.0])), [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_products_of_vectors_are_numpys_to_the_bit_and_broadcast(kind: type) -> None:
    draw = np.random.default_rng(0)
    for one, other in (((3,), (3,)), ((22, 3), (22, 3)), ((5, 1, 3), (22, 3)), ((0, 3), (0, 3))):
        u, v = draw.normal(size=one).astype(kind), draw.normal(size=other).astype(kind)
        np.testing.assert_array_equal(R.cross(u, v), np.cross(u, v), strict=True)
        np.testing.assert_array_equal(R.dot(u, v), np.sum(u * v, -1, keepdims=True), strict=True)
        np.testing.assert_array_equal(R.length(u), np.linalg.norm(u, axis=-1, keepdims=True), strict=True)


def test_action_law(batch: tuple[Array, ...]) -> None:
    a, b, _, v = batch
    np.testing.assert_allclose(R.quat_rotate(R.quat_mul(a, b), v), R.quat_rotate(a, R.quat_rotate(b, v)), atol=1e-12)


def test_product_laws(batch: tuple[Array, ...]) -> None:
    a, b, c, _ = batch
    np.testing.assert_allclose(R.quat_mul(R.quat_mul(a, b), c), R.quat_mul(a, R.quat_mul(b, c)), atol=1e-12)
    np.testing.assert_allclose(R.quat_mul(a, R.IDENTITY), a, atol=0)
    np.testing.assert_allclose(R.quat_mul(R.IDENTITY, a), a, atol=0)
    np.testing.assert_allclose(R.quat_mul(a, R.quat_inv(a)), np.broadcast_to(R.IDENTITY, a.shape), atol=1e-12)
    np.testing.assert_allclose(R.quat_inv(R.quat_mul(a, b)), R.quat_mul(R.quat_inv(b), R.quat_inv(a)), atol=1e-12)


def test_turning_keeps_lengths_and_handedness(batch: tuple[Array, ...]) -> None:
    a, _, _, v = batch
    w = v[..., ::-1]
    np.testing.assert_allclose(np.linalg.norm(R.quat_rotate(a, v), axis=-1), np.linalg.norm(v, axis=-1), atol=1e-12)
    crossed = np.cross(R.quat_rotate(a, v), R.quat_rotate(a, w))
    np.testing.assert_allclose(R.quat_rotate(a, np.cross(v, w)), crossed, atol=1e-10)


def test_round_trips(batch: tuple[Array, ...]) -> None:
    a, _, _, v = batch
    same_rotation(R.quat_from_matrix(R.quat_to_matrix(a)), a)
    same_rotation(R.quat_from_axis_angle(R.quat_to_axis_angle(a)), a)
    assert (np.linalg.norm(R.quat_to_axis_angle(a), axis=-1) <= np.pi + 1e-12).all()
    for layout in ("rows", "columns"):
        same_rotation(R.quat_from_6d(R.quat_to_6d(a, layout=layout), layout=layout), a)
    # Near the lock x = +-90 degrees one angle is given up, which costs up to 1.5e-5 rad.
    same_rotation(R.quat_from_euler(R.quat_to_euler_zxy(a), "zxy"), a, atol=3e-5)
    np.testing.assert_allclose((R.quat_to_matrix(a) @ v[..., None])[..., 0], R.quat_rotate(a, v), atol=1e-12)


def test_parity_with_scipy(batch: tuple[Array, ...]) -> None:
    a, b, _, v = (x.reshape(-1, x.shape[-1]) for x in batch)
    ra, rb = Rotation.from_quat(a), Rotation.from_quat(b)
    same_rotation(R.quat_mul(a, b), (ra * rb).as_quat())
    np.testing.assert_allclose(R.quat_rotate(a, v), ra.apply(v), atol=1e-12)
    np.testing.assert_allclose(R.quat_to_matrix(a), ra.as_matrix(), atol=1e-12)
    same_rotation(R.quat_from_axis_angle(v), Rotation.from_rotvec(v).as_quat())
    np.testing.assert_allclose(R.quat_angle(a, b), (ra.inv() * rb).magnitude(), atol=1e-9)
    for order in ("xyz", "zxy", "zyx", "yzx"):
        same_rotation(R.quat_from_euler(v, order), Rotation.from_euler(order.upper(), v).as_quat())


@given(SEEDS)
def test_parity_of_parameters_with_scipy(seed: int) -> None:
    q = random_quats(np.random.default_rng(seed), (20,))
    np.testing.assert_allclose(R.quat_to_axis_angle(q), Rotation.from_quat(q).as_rotvec(), atol=1e-7)
    np.testing.assert_allclose(R.quat_to_euler_zxy(q), Rotation.from_quat(q).as_euler("ZXY"), atol=1e-6)


@pytest.mark.parametrize("pitch", [np.pi / 2, -np.pi / 2, np.pi / 2 - 1e-7, np.pi / 2 - 1e-4])
def test_euler_at_the_lock(pitch: float) -> None:
    angles = np.array([[z, pitch, y] for z in (-2.0, 0.3, 1.9) for y in (-1.0, 0.0, 2.5)])
    q = R.quat_from_euler(angles, "zxy")
    same_rotation(R.quat_from_euler(R.quat_to_euler_zxy(q), "zxy"), q, atol=3e-5)


@given(SEEDS)
def test_6d_takes_the_nearest_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for layout in ("rows", "columns"):
        m = R.matrix_from_6d(rng.normal(size=(10, 6)), layout=layout)
        np.testing.assert_allclose(m @ np.swapaxes(m, -1, -2), np.broadcast_to(np.eye(3), m.shape), atol=1e-7)
        np.testing.assert_allclose(np.linalg.det(m), 1, atol=1e-7)
        np.testing.assert_allclose(R.matrix_from_6d(3 * R.matrix_to_6d(m, layout=layout), layout=layout), m, atol=1e-9)


def test_slerp_ends_middle_and_speed(batch: tuple[Array, ...]) -> None:
    a, b, _, _ = batch
    same_rotation(R.quat_slerp(a, b, 0.0), a)
    same_rotation(R.quat_slerp(a, b, 1.0), b)
    whole = R.quat_angle(a, b)
    for t in (0.25, 0.5, 0.9):
        middle = R.quat_slerp(a, b, t)
        np.testing.assert_allclose(np.linalg.norm(middle, axis=-1), 1, atol=1e-12)
        np.testing.assert_allclose(R.quat_angle(a, middle), t * whole, atol=1e-7)
        np.testing.assert_allclose(R.quat_angle(middle, b), (1 - t) * whole, atol=1e-7)
        same_rotation(middle, R.quat_slerp(a, -b, t))  # the short way, whichever sign it is written with
    half_way = Rotation.from_quat(a.reshape(-1, 4)).inv() * Rotation.from_quat(b.reshape(-1, 4))
    expected = Rotation.from_quat(a.reshape(-1, 4)) * Rotation.from_rotvec(half_way.as_rotvec() / 2)
    apart = (whole < np.pi - 1e-6).ravel()
    same_rotation(R.quat_slerp(a, b, 0.5).reshape(-1, 4)[apart], expected.as_quat()[apart], atol=1e-7)


def test_slerp_of_nearly_equal_rotations_is_exact() -> None:
    a = np.array([0.5, 0.5, 0.5, 0.5])
    for angle in (0.0, 1e-12, 1e-8, 1e-6, 1e-5):
        b = R.quat_mul(R.quat_about("x", angle), a)
        np.testing.assert_allclose(R.quat_angle(a, R.quat_slerp(a, b, 0.5)), angle / 2, atol=1e-13)


def test_slerp_takes_one_time_per_entry() -> None:
    a, b = R.IDENTITY, R.quat_about("y", 1.0)
    out = R.quat_slerp(a, b, np.array([0.0, 0.25, 1.0]))
    np.testing.assert_allclose(2 * np.arctan2(out[:, 1], out[:, 3]), [0, 0.25, 1], atol=1e-12)


def test_swing_twist_recomposes(batch: tuple[Array, ...]) -> None:
    a, _, _, v = batch
    axis = R.normalize(v)
    swing, twist = R.quat_swing_twist(a, axis)
    same_rotation(R.quat_mul(swing, twist), a)
    np.testing.assert_allclose(np.cross(twist[..., :3], axis), 0, atol=1e-9)
    np.testing.assert_allclose(np.sum(swing[..., :3] * axis, -1), 0, atol=1e-9)
    np.testing.assert_allclose(R.quat_rotate(twist, axis), axis, atol=1e-9)
    np.testing.assert_allclose(R.quat_rotate(swing, axis), R.quat_rotate(a, axis), atol=1e-9)


def test_swing_twist_finds_both_parts_and_broadcasts() -> None:
    axes = np.eye(3)
    q = R.quat_mul(R.quat_about("z", 0.4), R.quat_about("x", 1.1))
    swing, twist = R.quat_swing_twist(q, axes[0])
    same_rotation(twist, R.quat_about("x", 1.1))
    same_rotation(swing, R.quat_about("z", 0.4))
    assert R.quat_swing_twist(q, axes)[0].shape == (3, 4)
    half = R.quat_about("y", np.pi)  # a pure half-turn swing has no twist about x
    np.testing.assert_allclose(R.quat_swing_twist(half, axes[0])[1], R.IDENTITY, atol=1e-12)


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-8, 1e-5, 1e-3, 0.5])
def test_between_carries_also_opposite_directions(gap: float) -> None:
    rng = np.random.default_rng(1)
    u = np.concatenate([unit_vectors(rng, (200,)), np.eye(3), -np.eye(3)])
    v = -R.normalize(u + gap * unit_vectors(rng, (len(u),)))
    q = R.quat_between(u, v)
    np.testing.assert_allclose(np.linalg.norm(q, axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(R.quat_rotate(q, u), v, atol=2e-7)
    single = R.quat_between(u.astype(np.float32), -u.astype(np.float32))
    np.testing.assert_allclose(R.quat_rotate(single, u), -u, atol=1e-6)
    np.testing.assert_allclose(R.quat_between(u, u), np.broadcast_to(R.IDENTITY, q.shape), atol=1e-12)


def test_between_is_the_shortest_and_broadcasts() -> None:
    rng = np.random.default_rng(2)
    one, many = unit_vectors(rng, ()), unit_vectors(rng, (5, 7))
    q = R.quat_between(one, many)
    assert q.shape == (5, 7, 4) and R.quat_between(many, one).shape == (5, 7, 4)
    np.testing.assert_allclose(R.quat_angle(R.IDENTITY, q), np.arccos(many @ one), atol=1e-7)


def test_continuous_keeps_rotations_and_removes_sign_jumps() -> None:
    rng = np.random.default_rng(3)
    smooth = R.quat_from_axis_angle(np.cumsum(rng.normal(0, 0.05, (80, 5, 3)), axis=0))
    signs = rng.choice([-1.0, 1.0], (80, 5, 1))
    out = R.quat_continuous(smooth * signs)
    same_rotation(out, smooth)
    assert (np.sum(out[1:] * out[:-1], -1) > 0).all()
    np.testing.assert_array_equal(out[0], smooth[0] * signs[0])
    along_1 = R.quat_continuous(np.swapaxes(smooth * signs, 0, 1), axis=1)
    np.testing.assert_array_equal(np.swapaxes(along_1, 0, 1), out)
