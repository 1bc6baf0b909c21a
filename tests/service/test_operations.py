"""What runs a server: health, reflection, drain, ports. Nothing here sleeps; tests wait for events and streams."""

import socket
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from sdk.client import AsyncClient, Client, Clip
from sdk.errors import BundleError, InvalidInput, ServerError
from sdk.service.addresses import address_of, is_loopback
from sdk.service.server import MotionServer
from tests.service.conftest import PATIENCE_S, Live, Loop
from tests.service.fake_engine import FakeBundle, FakeEngine

SERVICE = "emomotion.v1.MotionService"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
WALK = "a person walks forward"


def health_of(channel: grpc.Channel, service: str) -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=PATIENCE_S).status


@pytest.mark.parametrize("service", ["", SERVICE])
def test_serving_only_after_warm_up(cold: Live, service: str) -> None:
    cold.engine.warm_gate.clear()
    cold.start(warm=False)
    warm = cold.loop.begin(cold.server.warm_up())
    with grpc.insecure_channel(cold.address) as channel, Client(cold.address) as client:
        assert health_of(channel, service) == NOT_SERVING
        assert client.info().name == "fake"
        with pytest.raises(ServerError, match="warming up; try again") as refusal:
            client.generate(WALK)
        assert refusal.value.status == "UNAVAILABLE" and "emomotion serve" not in str(refusal.value)
        cold.engine.warm_gate.set()
        warm.result(PATIENCE_S)
        assert health_of(channel, service) == SERVING
        assert len(client.generate(WALK, seconds=1).motion) == 31


def test_a_client_can_wait_until_the_server_is_ready(cold: Live) -> None:
    cold.engine.warm_gate.clear()
    cold.start(warm=False)
    warm = cold.loop.begin(cold.server.warm_up())

    async def wait() -> None:
        async with AsyncClient(cold.address) as client:
            await client.wait_until_ready(PATIENCE_S)

    waiting = cold.loop.begin(wait())
    with Client(cold.address) as client:
        with pytest.raises(ServerError, match=r"is warming up, or shutting down, after 0.3 s") as refusal:
            client.wait_until_ready(0.3)
        assert refusal.value.status == "UNAVAILABLE" and not waiting.done()
        cold.engine.warm_gate.set()
        client.wait_until_ready(PATIENCE_S)
        assert len(client.generate(WALK, seconds=1).motion) == 31
    waiting.result(PATIENCE_S)
    warm.result(PATIENCE_S)


def test_waiting_for_a_server_that_never_comes_ends() -> None:
    with Client("127.0.0.1:9") as client, pytest.raises(ServerError, match="is not there, after 0.5 s"):
        client.wait_until_ready(0.5)


def test_a_server_without_health_is_ready_when_it_answers(loop: Loop) -> None:
    async def bare() -> grpc.aio.Server:
        server = grpc.aio.server()
        server.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server

    server = loop.call(bare())
    with Client(f"127.0.0.1:{server.port}") as client:
        client.wait_until_ready(PATIENCE_S)
    loop.call(server.stop(0))


def test_health_of_an_unknown_service_is_not_found(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        health_of(channel, "emomotion.v1.Nothing")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_drain_says_not_serving_and_lets_a_running_call_finish(live: Live, client: Client) -> None:
    live.engine.gate.clear()
    with grpc.insecure_channel(live.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert next(watch).status == SERVING
        clip = live.loop.begin(generate_on_the_loop(live))
        assert live.engine.entered.acquire(timeout=PATIENCE_S)
        live.drained = True
        drain = live.loop.begin(live.server.drain(notice_s=0.0, grace_s=PATIENCE_S))
        assert next(watch).status == NOT_SERVING
        watch.cancel()
        assert not drain.done()
        live.engine.gate.set()
        assert clip.result(PATIENCE_S) == 31
        drain.result(PATIENCE_S)
    with pytest.raises(ServerError, match="no server answers"):
        client.generate(WALK)


async def generate_on_the_loop(live: Live) -> int:
    async with AsyncClient(live.address) as client:
        return len((await client.generate(WALK, seconds=1)).motion)


def test_work_beyond_the_grace_is_cancelled(live: Live, client: Client) -> None:
    live.engine.gate.clear()
    clip = live.loop.begin(generate_on_the_loop(live))
    assert live.engine.entered.acquire(timeout=PATIENCE_S)
    live.drain(grace_s=0.0)
    assert live.engine.was_cancelled.wait(PATIENCE_S)
    with pytest.raises(ServerError) as refusal:
        clip.result(PATIENCE_S)
    assert refusal.value.status in ("UNAVAILABLE", "CANCELLED")


def test_reflection_lists_and_describes_the_services(channel: grpc.Channel) -> None:
    database = ProtoReflectionDescriptorDatabase(channel)
    listed = set(database.get_services())
    assert {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"} <= listed
    file = database.FindFileContainingSymbol(SERVICE)
    assert file.name == "emomotion/v1/motion.proto"
    assert "Generate" in {method.name for method in file.service[0].method}


def test_a_port_in_use_is_refused_at_once(live: Live) -> None:
    with pytest.raises(InvalidInput, match=rf"port {live.server.port} on 127.0.0.1 is already in use; .*--port 0"):
        live.loop.call(MotionServer.bind("127.0.0.1", live.server.port))


def test_a_drained_server_gives_its_port_back(live: Live) -> None:
    live.drain()
    again = live.loop.call(MotionServer.bind("127.0.0.1", live.server.port))
    assert again.port == live.server.port
    live.loop.call(again.drain(notice_s=0.0, grace_s=0.0))


def test_a_server_that_never_started_can_be_drained(loop: Loop) -> None:
    server = loop.call(MotionServer.bind("127.0.0.1", 0))
    loop.call(server.drain(notice_s=0.0, grace_s=0.0))


def test_hosts_that_cannot_be_had_are_named(loop: Loop) -> None:
    with pytest.raises(InvalidInput, match=r"192\.0\.2\.1 is no address of this machine") as refusal:
        loop.call(MotionServer.bind("192.0.2.1", 0))
    assert refusal.value.field == "host"


@pytest.mark.skipif(sys.platform == "win32" or not socket.has_ipv6, reason="needs IPv6")
def test_ipv6_addresses_are_bracketed() -> None:
    assert address_of("::1", 50051) == "[::1]:50051"


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
        ("::", False), ("10.0.0.7", False), ("example.org", False), ("", False),
    ],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here


# --- reloading ---


async def clip_on_the_loop(live: Live) -> Clip:
    async with AsyncClient(live.address) as connected:
        return await connected.generate(WALK, seconds=1)


def other_engine(sha256: str = "cd" * 32) -> FakeEngine:
    engine = FakeEngine()
    engine.bundle = FakeBundle(sha256=sha256)
    return engine


def test_a_new_bundle_takes_over_and_what_runs_keeps_the_old_one(live: Live, client: Client) -> None:
    new = other_engine()
    live.engine.gate.clear()
    running = live.loop.begin(clip_on_the_loop(live))
    assert live.engine.entered.acquire(timeout=PATIENCE_S)
    with client.drive(WALK) as stream:
        assert next(iter(stream)).number == 0
        live.engine.gate.set()
        live.loop.call(live.server.core.reload(lambda: new))
        assert running.result(PATIENCE_S).bundle_sha256 == live.engine.bundle.sha256
        assert client.generate(WALK, seconds=1).bundle_sha256 == client.info().sha256 == "cd" * 32
        frames = [frame for frame, _ in zip(stream, range(60), strict=False)]
        assert len(frames) == 60 and not frames[-1].idle, "the open stream goes on, with its own engine"
    assert new.windows == [] and len(new.requests) == 1
    with client.drive(WALK) as stream:
        live.until(lambda: len(new.windows) > 0)
        assert next(iter(stream)).number == 0


def test_a_bundle_that_cannot_be_loaded_leaves_the_old_one(live: Live, client: Client) -> None:
    def load() -> FakeEngine:
        raise BundleError("masked.onnx was altered")

    with pytest.raises(BundleError):
        live.loop.call(live.server.core.reload(load))
    assert client.generate(WALK, seconds=1).bundle_sha256 == live.engine.bundle.sha256
