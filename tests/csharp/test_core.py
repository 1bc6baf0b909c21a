"""The C# core: its own tests on CoreCLR and compiled ahead of time, the types it uses, and the shared vectors."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from tests.csharp.assemblies import HERE, PACKAGE, Build, sources
from tests.csharp.probing import Probe, failures
from tests.csharp.rig import Rig
from tools.generate_vectors import COUNT, VECTORS


def test_the_tests_of_the_core_pass(csharp: Rig, built: Build) -> None:
    done = subprocess.run(csharp.command(built.tests), env=csharp.environment, capture_output=True, text=True)
    assert failures(done.stdout) == []
    assert done.returncode == 0 and done.stdout.count("ok ") > 100, done.stderr


@pytest.mark.slow
def test_the_tests_of_the_core_pass_without_a_jit(csharp: Rig, built: Build) -> None:
    """Mono's full AOT stands in for IL2CPP: code that would have to be made at run time does not run."""
    if not csharp.has_mono:
        pytest.skip("the C# test rig has no Mono; build it again where Debian packages can be had")
    ahead = built.ahead
    command = csharp.full_aot(ahead.tests)
    done = subprocess.run(command, cwd=ahead.out, env=csharp.mono_environment, capture_output=True, text=True)
    assert failures(done.stdout) == []
    assert done.returncode == 0 and done.stdout.count("ok ") > 100, done.stderr


def test_the_tests_of_the_core_pass_with_an_sdk() -> None:
    if shutil.which("dotnet") is None:
        pytest.skip("no .NET SDK on this machine; the same tests ran in the rig")
    listed = subprocess.run(["dotnet", "--list-sdks"], capture_output=True, text=True).stdout
    if not listed.strip():
        pytest.skip("dotnet is here without an SDK; the same tests ran in the rig")
    done = subprocess.run(["dotnet", "test", str(HERE / "dotnet")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_core_uses_types_of_net_standard_alone(csharp: Rig, built: Build) -> None:
    assert csharp.foreign_types(built.core) == []
    # The probe uses SocketsHttpHandler: the guard sees such things.
    assert "System.Net.Http.SocketsHttpHandler" in csharp.foreign_types(built.probe)


def test_nothing_is_made_at_run_time() -> None:
    """What IL2CPP cannot do, and what stripping would break."""
    banned = (
        "System.Linq.Expressions",
        "System.Reflection",
        "dynamic ",
        "Activator",
        "DynamicMethod",
        "Enum.Parse",
        "yield return await",
    )
    found = [
        f"{path.name}: {word}"
        for path in sources(PACKAGE / "Runtime")
        for word in banned
        if word in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_frames_are_converted_as_in_python(probe: Probe) -> None:
    frames = json.loads(VECTORS.read_text(encoding="utf-8"))["frames"]
    poses = [np.reshape(frames["sdk"][key], (COUNT, -1)) for key in ("positions", "rotations")]
    asked = [
        " ".join([name, *(f"{value!r}" for value in np.concatenate([poses[0][i], poses[1][i]]).tolist())])
        for name in frames
        for i in range(COUNT)
    ]
    answers = np.array([line.split() for line in probe.talk("convert", asked)], dtype=float)
    for k, (name, image) in enumerate(frames.items()):
        mine = answers[k * COUNT : (k + 1) * COUNT]
        points, rotations = (np.reshape(image[key], (COUNT, -1)) for key in ("positions", "rotations"))
        assert np.abs(mine[:, :3] - points).max() <= 1e-6 * image["unit"], name
        assert np.abs(mine[:, 3:] - rotations).max() <= 1e-6, name


def test_nothing_is_allocated_for_a_frame(probe: Probe) -> None:
    for line in probe.run("allocations"):
        assert line["threads"] == 1, "the measuring would not see everything"
        assert line["bytes"] == 0, line
