"""The bridge's own gRPC server, of the same parts as `sdk.service.server`: tokens, TLS, calls that are watched,
health."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

import grpc
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from emomotion.v1 import robot_pb2
from robot_bridge.bridge import Bridge
from robot_bridge.service import BridgeServicer
from sdk.service.access import TokenInterceptor, Tokens, client_of
from sdk.service.addresses import address_of, why_not
from sdk.service.handlers import methods_of, service_handler
from sdk.service.server import OPTIONS
from sdk.service.watch import Watch

SERVICE = robot_pb2.DESCRIPTOR.services_by_name["BridgeService"]
WATCHDOG_EVERY_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who may call, and over what."""

    tokens: Tokens = field(default_factory=Tokens)
    credentials: grpc.ServerCredentials | None = None


class BridgeServer:
    """A server on one address. Make it with `bind`, end it with `stop`."""

    def __init__(self, server: grpc.aio.Server, host: str, port: int, access: Access) -> None:
        self.host, self.port = host, port
        self._server, self._access = server, access
        self._watchdog: asyncio.Task[None] | None = None

    @classmethod
    async def bind(cls, host: str, port: int, access: Access | None = None) -> "BridgeServer":
        """Take the port (0: any free one). Raises InvalidInput if it cannot be had."""
        access = Access() if access is None else access
        guards = (TokenInterceptor(access.tokens),) if access.tokens.names else ()
        server = grpc.aio.server(options=OPTIONS, interceptors=guards)
        address = address_of(host, port)
        try:
            if access.credentials is None:
                taken = server.add_insecure_port(address)
            else:
                taken = server.add_secure_port(address, access.credentials)
        except RuntimeError:
            raise why_not(host, port) from None
        if taken == 0:
            raise why_not(host, port)
        return cls(server, host, taken, access)

    @property
    def address(self) -> str:
        """HOST:PORT as a client takes it."""
        return address_of(self.host, self.port)

    async def start(self, bridge: Bridge, servicer: BridgeServicer) -> None:
        """Answer calls, and look after the loop from this thread."""
        tokens = self._access.tokens
        # The bridge's metrics have the counter of calls that a watch needs.
        watch = Watch(bridge.metrics, partial(client_of, tokens=tokens))  # type: ignore[arg-type]
        handler = service_handler(SERVICE, methods_of(SERVICE, servicer, watch, tokens))
        self._server.add_generic_rpc_handlers((handler,))
        health = grpc_health.aio.HealthServicer()
        for name in ("", SERVICE.full_name):
            await health.set(name, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(health, self._server)
        names = (SERVICE.full_name, grpc_health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        await self._server.start()
        self._watchdog = asyncio.create_task(_watch(bridge))

    async def stop(self, grace_s: float) -> None:
        """Refuse new calls and end running ones."""
        if self._watchdog is not None:
            self._watchdog.cancel()
        await self._server.stop(grace_s)


async def _watch(bridge: Bridge) -> None:
    while True:
        await asyncio.sleep(WATCHDOG_EVERY_S)
        bridge.check()
