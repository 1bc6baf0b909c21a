"""`python -m export.parity`: it passes on a true bundle, and nothing that was altered gets past it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
onnx = pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from onnx import numpy_helper  # noqa: E402

from export import parity  # noqa: E402
from export.parity import compare_passes, compare_rollouts  # noqa: E402
from export.twin import load_twin  # noqa: E402
from sdk.bundle import Bundle  # noqa: E402
from sdk.console import run as run_command  # noqa: E402
from sdk.emotion import Affect  # noqa: E402
from sdk.runtime.engine import Engine, Request, Result  # noqa: E402
from tests.export import tiny  # noqa: E402
from training.passes import TorchPasses  # noqa: E402

GRAPHS = ("masked", "distilled", "residual", "decode", "encode")


@pytest.fixture(autouse=True)
def few_rollouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "PROMPTS", parity.PROMPTS[:2])
    monkeypatch.setattr(parity, "AFFECTS", parity.AFFECTS[:2])


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(tiny.bundle(), threads=1)


@pytest.fixture(scope="module")
def torch_engine() -> Engine:
    engine = Engine.load(tiny.bundle(), threads=1)
    return engine.with_passes("emo-mask", TorchPasses.of(load_twin(engine.bundle)))


def run_parity(path: Path, *args: str) -> int:
    with pytest.raises(SystemExit) as left:
        run_command(parity.command, [str(path), "--seeds", "1", *args], name="python -m export.parity")
    return int(left.value.code or 0)


def altered(folder: Path, graph: str, weight: str, change: Callable[[np.ndarray], np.ndarray]) -> Path:
    """A copy of the bundle in which one weight is another and all hashes agree again."""
    path = tiny.copy_of(tiny.bundle(), folder / "bundle")
    model = onnx.load(path / f"{graph}.onnx")
    (tensor,) = [t for t in model.graph.initializer if t.name == weight]
    values = numpy_helper.to_array(tensor)
    tensor.CopyFrom(numpy_helper.from_array(change(values.copy()).astype(values.dtype), weight))
    tiny.put(path / f"{graph}.onnx", model.SerializeToString())
    tiny.rehash(path)
    return path


# --- true bundles ---


def test_a_true_bundle_passes_and_int8_costs_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_parity(tiny.bundle(), "--int8") == 0
    text = capsys.readouterr().out
    for name in GRAPHS:
        (gap,) = re.findall(rf"^pass {name} +worst difference (\S+) \(goal <= 0\.001\)$", text, re.MULTILINE)
        assert float(gap) < 1e-4
    assert "rollouts (8): equal tokens, worst 1.0000, mean 1.0000" in text
    (gap_mm,) = re.findall(r"^motion of equal tokens, worst (\S+) mm", text, re.MULTILINE)
    assert float(gap_mm) < 0.25
    for label in ("masked", "residual", r"masked \+ residual"):
        (mean,) = re.findall(rf"^int8 {label}: equal tokens, worst [01]\.\d+, mean ([01]\.\d+)$", text, re.MULTILINE)
        assert 0 < float(mean) <= 1


def test_whole_rollouts_are_the_same_in_torch(engine: Engine, torch_engine: Engine) -> None:
    for plan, seconds in (("best", 4.0), ("fast", 2.5), ("fast", 20.0)):
        request = Request(text="a person turns left", affect=Affect.of("joy"), seconds=seconds, seed=11, plan=plan)
        ours, theirs = engine.generate(request), torch_engine.generate(request)
        np.testing.assert_array_equal(ours.tokens, theirs.tokens)
        assert np.linalg.norm(ours.motion.positions - theirs.motion.positions, axis=-1).max() < 1e-4


# --- altered bundles ---

ALTERED = [
    ("masked", "model.head.bias"),
    ("residual", "model.table.half"),
    ("decode", "model.mean"),
    ("decode", "codebooks"),
    ("encode", "model.quantisers.0.codebook"),
]


@pytest.mark.parametrize(("graph", "weight"), ALTERED)
def test_an_altered_weight_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path, graph: str, weight: str) -> None:
    # The twin is read from the same graphs, so only the reference can tell.
    path = altered(tmp_path, graph, weight, lambda values: np.roll(values, 1, axis=0))
    assert run_parity(path) == 2
    err = capsys.readouterr().err.splitlines()[-1]
    assert re.match(rf"error: parity fails: .*{graph}", err)


def test_a_weight_that_is_no_number_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = altered(tmp_path, "masked", "model.head.bias", lambda values: values * np.nan)
    assert run_parity(path) == 2
    assert "parity fails: masked" in capsys.readouterr().err.splitlines()[-1]


def test_a_bundle_that_is_not_whole_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tiny.copy_of(tiny.bundle(), tmp_path / "bundle")
    tiny.put(path / "masked.onnx", b"cut")
    assert run_parity(path) == 2
    assert capsys.readouterr().err.startswith("error: masked.onnx of bundle")
    with pytest.raises(SystemExit) as left:
        run_command(parity.command, [str(tmp_path / "absent")], name="python -m export.parity")
    assert left.value.code == 2


def test_passes_are_judged_by_their_worst_value(tmp_path: Path) -> None:
    worst = compare_passes(Bundle.load(tiny.bundle()))
    assert set(worst) == set(GRAPHS) and max(worst.values()) < 1e-4

    def one_of_many(values: np.ndarray) -> np.ndarray:
        values[200] += 0.5
        return values

    path = altered(tmp_path, "decode", "model.mean", one_of_many)
    assert compare_passes(Bundle.load(path))["decode"] == pytest.approx(0.5, abs=1e-3)


# --- comparing rollouts ---


def test_rollouts_are_judged_by_the_worst_clip_and_frame(engine: Engine) -> None:
    ours = [engine.generate(Request(text="a person bows", seconds=2.0, seed=seed)) for seed in range(3)]
    same = compare_rollouts(ours, ours, engine)
    assert (same.agreement, same.mean_agreement, same.motion_m) == (1.0, 1.0, 0.0)

    def moved(result: Result) -> Result:
        root = result.motion.root.copy()
        root[30, 1] += 0.02
        return replace(result, motion=replace(result.motion, root=root))

    found = compare_rollouts([ours[0], moved(ours[1]), ours[2]], ours, engine)
    assert found.motion_m == pytest.approx(0.02) and found.agreement == 1.0

    tokens = ours[2].tokens.copy()
    tokens[0, :4] = (tokens[0, :4] + 1) % 16
    found = compare_rollouts([*ours[:2], replace(ours[2], tokens=tokens)], ours, engine)
    assert found.agreement == pytest.approx(1 - 4 / tokens.size)
    assert found.mean_agreement == pytest.approx(1 - 4 / tokens.size / 3)
    # Where tokens differ, the decoder is compared on the other side's tokens.
    assert found.motion_m == 0.0
