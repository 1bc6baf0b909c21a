"""Who may use a studio: pages that it sent itself, called by a name that is its own.

A page of another site could else make a visitor's browser call a studio on the visitor's own machine, if need be under
a name of its own that it lets point there (DNS rebinding). So the Host of every request must be an address, localhost
or a name that was given at the start, and an Origin must be that very host.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sdk.errors import InvalidInput
from sdk.service.addresses import is_loopback

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""In every reply. A page is asked for anew, so that it is never older than the studio behind it."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def gate(host: str, names: Iterable[str] = ()) -> Middleware:
    """Middleware that lets in what may use a studio on `host`, under these names besides.

    On loopback only addresses of loopback count, elsewhere any. Raises InvalidInput for what is no name.
    """
    known = frozenset(name.lower() for name in names)
    for name in sorted(known):
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"--name {name!r} is no name of a machine; write e.g. desk.studio.example", field="name")
    inside = is_loopback(host)

    def ours(asked: str) -> bool:
        try:
            parts = urlsplit(f"//{asked}")
            name, _ = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return False
        if "@" in asked or name in known:
            return "@" not in asked
        if inside or name == "localhost":
            return is_loopback(name)
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked = request.headers.get("Host", "")
        if not ours(asked):
            raise web.HTTPForbidden(text=f"this studio is not called {asked[:200]!r}; allow the name with --name\n")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2].lower() != asked.lower():
            raise web.HTTPForbidden(text=f"pages of {origin[:200]!r} may not use this studio\n")
        return await handler(request)

    return checked


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put `HEADERS` into a reply."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
