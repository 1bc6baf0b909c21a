"""How weights are stored: int8 by output channel or float16, the same numbers on both sides."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")

from export.storage import int8_rows, round_weights, store_small, stored_weights  # noqa: E402
from tests.export.test_graphs import result_of, toy_model  # noqa: E402


def drawn(seed: int, *shape: int, scale: float = 1.0) -> np.ndarray:
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)


@given(st.integers(0, 1000), st.sampled_from([(64, 7), (3, 5, 9)]), st.floats(1e-12, 1e12), st.sampled_from([0, -1]))
def test_int8_is_off_by_half_a_step_and_rounding_again_changes_nothing(
    seed: int, shape: tuple[int, ...], scale: float, axis: int
) -> None:
    values = drawn(seed, *shape, scale=scale)
    rows, step = int8_rows(values, axis)
    rounded = rows * step
    assert rounded.dtype == np.float32 and step.shape[axis] == shape[axis] and step.size == shape[axis]
    assert (np.abs(rounded - values) <= 0.501 * step).all()
    assert (np.abs(rows).max(tuple(k for k in range(len(shape)) if k != axis % len(shape))) >= 126).all()
    again, same_step = int8_rows(rounded, axis)
    np.testing.assert_array_equal(again * same_step, rounded)


def test_a_channel_of_zeros_stays_zero() -> None:
    rows, step = int8_rows(np.zeros((4, 8), np.float32), 0)
    assert not rows.any() and np.isfinite(step).all()


def layers() -> torch.nn.Sequential:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(64, 96), torch.nn.Linear(96, 16), torch.nn.Linear(16, 4))
    module.register_buffer("count", torch.arange(5000))
    module.register_buffer("codes", torch.randn(90, 64))
    return module


@pytest.mark.parametrize("int8", [False, True])
def test_what_is_rounded_how(int8: bool) -> None:
    module, before = layers(), layers().state_dict()
    round_weights(module, int8=int8)
    after = module.state_dict()
    assert torch.equal(after["codes"], before["codes"].half().float())  # a table of codes is never int8
    assert torch.equal(after["1.weight"], before["1.weight"].half().float())
    large = after["0.weight"]
    assert not torch.equal(large, before["0.weight"])
    assert torch.equal(large, before["0.weight"].half().float()) != int8
    levels = (large / large.abs().amax(1, keepdim=True) * 127).unique()
    assert (len(levels) <= 255) == int8
    assert all(torch.equal(after[name], before[name]) for name in ("0.bias", "2.weight", "count"))


def test_a_graph_holds_the_numbers_of_the_rounded_module_and_computes_with_them() -> None:
    module = layers()
    round_weights(module, int8=True)
    first, second = module[0].weight.detach().numpy(), module[1].weight.detach().numpy()
    small = drawn(3, 16, 2)
    made = {"0.weight.T": first.T.copy(), "1.weight.T": second.T.copy(), "small": small}
    plain = toy_model(**made)
    expected = result_of(toy_model(**made), 64)
    stored = store_small(plain, module)
    onnx.checker.check_model(stored)
    kinds = {tensor.name: numpy_helper.to_array(tensor).dtype for tensor in stored.graph.initializer}
    assert kinds == {
        "0.weight.T.int8": np.int8, "0.weight.T.scale": np.float32, "1.weight.T.half": np.float16, "small": np.float32,
    }  # fmt: skip
    np.testing.assert_array_equal(result_of(stored, 64), expected)
    found = stored_weights(stored)
    assert set(found) == {"0.weight", "1.weight", "small"}
    np.testing.assert_array_equal(found["0.weight"], first)
    np.testing.assert_array_equal(found["1.weight"], second)


def test_without_a_module_large_weights_are_halves() -> None:
    large = drawn(0, 128, 64)
    stored = store_small(toy_model(large=large))
    assert [tensor.name for tensor in stored.graph.initializer] == ["large.half"]
    expected = result_of(toy_model(large=large.astype(np.float16).astype(np.float32)), 128)
    np.testing.assert_array_equal(result_of(stored, 128), expected)
