"""BVH: what is written can be read, what others write can be read, and what is broken is named in one line."""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sdk.errors import MalformedFile
from sdk.motion.bvh import BvhClip, bvh_text, read_bvh
from sdk.motion.motion import Motion
from sdk.motion.retarget import PROFILES, retarget
from sdk.motion.rotations import Array, quat_angle, quat_from_axis_angle
from sdk.motion.skeleton import NUM_JOINTS
from tests.synthetic import walking

ORDERS = ["".join(order) for order in itertools.permutations("XYZ")]
TABLE = [[10, 20, 30, 40, 50, 60, 7, 8, 9], [-1, -2, -3, 0, 0, 90, 10, 0, 0]]
SMALL = """HIERARCHY
ROOT hips
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT arm
  {
    OFFSET 0 5 0
    CHANNELS 3 Yrotation Zrotation Xrotation
    End Site
    {
      OFFSET 0 4 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0333333
10 20 30 40 50 60 7 8 9
-1 -2 -3 0 0 90 10 0 0
"""


def read(text: str | bytes, folder: Path) -> BvhClip:
    path = folder / "clip.bvh"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_bvh(path)


def one_joint(channels: Sequence[str], rows: Sequence[Sequence[float]], offset: str = "1 2 3") -> str:
    table = "\n".join(" ".join(f"{v:.9f}" for v in row) for row in rows)
    head = f"HIERARCHY\nROOT hips\n{{\nOFFSET {offset}\nCHANNELS {len(channels)} {' '.join(channels)}\n}}\n"
    return f"{head}MOTION\nFrames: {len(rows)}\nFrame Time: 0.05\n{table}\n"


def random_motion(seed: int, frames: int = 30, fps: float = 30.0) -> Motion:
    """Every joint wanders over all of its rotations; the root over metres."""
    rng = np.random.default_rng(seed)
    turns = rng.normal(0, 1.5, (1, NUM_JOINTS, 3)) + np.cumsum(rng.normal(0, 0.1, (frames, NUM_JOINTS, 3)), axis=0)
    return Motion(quat_from_axis_angle(turns), np.cumsum(rng.normal(0, 0.1, (frames, 3)), axis=0), fps)


# --- our own files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_what_is_written_is_read_back(seed: int, tmp_path: Path) -> None:
    m = random_motion(seed, frames=1 if seed == 0 else 40)
    clip = read(bvh_text(m), tmp_path)
    _, positions = clip.world()
    where = [clip.names.index(name) for name in m.skeleton.names]
    np.testing.assert_allclose(positions[:, where] / 100, m.positions, atol=1e-5)
    assert quat_angle(clip.rotations[:, where], m.rotations).max() < 1e-6


@pytest.mark.parametrize("fps", [1.0, 20.0, 30.0, 60.0, 120.0, 240.0])
def test_the_sdk_profile_returns_the_motion(fps: float, tmp_path: Path) -> None:
    m = random_motion(7, fps=fps)
    out = retarget(read(bvh_text(m), tmp_path), PROFILES["sdk"])
    assert out.fps == fps and len(out) == len(m)
    np.testing.assert_allclose(out.root, m.root, atol=1e-6)
    assert quat_angle(out.rotations, m.rotations).max() < 1e-6


def test_written_angles_never_jump() -> None:
    turns = np.zeros((200, NUM_JOINTS, 3))
    turns[:, :, 2] = np.linspace(0, 6 * np.pi, 200)[:, None]  # three whole turns
    m = Motion(quat_from_axis_angle(turns), np.zeros((200, 3)), 30.0)
    table = np.array([[float(v) for v in row.split()] for row in bvh_text(m).splitlines()[-200:]])
    assert np.abs(np.diff(table[:, 3:], axis=0)).max() < 10


def test_the_written_file_says_what_the_docstring_says() -> None:
    lines = [line.strip() for line in bvh_text(walking(1.0)).splitlines()]
    assert sum(line.startswith("CHANNELS 6 ") for line in lines) == 1 and lines[1] == "ROOT pelvis"
    assert sum(line == "CHANNELS 3 Zrotation Xrotation Yrotation" for line in lines) == NUM_JOINTS - 1
    assert lines.count("End Site") == 5
    start = lines.index("MOTION")
    assert lines[start + 1 : start + 3] == ["Frames: 31", "Frame Time: 0.03333333"]
    first = [float(v) for v in lines[start + 3].split()]
    assert len(first) == 3 + 3 * NUM_JOINTS and 70 < first[1] < 100  # centimetres, Y up


# --- files of others --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "fps"),
    [
        ("0.0333333", 30),
        (".033333", 30),
        ("0.00833333", 120),
        ("0.05", 20),
        ("0.0166667", 60),
        ("1", 1),
        ("0.00416667", 240),
    ]
    + [("0.0333667", 29.97), ("0.0417083", 23.976), ("0.00834168", 119.88), ("0.4", 2.5), ("3", 1 / 3)],
)
def test_a_rounded_frame_time_means_a_whole_rate(written: str, fps: float, tmp_path: Path) -> None:
    rate = read(SMALL.replace("0.0333333", written), tmp_path).fps
    assert rate == fps if fps == round(fps) else rate == pytest.approx(fps, rel=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_rotations_are_intrinsic_in_the_order_of_the_channels(order: str, tmp_path: Path) -> None:
    angles = np.random.default_rng(0).uniform(-400, 400, (50, 3))
    clip = read(one_joint([f"{axis}rotation" for axis in order], angles), tmp_path)
    expected = Rotation.from_euler(order, angles, degrees=True).as_quat()
    assert quat_angle(clip.rotations[:, 0], expected).max() < 1e-6
    np.testing.assert_array_equal(clip.translations[:, 0], np.tile([1.0, 2.0, 3.0], (50, 1)))
    assert clip.frame_time == 0.05


def test_a_quarter_turn_about_z_and_then_the_moved_x(tmp_path: Path) -> None:
    clip = read(one_joint(["Zrotation", "Xrotation"], [[90, 90]]), tmp_path)
    np.testing.assert_allclose(Rotation.from_quat(clip.rotations[0, 0]).apply([0, 1, 0]), [0, 0, 1], atol=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_channels_stand_in_any_order_and_number(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 7))
    kinds = rng.permutation([axis + kind for axis in "XYZ" for kind in ("position", "rotation")])[:count]
    values = rng.uniform(-180, 180, (5, count))
    clip = read(one_joint(kinds, values), tmp_path)
    for row in range(5):
        place, turn = [1.0, 2.0, 3.0], Rotation.identity()
        for kind, value in zip(kinds, values[row], strict=True):
            if kind.endswith("position"):
                place["XYZ".index(kind[0])] = value
            else:
                turn = turn * Rotation.from_euler(kind[0], value, degrees=True)
        np.testing.assert_allclose(clip.translations[row, 0], place, atol=1e-8)
        assert quat_angle(clip.rotations[row, 0], turn.as_quat()) < 1e-7


def slow_positions(clip: BvhClip, frame: int) -> Array:
    """World positions of one frame with scipy, node by node."""
    turns: list[Rotation] = []
    places: list[Array] = []
    for k, parent in enumerate(clip.parents):
        turn, place = Rotation.from_quat(clip.rotations[frame, k]), clip.translations[frame, k]
        turns.append(turn if parent < 0 else turns[parent] * turn)
        places.append(place if parent < 0 else places[parent] + turns[parent].apply(place))
    return np.array(places)


def test_six_channels_on_every_joint_replace_every_offset(tmp_path: Path) -> None:
    channels = "Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    text = SMALL.replace("CHANNELS 3 Yrotation Zrotation Xrotation", f"CHANNELS 6 {channels}")
    rows = "1 2 3 0 0 90 7 8 9 0 0 0\n1 2 3 0 0 0 7 8 9 10 20 30\n"
    clip = read(text[: text.index("10 20 30")] + rows, tmp_path)
    np.testing.assert_array_equal(clip.offsets, [[1, 2, 3], [0, 5, 0]])
    np.testing.assert_array_equal(clip.translations, [[[1, 2, 3], [7, 8, 9]]] * 2)
    _, positions = clip.world()
    np.testing.assert_allclose(positions[0, 1], [1 + 9, 2 + 8, 3 - 7], atol=1e-9)  # the root looks left, to +X
    for frame in range(2):
        np.testing.assert_allclose(positions[frame], slow_positions(clip, frame), atol=1e-9)


def test_a_root_without_position_stands_at_its_offset(tmp_path: Path) -> None:
    clip = read(one_joint(["Yrotation"], [[0], [90]]), tmp_path)
    np.testing.assert_array_equal(clip.world()[1][:, 0], [[1, 2, 3], [1, 2, 3]])


def test_a_joint_without_channels_keeps_its_rest(tmp_path: Path) -> None:
    text = SMALL.replace("CHANNELS 3 Yrotation Zrotation Xrotation", "CHANNELS 0")
    clip = read(text.replace(" 7 8 9\n", "\n").replace(" 10 0 0\n", "\n"), tmp_path)
    np.testing.assert_array_equal(clip.rotations[:, 1], [[0, 0, 0, 1]] * 2)
    np.testing.assert_array_equal(clip.translations[:, 1], [[0, 5, 0]] * 2)


END = "End Site\n{\nOFFSET 0 1 0\n}\n"


@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_end_sites_inside_branches_are_no_nodes(before: int, after: int, tmp_path: Path) -> None:
    at = SMALL.index("  JOINT arm")
    text = SMALL[:at] + END * before + SMALL[at:].replace("}\nMOTION", END * after + "}\nMOTION")
    clip, plain = read(text, tmp_path), read(SMALL, tmp_path)
    assert clip.names == ("hips", "arm") and clip.parents == (-1, 0)
    np.testing.assert_array_equal(clip.world()[1], plain.world()[1])


def test_branches_come_back_to_their_parent(tmp_path: Path) -> None:
    arm = SMALL[SMALL.index("  JOINT arm") : SMALL.index("}\nMOTION")].replace("CHANNELS 3 Yr", "CHANNELS 3 Yr")
    twin = arm.replace("arm", "other")
    inner = arm.replace("arm", "hand").replace("CHANNELS 3 Yrotation Zrotation Xrotation", "CHANNELS 0")
    deep = arm.replace("    End Site", inner + "    End Site")
    text = SMALL.replace(arm, deep + twin).replace("60 7 8 9", "60 7 8 9 1 1 1").replace("10 0 0\n", "10 0 0 2 2 2\n")
    clip = read(text, tmp_path)
    assert clip.names == ("hips", "arm", "hand", "other") and clip.parents == (-1, 0, 1, 0)


def same(a: BvhClip, b: BvhClip) -> bool:
    """All that the two clips hold is equal."""
    arrays = ("offsets", "rotations", "translations")
    words = (a.names, a.parents, a.frame_time) == (b.names, b.parents, b.frame_time)
    return words and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)


WHITESPACE = {
    "tabs": SMALL.replace("  ", "\t").replace(" ", "\t").replace("End\tSite", "End Site"),
    "CRLF": SMALL.replace("\n", "\r\n"),
    "old Mac": SMALL.replace("\n", "\r"),
    "tab after Frames": SMALL.replace("Frames: 2", "Frames:\t2").replace("Time: ", "Time:\t"),
    "no blank after Frames": SMALL.replace("Frames: 2", "Frames:2"),
    "minus zero": SMALL.replace("-3 0 0 90", "-3 -0 -0.000 90"),
    "exponents": SMALL.replace("-3 0 0 90", "-3.0e+00 0e5 0 9E1"),
    "trailing blanks": SMALL.replace("\n", "  \n"),
    "blank lines": SMALL.replace("MOTION\n", "\n\nMOTION\n\n").replace("7 8 9\n", "7 8 9\n\n") + "\n\n",
    "wrapped rows": SMALL.replace("40 50 60", "\n40 50\n60"),
    "no final newline": SMALL.rstrip("\n"),
    "one line for the hierarchy": " ".join(SMALL[: SMALL.index("MOTION")].split()) + SMALL[SMALL.index("MOTION") - 1 :],
    "byte order mark": "\ufeff" + SMALL,
    "small keywords": SMALL.replace("HIERARCHY", "Hierarchy").replace("MOTION", "Motion").replace("ROOT", "Root"),
}


@pytest.mark.parametrize("kind", WHITESPACE)
def test_spelling_that_others_use_changes_nothing(kind: str, tmp_path: Path) -> None:
    assert WHITESPACE[kind] != SMALL
    assert same(read(WHITESPACE[kind], tmp_path), read(SMALL, tmp_path))


def test_two_hundred_joints_in_one_chain(tmp_path: Path) -> None:
    clip = read(chain(200), tmp_path)
    assert clip.parents == tuple(range(-1, 199))
    np.testing.assert_allclose(clip.world()[1][0, -1], [0, 200, 0])


def chain(joints: int) -> str:
    head = "".join(
        f"{'JOINT' if k else 'ROOT'} j{k}\n{{\nOFFSET 0 1 0\nCHANNELS {int(k == 0)} {'Xrotation' if k == 0 else ''}\n"
        for k in range(joints)
    )
    return f"HIERARCHY\n{head}{'} ' * joints}\nMOTION\nFrames: 1\nFrame Time: 0.1\n0\n"


# --- broken files -----------------------------------------------------------------------------------------------------


def swap(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "empty file": ("", "no MOTION section"),
    "binary": (bytes(range(256)) * 20, "no MOTION section"),
    "binary after HIERARCHY": (b"HIERARCHY\n" + bytes(range(128, 256)) + b"\nMOTION\n", "is not a BVH keyword"),
    "UTF-16": (SMALL.encode("utf-16"), "no MOTION section"),
    "no MOTION": (SMALL[: SMALL.index("MOTION")], "no MOTION section"),
    "cut in the hierarchy": (SMALL[:120], "no MOTION section"),
    "nothing but MOTION": ("MOTION\nFrames: 1\nFrame Time: 0.1\n", "line 1: a BVH file starts with HIERARCHY"),
    "empty hierarchy": ("HIERARCHY\nMOTION\nFrames: 1\nFrame Time: 0.1\n", "the hierarchy is empty"),
    "no HIERARCHY": (swap("HIERARCHY\n", ""), "line 1: a BVH file starts with HIERARCHY"),
    "a joint without a root": (swap("ROOT", "JOINT"), "line 2: JOINT 'hips' stands at the wrong depth"),
    "a root inside": (swap("JOINT arm", "ROOT arm"), "line 6: ROOT 'arm' stands at the wrong depth"),
    "duplicate name": (swap("JOINT arm", "JOINT hips"), "line 6: joint 'hips' is named twice.*cyclic"),
    "joint in an end site": (
        swap("OFFSET 0 4 0", "OFFSET 0 4 0 JOINT x {"), "line 12: joint 'x' stands inside an end site",
    ),
    "brace left out": (swap("ROOT hips\n{", "ROOT hips\n"), r"line 4: '\{' should follow joint 'hips'"),
    "brace too few": (swap("}\nMOTION", "MOTION"), "joint 'hips' is not closed before MOTION"),
    "end site not closed": (swap("    }\n  }\n}", "}"), "joint 'arm' is not closed before MOTION"),
    "brace too many": (swap("}\nMOTION", "}\n}\nMOTION"), "line 16: '}' closes nothing"),
    "end site outside": (swap("MOTION", "End Site\n{\nOFFSET 0 0 0\n}\nMOTION"), "end site needs a joint around it"),
    "end site without a brace": (swap("End Site\n    {", "End Site"), "end site needs a joint around it"),
    "unknown keyword": (swap("End Site", "Tip Site"), "line 10: 'Tip' is not a BVH keyword"),
    "no OFFSET": (swap("    OFFSET 0 5 0\n", ""), "joint 'arm' has no OFFSET"),
    "word in OFFSET": (swap("OFFSET 1 2 3", "OFFSET 1 two 3"), "line 4: OFFSET y should be a number, found 'two'"),
    "short OFFSET": (swap("OFFSET 1 2 3", "OFFSET 1 2"), "line 5: OFFSET z should be a number, found 'CHANNELS'"),
    "NaN in OFFSET": (swap("OFFSET 1 2 3", "OFFSET nan 2 3"), "line 4: OFFSET x is not finite"),
    "OFFSET outside": (swap("ROOT", "OFFSET 0 0 0\nROOT"), "line 2: OFFSET stands outside a joint"),
    "no CHANNELS": (swap("    CHANNELS 3 Yrotation Zrotation Xrotation\n", ""), "joint 'arm' has no CHANNELS"),
    "CHANNELS in an end site": (swap("OFFSET 0 4 0", "CHANNELS 0"), "line 12: CHANNELS stands outside a joint"),
    "channel count a word": (swap("CHANNELS 3", "CHANNELS three"), "line 9: the number of channels should be a number"),
    "channel count negative": (swap("CHANNELS 3", "CHANNELS -3"), "line 9: a joint has 0 to 6 channels, found -3"),
    "channel count fractional": (swap("CHANNELS 3", "CHANNELS 2.5"), "line 9: a joint has 0 to 6 channels, found 2.5"),
    "channel count huge": (swap("CHANNELS 3", "CHANNELS 1e300"), r"line 9: .*0 to 6 channels, found 1e\+300"),
    "channel count too large": (swap("CHANNELS 3", "CHANNELS 4"), "line 10: channel 'End' is unknown"),
    "channel count too small": (swap("CHANNELS 3", "CHANNELS 2"), "line 9: 'Xrotation' is not a BVH keyword"),
    "unknown channel": (swap("Zrotation Xrotation\n", "Wrotation Xrotation\n"), "channel 'Wrotation' is unknown; kno"),
    "channel twice": (swap("Zrotation Xrotation\n", "Zrotation Zrotation\n"), "line 9: a channel is named twice"),
    "no channel at all": (one_joint([], [[]]), "no joint has a channel"),
    "no channel and endless frames": (one_joint([], [[]]).replace("Frames: 1", "Frames: 1e15"), "no joint has a chan"),
    "no Frames": (swap("Frames: 2\n", ""), "line 17: 'Frames: <number>' should stand here"),
    "no table at all": (SMALL[: SMALL.index("Frames")], "line 17: 'Frames: <number>' should stand here"),
    "no Frame Time": (swap("Frame Time: 0.0333333\n", ""), "line 18: 'Frame Time: <number>' should stand here"),
    "Frames a word": (swap("Frames: 2", "Frames: two"), "line 17: 'Frames: <number>'"),
    "Frames not whole": (swap("Frames: 2", "Frames: 1.5"), "Frames must be a whole number >= 1, found 1.5"),
    "Frames zero": (swap("Frames: 2", "Frames: 0"), "Frames must be a whole number >= 1, found 0"),
    "Frames negative": (swap("Frames: 2", "Frames: -2"), "Frames must be a whole number >= 1, found -2"),
    "Frames NaN": (swap("Frames: 2", "Frames: nan"), "Frames must be a whole number >= 1, found nan"),
    "Frames infinite": (swap("Frames: 2", "Frames: inf"), "Frames must be a whole number >= 1, found inf"),
    "Frames huge": (swap("Frames: 2", "Frames: 1e15"), "1000000000000000 frames of 9 values announced, found 2 fra"),
    "Frame Time zero": (swap("0.0333333", "0"), "Frame Time must be > 0 seconds, found 0"),
    "Frame Time negative": (swap("0.0333333", "-0.03"), "Frame Time must be > 0 seconds, found -0.03"),
    "Frame Time NaN": (swap("0.0333333", "nan"), "Frame Time must be > 0 seconds, found nan"),
    "Frame Time infinite": (swap("0.0333333", "inf"), "Frame Time must be > 0 seconds, found inf"),
    "a frame missing": (swap("-1 -2 -3 0 0 90 10 0 0\n", ""), "2 frames of 9 values announced, found 1 frames and 0"),
    "a value missing": (swap("10 0 0\n", "10 0\n"), "2 frames of 9 values announced, found 1 frames and 8 values"),
    "a frame too many": (SMALL + "0 0 0 0 0 0 0 0 0\n", "2 frames of 9 values announced, found 3 frames and 0 values"),
    "no frames": (SMALL[: SMALL.index("10 20 30")], "2 frames of 9 values announced, found 0 frames and 0 values"),
    "a word for a number": (swap("-2 -3", "two -3"), "frame 2 holds 'two', not a number"),
    "a NUL in a number": (swap("-2 -3", "-2\0 -3"), r"frame 2 holds '-2\\x00', not a number"),
    "a long word": (swap("-2 -3", "x" * 10000), r"frame 2 holds 'x{40}\.\.\.', not a number"),
    "NaN in a frame": (swap("-2 -3", "nan -3"), "frame 2 holds NaN or infinity"),
    "infinity in a frame": (swap("20 30", "1e999 30"), "frame 1 holds NaN or infinity"),
    "too deep": (chain(1001), "more than 1000 joints"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_is_named_in_one_line(fault: str, tmp_path: Path) -> None:
    content, message = BROKEN[fault]
    with pytest.raises(MalformedFile, match=message) as error:
        read(content, tmp_path)
    text = str(error.value)
    assert text.startswith("clip.bvh: ") and text.isprintable() and len(text) < 200, text


def test_a_missing_file_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bvh(tmp_path / "absent.bvh")


ODD_WORDS = st.sampled_from(
    ["", "{", "}", "-1", "0", "7", "1e308", "nan", "inf", "1e99999", "2.5", "MOTION", "HIERARCHY", "ROOT", "JOINT", "x"]
    + ["End", "Site", "OFFSET", "CHANNELS", "Xrotation", "Yposition", "Frames:", "Frame", "Time:", "\0", "\u00e9", "\n"]
    + ["1_0", "0x1f", "\u0663", "{{", "arm", "9" * 400]
)


@settings(max_examples=400)
@given(st.data())
def test_a_mutated_file_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    words = SMALL.replace("\n", " \n ").split(" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(words) - 1, 0)))
        how = data.draw(st.sampled_from(["replace", "delete", "insert", "repeat", "cut", "move"]))
        if how == "replace":
            words[at : at + 1] = [data.draw(ODD_WORDS)]
        elif how == "delete":
            words[at : at + data.draw(st.integers(1, 6))] = []
        elif how == "insert":
            words.insert(at, data.draw(ODD_WORDS))
        elif how == "repeat":
            words[at:at] = words[at : at + data.draw(st.integers(1, 12))]
        elif how == "cut":
            words = words[:at]
        else:
            words.insert(data.draw(st.integers(0, len(words))), words.pop(at) if words else "")
    check_read_or_refused(" ".join(words).encode(), tmp_path_factory.getbasetemp())


@settings(max_examples=200)
@given(st.binary(max_size=40), st.integers(0, len(SMALL)), st.integers(0, 40))
def test_bytes_thrown_into_a_file_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int, dropped: int
) -> None:
    raw = SMALL.encode()
    check_read_or_refused(raw[:at] + noise + raw[at + dropped :], tmp_path_factory.getbasetemp())


def check_read_or_refused(content: bytes, folder: Path) -> None:
    try:
        clip = read(content, folder)
    except MalformedFile as error:
        assert str(error).startswith("clip.bvh: ") and str(error).isprintable()
    else:
        frames, nodes = clip.rotations.shape[:2]
        assert frames >= 1 and nodes == len(clip.names) == len(clip.parents) == len(set(clip.names))
        assert clip.translations.shape == (frames, nodes, 3) and clip.offsets.shape == (nodes, 3)
        assert all(parent < k for k, parent in enumerate(clip.parents))
        assert np.isfinite(clip.rotations).all() and np.isfinite(clip.translations).all()
        assert math.isfinite(clip.frame_time) and clip.frame_time > 0
