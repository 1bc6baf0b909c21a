"""Reading files of others: no code of a pickle is run, and every difference from what is expected is named."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")

from torch import nn  # noqa: E402

from export.official.files import fill, load_pickle, read_options, read_statistics  # noqa: E402
from sdk.errors import InvalidInput, MalformedFile  # noqa: E402
from tests.export.official import published  # noqa: E402


class Trap:
    """Unpickled without care, it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


# --- pickles ---


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_named_and_not_run(tmp_path: Path, zipped: bool) -> None:
    path, made = tmp_path / "latest.tar", tmp_path / "made"
    content = {"vq_model": {"weight": torch.ones(2)}, "ep": Trap(made)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(MalformedFile, match=r"latest\.tar is refused: it calls (posix|nt)\.mkdir, and .* never run"):
        load_pickle(path, "weights")
    assert not made.exists()
    torch.load(path, weights_only=False)
    assert made.exists(), "the trap works"


def test_a_plain_pickle_with_code_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps({"a": Trap(tmp_path / "made")}))
    with pytest.raises(MalformedFile, match="model.pt"):
        load_pickle(path, "weights")
    assert not (tmp_path / "made").exists()


def test_what_a_training_run_leaves_beside_the_weights_is_read(tmp_path: Path) -> None:
    published.write_momask(tmp_path)
    loaded = load_pickle(tmp_path / published.M_NAME / "model" / "latest.tar", "weights")
    assert loaded["scheduler"]["milestones"] == {50000: 1}


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_a_program_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "ViT-B-32.pt"
    torch.jit.script(nn.Linear(2, 2)).save(str(path))
    with pytest.raises(MalformedFile, match=r"TorchScript program.*state_dict\(\)"):
        load_pickle(path, "weights")


@pytest.mark.parametrize(("content", "words"), [(b"", "is no torch file"), (b"PK\x03\x04 cut", "is no torch file")])
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(MalformedFile, match=words) as caught:
        load_pickle(path, "weights")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_another_content_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="gone.tar does not exist; it is the RVQ-VAE"):
        load_pickle(tmp_path / "gone.tar", "the RVQ-VAE")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(MalformedFile, match="holds a list, not a dict of weights"):
        load_pickle(tmp_path / "list.pt", "weights")


# --- states ---


def net() -> nn.Module:
    with torch.device("meta"):
        return nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))


def state(**changed: Any) -> dict[str, Any]:
    shapes = {"0.weight": (2, 3), "0.bias": (2,), "1.weight": (2, 2), "1.bias": (2,)}
    whole = {name: torch.ones(shape) for name, shape in shapes.items()}
    return {k: v for k, v in {**whole, **changed}.items() if v is not None}


def test_a_state_that_fits_fills_the_net_with_float32() -> None:
    filled = net()
    fill(filled, state(**{"0.weight": torch.full((2, 3), 0.5, dtype=torch.float64)}), "file")
    assert filled[0].weight.dtype == torch.float32 and not filled[0].weight.requires_grad and not filled.training
    assert torch.equal(filled(torch.ones(1, 3)), torch.full((1, 2), 6.0))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"0.bias": None}, "file lacks 0.bias; its options"),
        ({"2.bias": torch.ones(2)}, "file has unknown 2.bias; its options"),
        ({"0.bias": None, "2.bias": torch.ones(2)}, "lacks 0.bias and has unknown 2.bias"),
        ({"0.weight": torch.ones(2, 4)}, r"0.weight is \(2, 4\), the options make it \(2, 3\)"),
        ({"0.weight": torch.ones(2, 3, dtype=torch.int64)}, "0.weight holds torch.int64"),
        ({"0.weight": torch.full((2, 3), float("nan"))}, "0.weight holds NaN"),
        ({"1.bias": torch.tensor([1.0, float("-inf")])}, "1.bias holds NaN, infinite"),
        ({"1.bias": torch.full((2,), 1e6)}, "1.bias holds NaN, infinite or enormous"),
        ({"0.bias": 3}, "file is no state dict"),
    ],
)
def test_every_difference_of_a_state_is_named(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(MalformedFile, match=words):
        fill(net(), state(**changed), "file")


def test_what_is_no_mapping_is_no_state() -> None:
    with pytest.raises(MalformedFile, match="file is no state dict"):
        fill(net(), torch.ones(3), "file")


# --- options ---


def test_options_are_read_as_what_they_are(tmp_path: Path) -> None:
    values = {"none": None, "small": 1e-05, "on": True, "count": 512, "word": "relu", "list": [1, 2], "empty": ""}
    published.write_opt(tmp_path / "opt.txt", values)
    read = read_options(tmp_path / "opt.txt").values
    assert read == {**values, "list": "[1, 2]"}


def test_options_that_do_not_fit_are_named(tmp_path: Path) -> None:
    published.write_opt(tmp_path / "opt.txt", {"width": 0, "deep": 3.0, "flag": 1, "act": "gelu"})
    options = read_options(tmp_path / "opt.txt")
    for name in ("width", "deep", "gone"):
        with pytest.raises(InvalidInput, match=rf"opt\.txt: {name} must be a whole number") as caught:
            options.size(name)
        assert caught.value.field == name
    with pytest.raises(InvalidInput, match=r"act must be 'relu' to be imported, got 'gelu'"):
        options.expect("act", "relu")
    with pytest.raises(InvalidInput, match="flag must be True to be imported, got 1"):
        options.expect("flag", True)
    with pytest.raises(InvalidInput, match="gone must be 'x' to be imported, got nothing"):
        options.expect("gone", "x")
    options.expect("gone", "x", absent="x")
    with pytest.raises(InvalidInput, match="gone must be a name"):
        options.text("gone")


def test_a_line_that_is_no_option_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "opt.txt").write_text("------------ Options -------------\nname: x\nwhat is this\n")
    with pytest.raises(MalformedFile, match=r"opt\.txt, line 3: expected 'key: value', got 'what is this'"):
        read_options(tmp_path / "opt.txt")
    (tmp_path / "opt.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(MalformedFile, match="is no text file"):
        read_options(tmp_path / "opt.txt")


# --- statistics ---


def write_statistics(folder: Path, mean: Any, std: Any) -> tuple[Path, Path]:
    paths = folder / "mean.npy", folder / "std.npy"
    for path, array in zip(paths, (mean, std), strict=True):
        np.save(path, array, allow_pickle=True)
    return paths


def test_each_family_has_its_own_deviation(tmp_path: Path) -> None:
    raw, divided = published.raw_std(), published.divided_std()
    for std, expected in ((raw, "raw"), (divided, "divided by 25")):
        mean, found = read_statistics(*write_statistics(tmp_path, published.mean(), std), expected=expected)
        np.testing.assert_array_equal(found.numpy(), std)
        np.testing.assert_array_equal(mean.numpy(), published.mean())
    for std, expected, found in ((raw, "divided by 25", "raw"), (divided, "raw", "divided by 25")):
        paths = write_statistics(tmp_path, published.mean(), std)
        with pytest.raises(InvalidInput, match=rf"std\.npy: std is {found}.*but {expected} is expected; use"):
            read_statistics(*paths, expected=expected)
    once = raw.copy()
    once[[0, 1, 2, 3, 259, 260, 261, 262]] /= 5  # what a loader of one's own makes of it
    with pytest.raises(InvalidInput, match="std is divided by 5"):
        read_statistics(*write_statistics(tmp_path, published.mean(), once), expected="divided by 25")


@pytest.mark.parametrize(
    ("mean", "std", "words"),
    [
        (published.mean()[:251], published.raw_std(), r"mean\.npy must hold 263 numbers"),
        (published.mean(), published.raw_std()[None], r"std\.npy must hold 263 numbers"),
        (published.mean().astype(int), published.raw_std(), r"mean\.npy must hold 263 numbers"),
        (np.full(263, np.nan), published.raw_std(), r"mean\.npy holds NaN"),
        (published.raw_std(), published.mean(), "are mean and std exchanged"),
        (np.zeros(263), published.raw_std(), r"mean\.npy: the mean height of the root is 0 m"),
        (np.array([Trap(Path("never"))] * 263, dtype=object), published.raw_std(), r"mean\.npy is no array of numbers"),
    ],
)
def test_statistics_of_another_form_are_refused(tmp_path: Path, mean: Any, std: Any, words: str) -> None:
    with pytest.raises((InvalidInput, MalformedFile), match=words):
        read_statistics(*write_statistics(tmp_path, mean, std), expected="raw")
    assert not Path("never").exists()
