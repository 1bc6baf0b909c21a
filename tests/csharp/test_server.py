"""The C# client against servers: the fake engine's, ones that misbehave, one that is killed, none at all."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from emomotion.v1 import compose_pb2, motion_pb2
from sdk.client import Client
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_angle
from sdk.wire import chunk_from_wire
from tests.csharp.probing import Probe
from tests.service.programs import REAL, Program, serving
from tests.synthetic import walking


def fastest(motion: Motion) -> float:
    """Speed of the fastest joint from one frame to the next, rad/s."""
    return float(quat_angle(motion.rotations[:-1], motion.rotations[1:]).max() * motion.fps)


OWN_SPEED = fastest(walking(4.0, speed=1.4)) * 1.02
"""What the fake server plays is never faster, so nothing that is shown may be."""


@pytest.fixture(scope="module")
def server() -> Iterator[Program]:
    with serving("--web-port", "0") as program:
        yield program


@pytest.fixture(scope="module")
def odd() -> Iterator[Program]:
    with serving(module="tests.csharp.odd_server") as program:
        yield program


def web_address(program: Program) -> str:
    """Where the same server speaks gRPC-Web."""
    line = next((line for line in program.lines if "http://" in line), "")
    return "web:" + next(word for word in line.split() if word.startswith("http://"))


@pytest.fixture(params=["http2", "web"])
def address(server: Program, request: pytest.FixtureRequest) -> str:
    if request.param == "http2":
        return server.address
    pytest.importorskip("aiohttp", reason="the extra web is absent")
    return web_address(server)


def test_facts(probe: Probe, address: str) -> None:
    info = probe.one("info", address)
    assert (info["name"], info["fps"], info["plans"], info["emotions"]) == ("fake", 30, 2, 9)
    assert (info["joints"], info["joy"], info["chars"]) == (22, "Mocap", 1000)


def test_a_clip_is_the_same_as_in_python(probe: Probe, address: str, server: Program) -> None:
    clip = probe.one("generate", address, "a person waves")
    assert (clip["frames"], clip["fps"], clip["progress"]) == (61, 30, 1)
    assert (clip["text"], clip["seed"], clip["intensity"]) == ("a person waves", str(2**64 - 1), 0.8)
    request = motion_pb2.GenerateRequest(text="a person waves", seconds=2, seed=2**64 - 1)
    request.affect.weights.add(emotion="EMOTION_JOY", weight=1)
    request.affect.intensity = 0.8
    with grpc.insecure_channel(server.address) as channel:
        call = channel.unary_stream(
            "/emomotion.v1.MotionService/Generate", motion_pb2.GenerateRequest.SerializeToString,
            motion_pb2.GenerateReply.FromString,
        )  # fmt: skip
        chunks = [chunk_from_wire(reply.chunk) for reply in call(request) if reply.WhichOneof("part") == "chunk"]
    total = sum(float(np.sum(c.rotations @ [1, 2, 3, 4]) + np.sum(c.root @ [1, 2, 3])) for c in chunks)
    assert clip["sum"] == pytest.approx(total, abs=1e-3)


def test_a_character_plays_changes_and_ends(probe: Probe, address: str) -> None:
    drive = probe.one("drive", address, "seconds=2.5")
    assert drive["ended"] and drive["state"] == "Ended"
    assert drive["frames"] > 60 and drive["shown"] > 80
    assert (drive["emotion"], drive["wish"], drive["wishes"], drive["seed"]) == ("Sadness", 2, 2, 7)
    assert drive["fastest"] < OWN_SPEED and drive["height"] > 0.5
    assert drive["delay"] < 0.12


def test_what_is_out_of_range_is_refused_by_its_field(probe: Probe, address: str) -> None:
    error = probe.one("generate", address, "walk", "intensity=2")
    assert (error["status"], error["field"]) == ("InvalidArgument", "affect.intensity")
    assert error["message"] == "intensity must lie in 0..1, got 2.0"


def test_a_budget_that_cannot_be_kept_is_refused(probe: Probe, address: str) -> None:
    error = probe.one("generate", address, "walk", "budget=5")
    assert error["status"] == "FailedPrecondition" and "fast" in error["message"]


def test_a_deadline_is_kept(probe: Probe, address: str) -> None:
    error = probe.one("generate", address, "walk", "timeout=0.001")
    assert error["status"] == "DeadlineExceeded"


def test_a_call_can_be_cancelled(probe: Probe, address: str) -> None:
    assert probe.one("cancel", address, "0") == {"what": "cancelled"}


def test_disposing_the_client_ends_what_is_open(probe: Probe, address: str) -> None:
    done = probe.one("dispose", address)
    assert done["ended"] and done["state"] == "Ended" and done["ms"] < 1000


def test_all_of_a_composition_arrives(probe: Probe, odd: Program) -> None:
    first, second, _ = probe.run("compose", odd.address)
    asked, again = json.loads(first["text"]), json.loads(second["text"])
    assert first["frames"] == second["frames"] == 106
    assert asked["beats"] == [["a person walks forward", 2, 0], ["a person waves", 1.5, 0]]
    assert (asked["track"], asked["loop"], asked["speed"]) == ([0, 3], False, 1.25)
    assert asked["keyframes"] == [[1, 88, 3, False]]
    right, left = compose_pb2.EFFECTOR_RIGHT_WRIST, compose_pb2.EFFECTOR_LEFT_ANKLE
    assert asked["goals"] == [[right, 2.5, 0.5, 3, [0, 0, 0, 1], False, None], [left, 1.5, 0, 3, [], True, 0.25]]
    assert asked["route"] == [[0, 0, 0], [2, 0.5, 2], [3.5, 0.5, 2.5]]
    assert again["beats"][0][:2] == ["a person jumps", 3.5]
    assert again["source"] == [30, 106 * 88, 106 * 3]
    assert again["keep"] == [[0, 1], [2, 3.5]]


def test_a_composed_clip_comes_from_a_server(probe: Probe, address: str) -> None:
    lines = probe.run("compose", address, "plain=1")
    if lines[0].get("status") == "Unimplemented":
        pytest.skip("the server has no ComposeService yet")
    first, second, _difference = lines
    assert first["frames"] == second["frames"] == 106
    assert first["text"] and second["text"] != first["text"]


@pytest.mark.slow
def test_a_hand_is_held_where_a_goal_has_it(probe: Probe) -> None:
    """Of the shipped bundle: the fake engine bends nothing."""
    with serving("--threads", "1", module=REAL) as program:
        reach, *played = probe.run("reach", program.address)
    assert reach["frames"] == 121
    assert reach["before"] > 0.1, "metres; it is not there by itself"
    assert reach["held"] < 0.02, "metres"
    assert reach["turned"] < 0.05, "radians"
    assert [line["rig"] for line in played] == ["tall", "biped", "small"]
    for line in played:
        assert line["firm"] < 0.005 < line["free"], "metres on a character of other proportions"
        assert line["step"] < 1.5 * line["own"], "metres in a frame: nothing snaps"


def test_a_server_that_cannot_compose_is_named(probe: Probe) -> None:
    other = grpc.server(futures.ThreadPoolExecutor(1))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    error = probe.one("compose", f"127.0.0.1:{port}")
    other.stop(None)
    assert error["status"] == "Unimplemented" and "cannot compose clips; update it" in error["message"]


def test_a_face_shows_what_it_is_told(probe: Probe, server: Program, odd: Program) -> None:
    face = probe.one("express", odd.address, "seconds=0.7")
    assert (face["names"], face["first"], face["sum"], face["state"]) == (52, "shape0", 26, "Ended")
    assert face["frames"] > 20
    face = probe.one("express", server.address, "seconds=0.7")
    assert (face["names"], face["first"], face["state"]) == (52, "eyeBlinkLeft", "Ended")
    assert face["frames"] > 10 and face["sum"] > 0.5


def test_no_server(probe: Probe) -> None:
    error = probe.one("info", "localhost:1")
    assert error["status"] == "Unavailable"
    assert "no server answers at localhost:1" in error["message"] and "python -m sdk.serve" in error["message"]


def test_an_address_that_is_none(probe: Probe) -> None:
    assert "HOST:PORT" in probe.one("info", "local host")["message"]


def test_a_host_that_does_not_exist(probe: Probe) -> None:
    error = probe.one("info", "http://no-such-host.invalid:50051")
    assert error["status"] in ("Unavailable", "DeadlineExceeded")


def test_another_program(probe: Probe, server: Program) -> None:
    pytest.importorskip("aiohttp", reason="the extra web is absent")
    plain = web_address(server).removeprefix("web:http://")
    assert probe.one("info", plain)["status"] in ("Unavailable", "Unimplemented", "Internal")


def test_another_version_of_the_protocol(probe: Probe) -> None:
    other = grpc.server(futures.ThreadPoolExecutor(2))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    try:
        for command in ("info", "watch", "express"):
            lines = probe.run(command, f"127.0.0.1:{port}", "reconnect=0")
            text = json.dumps(lines)
            assert "does not speak emomotion.v1" in text and "update this package or the server" in text
    finally:
        other.stop(None)


def test_a_token_is_sent_and_its_lack_is_explained(probe: Probe, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("studio a-token-of-the-studio\n")
    tokens.chmod(0o600)
    with serving("--tokens", str(tokens)) as program:
        error = probe.one("info", program.address)
        assert error["status"] == "Unauthenticated" and "set Token" in error["message"]
        known = probe.one("info", program.address, environment={"EMOMOTION_TOKEN": "a-token-of-the-studio"})
        assert known["name"] == "fake"


def test_a_certificate_that_nobody_knows(probe: Probe, tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority, pem, ca = trustme.CA(), str(tmp_path / "both.pem"), str(tmp_path / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(pem)
    authority.cert_pem.write_to_path(ca)
    with serving("--tls-cert", pem, "--tls-key", pem) as program:
        address = f"https://localhost:{program.port}"
        error = probe.one("info", address)
        assert error["status"] == "Unavailable" and "certificate" in error["message"]
        known = probe.one("info", address, environment={"SSL_CERT_FILE": ca})
        assert known["name"] == "fake", "its authority was installed"


def test_frames_of_the_past_are_dropped(probe: Probe, odd: Program) -> None:
    last = probe.run("watch", odd.address, "past", "seconds=1.5")[-1]
    assert last["dropped"] >= 2 and last["newest"] > 30


@pytest.mark.parametrize(("text", "named"), [("joints", "skeleton of 20 joints"), ("short", "0 contacts")])
def test_streams_that_make_no_sense_fail_with_a_reason(probe: Probe, odd: Program, text: str, named: str) -> None:
    lines = probe.run("watch", odd.address, text)
    failed = next(line for line in lines if line.get("state") == "Failed")
    assert named in failed["error"] and failed["lost"] == 1


def test_a_server_that_goes_silent_is_lost(probe: Probe, odd: Program) -> None:
    lines = probe.run("watch", odd.address, "silent", "silence=0.5", "reconnect=0")
    failed = next(line for line in lines if line.get("state") == "Failed")
    assert "has sent nothing for 0.5 s" in failed["error"] and 0.4 < failed["at"] < 3


def test_a_listener_that_never_answers_is_given_up(probe: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        lines = probe.run("watch", address, "silence=0.4", "reconnect=1", "seconds=8")
    failed = next(line for line in lines if line.get("state") == "Failed")
    assert "has sent nothing for 0.4 s" in failed["error"] and 1 < failed["at"] < 5


class Watched:
    """A probe that watches a stream while its server comes and goes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def until(self, state: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = json.loads(line)
            if found.get("state") == state:
                return found
        raise AssertionError(f"the stream ended before it was {state}")

    def last(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.read().splitlines()[-1])


def test_a_character_outlives_its_server(probe: Probe) -> None:
    """Killed without a word and started anew at the same place; the character goes on in its stride."""
    with serving() as first, probe.start("watch", first.address, "seconds=6") as process:
        watched = Watched(process)
        watched.until("Playing")
        time.sleep(1.0)
        first.process.kill()
        lost = watched.until("Reconnecting")
        assert lost["lost"] == 1 and lost["status"] == "Unavailable" and lost["newest"] > 15
        with serving(port=first.port):
            again = watched.until("Playing")
            assert again["newest"] >= lost["newest"], "numbers count on"
            last = watched.last()
        assert last["newest"] > again["newest"] + 20 and last["lost"] == 1
        assert last["fastest"] < OWN_SPEED, "nothing leapt"
        assert last["z"] > 0.5, "it went on from where it was"


def test_a_character_that_is_opened_before_its_server(probe: Probe) -> None:
    with serving() as first:
        port = first.port
    with probe.start("watch", f"127.0.0.1:{port}", "seconds=8") as process:
        watched = Watched(process)
        waiting = watched.until("Reconnecting")
        assert "no server answers" in waiting["error"]
        with serving(port=port):
            assert watched.until("Playing")["frames"] >= 1
            process.kill()


def test_a_refused_wish_ends_the_character_with_its_reason(probe: Probe, server: Program) -> None:
    lines = probe.run("watch", server.address, "x" * 1001)
    failed = next(line for line in lines if line.get("state") == "Failed")
    assert failed["status"] == "InvalidArgument" and "1000" in failed["error"]


def test_the_python_client_still_finds_the_server_well(probe: Probe, server: Program) -> None:
    """Whatever was done above, nothing of it is left on the server."""
    with Client(server.address) as client:
        assert client.info().name == "fake"
