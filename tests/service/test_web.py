"""gRPC-Web over HTTP: the same answers as over gRPC, statuses in the trailers, clean refusals of everything else."""

import asyncio
import base64
import json
import random
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emomotion.v1 import info_pb2, live_pb2, motion_pb2
from sdk import serve
from sdk.console import run
from sdk.errors import InvalidInput
from sdk.service.access import Origins, Tokens, server_credentials, web_tls
from sdk.service.core import MAX_METADATA_BYTES, MAX_RECEIVE_BYTES
from sdk.service.server import MotionServer, Settings
from sdk.service.web_frames import FrameReader, TextReader, timeout_of
from tests.service.conftest import PATIENCE_S, TOKEN, Live, Loop
from tests.service.fake_engine import FakeEngine
from tests.service.mutants import change_bytes, mutants, valid_messages
from tests.service.web_caller import BINARY, MOTION, TEXT, ask, connection_to, frame, post

WALK = "a person walks forward"
GENERATE, GET_INFO = f"{MOTION}/Generate", f"{MOTION}/GetInfo"
REQUEST = motion_pb2.GenerateRequest(text=WALK, seconds=1, seed=7).SerializeToString()
CLEAN = {0, 3, 4, 8, 9, 12}
"""OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNIMPLEMENTED."""


@pytest.fixture
def web(start: Callable[..., Live]) -> Live:
    """A server with a port for browsers."""
    return start(web_port=0)


def address_of(live: Live) -> str:
    return live.server.web_address


# --- calls ---


@pytest.mark.parametrize("kind", [BINARY, TEXT, "application/grpc-web", "application/grpc-web-text"])
def test_the_same_messages_as_over_grpc(web: Live, kind: str) -> None:
    def sent(message: bytes) -> bytes:
        return base64.b64encode(frame(message)) if "text" in kind else frame(message)

    with grpc.insecure_channel(web.address) as channel:
        for path, call, message in (
            (GET_INFO, lambda data: [channel.unary_unary(GET_INFO)(data)], b""),
            (GENERATE, lambda data: list(channel.unary_stream(GENERATE)(data)), REQUEST),
        ):
            theirs, ours = call(message), post(address_of(web), path, sent(message), kind=kind)
            assert ours.status == 0 and ours.headers["content-type"] == (TEXT if "text" in kind else BINARY)
            if path == GET_INFO:
                assert ours.messages == theirs
            else:  # the last one tells what it took, which is never the same
                assert ours.messages[:-1] == theirs[:-1] and len(ours.messages) > 2
                told = [motion_pb2.GenerateReply.FromString(found[-1]).status.used for found in (ours.messages, theirs)]
                assert told[0] == told[1]


def test_text_may_be_padded_wherever_it_was_flushed(web: Live) -> None:
    body, message = b"", frame(REQUEST)
    for at in range(0, len(message), 5):
        body += base64.b64encode(message[at : at + 5])
    assert post(address_of(web), GENERATE, body, kind=TEXT).status == 0
    asked = post(address_of(web), GENERATE, frame(REQUEST), Accept=TEXT)
    assert asked.headers["content-type"] == TEXT and asked.status == 0


def test_a_refusal_names_the_field_in_the_trailers(web: Live) -> None:
    request = motion_pb2.GenerateRequest(text=WALK, seconds=99).SerializeToString()
    reply = post(address_of(web), GENERATE, frame(request))
    assert (reply.status, reply.trailers["emomotion-field"], reply.messages) == (3, "seconds", [])
    request = motion_pb2.GenerateRequest(text=WALK, budget_ms=5).SerializeToString()
    reply = post(address_of(web), GENERATE, frame(request))
    assert (reply.status, reply.trailers["grpc-retry-pushback-ms"]) == (9, "-1")


def test_a_text_of_any_letters_comes_back_readable(web: Live) -> None:
    request = motion_pb2.GenerateRequest(text=WALK, plan="schnäll 100 %\n").SerializeToString()
    reply = post(address_of(web), GENERATE, frame(request))
    assert reply.status == 3 and "schn\xe4ll 100 %" in reply.details and "%25" in reply.trailers["grpc-message"]


def test_what_is_not_served_says_so(web: Live) -> None:
    assert post(address_of(web), f"{MOTION}/Dance", frame(b"")).status == 12
    assert post(address_of(web), "/emomotion.v1.Nothing/Generate", frame(b"")).status == 12
    assert post(address_of(web), GENERATE, b"{}", kind="application/json").http == 415
    assert post(address_of(web), GENERATE, b"{}", kind="application/grpc-web+json").http == 415
    assert ask(address_of(web), "/").http == 404
    assert "POST gRPC-Web here" in ask(address_of(web), GENERATE).text
    assert ask(address_of(web), GENERATE, method="PUT").http == 405


def test_a_deadline_is_kept(web: Live) -> None:
    web.engine.gate.clear()
    began = time.monotonic()
    assert post(address_of(web), GENERATE, frame(REQUEST), grpc_timeout="300m").status == 4
    assert 0.2 < time.monotonic() - began < 5
    assert web.engine.was_cancelled.wait(PATIENCE_S)
    web.engine.gate.set()
    assert post(address_of(web), GENERATE, frame(REQUEST), grpc_timeout="20S").status == 0
    for wrong in ("soon", "5", "123456789S", "1s"):
        reply = post(address_of(web), GENERATE, frame(REQUEST), grpc_timeout=wrong)
        assert reply.status == 3 and "grpc-timeout" in reply.details


@pytest.mark.parametrize(
    ("text", "seconds"), [("2H", 7200), ("1M", 60), ("3S", 3), ("5m", 5e-3), ("7u", 7e-6), ("9n", 9e-9)]
)
def test_every_unit_of_a_timeout(text: str, seconds: float) -> None:
    assert timeout_of([("grpc-timeout", text)]) == pytest.approx(seconds)


def test_who_leaves_cancels_its_work(web: Live) -> None:
    web.engine.gate.clear()
    connection = connection_to(address_of(web))
    connection.request("POST", GENERATE, body=frame(REQUEST), headers={"Content-Type": BINARY})
    assert web.engine.entered.acquire(timeout=PATIENCE_S)
    connection.close()
    assert web.engine.was_cancelled.wait(PATIENCE_S)


def test_operators_see_calls_of_the_web(web: Live) -> None:
    post(address_of(web), GENERATE, frame(REQUEST))
    post(address_of(web), GENERATE, frame(motion_pb2.GenerateRequest().SerializeToString()))

    def counted(status: str) -> float | None:
        labels = {"method": "Generate", "status": status}
        return web.server.metrics.registry.get_sample_value("emomotion_calls_total", labels)

    assert (counted("OK"), counted("INVALID_ARGUMENT")) == (1, 1)


# --- bodies that are none ---


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 3, "no whole message"),
        (b"\0\0\0", 3, "no whole message"),
        (frame(REQUEST)[:-1], 3, "no whole message"),
        (frame(REQUEST) * 2, 3, "more than one message"),
        (frame(REQUEST) + b"\0", 3, "more than one message"),
        (frame(REQUEST, 1), 12, "compressed"),
        (frame(REQUEST, 0x80), 3, "flag 0"),
        (frame(b"\xff"), 3, "not a valid emomotion.v1.GenerateRequest"),
        (b"\0\xff\xff\xff\xff", 8, "4294967295"),
        (frame(bytes(MAX_RECEIVE_BYTES + 1)), 8, "1048576 bytes at most"),
    ],
)
def test_bodies_that_are_no_message_are_refused(web: Live, body: bytes, status: int, words: str) -> None:
    for kind, sent in ((BINARY, body), (TEXT, base64.b64encode(body))):
        reply = post(address_of(web), GENERATE, sent, kind=kind)
        assert reply.status == status and words in reply.details
    assert post(address_of(web), GENERATE, b"no base64!", kind=TEXT).status == 3
    assert post(address_of(web), GENERATE, b"not gzip", Content_Encoding="gzip").status == 3
    assert post(address_of(web), GENERATE, frame(REQUEST)).status == 0


def test_a_message_that_is_too_large_is_refused_before_it_comes(web: Live) -> None:
    connection = connection_to(address_of(web))
    connection.putrequest("POST", GENERATE)
    connection.putheader("Content-Type", BINARY)
    connection.putheader("Content-Length", str(1 << 30))
    connection.endheaders(b"\0\x40\0\0\0")
    body = connection.getresponse().read()
    assert b"grpc-status: 8\r\n" in body
    connection.close()


def test_metadata_that_is_too_large_is_refused(web: Live) -> None:
    many = {f"x{k}": "y" * 4000 for k in range(MAX_METADATA_BYTES // 4000)}
    del many["x0"]
    assert post(address_of(web), GENERATE, frame(REQUEST), **many).status == 0
    many |= {"x0": "y" * 4000, "x_more": "y" * 4000}
    assert post(address_of(web), GENERATE, frame(REQUEST), **many).status == 8
    assert post(address_of(web), GENERATE, frame(REQUEST), x="y" * 2 * MAX_METADATA_BYTES).http == 400


@pytest.mark.parametrize("seed", range(3))
def test_mutated_requests_get_a_clean_status(web: Live, seed: int) -> None:
    draw, found = random.Random(seed), set()
    for data, _ in zip(mutants(valid_messages()[0], draw), range(80), strict=False):
        body = bytearray(frame(data))
        if draw.random() < 0.3:
            change_bytes(body, draw)
        found.add(post(address_of(web), GENERATE, bytes(body)).status)
    assert found <= CLEAN and {0, 3} <= found
    assert post(address_of(web), GENERATE, frame(REQUEST)).status == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.binary(max_size=80), kind=st.sampled_from([BINARY, TEXT]))
def test_any_bytes_get_a_clean_status(web: Live, body: bytes, kind: str) -> None:
    assert post(address_of(web), GENERATE, body, kind=kind).status in CLEAN


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(1, 30), min_size=1))
def test_messages_come_out_whole_however_they_are_cut(messages: list[bytes], cuts: list[int]) -> None:
    data = b"".join(base64.b64encode(frame(message)) for message in messages)
    text, frames, found, at, k = TextReader(), FrameReader(100), [], 0, 0
    while at < len(data):
        step = cuts[k % len(cuts)]
        found += frames.feed(text.feed(data[at : at + step]))
        at, k = at + step, k + 1
    assert found == messages and not frames.partial and not text.partial


# --- who may call ---


def test_pages_of_this_machine_may_call_and_others_may_not(web: Live) -> None:
    page, stranger = "http://localhost:8080", "https://evil.example"
    before = ask(
        address_of(web), GENERATE, method="OPTIONS", Origin=page, Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type,x-grpc-web,authorization",
    )  # fmt: skip
    assert before.http == 204 and before.headers["access-control-allow-origin"] == page
    assert before.headers["access-control-allow-methods"] == "POST"
    assert before.headers["access-control-allow-headers"] == "content-type,x-grpc-web,authorization"
    reply = post(address_of(web), GENERATE, frame(REQUEST), Origin=page)
    assert reply.status == 0 and reply.headers["access-control-allow-origin"] == page
    exposed = reply.headers["access-control-expose-headers"]
    assert {"grpc-status", "grpc-message", "emomotion-field", "grpc-retry-pushback-ms"} == set(exposed.split(", "))
    for method in ("OPTIONS", "GET", "POST"):
        refused = ask(address_of(web), GENERATE, method=method, Origin=stranger)
        assert refused.http == 403 and "--web-origin" in refused.text
        assert "access-control-allow-origin" not in refused.headers
    assert ask(address_of(web), GENERATE, method="OPTIONS", Origin="null").http == 403
    assert len(web.engine.requests) == 1


def test_listed_origins_replace_those_of_this_machine(start: Callable[..., Live]) -> None:
    live = start(web_port=0, web_origins=Origins.of(["https://Game.example"]))
    for origin, status in (
        ("https://game.example", 204), ("http://localhost:8080", 403), ("https://game.example.evil", 403),
    ):  # fmt: skip
        assert ask(address_of(live), GENERATE, method="OPTIONS", Origin=origin).http == status
    everybody = start(web_port=0, web_origins=Origins.of(["*"]))
    assert ask(address_of(everybody), GENERATE, method="OPTIONS", Origin="null").http == 204


@pytest.mark.parametrize("origin", ["game.example", "https://game.example/", "https://*.example", "null", ""])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(InvalidInput, match="write e.g. https://game.example"):
        Origins.of([origin])


def test_calls_need_the_token_and_health_does_not(start: Callable[..., Live], tokens: Tokens) -> None:
    live = start(tokens=tokens, web_port=0)
    assert post(address_of(live), GENERATE, frame(REQUEST), authorization=f"Bearer {TOKEN}").status == 0
    for headers in ({}, {"authorization": "Bearer another-token-than-that"}, {"authorization": "Bearer \xff\xfe"}):
        reply = post(address_of(live), GENERATE, frame(REQUEST), **headers)
        assert reply.status == 16 and "Bearer TOKEN" in reply.details
    assert ask(address_of(live), "/healthz").http == 200
    assert len(live.engine.requests) == 1


def test_who_calls_too_often_is_told_when_to_come_back(start: Callable[..., Live]) -> None:
    live = start(rate=0.5, burst=2, web_port=0)
    replies = [post(address_of(live), GENERATE, frame(REQUEST)) for _ in range(3)]  # each on a port of its own
    assert [reply.status for reply in replies] == [0, 0, 8]
    assert int(replies[2].trailers["grpc-retry-pushback-ms"]) > 0


def test_tls_and_mutual_tls(start: Callable[..., Live], pems: dict[str, Path]) -> None:
    files = pems["cert"], pems["key"]
    live = start(credentials=server_credentials(*files), web_tls=web_tls(*files), web_port=0)
    trusting = ssl.create_default_context(cafile=str(pems["ca"]))
    assert address_of(live).startswith("https://")
    assert post(address_of(live), GENERATE, frame(REQUEST), tls=trusting).status == 0
    with pytest.raises(ssl.SSLError):
        ask(address_of(live), "/healthz", tls=ssl.create_default_context())
    mutual = start(credentials=server_credentials(*files, pems["ca"]), web_tls=web_tls(*files, pems["ca"]), web_port=0)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(address_of(mutual), "/healthz", tls=trusting)
    trusting.load_cert_chain(pems["client_cert"], pems["client_key"])
    assert post(address_of(mutual), GENERATE, frame(REQUEST), tls=trusting).status == 0
    with pytest.raises(InvalidInput, match="--tls-key is not the key of --tls-cert"):
        web_tls(pems["cert"], pems["client_key"])


# --- running it ---


def test_health_tells_when_it_serves(loop: Loop) -> None:
    live = Live(loop)
    live.loop.call(live.server.drain(notice_s=0, grace_s=0))
    live.server = loop.call(MotionServer.bind("127.0.0.1", 0, Settings(web_port=0)))
    assert ask(address_of(live), "/healthz").http == 503
    assert post(address_of(live), GET_INFO, frame(b"")).status == 14
    live.start(warm=False)
    assert ask(address_of(live), "/healthz").http == 503
    assert post(address_of(live), GET_INFO, frame(b"")).status == 0
    assert "warming up" in post(address_of(live), GENERATE, frame(REQUEST)).details
    loop.call(live.server.warm_up())
    assert ask(address_of(live), "/healthz").http == 200
    drain = loop.begin(live.server.drain(notice_s=0.5, grace_s=0))
    live.until(lambda: ask(address_of(live), "/healthz").http == 503)
    drain.result(PATIENCE_S)


def test_a_drain_lets_a_running_call_finish_and_ends_the_rest(start: Callable[..., Live]) -> None:
    for grace_s, status in ((PATIENCE_S, 0), (0.0, 14)):
        live = start(web_port=0)
        address = address_of(live)
        live.engine.gate.clear()
        connection = connection_to(address)
        connection.request("POST", GENERATE, body=frame(REQUEST), headers={"Content-Type": BINARY})
        assert live.engine.entered.acquire(timeout=PATIENCE_S)
        drain = live.loop.begin(live.server.drain(notice_s=0.0, grace_s=grace_s))
        if status == 0:
            live.until(partial(refuses, address))
            live.engine.gate.set()
        assert f"grpc-status: {status}\r\n".encode() in connection.getresponse().read()
        drain.result(PATIENCE_S)
        connection.close()


def refuses(address: str) -> bool:
    try:
        connection_to(address).connect()
    except ConnectionRefusedError:
        return True
    return False


def test_a_port_in_use_is_named(web: Live) -> None:
    port = int(address_of(web).rpartition(":")[2])
    with pytest.raises(InvalidInput, match=rf"port {port} on 127.0.0.1 is already in use; .*--web-port 0"):
        web.loop.call(MotionServer.bind("127.0.0.1", 0, Settings(web_port=port)))


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
@pytest.mark.parametrize("host", ["::1", "::"])
def test_an_ipv6_address_is_bracketed(loop: Loop, host: str) -> None:
    server = loop.call(MotionServer.bind(host, 0, Settings(web_port=0)))
    assert server.web_address.startswith(f"http://[{host}]:")
    if host == "::":
        port = server.web_address.rpartition(":")[2]
        assert ask(f"http://127.0.0.1:{port}", "/healthz").http == 503, "both families are served"
    loop.call(server.drain(notice_s=0, grace_s=0))


def test_the_command_serves_the_web_and_names_it(loop: Loop) -> None:
    said: list[str] = []

    async def serve_once() -> None:
        stop = asyncio.Event()
        options = Settings(web_port=0)
        running = asyncio.create_task(
            serve.serve("127.0.0.1", 0, FakeEngine, options, announce=said.append, stop=stop)  # type: ignore[arg-type]
        )
        while len(said) < 2:
            await asyncio.sleep(0.01)
        [line] = [line for line in said[1].splitlines() if line.startswith("  web ")]
        address = line.split()[1]
        assert (await asyncio.to_thread(ask, address, "/healthz")).http == 200
        stop.set()
        await running

    loop.call(serve_once())


def test_the_options_of_the_web_reach_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Settings] = []

    async def note(_host: str, _port: int, _load: object, settings: Settings, **_others: object) -> None:
        told.append(settings)

    monkeypatch.setattr(serve, "serve_until_signal", note)
    config = tmp_path / "serve.toml"
    config.write_text('web-port = 8080\nweb-origin = ["https://a.example", "https://b.example:8443"]\n')
    for args in (("--config", str(config)), ("--web-port", "8080")):
        with pytest.raises(SystemExit):
            run(serve.command, list(args), name="serve")
    monkeypatch.setenv("EMOMOTION_WEB_ORIGIN", "https://c.example https://d.example")
    for args in ((), ("--web-port", "0")):  # origins without a port say nothing and are refused
        with pytest.raises(SystemExit):
            run(serve.command, list(args), name="serve")
    assert [found.web_port for found in told] == [8080, 8080, 0]
    assert told[0].web_origins.listed == {"https://a.example", "https://b.example:8443"}
    assert told[1].web_origins == Origins() and told[2].web_origins.listed == {"https://c.example", "https://d.example"}


def test_without_aiohttp_it_says_what_to_install(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sdk.service.web", None)
    with pytest.raises(InvalidInput, match=r"needs aiohttp; .*'\.\[web\]'"):
        loop.call(MotionServer.bind("127.0.0.1", 0, Settings(web_port=0)))


# --- somebody else's client ---


def test_a_page_in_javascript_can_call(web: Live) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is absent: no JavaScript can be run")
    wish = live_pb2.DriveChange(text=WALK)
    messages = [
        b"", REQUEST,
        *(
            live_pb2.DriveRequest(**part).SerializeToString()
            for part in (
                {"start": live_pb2.DriveStart(wish=wish, seed=5)}, {"change": live_pb2.DriveChange(speed=1.2)},
                {"end": live_pb2.DriveEnd()},
            )
        ),
    ]  # fmt: skip
    script = Path(__file__).with_name("web_client.mjs")
    texts = [base64.b64encode(message).decode() for message in messages]
    command = [node, "--experimental-websocket", str(script), address_of(web), *texts]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    if "bad option" in done.stderr:
        pytest.skip(f"node has no WebSocket: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["info"]["trailers"] == found["clip"]["trailers"] == "grpc-status: 0\r\n"
    [info] = [info_pb2.GetInfoReply.FromString(base64.b64decode(m)) for m in found["info"]["messages"]]
    assert info.bundle.name == "fake"
    clip = [motion_pb2.GenerateReply.FromString(base64.b64decode(m)) for m in found["clip"]["messages"]]
    assert clip[-1].status.used.seed == 7
    live = found["live"]
    assert live["code"] == 1000
    assert live["blocks"] == ["content-type: application/grpc-web+proto\r\n", "grpc-status: 0\r\n"]
    header, *frames, ended = [live_pb2.DriveReply.FromString(base64.b64decode(m)) for m in live["replies"]]
    assert header.header.seed == 5 and ended.ended.frame_count == len(frames) >= 29
    assert frames[-1].frame.wish == 1
