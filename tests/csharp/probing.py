"""The compiled C# client as a program, and what its test runner says."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.csharp.assemblies import Build
from tests.csharp.rig import Rig

PATIENCE_S = 40.0


@dataclass(frozen=True)
class Probe:
    """The C# client as a program."""

    rig: Rig
    build: Build

    def start(
        self, *arguments: str, environment: dict[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """Run one command; its standard output has a line of JSON for everything that happens."""
        command = [*self.rig.command(self.build.probe), *arguments]
        env = {**self.rig.environment, **(environment or {})}
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, **options)

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """All lines of one command."""
        with self.start(*arguments, environment=environment) as process:
            try:
                out, _ = process.communicate(timeout=PATIENCE_S)
            finally:
                process.kill()
        return [json.loads(line) for line in out.splitlines()]

    def one(self, *arguments: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
        """The only line of one command."""
        (line,) = self.run(*arguments, environment=environment)
        return line

    def talk(self, command: str, lines: Sequence[str]) -> list[str]:
        """Answers of a command that answers every line of its input."""
        whole = [*self.rig.command(self.build.probe), command]
        text = "".join(f"{line}\n" for line in lines)
        done = subprocess.run(
            whole, env=self.rig.environment, input=text, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


def failures(output: str) -> list[str]:
    """Lines of the C# test runner that are not good; Mono says other things, too."""
    return [line for line in output.splitlines() if line.startswith(("FAIL ", "skip "))]
