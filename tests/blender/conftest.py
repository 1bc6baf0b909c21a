"""Blender tries the add-on once for all tests here; they are skipped, with the reason, where there is no Blender."""

from pathlib import Path
from typing import Any

import pytest

from sdk.clips.blender import find_blender
from sdk.motion.motion import Motion
from tests.blender.session import explore, make_clips
from tests.synthetic import walking


@pytest.fixture(scope="session")
def walk() -> Motion:
    return walking(2.0)


@pytest.fixture(scope="session")
def clips(walk: Motion, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_clips(tmp_path_factory.mktemp("blender") / "clips", walk)


@pytest.fixture(scope="session")
def found(clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `inside.py` found out, by scenario."""
    if find_blender() is None:
        pytest.skip("Blender is absent: python -m sdk.clips.blender installs its Python module")
    return explore(tmp_path_factory.mktemp("blender"), clips)
