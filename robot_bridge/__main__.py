"""The bridge's command: `python -m robot_bridge --robot sim`."""

import asyncio
import contextlib
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from robot_bridge.bridge import Bridge, recorder
from robot_bridge.client import line_of
from robot_bridge.core import Command, Refused, Settings
from robot_bridge.limits import PROFILES
from robot_bridge.loop import PROCESS_PRIORITY, RATE_HZ, RATES_HZ, Loop, realtime_priority
from robot_bridge.schema import FILE, ameca
from robot_bridge.server import Access, BridgeServer
from robot_bridge.service import BridgeServicer
from robot_bridge.sources import FaceSource
from robot_bridge.transports import DryRun, open_transport
from sdk.console import run
from sdk.errors import InvalidInput, MalformedFile
from sdk.face.controls import ControlSchema
from sdk.serve import check_host, credentials_of, say
from sdk.server_options import Connection, server_options
from sdk.service.access import Tokens
from sdk.service.metrics import serve_metrics
from sdk.service.watch import start_log

PORT = 50061
FILE_OPTION = click.Path(exists=True, dir_okay=False, path_type=Path)
SETTLE_S = 2.0
"""Longer than a return to neutral takes."""
LINE_EVERY_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is to do, from the command line."""

    robot: str
    host: str
    port: int
    rate_hz: float
    realtime: bool
    arm: bool
    dry_run: bool
    metrics_port: int | None
    access: Access


@click.command("robot-bridge")
@click.option("--robot", required=True, help="sim, zmq://HOST:PORT[?parts=31] or tritium://HOST[:PORT][?script=PATH].")
@click.option("--robot-token", envvar="EMOMOTION_ROBOT_TOKEN", help="API key of a tritium:// robot.")
@click.option("--arm", is_flag=True, help="Take the robot at once; without it, wait to be told.")
@click.option("--dry-run", is_flag=True, help="Do everything but connect and write.")
@click.option("--face", metavar="HOST:PORT",
              help="Follow the FaceService there (emomotion serve); --token and --tls-ca are for it.")  # fmt: skip
@click.option("--affect", help='What that face shows, e.g. "joy:0.6,trust:0.4"; neutral unless said.')
@click.option("--range-set", default="tight", show_default=True, help="Ranges to keep to.")
@click.option("--profile", type=click.Choice(list(PROFILES)), default="sdk", show_default=True,
              help="Coupled limits: the robot's published lip limiter, or the one in which neutral stays.")  # fmt: skip
@click.option("--calibration", type=FILE_OPTION, help="This robot's own neutral, a YAML file.")
@click.option("--rate", "rate_hz", type=click.FloatRange(*RATES_HZ), default=RATE_HZ, show_default=True,
              help="Demands a second.")  # fmt: skip
@click.option("--realtime/--no-realtime", default=True, show_default=True,
              help="Ask the system to run the loop before other programs, where it allows that.")  # fmt: skip
@click.option("--hold-ms", type=click.FloatRange(100, 150), default=100.0, show_default=True,
              help="How long the last frame holds before the face returns to neutral.")  # fmt: skip
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path),
              help="Keep every frame and demand in a new file; see python -m robot_bridge.replay.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port; 0: a free one.")
@click.option("--insecure", is_flag=True, help="Allow a host that other machines can reach, without TLS.")
@click.option("--tls-cert", type=FILE_OPTION, help="PEM certificate of this bridge; with --tls-key calls are secret.")
@click.option("--tls-key", type=FILE_OPTION, help="PEM key of that certificate.")
@click.option("--tls-client-ca", type=FILE_OPTION, help="Clients must show a certificate signed by this one.")
@click.option("--tokens", type=FILE_OPTION, help='File with a line "name token" for each client that may call.')
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Serve Prometheus metrics, on this machine only.")
@server_options
def command(
    robot: str, robot_token: str | None, arm: bool, dry_run: bool, face: str | None, affect: str | None, range_set: str,
    profile: str, calibration: Path | None, rate_hz: float, realtime: bool, hold_ms: float, log: Path | None,
    host: str, port: int, insecure: bool, tls_cert: Path | None, tls_key: Path | None, tls_client_ca: Path | None,
    tokens: Path | None, metrics_port: int | None, connection: Connection,
) -> None:  # fmt: skip
    """Move an Ameca's face within safe limits, until Ctrl-C, which brings it to neutral first; twice releases at once.

    Frames come over gRPC (BridgeService.Control), or with --face from an EmoMotion server. Never run on hardware.
    """
    if affect is not None and face is None:
        message = f"--affect {affect} is what the face of --face is to show; give --face HOST:PORT too"
        raise InvalidInput(message, field="affect")
    credentials = credentials_of(tls_cert, tls_key, tls_client_ca)
    check_host(host, insecure=insecure, encrypted=credentials is not None)
    schema = own_schema(calibration)
    schema.bounds(range_set)
    settings = Settings(range_set=range_set, profile=profile, hold_s=hold_ms / 1000)
    transport = open_transport(robot, schema, token=robot_token)
    if dry_run:
        transport.close()
        transport = DryRun()
    source = None if face is None else FaceSource(face, affect or "neutral", connection, range_set=range_set)
    bridge = Bridge(schema, settings, transport, log=recorder(log, schema, FILE, settings))
    say_what_moves(schema, bridge)
    start_log(kind="text", level="warning")
    access = Access(tokens=Tokens() if tokens is None else Tokens.read(tokens), credentials=credentials)
    plan = Plan(
        robot=robot, host=host, port=port, rate_hz=rate_hz, realtime=realtime, arm=arm, dry_run=dry_run,
        metrics_port=metrics_port, access=access,
    )  # fmt: skip
    asyncio.run(bridge_until_signal(bridge, plan, source))


def own_schema(calibration: Path | None) -> ControlSchema:
    """The schema with one robot's neutral. Raises MalformedFile, in one line, for a file that cannot be used."""
    if calibration is None:
        return ameca()
    try:
        return ameca().calibrated(calibration)
    except OSError as error:
        raise MalformedFile(f"--calibration cannot be read ({error.strerror}): {calibration}") from None


def say_what_moves(schema: ControlSchema, bridge: Bridge) -> None:
    """Name the controls whose neutral the coupled limits do not allow."""
    moved = np.flatnonzero(np.abs(bridge.rest - schema.neutral) > 1e-9)
    if len(moved):
        names = ", ".join(f"{schema.names[k]} {schema.neutral[k]:g} -> {bridge.rest[k]:.4g}" for k in moved)
        say(f"profile {bridge.settings.profile}: neutral breaks its coupled limits; the face rests at {names}")


async def bridge_until_signal(bridge: Bridge, plan: Plan, source: FaceSource | None) -> None:
    """Serve and tick until told to stop; then neutral, release, and out."""
    stop, cut, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def handle(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe((cut if stop.is_set() else stop).set)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        # Before the server starts threads, which inherit it; the loop says whether it was allowed.
        with realtime_priority(PROCESS_PRIORITY) if plan.realtime else contextlib.nullcontext():
            await serve(bridge, plan, source, stop=stop, cut=cut)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def serve(
    bridge: Bridge, plan: Plan, source: FaceSource | None, *, stop: asyncio.Event, cut: asyncio.Event
) -> None:
    """One run. Raises InvalidInput if a port cannot be had, TransportError if the robot cannot be armed."""
    ticking = Loop(
        bridge.tick, rate_hz=plan.rate_hz, on_tick=bridge.metrics.observe_tick, realtime=plan.realtime
    )  # fmt: skip
    server = await BridgeServer.bind(plan.host, plan.port, plan.access)
    servicer = BridgeServicer(
        bridge, robot=plan.robot, dry_run=plan.dry_run, stats=lambda: ticking.stats, rate_hz=plan.rate_hz
    )
    tasks: list[asyncio.Task[None]] = []
    page = None
    try:
        if plan.metrics_port is not None:
            bridge.metrics.watch_state(lambda: bridge.status().state)
            page = serve_metrics(bridge.metrics, "127.0.0.1", plan.metrics_port)  # type: ignore[arg-type]
        await server.start(bridge, servicer)
        ticking.start()
        if plan.arm:
            await asyncio.to_thread(bridge.command, Command.ARM)
        metrics = "" if page is None else f"port {page.server_port}, on this machine"
        say("\n".join(banner(server.address, plan, bridge, ticking, metrics)))
        tasks.append(asyncio.create_task(show_status(servicer)))
        if source is not None:
            tasks.append(asyncio.create_task(source.feed(bridge, say)))
        await stop.wait()
        await leave(bridge, cut)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.stop(0.5)
        ticking.stop()
        await asyncio.to_thread(bridge.close)
        if page is not None:
            await asyncio.to_thread(page.shutdown)
            page.server_close()


async def leave(bridge: Bridge, cut: asyncio.Event) -> None:
    """Bring the face to neutral and release it; at once when asked again."""
    if not bridge.holding:
        return
    say("stopping: the face goes to neutral; Ctrl-C again releases it at once")
    with contextlib.suppress(Refused):  # a fault or an emergency stop is on its way there already
        bridge.command(Command.DISARM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            while bridge.holding and not cut.is_set():
                await asyncio.sleep(0.01)
    if bridge.holding:
        bridge.command(Command.CUT)
        await asyncio.sleep(0.1)


async def show_status(servicer: BridgeServicer) -> None:
    """A line of status: on a terminal always the same one, else one whenever the state has changed."""
    terminal, last = sys.stdout.isatty(), None
    while True:
        status = servicer.status()
        if terminal:
            click.echo(f"\r\x1b[K{line_of(status)[:150]}", nl=False)
        elif (status.state, status.reason) != last:
            say(line_of(status))
        last = (status.state, status.reason)
        await asyncio.sleep(LINE_EVERY_S)


def banner(address: str, plan: Plan, bridge: Bridge, ticking: Loop, metrics: str) -> list[str]:
    """What a person wants to see when the bridge is up. The first line is always "bridge on HOST:PORT"."""
    settings = bridge.settings
    how = "dry run, nothing is written" if plan.dry_run else f"{plan.rate_hz:g} demands a second"
    rows = [
        ("robot", f"{plan.robot} ({how})"),
        ("limits", f"range set {settings.range_set}, profile {settings.profile}"),
        ("loop", f"priority {ticking.priority}"),
        ("schema", bridge.schema.sha256),
        *([("metrics", metrics)] if metrics else []),
        *([] if plan.arm else [("arm it", f"python -m robot_bridge.client {address} arm")]),
        ("stop", f"Ctrl-C, or python -m robot_bridge.client {address} stop (cut: at once)"),
    ]
    return [f"bridge on {address}", *(f"  {name:<8} {text}" for name, text in rows)]


if __name__ == "__main__":
    run(command, name="python -m robot_bridge")
