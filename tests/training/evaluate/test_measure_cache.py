"""Results on disk: found again by their key, made again when damaged, refused where nothing can be written."""

from pathlib import Path

import numpy as np
import pytest

from sdk.errors import InvalidInput
from training.evaluate.measure_cache import Arrays, Cache, code_digest


class Maker:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Arrays:
        self.times += 1
        return {"values": np.arange(self.times + 2)}


def test_a_result_is_made_once_per_key(tmp_path: Path) -> None:
    cache, make = Cache(tmp_path / "new" / "folder"), Maker()
    first = cache.get("clips", ["a", 1, {"x": 0.5}], make)
    assert np.array_equal(cache.get("clips", ["a", 1, {"x": 0.5}], make)["values"], first["values"])
    assert make.times == 1
    cache.get("clips", ["a", 2, {"x": 0.5}], make)
    cache.get("figures", ["a", 1, {"x": 0.5}], make)
    assert make.times == 3


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    cache, make = Cache(tmp_path), Maker()
    cache.get("clips", 1, make)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:40])
    assert len(cache.get("clips", 1, make)["values"]) == 4
    assert make.times == 2


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> Arrays:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        Cache(tmp_path).get("clips", 1, fail)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="no folder can be made: .*file"):
        Cache(tmp_path / "file" / "cache")


def test_the_code_has_one_digest() -> None:
    assert code_digest() == code_digest() and len(code_digest()) == 64
