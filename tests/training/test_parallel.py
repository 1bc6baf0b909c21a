"""Several processes under torchrun train what one process trains: every stage, begun and resumed by any number."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("tensorboard", reason="tensorboard is absent: pip install -e '.[train]'")

from tests.conftest import REPO  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.training.together import DISTILLED, STAGES, train_all  # noqa: E402
from training import checkpoint  # noqa: E402

pytestmark = pytest.mark.slow
TRAINED = (*STAGES, f"{DISTILLED}/masked")
SOON_S = 60
"""Far less than the half hour for which a process waits for another one's numbers."""


def torchrun(count: int, *args: object) -> subprocess.CompletedProcess[str]:
    """`count` processes of a module with its arguments; what they print comes back together."""
    # "--", for torchrun takes --run for one of its own options otherwise.
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count), "-m"]
    return subprocess.run(
        [*command, "--", *map(str, args)], cwd=REPO, text=True, timeout=300, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": f"{REPO}:{REPO / 'protos'}", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def distance(first: Path, second: Path) -> float:
    """How far the weights of two checkpoints lie apart, as a share of the first one's."""
    ours, theirs = (checkpoint.load(path)["model"] for path in (first, second))
    assert ours.keys() == theirs.keys()
    apart, whole = (
        sum(float(value.double().square().sum()) for value in values)
        for values in ([ours[k].double() - theirs[k].double() for k in ours], ours.values())
    )
    return (apart / whole) ** 0.5


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of every stage by one process, and the data beside it."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(tiny.prepared(), folder / "data")
    train_all(folder / "data", folder / "run")
    return folder


@pytest.fixture(scope="module")
def by_two(alone: Path) -> subprocess.CompletedProcess[str]:
    """Two processes end `alone / "resumed"`, which one process began, and begin `alone / "begun"`."""
    train_all(alone / "data", alone / "resumed", stop_after=3)  # the codecs and the diffusion; the others are begun
    runs = (alone / "resumed", 0, alone / "begun", 3)
    ran = torchrun(2, "tests.training.together", "all", alone / "data", *runs)
    assert ran.returncode == 0, ran.stdout
    return ran


def test_two_processes_end_where_one_does_in_every_stage(alone: Path, by_two: subprocess.CompletedProcess[str]) -> None:
    for name in TRAINED:
        assert distance(alone / "run" / f"{name}.pt", alone / "resumed" / f"{name}.pt") < 1e-4, name
        one, two = (checkpoint.load(alone / run / f"{name}.pt") for run in ("run", "resumed"))
        assert two["step"] == one["step"] and two["scalars"] == pytest.approx(one["scalars"], rel=1e-3)
    assert len(list((alone / "resumed" / "tensorboard" / "mmm").iterdir())) == 1, "one process writes"
    assert by_two.stdout.count("masked 6: loss") == 1, "one process talks"


@pytest.mark.usefixtures("by_two")
def test_what_two_processes_began_one_goes_on_with(alone: Path) -> None:
    assert checkpoint.load(alone / "begun" / "rvq.pt")["step"] == 3
    train_all(alone / "data", alone / "begun")
    for name in TRAINED:
        assert distance(alone / "run" / f"{name}.pt", alone / "begun" / f"{name}.pt") < 1e-4, name


def test_a_fault_in_one_process_ends_all_and_is_told_once(tmp_path: Path) -> None:
    began = time.monotonic()
    ran = torchrun(2, "tests.training.together", "fail", tmp_path)
    assert ran.returncode != 0
    assert ran.stdout.count("error: process 1 has enough") == 1
    assert "RuntimeError" not in ran.stdout, "that another process is gone is no news"
    assert time.monotonic() - began < SOON_S


def test_the_command_trains_and_refuses_a_batch_that_cannot_be_divided(alone: Path, tmp_path: Path) -> None:
    args = ["training.train", "rvq", "--recipe", "tiny", "--data", alone / "data", "--run", tmp_path, "--stop-after", 2]
    ran = torchrun(2, *args)
    assert ran.returncode == 0, ran.stdout
    assert checkpoint.load(tmp_path / "rvq.pt")["step"] == 2
    refused = torchrun(3, *args)
    assert refused.returncode != 0
    assert refused.stdout.count("error: a batch of 8 cannot be divided among 3 processes") == 1
    assert checkpoint.load(tmp_path / "rvq.pt")["step"] == 2
