"""How training faces are drawn: ranges, the seed's convex combinations, coverage, smoothness, held-out combinations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from sdk.errors import InvalidInput
from sdk.face.expressions import POSES_FILE, ameca_schema, load_poses
from training.face.samplers import HELD_OUT, KINDS, Sampler

SCHEMA = ameca_schema()
SAMPLER = Sampler(load_poses(SCHEMA, POSES_FILE))
LOW, HIGH = SCHEMA.bounds("x2c")


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(KINDS), range_set=st.sampled_from(SCHEMA.range_sets))
def test_every_draw_lies_in_the_range_set_and_repeats_with_its_seed(seed: int, kind: str, range_set: str) -> None:
    sampler = Sampler(SAMPLER.poses, range_set)
    first, again = (sampler.frames(np.random.default_rng(seed), kind, 40) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    low, high = SCHEMA.bounds(range_set)
    assert first.shape == (40, 30) and (first >= low - 1e-9).all() and (first <= high + 1e-9).all()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'gaussian' is unknown; known: convex"):
        SAMPLER.keys(np.random.default_rng(0), "gaussian", 2)


def test_convex_mouths_are_convex_combinations_of_the_expressions() -> None:
    values = SAMPLER.keys(np.random.default_rng(1), "convex", 300)
    poses = SAMPLER.poses
    deltas = values[:, poses.controls] - poses.neutral
    equations = np.vstack([poses.expressions.T, np.ones(len(poses.expressions))])  # weights of 0 or more, 1 in all
    left_over = [nnls(equations, np.append(delta, 1.0))[1] for delta in deltas]
    assert max(left_over) < 1e-6


def test_convex_faces_leave_most_of_the_space_empty_and_the_others_fill_it() -> None:
    """The seed's complaint: insufficient coverage of the action space."""

    def covered(kind: str) -> float:
        values = SAMPLER.keys(np.random.default_rng(2), kind, 4000)
        mouth = SCHEMA.deviations(values, "x2c")[:, SAMPLER.poses.controls]
        return float(np.linalg.svd(mouth - mouth.mean(0), compute_uv=False)[-1] ** 2 / len(values))

    assert covered("convex") < 0.02 * covered("independent")
    parts = (SAMPLER.keys(np.random.default_rng(3), "mixed", 4000) - LOW) / (HIGH - LOW)
    counts = np.stack([np.histogram(column, 10, (0, 1))[0] for column in parts.T])
    assert counts.min() > 4000 * 0.02  # every tenth of every control is seen


def test_edges_are_drawn_more_often_than_by_chance() -> None:
    parts = (SAMPLER.keys(np.random.default_rng(4), "edge", 4000) - LOW) / (HIGH - LOW)
    plain = (SAMPLER.keys(np.random.default_rng(4), "independent", 4000) - LOW) / (HIGH - LOW)
    gaze = SCHEMA.indices("gaze")  # whose neutral is no edge
    near = [((p[:, gaze] < 0.05) | (p[:, gaze] > 0.95)).mean() for p in (parts, plain)]
    assert near[0] > 1.2 * near[1]
    at_rest = SAMPLER.keys(np.random.default_rng(4), "edge", 500) == SCHEMA.neutral
    assert 0.6 < at_rest.mean() < 0.73


@pytest.mark.parametrize("kind", KINDS)
def test_clips_move_smoothly(kind: str) -> None:
    clip = SAMPLER.clip(np.random.default_rng(5), kind, 90)
    deviations = SCHEMA.deviations(clip, "x2c")
    assert clip.shape == (90, 30)
    assert np.abs(np.diff(deviations, axis=0)).max() < 1.9 / (0.25 * 30)  # the eased way's greatest speed
    assert np.abs(np.diff(deviations, axis=0)).max() > 0.005
    twice = SAMPLER.clip(np.random.default_rng(5), kind, 180, fps=60)
    np.testing.assert_allclose(twice[::2], clip, atol=1e-9)  # the same motion at another rate


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(KINDS))
def test_training_and_test_share_no_combination(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    seen = SAMPLER.combinations(SAMPLER.frames(rng, kind, 400, held_out=False))
    unseen = SAMPLER.combinations(SAMPLER.frames(rng, kind, 100, held_out=True))
    assert not set(seen.tolist()) & set(unseen.tolist())


def test_a_share_of_the_combinations_is_held_out_and_rest_is_not() -> None:
    found = SAMPLER.is_held_out(SAMPLER.keys(np.random.default_rng(6), "independent", 20_000))
    assert abs(found.mean() - HELD_OUT) < 0.1
    assert not SAMPLER.is_held_out(SCHEMA.neutral)
