"""Rigs as files; the walk and the tags are those of the tests of clips."""

from pathlib import Path

import pytest

from tests.clips.conftest import tags, walk
from tests.rigs.builders import files

__all__ = ["rig_files", "tags", "walk"]


@pytest.fixture(scope="session")
def rig_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return files(tmp_path_factory.mktemp("rigs"))
