"""Training faces and the landmark network: what it reads, that a run resumes to the bit, the seed's two problems."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.errors import InvalidInput  # noqa: E402
from sdk.face.observed import OBSERVED, PLACE  # noqa: E402
from training import checkpoint  # noqa: E402
from training.face.ablate import answers, table  # noqa: E402
from training.face.evaluate import closed_loop, draw_tests, score  # noqa: E402
from training.face.faces import FaceMaker, Faces, network_input  # noqa: E402
from training.face.losses import MapperLoss  # noqa: E402
from training.face.metrics import figures  # noqa: E402
from training.face.train import RECIPES, ameca_sampler, load_landmarks, predict, response, train_landmarks  # noqa: E402
from training.recipes import StageRecipe  # noqa: E402

SAMPLER = ameca_sampler()
MAKER = FaceMaker(SAMPLER)
SCHEMA = SAMPLER.schema
TINY = replace(
    RECIPES["ablation"], width=16, blocks=1,
    schedule=StageRecipe(steps=6, batch=64, rate=1e-3, warmup=2, validate_every=6, save_every=3),
)  # fmt: skip


def faces(kind: str, seed: int, *, people: int = 60, each: int = 20, held_out: bool | None = False) -> Faces:
    return MAKER.draw(kind, np.random.default_rng(seed), people=people, each=each, held_out=held_out)


def test_faces_are_a_function_of_their_seed_and_show_no_held_out_combination() -> None:
    first, again, other = (faces("mixed", seed, people=4, each=5) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.seen, again.seen)
    assert (first.seen != other.seen).any()
    assert not SAMPLER.is_held_out(first.values).any()
    assert SAMPLER.is_held_out(faces("mixed", 1, people=4, each=5, held_out=True).values).all()


def test_a_face_at_rest_reads_as_nothing_but_noise_beside_its_own_neutral_and_not_without_it() -> None:
    calm = np.tile(SCHEMA.neutral, (40, 4, 1))
    shown = MAKER.show(calm, np.random.default_rng(3))
    features = slice(0, len(OBSERVED) - len(PLACE))
    relative, absolute = (network_input(shown, kind)[:, features] for kind in ("relative", "absolute"))
    assert relative.std() < 0.35 * (absolute - absolute.mean(0)).std()
    assert network_input(shown, "both").shape == (160, 2 * len(OBSERVED))
    with pytest.raises(InvalidInput, match="'delta' is unknown; known: absolute"):
        network_input(shown, "delta")


def test_a_bent_neck_moves_the_head_and_a_turned_head_hardly_does() -> None:
    quiet = FaceMaker(SAMPLER, noise=0.0)
    values = np.tile(SCHEMA.neutral, (200, 3, 1))
    values[:, 1, SCHEMA.index("Neck Roll")] = 15
    values[:, 2, SCHEMA.index("Head Roll")] = 15
    relative = network_input(quiet.show(values, np.random.default_rng(4)), "relative").reshape(200, 3, -1)
    moved = np.abs(relative[..., OBSERVED.index("place right")]).mean(0)
    assert moved[1] > 2 * moved[2] > 0


# --- the seed's problems, with ridge regression instead of a network: seconds instead of minutes ---


def ridge_error(train: Faces, test: Faces, kind: str) -> float:
    x, others = (network_input(one, kind).astype(float) for one in (train, test))
    mean, std = x.mean(0), np.maximum(x.std(0), 1e-6)
    x, others = ((one - mean) / std for one in (x, others))
    x, others = (np.concatenate([one, np.ones((len(one), 1))], 1) for one in (x, others))
    wanted = SCHEMA.deviations(train.values, "x2c")
    weights = np.linalg.solve(x.T @ x + 30 * np.eye(x.shape[1]), x.T @ wanted)
    return float(figures(SCHEMA, SCHEMA.values(others @ weights, "x2c"), test.values, "x2c")["nmae"])


def test_faces_of_convex_mixes_alone_do_not_teach_independent_motion() -> None:
    test = faces("independent", 9, held_out=True)
    convex, mixed = (ridge_error(faces(kind, 8, people=120), test, "relative") for kind in ("convex", "mixed"))
    assert convex > 1.5 * mixed


def test_a_face_minus_its_own_neutral_says_more_than_the_face() -> None:
    train, test = faces("convex", 8, people=120), faces("convex", 9, held_out=True)
    assert ridge_error(train, test, "absolute") > 1.3 * ridge_error(train, test, "relative")


# --- training ---


def test_training_learns_resumes_to_the_bit_and_refuses_another_recipe(tmp_path: Path) -> None:
    scalars = train_landmarks(TINY, tmp_path / "whole", seed=1)
    train_landmarks(TINY, tmp_path / "parts", seed=1, stop_after=3)
    again = train_landmarks(TINY, tmp_path / "parts", seed=1)
    assert scalars == again and np.isfinite(scalars["nmae"])
    whole, parts = (checkpoint.load(tmp_path / name / "landmarks.pt")["model"] for name in ("whole", "parts"))
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    with pytest.raises(InvalidInput, match="made with other settings"):
        train_landmarks(replace(TINY, kind="convex"), tmp_path / "parts", seed=1)


def test_a_short_training_beats_the_neutral_guess_and_closes_the_loop(tmp_path: Path) -> None:
    recipe = replace(
        TINY, width=64, loss=MapperLoss(closed_loop=0.1),
        schedule=StageRecipe(steps=60, batch=128, rate=3e-3, warmup=5, validate_every=60, save_every=60),
    )  # fmt: skip
    train_landmarks(recipe, tmp_path, seed=1)
    model, saved = load_landmarks(tmp_path)
    assert saved["meta"]["schema_sha256"] == SCHEMA.sha256
    tests = draw_tests(MAKER, "mixed", people=12, frames=30)
    given = predict(model, tests.faces, "relative", SAMPLER)
    found = score(given, tests, SAMPLER)
    assert found["nmae"] < 0.8 * found["nmae_neutral_guess"]
    assert found["faces"] == tests.held_out.sum() and found["jerk"] > 0
    loop = closed_loop(given, tests.faces.values, MAKER)
    assert loop["landmarks"] < 0.9 * loop["landmarks_neutral_guess"] and loop["skin"] < loop["landmarks"]
    perfect = closed_loop(tests.faces.values, tests.faces.values, MAKER)
    assert perfect["landmarks"] == perfect["skin"] == 0


def test_the_response_of_the_landmarks_knows_what_is_seen() -> None:
    size = response(MAKER).square().mean(1)
    seen = dict(zip(SCHEMA.names, size.tolist(), strict=True))
    assert min(seen.values()) > 0
    assert seen["Head Yaw"] > seen["Brow Inner Left"] and seen["Neck Roll"] > seen["Nose Wrinkle"]


def test_the_ablation_answers_from_its_rows() -> None:
    def row(train: str, inputs: str, error: float) -> dict[str, object]:
        one = {"nmae": error, "nmae_mouth": 2 * error, "nmae_neutral_guess": 0.2}
        tests = dict.fromkeys(("convex", "independent", "mixed"), one)
        return {"train": train, "input": inputs, "seed": 1, "test": tests}

    errors = {"convex": 0.06, "independent": 0.03, "mixed": 0.02}
    rows = [row(kind, inputs, error * (2 if inputs == "absolute" else 1))
            for kind, error in errors.items() for inputs in ("absolute", "relative")]  # fmt: skip
    assert answers(rows) == pytest.approx({"coverage": 3, "coverage_mouth": 3, "absolute": 2})
    assert "| convex | absolute | 0.1200 (0.2400) |" in table({"rows": rows})
