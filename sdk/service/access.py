"""Who may call, how often, and over what: TLS, bearer tokens, origins of web pages, a rate and a number of streams for
each client."""

import hashlib
import hmac
import math
import re
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from sdk.errors import InvalidInput
from sdk.runtime.work import Clock
from sdk.service.context import Context
from sdk.wire import PUSHBACK_TRAILER

OPEN = ("/grpc.health.v1.Health/",)
GUARDED = ("/emomotion.v1.",)
"""Services that ask for tokens themselves, where calls are watched; see `sdk.service.handlers`."""
"""Balancers and probes ask for health without a token."""
MIN_TOKEN_CHARS = 16
FORGET_S = 600.0
"""What is known of a client that was not seen for so long is dropped."""
NO_TOKEN = 'send a valid token in the metadata, as "authorization: Bearer TOKEN"'
"""What a call without one is told."""
_BEARER = re.compile(r"[Bb]earer +(\S+)")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*]+")
_OF_THIS_MACHINE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")


def server_credentials(cert: Path, key: Path, client_ca: Path | None = None) -> grpc.ServerCredentials:
    """TLS from PEM files; with `client_ca` clients must show a certificate that it signed (mutual TLS).

    Raises InvalidInput, naming the option, for a file that cannot be read or is no PEM.
    """
    chain, private = _pem(cert, "tls-cert", "CERTIFICATE"), _pem(key, "tls-key", "PRIVATE KEY")
    roots = None if client_ca is None else _pem(client_ca, "tls-client-ca", "CERTIFICATE")
    return grpc.ssl_server_credentials([(private, chain)], roots, require_client_auth=roots is not None)


def web_tls(cert: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """The same for HTTP. Raises InvalidInput, naming the option, for files that are no certificate and its key."""
    _pem(cert, "tls-cert", "CERTIFICATE")
    _pem(key, "tls-key", "PRIVATE KEY")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError:
        raise InvalidInput(f"--tls-key is not the key of --tls-cert: {key}", field="tls-key") from None
    if client_ca is not None:
        try:
            context.load_verify_locations(cadata=_pem(client_ca, "tls-client-ca", "CERTIFICATE").decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError):
            message = f"--tls-client-ca is no valid certificate: {client_ca}"
            raise InvalidInput(message, field="tls-client-ca") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _pem(path: Path, option: str, kind: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"--{option} cannot be read ({error.strerror}): {path}", field=option) from None
    if f"{kind}-----".encode() not in content:
        raise InvalidInput(f"--{option} holds no PEM block of a {kind.lower()}: {path}", field=option)
    return content


@dataclass(frozen=True)
class Tokens:
    """Names of clients by the hash of their token; none: everybody may call."""

    names: Mapping[bytes, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Tokens":
        """A file with a line "name token" for each client; "#" begins a comment.

        Raises InvalidInput, naming the line, for anything else, a short token or one that is there twice.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise InvalidInput(f"--tokens cannot be read as text: {path}", field="tokens") from None
        names: dict[bytes, str] = {}
        for number, line in enumerate(lines, 1):
            parts = line.partition("#")[0].split()
            if not parts:
                continue
            if len(parts) != 2 or len(parts[1]) < MIN_TOKEN_CHARS or _digest(parts[1]) in names:
                what = (
                    f'line {number} is no "name token" with a token of its own of {MIN_TOKEN_CHARS} characters or more'
                )
                raise InvalidInput(f"--tokens: {what}: {path}", field="tokens")
            names[_digest(parts[1])] = parts[0]
        if not names:
            raise InvalidInput(f"--tokens names no client: {path}", field="tokens")
        return cls(names)

    def admit(self, metadata: Sequence[tuple[str, Any]] | None) -> bool:
        """Whether a call may come in: it carries a valid token, or none are set."""
        return not self.names or self.name_of(metadata) is not None

    def name_of(self, metadata: Sequence[tuple[str, Any]] | None) -> str | None:
        """The client whose token a call carries; None without a valid one. Takes as long for a wrong token."""
        found = [value for key, value in metadata or () if key == "authorization" and isinstance(value, str)]
        match = _BEARER.fullmatch(found[0]) if len(found) == 1 else None
        given, name = _digest(match[1] if match else ""), None
        for known, owner in self.names.items():
            if hmac.compare_digest(known, given):
                name = owner
        return name


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True)
class Origins:
    """Whose web pages may call. None listed: pages of this machine, at any port; "*" among them: all."""

    listed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listed: Iterable[str]) -> "Origins":
        """Origins as browsers write them. Raises InvalidInput for others."""
        origins = frozenset(origin.lower() for origin in listed)
        for origin in sorted(origins - {"*"}):
            if not _ORIGIN.fullmatch(origin):
                message = f'--web-origin {origin!r} is no origin; write e.g. https://game.example or "*" for all'
                raise InvalidInput(message, field="web-origin")
        return cls(origins)

    def allow(self, origin: str) -> bool:
        """Whether a page of that origin may call."""
        if not self.listed:
            return _OF_THIS_MACHINE.fullmatch(origin) is not None
        return "*" in self.listed or origin in self.listed


class TokenInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Refuses calls of services that have no guard of their own (reflection) without a token; health stays open."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> Any:
        """The call's own handler, or one of its kind that refuses."""
        handler = await continuation(details)
        if handler is None or details.method.startswith(OPEN + GUARDED):
            return handler
        if self._tokens.admit(details.invocation_metadata):
            return handler
        return _refusing(handler)


def _refusing(handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
    async def refuse(_request: Any, context: Context) -> None:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, NO_TOKEN)

    kinds = {
        (False, False): grpc.unary_unary_rpc_method_handler, (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler, (True, True): grpc.stream_stream_rpc_method_handler,
    }  # fmt: skip
    return kinds[handler.request_streaming, handler.response_streaming](refuse)


def client_of(context: Context, tokens: Tokens) -> str:
    """Whom a call comes from: the token's name, or the address without the port."""
    name = tokens.name_of(context.invocation_metadata())
    return name if name is not None else str(context.peer()).rpartition(":")[0]


class Door:
    """Lets calls in: not more often than a client may, not more streams than it and all may have."""

    def __init__(self, tokens: Tokens, rate: "RateLimit", *, max_streams: int, max_streams_per_client: int) -> None:
        self._tokens, self._rate = tokens, rate
        self._most, self._most_per_client = max_streams, max_streams_per_client
        self._streams: Counter[str] = Counter()

    @property
    def streams(self) -> int:
        """Live streams that are open."""
        return self._streams.total()

    async def admit(self, context: Context) -> str:
        """The name of the client; aborts the call with RESOURCE_EXHAUSTED when it calls too often."""
        client = client_of(context, self._tokens)
        wait_s = self._rate.take(client)
        if wait_s > 0:
            pushback = ((PUSHBACK_TRAILER, str(math.ceil(1000 * wait_s))),)
            message = f"too many calls; try again in {1000 * wait_s:.0f} ms"
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, message, pushback)
        return client

    @asynccontextmanager
    async def stream(self, context: Context) -> AsyncIterator[None]:
        """A place for a live stream while the block runs; aborts with RESOURCE_EXHAUSTED when there is none."""
        client = await self.admit(context)
        for taken, most, whose in (
            (self.streams, self._most, "of this server are taken"),
            (self._streams[client], self._most_per_client, "that one client may have are open"),
        ):
            if taken >= most:
                message = f"all {most} streams {whose}; close one, try later or ask another server"
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
        self._streams[client] += 1
        try:
            yield
        finally:
            self._streams[client] -= 1
            self._streams += Counter()  # drops clients with no stream


class RateLimit:
    """A token bucket for each client: `per_s` calls a second in the long run, `burst` at once; 0 is no limit."""

    def __init__(self, per_s: float, burst: float, *, clock: Clock = time.monotonic) -> None:
        self._per_s, self._burst, self._clock = per_s, max(burst, 1.0), clock
        self._left: dict[str, tuple[float, float]] = {}
        self._swept = clock()

    def take(self, client: str) -> float:
        """0 if the client may call now, which is then counted; else the seconds until it may."""
        if self._per_s <= 0:
            return 0.0
        now = self._clock()
        self._sweep(now)
        left, seen = self._left.get(client, (self._burst, now))
        left = min(self._burst, left + (now - seen) * self._per_s)
        if left < 1:
            self._left[client] = (left, now)
            return (1 - left) / self._per_s
        self._left[client] = (left - 1, now)
        return 0.0

    def _sweep(self, now: float) -> None:
        """Forget clients that were not seen for long, so that addresses do not pile up."""
        if now - self._swept > FORGET_S:
            self._left = {name: entry for name, entry in self._left.items() if now - entry[1] < FORGET_S}
            self._swept = now
