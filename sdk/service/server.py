"""One listening server: bind, start, warm up, drain. Health and reflection stand beside our services, gRPC-Web on a
port of its own."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from sdk.errors import InvalidInput
from sdk.extras import how_to_install
from sdk.service.access import Origins, TokenInterceptor
from sdk.service.addresses import address_of, why_not
from sdk.service.core import MAX_METADATA_BYTES, MAX_RECEIVE_BYTES, Core, EngineLike, Rules
from sdk.service.face import FaceEngineLike
from sdk.service.handlers import service_handler
from sdk.service.metrics import Metrics, serve_metrics

if TYPE_CHECKING:
    from sdk.service.web import WebServer

OPTIONS = (
    ("grpc.so_reuseport", 0),  # with it a second server would silently share the port
    ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
    ("grpc.max_metadata_size", MAX_METADATA_BYTES),
    # Peers that vanished without a word are noticed, and those that never said one are let go.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.server_handshake_timeout_ms", 10_000),
    # Clients ask more often, see `sdk.client`; without this they would be sent away for it.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 2_000),
)
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass(frozen=True, kw_only=True)
class Settings(Rules):
    """How a server is run: the rules for all transports, and what grpc needs besides.

    credentials: TLS. metrics_port: where Prometheus may ask, on this machine. web_port: where browsers may, on the same
    host; it needs the extra `web`. web_tls: TLS for them. web_origins: whose pages may call.
    """

    credentials: grpc.ServerCredentials | None = None
    metrics_port: int | None = None
    web_port: int | None = None
    web_tls: ssl.SSLContext | None = None
    web_origins: Origins = Origins()


class MotionServer:
    """A server on one address. Make it with `bind`, end it with `drain`."""

    def __init__(self, server: grpc.aio.Server, host: str, port: int, settings: Settings) -> None:
        self.host, self.port = host, port
        self.metrics = Metrics()
        self._server, self._settings = server, settings
        self._health = grpc_health.aio.HealthServicer()
        self._core: Core | None = None
        self._web: WebServer | None = None
        port_ = settings.metrics_port
        self._metrics_page = None if port_ is None else serve_metrics(self.metrics, "127.0.0.1", port_)

    @classmethod
    async def bind(cls, host: str, port: int, settings: Settings | None = None) -> "MotionServer":
        """Take the ports (0: any free one) before anything slow is done. Raises InvalidInput if one cannot be had."""
        settings = Settings() if settings is None else settings
        guards = (TokenInterceptor(settings.tokens),) if settings.tokens.names else ()
        server = grpc.aio.server(options=OPTIONS, interceptors=guards)
        address = address_of(host, port)
        try:
            if settings.credentials is None:
                taken = server.add_insecure_port(address)
            else:
                taken = server.add_secure_port(address, settings.credentials)
        except RuntimeError:
            raise why_not(host, port) from None
        if taken == 0:
            raise why_not(host, port)
        made = cls(server, host, taken, settings)
        if settings.web_port is not None:
            try:
                made._web = await _bound_web(host, settings.web_port, settings)
            except BaseException:
                await made.drain(notice_s=0.0, grace_s=0.0)
                raise
        return made

    @property
    def address(self) -> str:
        """HOST:PORT as a client takes it."""
        return address_of(self.host, self.port)

    @property
    def metrics_address(self) -> str:
        """Where the metrics are; empty without."""
        return "" if self._metrics_page is None else f"http://127.0.0.1:{self._metrics_page.server_port}/metrics"

    @property
    def web_address(self) -> str:
        """Where browsers call; empty without."""
        return "" if self._web is None else self._web.address

    @property
    def core(self) -> Core:
        """What answers; other transports may stand around it, too. There is none before `start`."""
        assert self._core is not None, "start first"
        return self._core

    async def start(self, engine: EngineLike, faces: FaceEngineLike | None = None) -> None:
        """Answer calls. Health says NOT_SERVING and Generate is refused until `warm_up` has ended.

        Without an engine for faces there is no FaceService.
        """
        core = self._core = Core(engine, self._settings, self.metrics, faces=faces)
        handlers = (service_handler(service, core.methods) for service in core.services)
        self._server.add_generic_rpc_handlers(tuple(handlers))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (*(service.full_name for service in core.services), grpc_health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        await self._set_health(NOT_SERVING)
        await self._server.start()
        if self._web is not None:
            self._web.start(core)

    async def warm_up(self) -> None:
        """Let the engine warm up on its thread, then open the doors."""
        await self.core.warm_up()
        await self._set_health(SERVING)
        if self._web is not None:
            self._web.serving = True

    async def drain(self, *, notice_s: float, grace_s: float) -> None:
        """Say NOT_SERVING, wait `notice_s` for balancers to notice, refuse new calls, end running ones in `grace_s`."""
        await self._health.enter_graceful_shutdown()
        if self._web is not None:
            self._web.serving = False
        if notice_s > 0:
            await asyncio.sleep(notice_s)
        await asyncio.gather(self._server.stop(grace_s), *([self._web.stop(grace_s)] if self._web else []))
        if self._core is not None:
            await self._core.close()
        if self._metrics_page is not None:
            await asyncio.to_thread(self._metrics_page.shutdown)
            self._metrics_page.server_close()

    async def _set_health(self, status: health_pb2.HealthCheckResponse.ServingStatus.ValueType) -> None:
        for name in ("", *(service.full_name for service in self.core.services)):
            await self._health.set(name, status)


async def _bound_web(host: str, port: int, settings: Settings) -> "WebServer":
    try:
        from sdk.service.web import WebServer
    except ImportError:
        message = f"--web-port needs aiohttp; {how_to_install('web')}"
        raise InvalidInput(message, field="web-port") from None
    return await WebServer.bind(host, port, tls=settings.web_tls, origins=settings.web_origins)
