"""Words and an emotion in, a file out, through the real server in a process of its own, on a bundle of random weights.

That the shipped bundle moves like a person is for `tests.figures`; here every room works with the next one.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")
pytest.importorskip("onnxscript", reason="onnxscript is absent: pip install -e '.[export]'")

from sdk import clip  # noqa: E402
from sdk.bundle import Bundle  # noqa: E402
from sdk.client import Client  # noqa: E402
from sdk.clips.read import read_tags  # noqa: E402
from sdk.console import run as run_command  # noqa: E402
from sdk.emotion import Affect  # noqa: E402
from sdk.errors import InvalidInput, ServerError  # noqa: E402
from sdk.making import EngineMaker, ServerMaker  # noqa: E402
from sdk.post import Post  # noqa: E402
from sdk.runtime.composition import Beat, Composition  # noqa: E402
from sdk.runtime.engine import Engine, Request  # noqa: E402
from tests.export import tiny  # noqa: E402
from tests.service.programs import REAL, serving  # noqa: E402

REPO = Path(__file__).resolve().parent.parent
PATIENCE_S = 60.0
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPO / "protos"), str(REPO)])}
CASES = (
    Request(text="a person walks forward", affect=Affect.of("joy", 0.8), seconds=2.0, seed=7, plan="best"),
    Request(text="someone bows", affect=Affect.of("sadness:0.6,fear:0.4"), seconds=0.5, seed=2**64 - 1, plan="fast"),
    Request(text="a man runs", seconds=20.0, seed=0, plan="fast", fps=24.0),
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of `python -m sdk.serve` on the tiny bundle, which must drain cleanly in the end."""
    command = [sys.executable, "-u", "-m", "sdk.serve", "--port", "0", "--threads", "1", "--bundle", str(tiny.bundle())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPO, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            for line in process.stdout:
                if found := re.match(r"serving on (\S+)", line):
                    break
            else:
                pytest.fail(f"the server did not start: {process.stderr.read()}")
            yield found[1]
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=PATIENCE_S)
            assert (process.returncode, err) == (0, "")
        finally:
            process.kill()


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[Client]:
    with Client(server) as connected:
        yield connected


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(tiny.bundle(), threads=1)


def options(request: Request) -> dict:
    return {name: value for name, value in vars(request).items() if name != "text"}


def test_the_server_says_what_it_serves(client: Client) -> None:
    info, manifest = client.info(), Bundle.load(tiny.bundle()).manifest
    assert (info.name, info.licence) == (manifest.name, manifest.licence)
    assert [plan.name for plan in info.plans] == [plan.name for plan in manifest.plans]


@pytest.mark.parametrize("request_", CASES, ids=lambda request: request.text)
def test_the_same_seed_gives_the_same_bits_here_and_over_there(
    client: Client, engine: Engine, request_: Request
) -> None:
    here, there = engine.generate(request_), client.generate(request_.text, **options(request_))
    for ours, theirs in ((here.motion.rotations, there.motion.rotations), (here.motion.root, there.motion.root)):
        np.testing.assert_array_equal(ours.astype(np.float32), theirs.astype(np.float32))
    assert there.motion.fps == here.motion.fps
    assert (there.seed, there.plan, there.bundle_sha256) == (request_.seed, request_.plan, engine.bundle.sha256)


def test_a_drawn_seed_can_be_asked_for_again(client: Client) -> None:
    first = client.generate("a person waves", affect="joy", seconds=1.0)
    again = client.generate("a person waves", affect="joy", seconds=1.0, seed=first.seed)
    np.testing.assert_array_equal(first.motion.rotations, again.motion.rotations)
    other = client.generate("a person waves", affect="joy", seconds=1.0)
    assert other.seed != first.seed
    assert not np.array_equal(first.motion.rotations, other.motion.rotations)


def test_clients_at_the_same_time_get_what_they_would_get_alone(client: Client) -> None:
    seeds = range(6)
    alone = [client.generate("a person walks", seconds=1.0, seed=seed).motion.rotations for seed in seeds]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda s: client.generate("a person walks", seconds=1.0, seed=s), seeds))
    for first, second in zip(alone, together, strict=True):
        np.testing.assert_array_equal(first, second.motion.rotations)


def test_budgets_hold_on_real_graphs(client: Client) -> None:
    plenty = client.generate("a person walks", seconds=1.0, seed=1, budget_ms=60_000)
    assert plenty.plan == "best" and not plenty.degraded and (plenty.budget_left_ms or 0) > 0
    assert plenty.passes["masked"] >= 1 and plenty.passes["decode"] == 1
    expected = {plan.name: plan.expected_ms for plan in client.info().plans}
    assert 0 < expected["fast"] < expected["best"]
    with pytest.raises(ServerError, match="is too small on this machine") as refusal:
        client.generate("a person walks", seconds=30.0, budget_ms=1)
    assert refusal.value.status == "FAILED_PRECONDITION"


def test_a_live_character_moves_reacts_and_ends(client: Client) -> None:
    frames = []
    with client.drive("a person walks forward", affect="joy", seed=3, heading=0.5) as live:
        for frame in live:
            frames.append(frame)
            if frame.number == 40:
                live.change(text="a person runs", affect="anger")
            if frame.number == 100:
                live.end()
    assert live.ended is not None and live.ended.frame_count == len(frames) >= 101
    assert frames[-1].wish == 1 and frames[-1].affect.label == "anger"
    assert sum(frame.idle for frame in frames) < len(frames)
    assert np.isfinite([frame.root for frame in frames]).all()


@pytest.mark.parametrize("played", [2, 21, 64, 100])
def test_motion_goes_on_from_played_frames(engine: Engine, played: int) -> None:
    before = engine.generate(Request(text="a person walks", seconds=4.0, seed=5)).motion[:played]
    request = Request(text="a person walks", seed=6, plan="fast")
    result = engine.extend(request, before, 40)
    assert len(result.motion) == 41 and result.motion.fps == 30
    again = engine.extend(request, before, 40)
    np.testing.assert_array_equal(result.motion.rotations, again.motion.rotations)


@pytest.mark.parametrize(
    ("text", "change", "field"),
    [("", {}, "text"), ("x" * 10_000, {}, "text"), ("walks", {"seconds": 600.0}, "seconds")]
    + [("walks", {"plan": "turbo"}, "plan"), ("walks", {"fps": -30.0}, "fps")],
)
def test_bad_input_comes_back_as_the_field_that_is_wrong(client: Client, text: str, change: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        client.generate(text, **change)
    assert caught.value.field == field and "\n" not in str(caught.value)


def clip_of(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    words = ["a person walks forward", "--emotion", "anger", "--intensity", "0.8", "--seconds", "1.5", "--seed", "7"]
    with pytest.raises(SystemExit) as left:
        run_command(clip.command, [*words, *args], name="python -m sdk.clip")
    out = capsys.readouterr()
    assert left.value.code == 0, out.err
    return out.out


def test_a_clip_is_the_same_file_by_server_and_from_two_processes(
    capsys: pytest.CaptureFixture[str], server: str, tmp_path: Path
) -> None:
    over, here, elsewhere = (tmp_path / name / "walk.glb" for name in ("over", "here", "elsewhere"))
    for path in (over, here, elsewhere):
        path.parent.mkdir()
    assert str(over) in clip_of(capsys, "--out", str(over), "--server", server)
    clip_of(capsys, "--out", str(here), "--bundle", str(tiny.bundle()))
    command = [sys.executable, "-m", "sdk.clip", "a person walks forward", "--emotion", "anger", "--intensity", "0.8"]
    command += ["--seconds", "1.5", "--seed", "7", "--out", str(elsewhere), "--bundle", str(tiny.bundle())]
    subprocess.run(command, check=True, cwd=REPO, env=ENVIRONMENT, capture_output=True)

    assert over.read_bytes()[:4] == b"glTF"
    assert here.read_bytes() == elsewhere.read_bytes() == over.read_bytes()
    by_server, by_engine = (read_tags(path) for path in (over, here))
    assert not by_server.conflicts and not by_engine.conflicts
    assert replace(by_server.tags, clip=by_engine.tags.clip) == by_engine.tags
    assert set(by_server.tags.made_with) == {"onnxruntime", "processor", "sdk"}
    assert (by_server.tags.seed, by_server.tags.applied.label) == (7, "anger")


def test_a_composed_clip_says_the_same_by_server_and_here(server: str) -> None:
    beats = [Beat("a person walks", Affect.of("joy"), 1.0), Beat("a person bows", None, 0.5)]
    asked = Composition(beats=beats, seed=7, post=Post(smooth=0.2))
    with ServerMaker(server, {}) as over, EngineMaker(tiny.bundle()) as here:
        by_server, by_engine = over.compose(asked), here.compose(asked)
    np.testing.assert_array_equal(by_server.motion.rotations, by_engine.motion.rotations)
    assert by_server.tags == by_engine.tags and set(by_server.tags.made_with) == {"onnxruntime", "processor"}
    assert (by_server.evidence, by_server.notes) == (by_engine.evidence, by_engine.notes)


def test_a_bundle_that_is_altered_while_it_is_served_changes_nothing(tmp_path: Path) -> None:
    folder = shutil.copytree(tiny.bundle(), tmp_path / "bundle")
    with serving("--bundle", str(folder), "--threads", "1", module=REAL) as program, Client(program.address) as client:
        before = client.generate("a person walks", seconds=1, seed=5).motion
        for file in folder.iterdir():
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content[: len(content) - 1])
        program.process.send_signal(signal.SIGHUP)
        assert program.process.stdout is not None
        assert program.process.stdout.readline().startswith("not reloaded, the old bundle stays: ")
        after = client.generate("a person walks", seconds=1, seed=5).motion
    np.testing.assert_array_equal(after.rotations, before.rotations)
