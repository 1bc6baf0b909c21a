"""The server's command: `python -m sdk.serve`, the same as `emomotion serve`."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path

import click

from sdk.console import run
from sdk.errors import InvalidInput
from sdk.service.facts import info_reply
from sdk.service.server import EngineLike, MotionServer, is_loopback
from sdk.wire import Info, info_from_wire

GRACE_S = 10.0
"""How long running calls may go on after the signal to stop."""
NOTICE_S = 1.0
"""How long a server that others can reach says NOT_SERVING before it refuses calls; loopback has no balancers."""
TRY_IT = 'emomotion clip "a person walks forward" --emotion joy --out walk.glb --server'


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=50051, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@click.option(
    "--threads", type=click.IntRange(0, 1024), default=0, show_default=True, help="Threads; 0 is one per core."
)
@click.option("--insecure", is_flag=True, help="Allow a host that other machines can reach, without TLS.")
def command(host: str, port: int, bundle: Path | None, threads: int, insecure: bool) -> None:
    """Serve motion over gRPC until Ctrl-C or SIGTERM."""
    check_host(host, insecure=insecure)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    def load() -> EngineLike:
        from sdk.runtime.engine import Engine

        return Engine.load(bundle, threads=threads)

    asyncio.run(serve_until_signal(host, port, load))


def check_host(host: str, *, insecure: bool) -> None:
    """Raises InvalidInput for a host that other machines can reach, unless told that it is meant so."""
    if not (insecure or is_loopback(host)):
        message = f"host {host} may be reached from other machines, and calls would travel unencrypted; add --insecure"
        raise InvalidInput(f"{message} if a private network or a TLS proxy protects them", field="host")


async def serve_until_signal(host: str, port: int, load: Callable[[], EngineLike]) -> None:
    """`serve` on the console: the first SIGINT or SIGTERM drains, a second one ends at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, signal.default_int_handler)
        loop.call_soon_threadsafe(stop.set)

    # signal.signal and not loop.add_signal_handler, which Windows lacks.
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        await serve(host, port, load, announce=click.echo, stop=stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def serve(
    host: str, port: int, load: Callable[[], EngineLike], *, announce: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Take the port, load, warm up, announce, serve until `stop` is set, then drain.

    Raises InvalidInput if the port cannot be had, and whatever `load` raises; the port is free again then.
    """
    server = await MotionServer.bind(host, port)
    try:
        announce(f"loading the bundle for {server.address} ...")
        began = time.perf_counter()
        engine = load()
        await server.start(engine)
        await server.warm_up()
        info = info_from_wire(info_reply(engine.bundle))
        announce(banner(server.address, info, seconds=time.perf_counter() - began))
        await stop.wait()
        announce("stopping: running calls may finish, new ones are refused")
    finally:
        await server.drain(notice_s=0.0 if is_loopback(host) else NOTICE_S, grace_s=GRACE_S)


def banner(address: str, info: Info, *, seconds: float) -> str:
    """What a person wants to see when the server is up. The first line is always "serving on HOST:PORT"."""
    rows = [
        *info.rows(),
        ("ready", f"loaded and warmed up in {seconds:.1f} s"),
        ("try it", f"{TRY_IT} {address}"),
        ("stop", "Ctrl-C"),
    ]
    return "\n".join([f"serving on {address}", *(f"  {name:<9} {text}" for name, text in rows)])


if __name__ == "__main__":
    run(command, name="python -m sdk.serve")
