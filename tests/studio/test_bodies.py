"""What moves on the page, and the packets it comes in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[studio]'")

from sdk.clips.figure import figure_mesh
from sdk.emotion import ALIASES, Affect, Emotion, emotion_named
from sdk.errors import InvalidInput
from sdk.face.affect_face import face_values
from sdk.face.expressions import load_poses
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.skeleton import BODY
from sdk.runtime.track import AffectTrack
from sdk.studio.bodies import FaceMesh, face_of_clip, face_packet, figure_packet, rest_of, words_of
from sdk.studio.packets import TYPES, motion_arrays, motion_of, pack, unpack
from tests.synthetic import walking


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers() | st.text(max_size=5), max_size=3),
    st.lists(
        st.sampled_from(TYPES).flatmap(
            lambda kind: arrays_of.arrays(np.dtype(f"<{kind}"), arrays_of.array_shapes(max_dims=3, max_side=4))
        ),
        max_size=3,
    ),
)
def test_packets_bring_back_what_was_packed(header: dict[str, object], values: list[np.ndarray]) -> None:
    header.pop("arrays", None)
    named = {f"a{k}": value for k, value in enumerate(values)}
    found, arrays = unpack(pack(header, named))
    assert found == header and list(arrays) == list(named)
    for name, value in named.items():
        assert arrays[name].dtype == value.dtype
        np.testing.assert_array_equal(arrays[name], value)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for content in (data, b"EMO1" + data):
        try:
            unpack(content)
        except InvalidInput as error:
            assert error.field


def test_a_motion_comes_back_as_float32_holds_it() -> None:
    motion = walking(2.0, speed=1.2)
    back = motion_of({"fps": motion.fps}, motion_arrays(motion))
    np.testing.assert_allclose(back.rotations, motion.rotations, atol=1e-6)
    np.testing.assert_allclose(back.root, motion.root, atol=1e-6)


def test_the_mannequin_stands_where_its_joints_are() -> None:
    header, arrays = unpack(figure_packet())
    rest = forward_kinematics(np.tile([0.0, 0, 0, 1], (22, 1)), np.array([0, BODY.rest_height, 0]), BODY)
    np.testing.assert_allclose(arrays["rest"], rest, atol=1e-6)
    np.testing.assert_array_equal(arrays["positions"], figure_mesh(BODY, rest=rest_of()).positions)
    assert arrays["positions"][:, 1].min() == pytest.approx(0, abs=0.02), "its soles are on the ground"
    assert len(arrays["colours"]) == len(arrays["positions"]) == len(arrays["joints"])
    assert header["emotions"] == [emotion.label for emotion in Emotion]


def test_each_emotion_has_plutchiks_words() -> None:
    assert words_of(Emotion.JOY) == ["serenity", "joy", "ecstasy"]
    for emotion in Emotion:
        mild, plain, strong = words_of(emotion)
        assert plain == emotion.label and emotion_named(mild)[0] is emotion_named(strong)[0] is emotion
        assert emotion is Emotion.NEUTRAL or {mild, strong} <= set(ALIASES)


def shown(values: np.ndarray) -> np.ndarray:
    """What page/face.js makes of the packet: vertices (V, 3)."""
    header, arrays = unpack(face_packet())
    out, at = arrays["positions"].astype(float), 0
    for morph in header["morphs"]:
        where = slice(at, at + morph["count"])
        at += morph["count"]
        weight = morph["sign"] * (values[morph["control"]] - header["neutral"][morph["control"]]) / morph["step"]
        if weight > 0:
            out[arrays["at"][where]] += weight * arrays["by"][where] * header["unit"]
    return out


def test_the_pages_face_is_the_rigs_within_a_straight_line() -> None:
    mesh = FaceMesh()
    poses = load_poses(mesh.schema)
    neutral = mesh.schema.neutral.copy()
    np.testing.assert_allclose(shown(neutral), mesh.places(neutral), atol=2e-5)
    for emotion in Emotion:
        values = face_values(poses, Affect({emotion: 1.0}, 1.0))
        apart = np.linalg.norm(shown(values) - mesh.places(values), axis=-1)
        assert np.percentile(apart, 95) < 0.002 and apart.max() < 0.008, emotion.label


def test_the_face_of_a_clip_follows_its_track() -> None:
    joy, anger = Affect.of("joy", 1.0), Affect.of("anger", 1.0)
    steady = face_of_clip(joy, None, seed=3, frames=90, fps=30)
    changing = face_of_clip(joy, AffectTrack([0.5, 1.0], [joy, anger]), seed=3, frames=90, fps=30)
    np.testing.assert_array_equal(steady, face_of_clip(joy, None, seed=3, frames=90, fps=30))
    np.testing.assert_allclose(steady[:14], changing[:14], atol=1e-6)
    assert np.abs(steady[-1] - changing[-1]).max() > 0.2
