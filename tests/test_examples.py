"""The examples are the docs: each runs as it stands, with the shipped bundle, in an empty folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdk.bundle import DEFAULT_BUNDLE

REPO = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((REPO / "examples").glob("[0-9][0-9]_*.py"))


def test_there_are_examples() -> None:
    assert [path.name[:2] for path in EXAMPLES] == [f"{n:02d}" for n in range(1, len(EXAMPLES) + 1)]


@pytest.mark.skipif(not (DEFAULT_BUNDLE / "manifest.json").exists(), reason="the shipped bundle is absent")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "protos")])}
    done = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
