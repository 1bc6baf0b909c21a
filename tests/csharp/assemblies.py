"""What there is to compile: the package's assemblies, its samples and tests, and the programs of the tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.csharp.rig import Job

REPO = Path(__file__).resolve().parents[2]
PACKAGE = REPO / "unity_bridge" / "com.emomotion.sdk"
HERE = REPO / "tests" / "csharp"
NO_TRAILERS = "EMOMOTION_NO_TRAILING_HEADERS"
"""Mono's HttpResponseMessage has none; nothing there speaks HTTP/2 anyway."""

HANDLERS = {
    "6000.5": ["UNITY_6000_5_OR_NEWER", "EMOMOTION_NAVMESH"],
    "2021.3 with YetAnotherHttpHandler": ["EMOMOTION_YETANOTHERHTTPHANDLER"],
    "2021.3 without a handler": [],
    "WebGL": ["UNITY_WEBGL"],
}
"""Unity versions and platforms by the symbols that the scripts ask for."""


def sources(*folders: Path) -> list[Path]:
    """All C# files below some folders."""
    return sorted(path for folder in folders for path in folder.rglob("*.cs"))


@dataclass(frozen=True)
class Build:
    """Jobs that write to one folder, on one platform ("netcore" or "mono")."""

    out: Path
    platform: str = "netcore"

    @property
    def ahead(self) -> "Build":
        """The same for Mono, to be compiled ahead of time."""
        return Build(self.out / "ahead", "mono")

    @property
    def core(self) -> Path:
        return self.out / "EmoMotion.Core.dll"

    @property
    def probe(self) -> Path:
        return self.out / "EmoMotion.Probe.dll"

    @property
    def tests(self) -> Path:
        return self.out / f"EmoMotion.Core.Tests.{'exe' if self.platform == 'mono' else 'dll'}"

    def core_job(self) -> Job:
        return self._job(self.core, [PACKAGE / "Runtime" / "Core"])

    def tests_job(self) -> Job:
        return self._job(self.tests, [PACKAGE / "Tests" / "Core", HERE / "nunit"], [self.core], exe=True)

    def probe_job(self) -> Job:
        """The client as a program; it borrows rigs and motion of the tests."""
        job = self._job(self.probe, [HERE / "probe"], [self.core], exe=True)
        borrowed = [
            PACKAGE / "Tests" / "Core" / name for name in ("Made.cs", "TestRig.cs", "RetargetTests.cs", "Way.cs")
        ]
        return replace(job, sources=[*job.sources, *borrowed, HERE / "nunit" / "NUnit.cs"])

    @property
    def snippet(self) -> Path:
        return self.out / "first_character.dll"

    def snippet_job(self) -> Job:
        return Job(self.snippet, [REPO / "docs" / "snippets" / "first_character.cs"], [self.core], exe=True)

    def engine_jobs(self, name: str) -> Iterator[Job]:
        """The stub of Unity and every script that needs it, for one entry of HANDLERS."""
        symbols, folder = HANDLERS[name], self.out / name
        folder.mkdir(exist_ok=True)
        names = (
            "UnityStub",
            "EmoMotion.Unity",
            "EmoMotion.Timeline",
            "EmoMotion.Splines",
            "EmoMotion.Editor",
            "Samples",
        )
        stub, unity, timeline, splines, editor, samples = (folder / f"{each}.dll" for each in names)
        yield self._job(stub, [HERE / "stubs"], defines=symbols)
        yield self._job(unity, [PACKAGE / "Runtime" / "Unity"], [self.core, stub], symbols)
        yield self._job(timeline, [PACKAGE / "Runtime" / "Timeline"], [self.core, stub, unity], symbols)
        yield self._job(splines, [PACKAGE / "Runtime" / "Splines"], [self.core, stub, unity], symbols)
        yield self._job(editor, [PACKAGE / "Editor"], [self.core, stub, unity], symbols)
        yield self._job(samples, [PACKAGE / "Samples~"], [self.core, stub, unity], symbols)

    def _job(
        self, out: Path, folders: Sequence[Path], references: Sequence[Path] = (), defines: Sequence[str] = (), *,
        exe: bool = False,
    ) -> Job:  # fmt: skip
        mono = [NO_TRAILERS] if self.platform == "mono" else []
        return Job(out, sources(*folders), references, [*defines, *mono], exe=exe, platform=self.platform)
