"""Servers as programs of their own, for what a server in the test's process cannot be put through."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPO / "protos"), str(REPO)])}
ENVIRONMENT.pop("GRPC_VERBOSITY", None)  # a program must set it by itself, not inherit what the SDK set here
FAKE, REAL = "tests.service.serve_fake", "sdk.serve"


@dataclass(frozen=True)
class Program:
    """A running server, its address, and what it printed until it was ready."""

    process: "subprocess.Popen[str]"
    address: str
    lines: list[str]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])

    def resident_mb(self) -> float:
        """Memory that the process holds just now (Linux)."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return float(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def cpu_s(self) -> float:
        """Processor time that the process has used (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(*options: str, module: str = FAKE, port: int = 0, stderr: Any = None) -> Iterator[Program]:
    """Run a server until the block ends; the shipped bundle's with `REAL`."""
    command = [sys.executable, "-u", "-m", module, "--port", str(port), *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPO, env=ENVIRONMENT, stdout=pipe, stderr=stderr, text=True) as process:
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("  stop"):
                break
        try:
            yield Program(process, next(s.split()[-1] for s in lines if s.startswith("serving on ")), lines)
        finally:
            process.kill()
