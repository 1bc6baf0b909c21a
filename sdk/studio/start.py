"""The command: `python -m sdk.studio`, the same as `emomotion studio`."""

import asyncio
import contextlib
import signal
import socket
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdk.errors import InvalidInput
from sdk.extras import how_to_install
from sdk.server_options import Connection, server_options
from sdk.service.addresses import address_of, is_loopback, why_not

if TYPE_CHECKING:
    from sdk.studio.link import Link

PORT = 8440
CLOSE_S = 2.0
"""So long pages may take to leave."""


@click.command("studio")
@click.option("--server", metavar="HOST:PORT", help="Let this server generate; without it this process does.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@click.option("--threads", type=click.IntRange(0, 1024), default=0, show_default=True,
              help="Threads for models; 0 is one per core.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--insecure", is_flag=True, help="Allow a host that other machines can reach; nothing is encrypted.")
@click.option("--name", "names", multiple=True, help="A name by which pages may call the studio; may be repeated.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page.")
@server_options
def command(
    server: str | None, bundle: Path | None, threads: int, host: str, port: int, insecure: bool,
    names: tuple[str, ...], browser: bool, connection: Connection,
) -> None:  # fmt: skip
    """Open a page on which to play with words, feelings and motion, until Ctrl-C."""
    if server and bundle:
        raise InvalidInput("give either --server or --bundle, not both", field="server")
    if not (insecure or is_loopback(host)):
        message = f"host {host} may be reached from other machines, and whoever reaches the studio may use it; add"
        raise InvalidInput(f"{message} --insecure if a private network or a TLS proxy protects it", field="host")
    try:
        import aiohttp  # noqa: F401
    except ImportError:
        message = f"the studio needs aiohttp; {how_to_install('studio')}"
        raise InvalidInput(message, field="studio") from None
    listening = listen(host, port)
    asyncio.run(serve(listening, host, names, server, connection, bundle, threads, browser=browser))


def listen(host: str, port: int) -> socket.socket:
    """Take the port. Raises InvalidInput."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError:
        raise why_not(host, port) from None


async def serve(
    listening: socket.socket, host: str, names: tuple[str, ...], server: str | None, connection: Connection,
    bundle: Path | None, threads: int, *, browser: bool,
) -> None:  # fmt: skip
    """Serve the page until SIGINT or SIGTERM."""
    from aiohttp import web

    from sdk.studio.desk import desk

    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, signal.default_int_handler)
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    async with linked(server, connection, bundle, threads, stop) as link:
        runner = web.AppRunner(desk(link, host=host, names=names), access_log=None, handler_cancellation=True,
                               shutdown_timeout=CLOSE_S)  # fmt: skip
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            there = f"http://{address_of(host, listening.getsockname()[1])}/"
            click.echo(f"studio on {there}")
            click.echo(f"  motion    {'made by ' + server if server else 'made here; the engine is warming up'}")
            click.echo("  stop      Ctrl-C")
            if browser:
                await asyncio.to_thread(webbrowser.open, there)
            await stop.wait()
        finally:
            await runner.cleanup()


@contextlib.asynccontextmanager
async def linked(
    server: str | None, connection: Connection, bundle: Path | None, threads: int, stop: asyncio.Event
) -> AsyncIterator["Link"]:
    """The link to a server, or to one of this process' own, which loads while the page already opens.

    Raises what loading raises, when the block ends; `stop` is set for that.
    """
    from sdk.studio.link import Link, loader, own_server, start_own

    async with contextlib.AsyncExitStack() as stack:
        loading: asyncio.Task[None] | None = None
        if server is None:
            own = await stack.enter_async_context(own_server())
            target = own.address
            loading = asyncio.create_task(start_own(own, loader(bundle, threads)))
            loading.add_done_callback(lambda done: None if done.cancelled() or not done.exception() else stop.set())
        else:
            target = server
        link = Link(target, connection if server else Connection(), own=server is None)
        stack.push_async_callback(link.close)
        watching = asyncio.create_task(link.watch())
        try:
            yield link
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            if loading is not None:
                if loading.done():
                    loading.result()
                loading.cancel()
