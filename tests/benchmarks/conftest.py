"""What the benchmarks share. They time and judge nothing: `make bench`, or `python -m pytest tests/benchmarks`."""

from pathlib import Path

import pytest

from sdk.bundle import Bundle
from sdk.motion.motion import Motion
from tests.synthetic import walking

FRAMES = 300


@pytest.fixture(scope="session")
def walk() -> Motion:
    """FRAMES frames of a walk."""
    return walking((FRAMES - 1) / 30)


@pytest.fixture(scope="session")
def bundle(bundle_path: Path) -> Bundle:
    """The shipped bundle."""
    return Bundle.load(bundle_path)
