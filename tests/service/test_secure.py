"""A server that others can reach: encrypted, with tokens, with limits, and with figures for its operators."""

import contextlib
import urllib.request
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from sdk import info
from sdk.client import AsyncClient, Client, Tls
from sdk.console import run
from sdk.errors import InvalidInput, ServerError
from sdk.service.access import Tokens, server_credentials
from sdk.service.metrics import serve_metrics
from tests.service.conftest import PATIENCE_S, TOKEN, Live

WALK = "a person walks forward"


def local(live: Live) -> str:
    return f"localhost:{live.server.port}"


def test_tls_serves_who_trusts_it_and_nobody_in_plain(start: Callable[..., Live], pems: dict[str, Path]) -> None:
    live = start(credentials=server_credentials(pems["cert"], pems["key"]))
    with Client(local(live), tls=Tls(ca=pems["ca"])) as client:
        assert len(client.generate(WALK, seconds=1).motion) == 31
    with Client(local(live)) as plain, pytest.raises(ServerError, match="it wants TLS"):
        plain.info(timeout_s=2)
    with Client(local(live), tls=Tls()) as stranger, pytest.raises(ServerError, match="name its CA"):
        stranger.info(timeout_s=2)

    async def ask() -> int:
        async with AsyncClient(local(live), tls=Tls(ca=pems["ca"])) as connected:
            return len((await connected.generate(WALK, seconds=1)).motion)

    assert live.loop.call(ask()) == 31


def test_mutual_tls_wants_a_certificate_of_the_client(start: Callable[..., Live], pems: dict[str, Path]) -> None:
    live = start(credentials=server_credentials(pems["cert"], pems["key"], pems["ca"]))
    mine = Tls(ca=pems["ca"], cert=pems["client_cert"], key=pems["client_key"])
    with Client(local(live), tls=mine) as client:
        assert client.info().name == "fake"
    with (
        Client(local(live), tls=Tls(ca=pems["ca"])) as stranger,
        pytest.raises(ServerError, match="a certificate of yours"),
    ):
        stranger.info(timeout_s=2)


def test_a_certificate_for_another_host_is_said_to_be_that(start: Callable[..., Live], pems: dict[str, Path]) -> None:
    live = start(credentials=server_credentials(pems["client_cert"], pems["client_key"]))
    with Client(local(live), tls=Tls(ca=pems["ca"])) as client, pytest.raises(ServerError, match="another host name"):
        client.info(timeout_s=2)


def test_who_wants_tls_of_a_plain_server_is_told_so(live: Live, pems: dict[str, Path]) -> None:
    with Client(local(live), tls=Tls(ca=pems["ca"])) as client, pytest.raises(ServerError, match="speaks without TLS"):
        client.info(timeout_s=2)


def test_a_certificate_needs_its_key(pems: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="needs its key"):
        Client("localhost:1", tls=Tls(ca=pems["ca"], cert=pems["client_cert"]))
    with pytest.raises(InvalidInput, match="cannot be read"):
        Client("localhost:1", tls=Tls(ca=tmp_path / "nothing.pem"))


def test_calls_need_the_token_and_health_does_not(start: Callable[..., Live], tokens: Tokens) -> None:
    live = start(tokens=tokens)
    with Client(live.address, token=TOKEN) as client:
        assert len(client.generate(WALK, seconds=1).motion) == 31
        with client.drive(WALK) as stream:
            assert next(iter(stream)).number == 0
    for token in (None, "another-token-than-that"):
        with Client(live.address, token=token) as stranger:
            for call in (
                stranger.info, lambda c=stranger: c.generate(WALK), lambda c=stranger: list(c.drive(WALK)),
            ):  # fmt: skip
                with pytest.raises(ServerError, match="wants a valid token") as refusal:
                    call()
                assert refusal.value.status == "UNAUTHENTICATED"
    with grpc.insecure_channel(live.address) as channel:
        reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_S)
        assert reply.status == health_pb2.HealthCheckResponse.SERVING
    assert len(live.engine.requests) == 1
    for method in ("GetInfo", "Generate", "Drive"):
        labels = {"method": method, "status": "UNAUTHENTICATED"}
        assert live.server.metrics.registry.get_sample_value("emomotion_calls_total", labels) == 2


def test_reflection_needs_the_token_too(start: Callable[..., Live], tokens: Tokens) -> None:
    with grpc.insecure_channel(start(tokens=tokens).address) as channel, pytest.raises(grpc.RpcError) as refusal:
        ProtoReflectionDescriptorDatabase(channel).get_services()
    assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_the_commands_take_a_token(
    start: Callable[..., Live], tokens: Tokens, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = start(tokens=tokens)

    def said(*args: str) -> str:
        with pytest.raises(SystemExit):
            run(info.command, ["--server", live.address, *args], name="info")
        out = capsys.readouterr()
        return out.out + out.err

    assert "wants a valid token" in said()
    assert "fake 1.2.3" in said("--token", TOKEN)
    monkeypatch.setenv("EMOMOTION_TOKEN", TOKEN)
    assert "fake 1.2.3" in said()


def test_a_token_is_printable() -> None:
    with pytest.raises(InvalidInput, match="printable ASCII"):
        Client("localhost:1", token="with space")


def test_who_calls_too_often_is_told_when_to_come_back(start: Callable[..., Live]) -> None:
    live = start(rate=0.5, burst=3)
    with Client(live.address) as client:
        for _ in range(3):
            client.generate(WALK, seconds=0.5)
        with pytest.raises(ServerError, match="too many calls; try again in") as refusal:
            client.generate(WALK, seconds=0.5)
    assert refusal.value.status == "RESOURCE_EXHAUSTED"
    assert len(live.engine.requests) == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"max_streams": 2}, "of this server are taken"), ({"max_streams_per_client": 2}, "that one client may have")],
)
def test_streams_have_a_limit_and_give_their_place_back(
    start: Callable[..., Live], settings: dict[str, int], words: str
) -> None:
    live = start(**settings)
    with Client(live.address) as client:
        streams = [client.drive(WALK) for _ in range(2)]
        for stream in streams:
            next(iter(stream))
        with pytest.raises(ServerError, match=words) as refusal:
            list(client.drive(WALK))
        assert refusal.value.status == "RESOURCE_EXHAUSTED"
        streams[0].close()
        live.until(lambda: live.server.core.streams == 1)
        with client.drive(WALK) as third:
            assert next(iter(third)).number == 0
        streams[1].close()


def test_operators_see_what_happened(start: Callable[..., Live]) -> None:
    live = start()
    page = serve_metrics(live.server.metrics, "127.0.0.1", 0)
    with Client(live.address) as client:
        client.generate(WALK, seconds=1)
        client.generate(WALK, seconds=1, budget_ms=45)
        with contextlib.suppress(ServerError):
            client.generate(WALK, budget_ms=5)
        with contextlib.suppress(InvalidInput):
            client.generate(WALK, seconds=99)
        with client.drive(WALK) as stream:
            next(iter(stream))
            live.until(lambda: "emomotion_streams 1.0" in text_of(page.server_port))
    live.until(lambda: "emomotion_streams 0.0" in text_of(page.server_port))
    text = text_of(page.server_port)
    for line in (
        'emomotion_calls_total{method="Generate",status="OK"} 2.0',
        'emomotion_calls_total{method="Generate",status="FAILED_PRECONDITION"} 1.0',
        'emomotion_calls_total{method="Generate",status="INVALID_ARGUMENT"} 1.0',
        'emomotion_generate_seconds_count{plan="default"} 1.0',
        'emomotion_generate_seconds_count{plan="fast"} 1.0',
        "emomotion_degraded_total 1.0",
        'emomotion_refused_total{reason="budget"} 1.0',
        "emomotion_late_total 0.0",
        "emomotion_queue_length 0.0",
        'emomotion_stage_seconds_count{stage="masked"} 2.0',
    ):
        assert line in text.splitlines(), line
    assert "emomotion_frames_total" in text and WALK not in text
    page.shutdown()


def text_of(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S) as page:
        return str(page.read().decode())


def test_a_metrics_port_in_use_is_named(start: Callable[..., Live]) -> None:
    live = start()
    with pytest.raises(InvalidInput, match="choose another --metrics-port"):
        serve_metrics(live.server.metrics, "127.0.0.1", live.server.port)
