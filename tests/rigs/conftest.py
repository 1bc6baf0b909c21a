"""Rigs as files, a walk and tags that the tests of rigs share."""

from pathlib import Path

import pytest

from sdk.clips.tags import ClipTags
from sdk.emotion import Affect
from sdk.motion.motion import Motion
from tests.rigs.builders import files
from tests.synthetic import walking


@pytest.fixture(scope="session")
def rig_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return files(tmp_path_factory.mktemp("rigs"))


@pytest.fixture(scope="session")
def walk() -> Motion:
    return walking(1.6)


@pytest.fixture
def tags() -> ClipTags:
    affect = Affect.of("anger:2,sadness:1", 0.8)
    return ClipTags(
        prompt="a person walks forward",
        requested=affect,
        applied=affect,
        seed=7,
        plan="default",
        licence="CC BY-NC 4.0",
        bundle_sha256="5a" * 32,
        seconds=1.6,
    )
