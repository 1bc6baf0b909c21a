"""How long writing a clip takes, without the disk."""

import pytest

from sdk.clips.glb import glb_bytes
from sdk.clips.tags import ClipTags
from sdk.emotion import Affect
from sdk.motion.bvh import bvh_text
from sdk.motion.motion import Motion

pytestmark = pytest.mark.benchmark(group="clips")
TAGS = ClipTags(
    prompt="a person walks forward", requested=Affect.neutral(), applied=Affect.neutral(), seed=1, plan="best",
    licence="CC0-1.0", seconds=4.0,
)  # fmt: skip


def test_glb(benchmark, walk: Motion) -> None:
    benchmark(lambda: glb_bytes(walk[:], TAGS))  # a slice, for a motion keeps the contacts it has computed


def test_bvh(benchmark, walk: Motion) -> None:
    benchmark(bvh_text, walk)
