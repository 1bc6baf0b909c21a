"""The fake engine as a replica loads it, in a process of its own."""

from pathlib import Path

from sdk.errors import BundleError
from tests.service.fake_engine import FakeBundle, FakeEngine
from tests.service.fake_faces import FakeFaces


def load_fake(bundle: Path | None, threads: int) -> FakeEngine:
    """An engine whose bundle has the given folder's name for a hash; "broken" is none."""
    if bundle is not None and bundle.name == "broken":
        raise BundleError("the bundle is broken")
    engine = FakeEngine()
    engine.bundle = FakeBundle(sha256="" if bundle is None else bundle.name)
    return engine


def load_fake_faces() -> FakeFaces:
    """Faces without a model."""
    return FakeFaces()
