"""Messages and the SDK's types say the same thing, both ways."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emomotion.v1 import affect_pb2, info_pb2, motion_pb2
from sdk.bundle import EmotionEvidence
from sdk.emotion import NUM_EMOTIONS, Affect, Emotion
from sdk.errors import BundleError, InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.skeleton import BODY, Skeleton
from sdk.runtime.engine import Request
from sdk.service.facts import info_reply
from sdk.wire import (
    affect_from_wire,
    affect_to_wire,
    chunk_from_wire,
    emotion_from_wire,
    emotion_to_wire,
    motion_to_wire,
    skeleton_from_wire,
    skeleton_to_wire,
)
from tests.service.fake_engine import MANIFEST, FakeBundle, motion_of

SHARES = st.dictionaries(st.sampled_from(Emotion), st.floats(0.001, 10), min_size=1, max_size=NUM_EMOTIONS)


def test_the_enums_agree_by_name_and_number() -> None:
    wire = {name.removeprefix("EMOTION_"): number for name, number in affect_pb2.Emotion.items()}
    assert wire == {"UNSPECIFIED": 0, **{emotion.name: emotion + 1 for emotion in Emotion}}
    for emotion in Emotion:
        assert emotion_from_wire(affect_pb2.Emotion.Value(emotion_to_wire(emotion))) is emotion


@given(SHARES, st.floats(0, 1))
def test_an_affect_survives_the_wire(weights: dict[Emotion, float], intensity: float) -> None:
    affect = Affect(weights, intensity)
    back = affect_from_wire(affect_pb2.Affect.FromString(affect_to_wire(affect).SerializeToString()))
    np.testing.assert_array_equal(back.vector, affect.vector)
    assert back.intensity == affect.intensity


def test_defaults_are_those_the_comments_state() -> None:
    weights = [affect_pb2.EmotionWeight(emotion=affect_pb2.EMOTION_JOY, weight=2.0)]
    assert affect_from_wire(affect_pb2.Affect()) == Affect.neutral()
    assert affect_from_wire(affect_pb2.Affect(intensity=0.2)) == Affect({Emotion.NEUTRAL: 1.0}, 0.2)
    assert affect_from_wire(affect_pb2.Affect(weights=weights)) == Affect({Emotion.JOY: 1.0}, 0.7)
    point = affect_pb2.ValenceArousal(valence=0.4, arousal=0.2)
    assert affect_from_wire(affect_pb2.Affect(valence_arousal=point)) == Affect.from_valence_arousal(0.4, 0.2)
    stronger = affect_from_wire(affect_pb2.Affect(valence_arousal=point, intensity=1.0))
    assert stronger == Affect(Affect.from_valence_arousal(0.4, 0.2).weights, 1.0)


def test_our_body_comes_back_as_itself_and_another_as_another() -> None:
    assert skeleton_from_wire(skeleton_to_wire(BODY)) is BODY
    taller = Skeleton(BODY.names, BODY.parents, BODY.offsets * 1.1, ankle_height=0.11, toe_height=0.03)
    back = skeleton_from_wire(skeleton_to_wire(taller))
    np.testing.assert_allclose(back.offsets, taller.offsets, atol=1e-6)
    assert (back.ankle_height, back.toe_height) == (0.11, 0.03)
    with pytest.raises(InvalidInput, match="not the 22"):
        skeleton_from_wire(info_pb2.Skeleton(joint_names=["hips"], parents=[-1], rest_offsets=[0, 0, 0]))


@pytest.mark.parametrize("frames", [1, 2, 255, 256, 257, 600])
def test_a_motion_is_sent_once_without_gaps(frames: int) -> None:
    motion = motion_of(Request(text="waves", seconds=(frames - 1) / 30, seed=1, fps=30.0))
    header, *chunks = motion_to_wire(motion)
    sizes = [reply.chunk.frame_count for reply in chunks]
    assert header.header.frame_count == frames == sum(sizes)
    assert all(size == 256 for size in sizes[:-1]) and max(sizes) <= 256
    assert all(reply.chunk.start_frame < frames and len(reply.SerializeToString()) < 1 << 18 for reply in chunks)
    parts = [chunk_from_wire(reply.chunk) for reply in chunks]
    assert [part.start_frame for part in parts] == list(np.cumsum([0, *sizes[:-1]]))
    np.testing.assert_allclose(np.concatenate([part.rotations for part in parts]), motion.rotations, atol=1e-7)
    np.testing.assert_allclose(np.concatenate([part.root for part in parts]), motion.root, atol=1e-6)


def test_neighbouring_frames_on_the_wire_keep_to_one_hemisphere() -> None:
    motion = motion_of(Request(text="waves", seconds=2.0, seed=1, fps=30.0))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(*motion.rotations.shape[:2], 1))
    _, *chunks = motion_to_wire(Motion(motion.rotations * signs, motion.root, motion.fps))
    sent = np.concatenate([chunk_from_wire(reply.chunk).rotations for reply in chunks])
    assert (np.sum(sent[1:] * sent[:-1], -1) > 0).all()


@pytest.mark.parametrize("field", ["rotations", "root", "contacts"])
def test_a_chunk_of_the_wrong_length_is_refused(field: str) -> None:
    chunk = motion_pb2.MotionChunk(frame_count=2, rotations=[0.0] * 2 * 22 * 4, root=[0.0] * 6, contacts=[False] * 8)
    assert len(chunk_from_wire(chunk)) == 2
    getattr(chunk, field).append(0)
    with pytest.raises(InvalidInput, match=field):
        chunk_from_wire(chunk)


@pytest.mark.parametrize(("name", "evidence"), [("bliss", "mocap"), ("joy", "hearsay")])
def test_a_manifest_with_unknown_emotions_is_refused(name: str, evidence: str) -> None:
    entry = EmotionEvidence(name=name, evidence=evidence, minutes=1.0)
    with pytest.raises(BundleError, match=r"bliss|hearsay"):
        info_reply(FakeBundle(replace(MANIFEST, emotions=[entry])))
