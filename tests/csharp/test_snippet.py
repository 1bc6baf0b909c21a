"""The snippet of docs/snippets in C# prints what its sisters in other languages print."""

import subprocess

from tests.csharp.assemblies import Build
from tests.csharp.rig import Rig
from tests.service.programs import serving


def test_the_snippet_says_what_the_others_say(csharp: Rig, built: Build) -> None:
    with serving() as server:
        command = [*csharp.command(built.snippet), server.address]
        done = subprocess.run(command, env=csharp.environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "bundle fake",
        "clip of 61 frames ends at 0.000 0.920 2.000",
        "felt joy, then anger",
    ]
