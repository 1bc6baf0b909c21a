"""The loader of the X2C layout on 24 made-up rows, its splits, and files that are wrong or hostile."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from robot_bridge.schema import ameca
from sdk.errors import InvalidInput, MalformedFile
from training.face import x2c
from training.face.x2c_splits import (
    SPLITS,
    block_split,
    neighbour_report,
    official_split,
    read_published_split,
)

SCHEMA = ameca()
ROWS = 24
# As printed in the seed's slides: Jaw Pitch, Jaw Yaw, Lip Bottom Curl ... Lip Top Curl (controls 13 to 23).
SEED_ROW = (
    0.524652, 0.6763, 0.670025, 0.541817, 0.6158985, 0.533704, 0.446363, 0.525653, 0.431248, 0.327669, 0.3929235
)  # fmt: skip


def values_of(number: int) -> np.ndarray:
    """A slow sweep, so that neighbours resemble each other."""
    low, high = SCHEMA.bounds("x2c")
    part = 0.5 + 0.4 * np.sin(number / 8 + np.arange(len(SCHEMA)))
    return low + part * (high - low)


def write_set(root: Path, lines: list[object]) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (root / x2c.METADATA).write_text(text + "\n")
    return root


def row(number: int, **other: object) -> dict[str, object]:
    return {"file_name": f"{number:06d}.png", "ctrl_value": values_of(number).tolist(), **other}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """24 rows around number 10,000, where the folder changes, in no order."""
    numbers = list(range(9_990, 9_990 + ROWS))
    for number in numbers:
        folder = tmp_path / f"images{number // 10_000}"
        folder.mkdir(exist_ok=True)
        pixels = np.zeros((20, 16, 3), np.uint8)
        pixels[..., 0] = number % 256
        Image.fromarray(pixels).save(folder / f"{number:06d}.png")
    return write_set(tmp_path, [row(number) for number in numbers[::-1]])


def test_rows_come_in_the_order_of_their_numbers_with_their_own_pictures(root: Path) -> None:
    data = x2c.load_x2c(root, SCHEMA, range_set="x2c")
    assert data.numbers.tolist() == list(range(9_990, 9_990 + ROWS))
    np.testing.assert_allclose(data.values[3], values_of(9_993), rtol=1e-6)
    for number, path in zip(data.numbers.tolist(), data.paths, strict=True):
        pixels = x2c.load_picture(path, 8, channel_order="rgb")
        assert pixels.shape == (8, 8, 3) and (pixels[..., 0] == number % 256).all() and not pixels[..., 1:].any()
    assert data.outside == 0 and data.rejected == {}


def test_channel_order_is_said_and_done(root: Path) -> None:
    path = x2c.load_x2c(root, SCHEMA, range_set="x2c").paths[0]
    rgb, bgr = (x2c.load_picture(path, 8, channel_order=order) for order in ("rgb", "bgr"))
    np.testing.assert_array_equal(rgb, bgr[..., ::-1])
    assert (rgb != bgr).any()
    with pytest.raises(InvalidInput, match="channel_order='gbr'"):
        x2c.load_picture(path, 8, channel_order="gbr")


def test_pictures_are_normalised_with_the_named_figures() -> None:
    pixels = np.full((2, 4, 4, 3), 255, np.uint8)
    got = x2c.normalised(pixels, x2c.PUBLISHED_STATS)
    assert got.shape == (2, 3, 4, 4)
    stats = x2c.PUBLISHED_STATS
    np.testing.assert_allclose(got[0, :, 0, 0], (1 - np.array(stats.mean)) / np.array(stats.std), rtol=1e-5)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "longer"),
        ("[1, 2]", "no object"),
        (row(1, file_name="../../etc/passwd"), "file_name"),
        (row(1, file_name="1.exe"), "file_name"),
        (row(1, ctrl_value=[0.5] * 29), "30 numbers"),
        (row(1, ctrl_value=[0.5] * 29 + [True]), "30 numbers"),
        (row(1, ctrl_value=[0.5] * 29 + ["1"]), "30 numbers"),
        (row(1, ctrl_value=[0.5] * 29 + [float("nan")]), "not finite"),
        (row(1, ctrl_value=[0.5] * 29 + [1e300]), "not finite"),
        (row(1, ctrl_value=[0.5] * 29 + [10**400]), "not finite"),
    ],
)
def test_a_bad_line_is_rejected_with_its_reason_and_the_others_stay(root: Path, line: object, reason: str) -> None:
    write_set(root, [row(9_990), line, row(9_991)])
    data = x2c.load_x2c(root, SCHEMA, range_set="x2c")
    assert data.numbers.tolist() == [9_990, 9_991]
    (said,) = data.rejected
    assert reason in said and data.rejected[said] == 1


def test_what_is_outside_depends_on_the_named_range_set(root: Path) -> None:
    outside = values_of(9_990)
    outside[SCHEMA.index("Head Pitch")] = -28  # inside x2c, outside tight
    write_set(root, [row(9_990, ctrl_value=outside.tolist())])
    assert x2c.load_x2c(root, SCHEMA, range_set="x2c").outside == 0
    assert x2c.load_x2c(root, SCHEMA, range_set="tight").outside == 1
    with pytest.raises(InvalidInput, match="range set 'other'"):
        x2c.load_x2c(root, SCHEMA, range_set="other")


def test_the_row_printed_in_the_seed_lies_within_both_range_sets() -> None:
    for name in SCHEMA.range_sets:
        low, high = SCHEMA.bounds(name)
        assert (low[13:24] <= SEED_ROW).all() and (high[13:24] >= SEED_ROW).all()


def test_a_missing_picture_is_refused_or_counted_and_a_second_row_of_a_number_is_left_out(root: Path) -> None:
    write_set(root, [row(9_990), row(9_990), row(777)])
    with pytest.raises(InvalidInput, match="000777.png is missing"):
        x2c.load_x2c(root, SCHEMA, range_set="x2c")
    data = x2c.load_x2c(root, SCHEMA, range_set="x2c", missing="skip")
    assert len(data) == 1 and data.rejected == {"picture missing": 1, "number seen before": 1}


def test_no_set_and_no_usable_row_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="metadata.jsonl"):
        x2c.load_x2c(tmp_path, SCHEMA, range_set="x2c")
    write_set(tmp_path, ["{", row(5)])
    with pytest.raises(InvalidInput, match=r"no usable row: not JSON \(1\), picture missing \(1\)"):
        x2c.load_x2c(tmp_path, SCHEMA, range_set="x2c", missing="skip")


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    with pytest.raises(MalformedFile, match="1.png"):
        x2c.load_picture(tmp_path / "1.png", 8, channel_order="rgb")
    Image.new("1", (5_000, 5_000)).save(tmp_path / "2.png")
    with pytest.raises(MalformedFile, match="25000000 pixels"):
        x2c.load_picture(tmp_path / "2.png", 8, channel_order="rgb")


# --- splits ---


def big_set(rows: int = 1200, scenes: int = 40) -> x2c.X2cSet:
    """Rows of slow clips that begin elsewhere each, without pictures."""
    rng = np.random.default_rng(0)
    low, high = SCHEMA.bounds("x2c")
    frames = rows // scenes
    ends = rng.uniform(low, high, (scenes, 2, len(SCHEMA)))
    part = np.linspace(0, 1, frames)[:, None]
    values = np.concatenate([a + 0.3 * part * (b - a) for a, b in ends]).astype(np.float32)
    numbers = np.arange(rows)
    return x2c.X2cSet(Path("."), "x2c", numbers, tuple(Path(f"{n}.png") for n in numbers), values, 0, {})


@pytest.mark.parametrize("name", SPLITS)
def test_a_split_is_disjoint_the_same_for_a_seed_and_near_its_shares(name: str) -> None:
    data = big_set()
    split, again, other = (SPLITS[name](data, SCHEMA, seed) for seed in (3, 3, 4))
    parts = [split.train, split.val, split.test]
    together = np.concatenate(parts)
    assert len(np.unique(together)) == len(together)
    np.testing.assert_array_equal(split.train, again.train)
    assert not np.array_equal(split.train, other.train)
    assert len(split.train) / len(together) == pytest.approx(0.8 if name == "official80_20" else 0.7, abs=0.08)


def test_blocks_keep_a_guard_between_the_parts() -> None:
    split = block_split(2_000, block=100, guard=7, seed=1)
    for part, others in ((split.val, split.train), (split.test, split.train), (split.test, split.val)):
        assert np.abs(part[:, None] - others[None]).min() > 2 * 7
    assert len(split.train) + len(split.val) + len(split.test) == 2_000 - 20 * 14


def test_whole_clips_and_clusters_do_not_leak_as_the_official_split_does() -> None:
    data = big_set()
    reports = {name: neighbour_report(data, make(data, SCHEMA, 0), SCHEMA) for name, make in SPLITS.items()}
    assert reports["official80_20"]["near"] > 0.9 and reports["official80_20"]["adjacent"] > 0.9
    for name in ("block", "clip"):
        assert reports[name]["near"] < 0.2, name
    clips = SPLITS["clip"](data, SCHEMA, 0)
    assert not {n // 30 for n in clips.train.tolist()} & {n // 30 for n in clips.test.tolist()}


def test_duplicates_are_counted() -> None:
    data = big_set()
    values = data.values.copy()
    values[5] = values[700]
    doubled = replace(data, values=values)
    assert neighbour_report(doubled, official_split(doubled), SCHEMA)["duplicates"] == 1


def test_too_few_rows_for_three_parts_are_refused(root: Path) -> None:
    data = x2c.load_x2c(root, SCHEMA, range_set="x2c")
    with pytest.raises(InvalidInput, match="at least 3 groups"):
        SPLITS["clip"](replace(data, numbers=np.arange(ROWS)), SCHEMA, 0)


# --- published split files ---


def split_file(path: Path, content: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize(
    "pack",
    [
        lambda values: [row.astype(np.float32) for row in values],
        lambda values: [row.astype(">f8") for row in values],
        lambda values: values.tolist(),
        lambda values: [[np.float32(v) for v in row] for row in values],
    ],
)
def test_a_published_split_is_read_however_its_numbers_were_kept(
    tmp_path: Path, pack: Callable[[np.ndarray], object]
) -> None:
    values = np.stack([values_of(number) for number in range(4)])
    names = [f"images0/{number}.png" for number in range(4)]
    path = split_file(tmp_path / "train_split.pkl", {"img_path": names, "ctrl_values": pack(values)})
    got_names, got = read_published_split(path, SCHEMA)
    assert got_names == names
    np.testing.assert_allclose(got, values, rtol=1e-6)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('ran code')",))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (Evil(), "builtins.exec"),
        ({"img_path": ["a"], "ctrl_values": [Evil()]}, "builtins.exec"),
        ({"img_path": ["a"], "ctrl_values": [np.array([Evil()], object)]}, "exec"),
        ({"img_path": ["a"], "ctrl_values": [[0.5] * 29]}, "30 values"),
        ({"img_path": ["a", "b"], "ctrl_values": [[0.5] * 30]}, "30 values"),
        ({"img_path": ["a"], "ctrl_values": [[float("nan")] * 30]}, "not finite"),
        ({"img_path": ["a"], "ctrl_values": [np.zeros(30, np.int64)]}, "not of floats"),
        ({"img_path": "a", "ctrl_values": []}, "list of strings"),
        ({"other": 1}, "KeyError"),
        ([1, 2], "TypeError"),
    ],
)
def test_a_split_file_that_is_wrong_or_wants_to_run_code_is_refused(tmp_path: Path, content: object, says: str) -> None:
    path = split_file(tmp_path / "val_split.pkl", content)
    with pytest.raises(MalformedFile, match=says) as refusal:
        read_published_split(path, SCHEMA)
    assert "val_split.pkl" in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_split_file_that_is_cut_short_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train_split.pkl"
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_published_split(path, SCHEMA)
    path.write_bytes(pickle.dumps({"img_path": ["a"], "ctrl_values": [[0.5] * 30]})[:-20])
    with pytest.raises(MalformedFile, match="not a split file"):
        read_published_split(path, SCHEMA)
