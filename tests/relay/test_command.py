"""`python -m sdk.relay` as a program, against a server and receivers on this machine."""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sdk.face.blendshapes import NAMES
from sdk.motion.kinematics import forward_kinematics
from sdk.motion.skeleton import BODY, JOINT, JOINT_NAMES
from sdk.relay import command, osc
from sdk.relay.moment import MOST_BYTES
from sdk.relay.vmc import BONES, Vmc
from sdk.relay.wishes import VERBS
from tests.relay.conftest import moment
from tests.relay.decoders import Inbox, decode_live_link_face, decode_osc
from tests.service.programs import ENVIRONMENT, REPO, serving

PATIENCE_S = 40.0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as program:
        yield program.address


@contextmanager
def relay(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """The program, with its streams."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-u", "-m", "sdk.relay", *arguments]
    with subprocess.Popen(
        command, cwd=REPO, env=ENVIRONMENT, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def options(server: str, inbox: Inbox) -> list[str]:
    return ["--server", server, "--text", "a person walks forward", "--to", f"127.0.0.1:{inbox.port}", "--seed", "7"]


def until(inbox: Inbox, address: str, name: str, wanted: float) -> None:
    """Read until a message says so; within 20 seconds of frames."""
    for _ in range(1200):
        for found, values in decode_osc(inbox.read(1)[0]):
            if found == address and values[0] == name and values[1] >= wanted:
                return
    raise AssertionError(f"{name} never reached {wanted}")


def test_vmc_goes_out_and_lines_and_faders_change_the_character(server: str, inbox: Inbox) -> None:
    osc_in = Inbox()
    osc_in.close()  # a port that was free a moment ago
    with relay("vmc", *options(server, inbox), "--affect", "joy", "--intensity", "1",
               "--listen", str(osc_in.port)) as program:  # fmt: skip
        until(inbox, "/VMC/Ext/Blend/Val", "Joy", 0.99)
        assert program.stdin is not None and program.stdout is not None
        program.stdin.write("dance\naffect anger 0.9\n")
        program.stdin.flush()
        until(inbox, "/VMC/Ext/Blend/Val", "Angry", 0.85)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(b"noise", ("127.0.0.1", osc_in.port))
            out.sendto(osc.message("/emomotion/emotion/sadness", 1.0), ("127.0.0.1", osc_in.port))
        until(inbox, "/VMC/Ext/Blend/Val", "Sorrow", 0.9)
        program.stdin.write("end\n")
        program.stdin.flush()
        out_text, errors = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0 and "'dance' is no change" in errors and "address begins with a slash" in errors
    longest = re.search(r"datagrams sent, at most (\d+) bytes; 0 could not be sent", out_text)
    assert longest and 500 < int(longest[1]) < MOST_BYTES


def test_live_link_face_ends_by_itself(server: str, inbox: Inbox) -> None:
    with relay("livelink-face", *options(server, inbox), "--affect", "sadness", "--seconds", "1") as program:
        faces = [decode_live_link_face(data) for data in inbox.read(25)]
        program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0 and faces[-1].subject == "EmoMotion"
    numbers = [face.frame for face in faces]
    assert numbers == sorted(numbers) and numbers[-1] - numbers[0] < 40
    # The server's own face: its eyes wander, which those that are made here never do.
    looks = [k for k, name in enumerate(NAMES) if name.startswith("eyeLook")]
    assert any(face.values[k] > 0 for face in faces for k in looks)


def test_plain_osc_and_no_standard_input(server: str, inbox: Inbox) -> None:
    command = [
        sys.executable,
        "-m",
        "sdk.relay",
        "osc",
        *options(server, inbox),
        "--frame",
        "unreal",
        "--seconds",
        "0.5",
    ]
    done = subprocess.run(
        command, cwd=REPO, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    assert dict(decode_osc(inbox.read(1)[0]))["/emomotion/root"][2] > 50  # centimetres, Z up


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--server", "localhost:1"), "no server answers at localhost:1"),
        (("--to", "nowhere:99999"), "a receiver is HOST or HOST:PORT"),
        (("--to", "no-such-host.invalid"), "cannot be found"),
        (("--affect", "jyo"), "did you mean 'joy'"),
        (("--listen", "x"), "a receiver is HOST or HOST:PORT"),
    ],
)
def test_refusals_are_one_line(server: str, arguments: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "sdk.relay", "vmc", "--server", server, "--text", "a person waves", *arguments]
    done = subprocess.run(command, cwd=REPO, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and said in done.stderr
    assert done.stderr.count("\n") == 1


def godot_bones(datagrams: list[bytes]) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Where Godot finds the bones of a frame, and the expressions it was told."""
    godot = shutil.which("godot3-server") or pytest.skip("godot3-server is absent: apt-get install godot3-server")
    free = Inbox()
    free.close()
    script = Path(__file__).with_name("receiver.gd")
    command = [godot, "-s", str(script), str(free.port)]
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryDirectory() as folder,  # the engine leaves its logs where it is started
        subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=subprocess.STDOUT, text=True) as engine,
    ):
        assert engine.stdout is not None
        lines = []
        for line in engine.stdout:
            lines.append(line)
            if line.startswith("listening"):
                break
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for data in datagrams:
                out.sendto(data, ("127.0.0.1", free.port))
        try:
            rest, _ = engine.communicate(timeout=PATIENCE_S)
        finally:
            engine.kill()
    rows = [line.split() for line in rest.splitlines() if line.startswith(("bone ", "blend "))]
    assert rows, "".join(lines) + rest
    bones = {row[1]: np.array(row[2:], dtype=float) for row in rows if row[0] == "bone"}
    return bones, {row[1]: float(row[2]) for row in rows if row[0] == "blend"}


@pytest.mark.parametrize("seed", [None, 3])
def test_godot_finds_every_bone_where_it_is(seed: int | None) -> None:
    """A third-party engine poses its own skeleton with what it receives; its kinematics must agree with ours."""
    wanted = moment(left_hand_up=True) if seed is None else moment(seed)
    bones, blends = godot_bones(Vmc(travel="root").datagrams(wanted))
    world = forward_kinematics(wanted.frame.rotations, wanted.frame.root, BODY)
    godot = world * [-1, 1, -1]  # Godot is right-handed too, but its characters look along -Z
    for joint, name in enumerate(JOINT_NAMES):
        np.testing.assert_allclose(bones[BONES[name]], godot[joint], atol=2e-5, err_msg=name)
    if seed is None:  # looking along -Z with Y up, left is -X: the hand that points up is the left one
        assert bones["LeftHand"][0] < 0 and bones["LeftHand"][1] > bones["Head"][1] > bones["RightHand"][1]
        assert world[JOINT["left_wrist"], 1] > world[JOINT["head"], 1]
    assert blends["Joy"] == 1.0 and blends["Sorrow"] == 0.0


def test_every_option_stands_in_the_docs() -> None:
    page = (REPO / "docs" / "relay.md").read_text()
    for name, verb in command.commands.items():
        assert f"`relay {name}`" in page
        options = [parameter.opts[-1] for parameter in verb.params]
        assert [option for option in options if f"{option}" not in page] == []
    for verb in VERBS.replace("|", " ").split():
        if verb.islower():
            assert f"`{verb}" in page
