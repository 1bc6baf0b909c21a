"""Faces as the real face finder sees them: kept, mirrored twins, neutral of the same person, and where they are."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from sdk.face.observed import OBSERVED, beside_neutral  # noqa: E402
from training.face.found import CALM, FoundSet, find_people, worn  # noqa: E402
from training.face.train import RECIPES, ameca_sampler, together, train_landmarks  # noqa: E402

SAMPLER = ameca_sampler()
SCHEMA = SAMPLER.schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("found")


@pytest.fixture(scope="module")
def found(folder: Path) -> FoundSet:
    return find_people(folder, SAMPLER, "mixed", people=3, each=3, seed=5)


def test_found_faces_are_kept_and_come_with_mirrored_twins(folder: Path, found: FoundSet) -> None:
    assert found.seen.shape == (6, CALM + 3, len(OBSERVED)) and found.values.shape == (6, CALM + 3, 30)
    (path,) = folder.iterdir()
    before = path.stat().st_mtime_ns
    again = find_people(folder, SAMPLER, "mixed", people=3, each=3, seed=5)
    assert path.stat().st_mtime_ns == before
    np.testing.assert_array_equal(again.seen, found.seen)
    np.testing.assert_allclose(found.values[3:], SCHEMA.mirrored(found.values[:3]))
    yaw, jaw = OBSERVED.index("head yaw / 30 degrees"), OBSERVED.index("jaw open")
    np.testing.assert_allclose(found.seen[3:, :, yaw], -found.seen[:3, :, yaw], atol=1e-4)
    np.testing.assert_allclose(found.seen[3:, :, jaw], found.seen[:3, :, jaw], atol=1e-4)


def test_what_is_found_follows_what_was_shown(found: FoundSet) -> None:
    calm = found.seen[:, :CALM].mean(1, keepdims=True)
    moved = beside_neutral(found.seen, np.broadcast_to(calm, found.seen.shape))[:, CALM:]
    turned = {name: found.values[:, CALM:, SCHEMA.index(name)] for name in ("Head Yaw", "Head Roll", "Neck Roll")}
    for degrees, feature in (
        (turned["Head Yaw"], "head yaw / 30 degrees"),
        (turned["Head Roll"] + turned["Neck Roll"], "head roll / 30 degrees"),
    ):
        seen = moved[..., OBSERVED.index(feature)]
        assert np.corrcoef(degrees.ravel(), seen.ravel())[0, 1] > 0.8, feature


def test_a_face_is_drawn_beside_calm_ones_of_its_own_person(found: FoundSet) -> None:
    whole = found.faces()
    assert len(whole.values) == found.sure[:, CALM:].sum()
    some = found.faces(np.random.default_rng(0), 40)
    again = found.faces(np.random.default_rng(0), 40)
    np.testing.assert_array_equal(some.neutral, again.neutral)
    low, high = found.seen[:, :CALM].min(1), found.seen[:, :CALM].max(1)
    for neutral, values in zip(some.neutral, some.values, strict=True):
        (person,) = {int(p) for p in np.argwhere((found.values == values).all(-1))[:, 0]}
        assert ((neutral >= low[person] - 1e-6) & (neutral <= high[person] + 1e-6)).all()
    both = together(whole, some)
    assert len(both.seen) == len(whole.seen) + 40


def test_a_worn_picture_has_less_detail_and_grain() -> None:
    picture = np.kron(np.indices((20, 20)).sum(0) % 2 * 200, np.ones((4, 4))).astype(np.uint8)[..., None].repeat(3, -1)
    rng = np.random.default_rng(0)
    coarse, grainy = worn(picture, 0.0, 0.3, rng), worn(picture, 8.0, 1.0, rng)
    assert coarse.shape == grainy.shape == picture.shape
    assert coarse.std() < 0.6 * picture.std()
    assert 4 < (grainy[picture == 200].astype(float) - 200).std() < 12


def test_a_recipe_that_wants_found_faces_is_refused_without_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="name their folder with --found"):
        train_landmarks(RECIPES["full"], tmp_path, seed=1)
