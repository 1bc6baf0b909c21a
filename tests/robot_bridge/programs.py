"""Bridges as programs of their own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.service.programs import ENVIRONMENT, REPO


@contextmanager
def running(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A bridge as a program; its address."""
    line = [sys.executable, "-u", "-m", "robot_bridge", "--port", "0", *options]
    with subprocess.Popen(line, cwd=REPO, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = ""
        for said in process.stdout:
            if said.startswith("bridge on "):
                address = said.split()[-1]
            if said.startswith("  stop"):
                break
        try:
            yield process, address
        finally:
            process.kill()
