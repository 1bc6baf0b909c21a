"""How long motion takes to become messages, and to become motion again."""

import pytest

from emomotion.v1 import motion_pb2
from sdk.emotion import Affect
from sdk.motion.motion import Motion
from sdk.runtime.character import Frame, Source
from sdk.service.live_messages import frame_to_wire
from sdk.wire import chunk_from_wire, motion_to_wire

pytestmark = pytest.mark.benchmark(group="wire")


def written(motion: Motion) -> list[bytes]:
    return [reply.SerializeToString() for reply in motion_to_wire(motion)]


def test_a_motion_to_bytes(benchmark, walk: Motion) -> None:
    benchmark(lambda: written(walk[:]))  # a slice, for a motion keeps the contacts it has computed


def test_bytes_to_a_motion(benchmark, walk: Motion) -> None:
    chunks = written(walk)[1:]

    def read() -> None:
        for chunk in chunks:
            chunk_from_wire(motion_pb2.GenerateReply.FromString(chunk).chunk)

    benchmark(read)


def test_a_live_frame_to_bytes(benchmark, walk: Motion) -> None:
    frame = Frame(
        0, walk.rotations[0], walk.root[0], walk.contacts[0], Source.GENERATED, 0, Affect.neutral(), reacting=False
    )
    benchmark(lambda: frame_to_wire(frame).SerializeToString())
