"""The protocols' bytes, read by decoders of their own; frames, names and sizes."""

import contextlib
import math
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk.emotion import SEED_EMOTIONS, Affect, Emotion
from sdk.errors import InvalidInput
from sdk.face.blendshapes import NAMES
from sdk.motion.frames import convert_points, convert_rotations
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.skeleton import BODY, JOINT_NAMES
from sdk.relay import osc
from sdk.relay.live_link_face import LiveLinkFace
from sdk.relay.moment import HALFLIFE_S, MOST_BYTES, Feeling
from sdk.relay.plain import Plain
from sdk.relay.vmc import BONES, Vmc
from tests.relay.conftest import MADE_HERE, moment
from tests.relay.decoders import decode_live_link_face, decode_osc

ARGUMENT = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.floats(width=32, allow_nan=False), st.text("abc/ _", max_size=30)
)


@given(st.lists(st.tuples(st.text("abc", max_size=9).map("/x".__add__), st.lists(ARGUMENT, max_size=9)), max_size=9))
def test_what_is_written_is_what_is_read(messages: list[tuple[str, list[osc.Argument]]]) -> None:
    found = [decode_osc(one) for one in osc.bundles(osc.message(address, *values) for address, values in messages)]
    assert [tuple(one) for bundle in found for one in bundle] == messages
    assert [
        (m.address, list(m.arguments)) for one in messages for m in osc.parse(osc.message(one[0], *one[1]))
    ] == messages


@given(st.binary(max_size=200))
def test_noise_is_refused_and_not_read(noise: bytes) -> None:
    for data in (noise, osc.HEAD + noise):
        with contextlib.suppress(InvalidInput):
            assert all(m.address.startswith("/") for m in osc.parse(data))


def test_bundles_within_bundles_end_somewhere() -> None:
    data = osc.message("/a")
    for _ in range(3):
        data = osc.HEAD + struct.pack(">i", len(data)) + data
    assert osc.parse(data) == [("/a", ())]
    for _ in range(50):
        data = osc.HEAD + struct.pack(">i", len(data)) + data
    with pytest.raises(InvalidInput, match="four deep"):
        osc.parse(data)


def test_a_message_that_fills_a_datagram_goes_alone() -> None:
    found = list(osc.bundles([osc.message("/a", "x" * 2000), osc.message("/b")]))
    assert [decode_osc(one)[0][0] for one in found] == ["/a", "/b"]


def vmc(sender: Vmc, **wanted: object) -> dict[str, dict[str, list[float]]]:
    """What a frame says, by address and name."""
    datagrams = sender.datagrams(moment(**wanted))  # type: ignore[arg-type]
    assert all(len(one) < MOST_BYTES for one in datagrams)
    found: dict[str, dict[str, list[float]]] = {}
    for address, values in [one for data in datagrams for one in decode_osc(data)]:
        name = values.pop(0) if values and isinstance(values[0], str) else ""
        found.setdefault(address.removeprefix("/VMC/Ext/"), {})[name] = values
    return found


@pytest.mark.parametrize("seed", range(5))
def test_vmc_bones_are_local_in_unity_s_frame(seed: int) -> None:
    found, wanted = vmc(Vmc(), seed=seed), moment(seed).frame
    assert set(found["Bone/Pos"]) == set(BONES.values()) and len(BONES) == len(JOINT_NAMES)
    rotations = convert_rotations(wanted.rotations, "unity")
    offsets = convert_points(BODY.offsets, "unity")
    for joint, name in enumerate(JOINT_NAMES):
        values = found["Bone/Pos"][BONES[name]]
        np.testing.assert_allclose(values[3:], rotations[joint], atol=1e-6)
        expected = convert_points(wanted.root, "unity") if joint == 0 else offsets[joint]
        np.testing.assert_allclose(values[:3], expected, atol=1e-6)
    assert found["Root/Pos"]["root"] == [0, 0, 0, 0, 0, 0, 1] and found["OK"][""] == [1]


def test_who_walks_over_the_ground() -> None:
    root = convert_points(moment(3).frame.root, "unity")
    over_root, still = vmc(Vmc(travel="root"), seed=3), vmc(Vmc(travel="none"), seed=3)
    np.testing.assert_allclose(over_root["Root/Pos"]["root"][:3], [root[0], 0, root[2]], atol=1e-6)
    for found in (over_root, still):
        np.testing.assert_allclose(found["Bone/Pos"]["Hips"][:3], [0, root[1], 0], atol=1e-6)
    assert still["Root/Pos"]["root"][:3] == [0, 0, 0]


def test_positions_fit_an_avatar_of_another_size() -> None:
    found = vmc(Vmc(hips_height=2 * BODY.rest_height), left_hand_up=True)["Bone/Pos"]
    assert found["Hips"][1] == pytest.approx(2 * BODY.rest_height)
    np.testing.assert_allclose(found["Head"][1], 2 * BODY.offsets[JOINT_NAMES.index("head")][1], atol=1e-6)
    with pytest.raises(InvalidInput, match="hips_height must lie in"):
        Vmc(hips_height=0)


@pytest.mark.parametrize(("names", "joy"), [("vrm0", "Joy"), ("vrm1", "happy")])
def test_expressions_follow_the_feeling(names: str, joy: str) -> None:
    shown = vmc(Vmc(names=names), affect=Affect.of("joy", 1.0))["Blend/Val"]  # type: ignore[arg-type]
    assert shown[joy] == [1.0] and len(shown) == 7
    assert not any(value for name, (value,) in shown.items() if name != joy and "link" not in name)
    half = vmc(Vmc(names=names), affect=Affect.of("joy", 0.5))["Blend/Val"]  # type: ignore[arg-type]
    assert half[joy] == [0.5]
    neutral = vmc(Vmc(names=names), affect=Affect.neutral())["Blend/Val"]  # type: ignore[arg-type]
    assert set(neutral) == set(shown) and not any(value for (value,) in neutral.values())


def test_the_blendshapes_stand_in_the_packet_s_order() -> None:
    """Live Link Face numbers them; the names are ARKit's with a capital."""
    eye = "Blink LookDown LookIn LookOut LookUp Squint Wide"
    mouth = (
        "Close Funnel Pucker Left Right SmileLeft SmileRight FrownLeft FrownRight DimpleLeft DimpleRight StretchLeft"
    )
    lips = "StretchRight RollLower RollUpper ShrugLower ShrugUpper PressLeft PressRight LowerDownLeft LowerDownRight"
    wanted = [f"Eye{name}{side}" for side in ("Left", "Right") for name in eye.split()]
    wanted += [f"Jaw{name}" for name in "Forward Left Right Open".split()]
    wanted += [f"Mouth{name}" for name in f"{mouth} {lips} UpperUpLeft UpperUpRight".split()]
    wanted += "BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft BrowOuterUpRight".split()
    wanted += "CheekPuff CheekSquintLeft CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut".split()
    assert [name[0].upper() + name[1:] for name in NAMES] == wanted and len(wanted) == 52


def test_every_emotion_of_the_seed_has_its_own_face() -> None:
    faces = [MADE_HERE.at(affect, affect.condition) for affect in (Affect({e: 1.0}, 1.0) for e in SEED_EMOTIONS)]
    assert all(face.max() > 0.3 for face in faces)
    assert min(np.abs(a - b).max() for i, a in enumerate(faces) for b in faces[:i]) > 0.3


def test_live_link_face_is_a_packet_of_61_floats() -> None:
    sender = LiveLinkFace(subject="Ana")
    (packet,) = sender.datagrams(moment(affect=Affect.of("joy", 1.0)))
    face = decode_live_link_face(packet)
    assert (face.subject, face.fps, face.denominator, len(face.values)) == ("Ana", 30, 1, 61)
    assert face.device[0] == "$" and len(face.device) == 37 and len(packet) == 45 + 3 + 16 + 1 + 61 * 4
    np.testing.assert_allclose(face.values[:52], moment(affect=Affect.of("joy", 1.0)).face, atol=1e-6)
    assert face.values[NAMES.index("mouthSmileLeft")] > 0.5
    assert face.values[52:] == [0.0] * 9
    now = time.localtime()
    assert abs((face.frame + face.subframe) / 30 - (now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec)) % 86400 < 2
    assert decode_live_link_face(LiveLinkFace(subject="Ana").datagrams(moment())[0]).device == face.device
    with pytest.raises(InvalidInput, match="subject"):
        LiveLinkFace(subject="")


def test_blendshapes_from_elsewhere_are_sent_clipped() -> None:
    values = decode_live_link_face(LiveLinkFace().packet(np.linspace(-1, 2, 52), 60.0)).values
    assert min(values) == 0 and max(values) == 1


@pytest.mark.parametrize("frame", ["sdk", "unity", "unreal", "blender"])
def test_plain_osc_is_the_pose_in_the_frame_asked_for(frame: str) -> None:
    wanted = moment(4)
    datagrams = Plain(frame=frame).datagrams(wanted)
    assert all(len(one) < MOST_BYTES for one in datagrams)
    found = dict(one for data in datagrams for one in decode_osc(data))
    world = convert_points(forward_kinematics(wanted.frame.rotations, wanted.frame.root, BODY), frame)
    rotations = convert_rotations(wanted.frame.rotations, frame)
    for joint, name in enumerate(JOINT_NAMES):
        np.testing.assert_allclose(found[f"/emomotion/joint/{name}"][:3], world[joint], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found[f"/emomotion/joint/{name}"][3:], rotations[joint], atol=1e-6)
    assert found["/emomotion/contacts"] == [1, 0, 1, 0] and found["/emomotion/emotion/joy"] == [1.0]
    assert found["/emomotion/frame"] == [7, pytest.approx(7 / 30)]
    with pytest.raises(InvalidInput, match="frame 'maya' is unknown"):
        Plain(frame="maya")


def test_a_feeling_never_jumps_and_does_not_depend_on_the_rate() -> None:
    ends = []
    for fps in (30.0, 60.0):
        feeling = Feeling()
        assert feeling.at(Affect.of("joy", 1.0), 0, fps)[Emotion.JOY] == 1
        step = [feeling.at(Affect.of("anger", 1.0), n, fps) for n in range(1, round(fps * HALFLIFE_S * 2.5) + 1)]
        assert all(math.isclose(felt.sum(), 1) for felt in step)
        assert 0 < step[0][Emotion.ANGER] < 0.25
        ends.append(step[-1][Emotion.ANGER])
    assert ends[0] == pytest.approx(ends[1]) == pytest.approx(1 - 0.5**2.5)
