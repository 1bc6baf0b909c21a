"""Tags and a motion that the tests of clip files share."""

import pytest

from sdk.clips.tags import ClipTags
from sdk.emotion import Affect
from sdk.motion.motion import Motion
from tests.synthetic import walking


@pytest.fixture(scope="session")
def walk() -> Motion:
    return walking(2.0)


@pytest.fixture
def tags() -> ClipTags:
    affect = Affect.of("anger:2,sadness:1", 0.8)
    return ClipTags(
        prompt="a person walks forward",
        requested=affect,
        applied=affect,
        seed=2**64 - 1,
        plan="default",
        licence="CC BY-NC 4.0",
        model_name="bandai",
        model_version="1.0",
        bundle_sha256="5a" * 32,
        seconds=2.0,
    )
