"""What all tests share. Nothing here loads a model; what needs one skips, with the reason, where it is absent."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPO = Path(__file__).resolve().parent.parent
BUNDLE = REPO / "sdk" / "bundle" / "default"

# Timing says nothing about an algebra law, and CI must find the same examples twice.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def repo() -> Path:
    """Root of the repository."""
    return REPO


@pytest.fixture(scope="session")
def bundle_path() -> Path:
    """Folder of the shipped bundle."""
    if not (BUNDLE / "manifest.json").is_file():
        pytest.skip("sdk/bundle/default holds no manifest.json: export a bundle first")
    return BUNDLE


@pytest.fixture(scope="session")
def mocap_path() -> Path:
    """Folder of the Bandai-Namco set, named by EMOMOTION_BANDAI; it is not part of the repository."""
    folder = os.environ.get("EMOMOTION_BANDAI", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("the real set is absent: set EMOMOTION_BANDAI to its folder")
    return Path(folder)
