"""Where a pose may lie: the rules against the document's, and the law that all else rests on: they are convex."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_bridge.limits import BOTTOM_CURL, DEPRESS, JAW, PROFILES, RAISE, TOP_CURL, YAW, Limits
from robot_bridge.schema import ameca
from sdk.errors import InvalidInput
from tests.robot_bridge.bridges import pose
from tests.robot_bridge.checker import Checker

CASES = [(range_set, profile) for range_set in ("x2c", "tight") for profile in PROFILES]
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module", params=CASES, ids=["-".join(case) for case in CASES])
def case(request: pytest.FixtureRequest) -> tuple[Limits, Checker]:
    range_set, profile = request.param
    return Limits(ameca(), range_set=range_set, profile=profile), Checker(range_set, profile)


def worst(checker: Checker, poses: np.ndarray) -> float:
    """The largest breach of any coupled rule by any pose."""
    return max(float(excess.max()) for excess in checker.coupled(poses).values())


def test_the_published_neutral_breaks_the_published_rule_2_and_stays_in_our_own() -> None:
    published, own = Limits(ameca(), profile="published"), Limits(ameca(), profile="sdk")
    neutral = ameca().neutral
    assert neutral[ameca().index(RAISE)] == 0.30
    assert published.excess(neutral) == pytest.approx(0.4625 - 0.30)
    moved = np.flatnonzero(published.rest != neutral)
    assert [ameca().names[k] for k in moved] == [RAISE] and published.rest[moved[0]] == pytest.approx(0.4625)
    assert own.excess(neutral) <= 0
    np.testing.assert_array_equal(own.rest, neutral)


def test_the_physical_robots_neutral_stays_in_our_own_too() -> None:
    brows = {"Brow_Inner_Left": 0.60, "Brow_Inner_Right": 0.68, "Brow_Outer_Left": 0.65, "Brow_Outer_Right": 0.53}
    assert Limits(ameca()).excess(pose(**brows)) <= 0


@pytest.mark.parametrize(
    ("jaw", "depress", "raised", "bottom", "top", "expected"),
    [
        # Shut: rule 1 asks 0.40 of the lower lip, then 2, 3 and 4 in turn; worked out by hand from the document.
        (1.0, 0.0, 0.0, 0.0, 0.0, (0.40, 0.50, 0.40, 0.375)),
        (0.7, 0.0, 0.0, 0.0, 1.0, (0.0, 0.50, 0.1, 1.0)),
        (0.55, 0.2, 0.0, 0.0, 0.9, (0.2, 0.0, 0.25, 0.7)),
        (0.0, 1.0, 1.0, 0.0, 0.0, (1.0, 1.0, 0.85, 0.75)),
    ],
)
def test_the_lip_limiter_in_the_published_order(
    jaw: float, depress: float, raised: float, bottom: float, top: float, expected: tuple[float, ...]
) -> None:
    schema = ameca()
    order = [schema.index(name) for name in (DEPRESS, RAISE, BOTTOM_CURL, TOP_CURL)]
    values = schema.neutral.copy()
    values[[schema.index(JAW), *order]] = jaw, depress, raised, bottom, top
    made = Limits(schema, range_set="x2c", profile="published").legal(values)
    np.testing.assert_allclose(made[order], expected, atol=1e-12)
    assert made[schema.index(JAW)] == jaw


def test_a_wide_open_jaw_turns_less_and_keeps_its_pitch() -> None:
    schema, limits = ameca(), Limits(ameca(), range_set="x2c")
    made = limits.legal(pose(Jaw_Pitch=0.0, Jaw_Yaw=1.0, Lip_Bottom_Depress_Middle=1.0))
    assert made[schema.index(JAW)] == 0.0 and made[schema.index(YAW)] == pytest.approx(0.7)


def test_full_neck_pitch_needs_the_head_to_lean_the_other_way() -> None:
    schema, limits = ameca(), Limits(ameca(), range_set="x2c")
    neck = schema.index("Neck Pitch")
    for head, reach in ((-15, 30), (0, 24), (20, 12)):
        assert limits.legal(pose(Head_Pitch=head, Neck_Pitch=30))[neck] == pytest.approx(reach)


@settings(max_examples=25)
@given(seed=SEEDS)
def test_what_is_legal_is_so_by_the_document_and_changes_no_more(case: tuple[Limits, Checker], seed: int) -> None:
    limits, checker = case
    draw = np.random.default_rng(seed)
    wild = draw.choice([-1e3, 0.0, 1e3], (300, 30)) * (draw.random((300, 30)) < 0.3)
    poses = limits.legal(wild + draw.uniform(limits.low, limits.high, (300, 30)))
    assert ((poses >= limits.low) & (poses <= limits.high)).all()
    assert worst(checker, poses) <= 1e-12
    np.testing.assert_allclose(limits.legal(poses), poses, atol=1e-12)


@settings(max_examples=25)
@given(seed=SEEDS)
def test_whatever_lies_between_legal_poses_is_legal(case: tuple[Limits, Checker], seed: int) -> None:
    limits, checker = case
    draw = np.random.default_rng(seed)
    # Half of the values at an end: the corners of the polytope are where bends would show.
    ends = np.where(draw.random((2, 400, 30)) < 0.5, limits.low, limits.high)
    inner = draw.uniform(limits.low, limits.high, (2, 400, 30))
    first, second = limits.legal(np.where(draw.random((2, 400, 30)) < 0.5, ends, inner))
    share = draw.random((400, 1))
    between = first + share * (second - first)
    assert worst(checker, between) <= 1e-12 and limits.excess(between).max() <= 1e-12


@settings(max_examples=10)
@given(seed=SEEDS)
def test_the_rows_are_the_documents_rules(case: tuple[Limits, Checker], seed: int) -> None:
    limits, checker = case
    poses = np.random.default_rng(seed).uniform(limits.low, limits.high, (500, 30))
    by_rows = limits.excess(poses) > 1e-12
    by_rules = np.max([excess for excess in checker.coupled(poses).values()], axis=0) > 1e-12
    np.testing.assert_array_equal(by_rows, by_rules)


def test_leaders_stay_where_they_are() -> None:
    limits = Limits(ameca(), range_set="x2c")
    followers = {rule.follower for rule in limits.profile.rules}
    poses = np.random.default_rng(0).uniform(limits.low, limits.high, (500, 30))
    free = [k for k, name in enumerate(ameca().names) if name not in followers]
    np.testing.assert_array_equal(limits.couple(poses)[:, free], poses[:, free])


def test_what_is_tied_together() -> None:
    names = [{ameca().names[k] for k in group} for group in Limits(ameca()).groups]
    assert {JAW, YAW, DEPRESS, RAISE, BOTTOM_CURL, TOP_CURL} in names
    assert {"Head Pitch", "Neck Pitch", "Neck Roll"} in names and len(names) == 2


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="profile 'lax' is unknown; known: published, sdk"):
        Limits(ameca(), profile="lax")
    with pytest.raises(InvalidInput, match="range set 'wide' is unknown; known: x2c, tight"):
        Limits(ameca(), range_set="wide")
