"""The figures of the mapper on predictions whose errors are known, its losses, and what is not counted."""

import numpy as np
import pytest
import torch

from sdk.face.expressions import ameca_schema
from training.face.losses import MapperLoss, control_weights, mapper_loss
from training.face.metrics import figures, jerk, visible

SCHEMA = ameca_schema()
LOW, HIGH = SCHEMA.bounds("x2c")
LIDS = [SCHEMA.index(f"Eyelid Upper {side}") for side in ("Left", "Right")]


def drawn(count: int = 500, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(LOW, HIGH, (count, 30))


def test_a_perfect_prediction_has_no_error_and_a_known_error_is_found() -> None:
    values = drawn()
    perfect = figures(SCHEMA, values, values, "x2c")
    assert perfect["nmae"] == 0 and perfect["r2"] == pytest.approx(1)
    shifted = values.copy()
    shifted[:, SCHEMA.index("Head Yaw")] += 6.0  # a tenth of its 60 degrees
    got = figures(SCHEMA, shifted, values, "x2c")
    assert got["worst_control"] == {"name": "Head Yaw", "nmae": pytest.approx(0.1)}
    assert got["nmae_by_region"]["head"] == pytest.approx(0.1 / 3) and got["nmae_by_region"]["lip"] == 0
    assert figures(SCHEMA, shifted, values, "tight")["worst_control"]["nmae"] == pytest.approx(0.15)


def test_the_neutral_face_as_a_prediction_gains_nothing() -> None:
    values = drawn()
    got = figures(SCHEMA, np.tile(SCHEMA.neutral, (len(values), 1)), values, "x2c")
    assert got["nmae"] == pytest.approx(got["nmae_neutral_guess"])
    assert all(one["neutral_ratio"] == pytest.approx(1) and one["r2"] <= 1e-9 for one in got["controls"].values())


def test_gaze_is_not_counted_while_both_upper_lids_are_shut() -> None:
    values = drawn()
    values[:, LIDS] = [-0.2, 0.5]
    gaze = SCHEMA.indices("gaze")
    assert visible(SCHEMA, values).all()
    values[:250, LIDS] = -0.2
    shown = visible(SCHEMA, values)
    assert not shown[:250, gaze].any() and shown[250:].all() and np.delete(shown, gaze, axis=1).all()
    wrong = values.copy()
    wrong[:250, gaze] += 20
    assert figures(SCHEMA, wrong, values, "x2c")["nmae"] == 0


def test_values_outside_the_range_are_counted() -> None:
    values = drawn(100)
    wrong = values.copy()
    wrong[:10, 3] = 1.5
    assert figures(SCHEMA, wrong, values, "x2c")["out_of_range"] == pytest.approx(10 / 3000)


def test_jerk_is_that_of_the_third_derivative_at_any_rate() -> None:
    def clip(fps: float) -> np.ndarray:
        out = np.tile(SCHEMA.neutral, (int(fps), 1))
        out[:, 13] = (np.arange(int(fps)) / fps) ** 3  # third derivative: 6 per second cubed
        return out

    for fps in (30.0, 60.0):
        assert jerk(SCHEMA, [clip(fps)], "x2c", fps=fps) == pytest.approx(6 / np.sqrt(30), rel=1e-6)


def test_the_loss_counts_degrees_as_shares_and_leaves_out_what_is_hidden() -> None:
    weights, how = control_weights(SCHEMA), MapperLoss()
    assert weights.mean().item() == pytest.approx(1)
    wanted, shown = torch.zeros(1, 30), torch.ones(1, 30)
    losses = {}
    for name in ("Head Yaw", "Brow Inner Left"):  # the same weight, degrees and a ratio
        given = wanted.clone()
        given[0, SCHEMA.index(name)] = 0.1
        losses[name] = mapper_loss(given, wanted, shown, weights, how).item()
    assert losses["Head Yaw"] == pytest.approx(losses["Brow Inner Left"]) and losses["Head Yaw"] > 0
    shown[0, SCHEMA.index("Head Yaw")] = 0
    given = wanted.clone()
    given[0, SCHEMA.index("Head Yaw")] = 5.0
    assert mapper_loss(given, wanted, shown, weights, how).item() == 0


def test_the_closed_loop_forgives_what_the_landmarks_do_not_show() -> None:
    how, weights = MapperLoss(closed_loop=1.0), control_weights(SCHEMA)
    response = torch.zeros(30, 4)
    response[0, 0] = 10.0
    given, wanted, shown = torch.zeros(1, 30), torch.zeros(1, 30), torch.ones(1, 30)
    plain = []
    for control in (0, 1):  # brows of the same weight; only the first moves a landmark
        given = torch.zeros(1, 30)
        given[0, control] = 0.1
        plain.append(mapper_loss(given, wanted, shown, weights, how, response).item())
    assert plain[0] > plain[1] > 0
