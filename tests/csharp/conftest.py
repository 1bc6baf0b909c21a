"""The compiled C# client, once for all tests of this folder."""

import pytest

from tests.csharp import rig
from tests.csharp.assemblies import Build
from tests.csharp.probing import Probe


@pytest.fixture(scope="session")
def csharp() -> rig.Rig:
    """The rig, or a skip that says how to build it."""
    found = rig.find()
    if found is None:
        pytest.skip(rig.why_absent())
    return found


@pytest.fixture(scope="session")
def built(csharp: rig.Rig, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Core, its tests, the probe and the snippet for CoreCLR; core and tests for Mono below `ahead`."""
    build = Build(tmp_path_factory.mktemp("csharp"))
    jobs = [build.core_job(), build.tests_job(), build.probe_job(), build.snippet_job()]
    if csharp.has_mono:
        build.ahead.out.mkdir()
        jobs += [build.ahead.core_job(), build.ahead.tests_job()]
    csharp.compile(jobs)  # all at once: the compiler takes longer to start than to compile
    return build


@pytest.fixture(scope="session")
def probe(csharp: rig.Rig, built: Build) -> Probe:
    return Probe(csharp, built)
