"""The benchmarks still run, and only where they are asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def pytest_run(repo: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": f"{repo}:{repo / 'protos'}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *args]
    return subprocess.run(command, cwd=repo, env=env, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_every_benchmark_runs_once(repo: Path, bundle_path: Path) -> None:
    ran = pytest_run(repo, "tests/benchmarks", "--benchmark-disable")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout and "skipped" not in ran.stdout


def test_who_does_not_name_the_benchmarks_does_not_run_them(repo: Path) -> None:
    ran = pytest_run(repo, "tests", "--ignore-glob=tests/[!b]*", "--collect-only")
    assert ran.returncode == 0 and "tests/bundle/" in ran.stdout, ran.stdout + ran.stderr
    assert "tests/benchmarks/" not in ran.stdout
