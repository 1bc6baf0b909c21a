"""The virtual robot as a program: `python -m robot_bridge.virtual`. One thread, one loop, 60 ticks a second."""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import yaml
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from robot_bridge.schema import ameca
from robot_bridge.virtual import constants as c
from robot_bridge.virtual.faults import KINDS, Faults
from robot_bridge.virtual.gateway import Gateway
from robot_bridge.virtual.robot import VirtualAmeca
from robot_bridge.virtual.script_host import ScriptHost
from robot_bridge.virtual.web import Viewer
from robot_bridge.virtual.zmq_receiver import FrameReceiver, Framing, TaskDealer
from sdk.console import run
from sdk.errors import InvalidInput, MalformedFile
from sdk.service.addresses import address_of, is_loopback, why_not

TICK_S = 1 / c.TICK_HZ
MOST_BEHIND_S = 0.25
"""Later than this, ticks are given up instead of made up for, and counted."""
NOISE = logging.getLogger("aiohttp.server")
SCRIPTS = Path(__file__).parent.parent / "on_robot"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the program is to do; as the options of the same names."""

    host: str = "127.0.0.1"
    zmq: str | None = None
    framing: Framing = Framing.AUTO
    tasks: str | None = None
    tritium: int | None = None
    token: str | None = None
    scripts: Path = SCRIPTS
    web: int | None = None


class Program:
    """A robot with all that reaches it. Make it with `opened`; then `live` is its life."""

    def __init__(self, robot: VirtualAmeca, host: ScriptHost) -> None:
        self.robot, self.host = robot, host
        self.addresses: dict[str, str] = {}
        self._receiver: FrameReceiver | None = None
        self._dealer: TaskDealer | None = None
        self._gateway: Gateway | None = None
        self._viewer: Viewer | None = None
        self._was_connected = True
        robot.counters["ticks_given_up"] += 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, robot: VirtualAmeca, wishes: Wishes) -> AsyncIterator["Program"]:
        """With all its ports open. Raises InvalidInput for one that cannot be had."""
        host = ScriptHost(robot, wishes.scripts)
        program = cls(robot, host)
        async with AsyncExitStack() as open_things:
            open_things.callback(host.close)
            if wishes.zmq is not None:
                program._receiver = FrameReceiver(robot, wishes.zmq, framing=wishes.framing)
                open_things.callback(program._receiver.close)
                program.addresses["ZeroMQ frames from"] = wishes.zmq
            if wishes.tasks is not None:
                program._dealer = TaskDealer(robot, wishes.tasks)
                open_things.callback(program._dealer.close)
                program.addresses["ZeroMQ tasks at"] = program._dealer.endpoint
            if wishes.tritium is not None:
                program._gateway = Gateway(robot, host, token=wishes.token)
                site = _served(program._gateway.application(), wishes.host, wishes.tritium, "tritium")
                program.addresses["Tritium at"] = f"ws://{await open_things.enter_async_context(site)}"
            if wishes.web is not None:
                program._viewer = Viewer(robot, host)
                app = program._viewer.application(loopback=is_loopback(wishes.host))
                site = _served(app, wishes.host, wishes.web, "web")
                program.addresses["page at"] = f"http://{await open_things.enter_async_context(site)}"
            yield program

    async def step(self) -> None:
        """One tick of the robot and of all that reaches it."""
        connected = self.robot.connected
        if self._was_connected and not connected and self._gateway is not None:
            await self._gateway.drop()
        self._was_connected = connected
        if self._receiver is not None:
            self._receiver.poll()
        if self._dealer is not None:
            self._dealer.poll()
        self.host.step()
        self.robot.tick(TICK_S)
        if self._viewer is not None:
            self._viewer.step()

    async def live(self, stop: asyncio.Event) -> None:
        """Tick by the monotonic clock until told to stop."""
        due = time.monotonic()
        while not stop.is_set():
            await self.step()
            due += TICK_S
            behind = time.monotonic() - due
            if behind > MOST_BEHIND_S:
                self.robot.counters["ticks_given_up"] += int(behind / TICK_S)
                due += int(behind / TICK_S) * TICK_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(due - time.monotonic(), 0.0005))


@asynccontextmanager
async def _served(app: web.Application, host: str, port: int, option: str) -> AsyncIterator[str]:
    """An application on a port; gives its address. Raises InvalidInput where the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError:
        raise why_not(host, port, option=option) from None
    NOISE.addFilter(_is_our_fault)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, logger=NOISE)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield address_of(host, listening.getsockname()[1])
    finally:
        await runner.cleanup()


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Whether a line of aiohttp is worth a person's attention: bytes that are no HTTP, a gRPC client's say, are not."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def read_calibration(path: Path) -> dict[str, float]:
    """`neutral: {control: value}` of one robot. Raises MalformedFile; names and ranges are checked by the robot."""
    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MalformedFile(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None
    neutral = content.get("neutral") if isinstance(content, dict) else None
    if not isinstance(neutral, dict) or not all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in neutral.values()
    ):
        raise MalformedFile(f"{path}: must hold neutral: {{control: number}}")
    return {str(name): float(value) for name, value in neutral.items()}


PORT = click.IntRange(0, 65535)
FAULT_HELP = f"KIND[=VALUE][:CONTROL][@START[-END]], times in seconds; may be repeated. Kinds: {', '.join(KINDS)}."


@click.command("virtual")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address for --tritium and --web.")
@click.option("--zmq", metavar="ENDPOINT", help="Take control frames from a publisher, e.g. tcp://127.0.0.1:6666.")
@click.option("--framing", type=click.Choice([one.value for one in Framing]), default="auto", show_default=True,
              help="Parts of such a frame.")  # fmt: skip
@click.option("--tasks", metavar="ENDPOINT", help="Give tasks to servers there, e.g. tcp://127.0.0.1:2004.")
@click.option("--tritium", type=PORT, help="Port of the robot's remote API; 1234 on a robot.")
@click.option("--token", envvar="EMOMOTION_ROBOT_TOKEN", help="What clients of --tritium must show; without, any.")
@click.option("--scripts", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of scripts that --tritium may start; without it those of the SDK.")  # fmt: skip
@click.option("--web", type=PORT, help="Port of the page; 0 takes a free one.")
@click.option("--log", "log_file", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Write every tick into a new file, a JSON object a line.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Start of the random numbers.")
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help=FAULT_HELP)
@click.option("--calibration", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="YAML with the neutral of this robot; brows are midpoints of their motors.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after so long.")
def command(
    host: str, zmq: str | None, framing: str, tasks: str | None, tritium: int | None, token: str | None,
    scripts: Path | None, web: int | None, log_file: Path | None, seed: int, faults: tuple[str, ...],
    calibration: Path | None, seconds: float | None,
) -> None:  # fmt: skip
    """A virtual Ameca face. It is a model from public facts and was never compared with a robot."""
    if zmq is None and tritium is None and web is None:
        raise InvalidInput("nothing reaches this robot; give at least one of --zmq, --tritium and --web")
    own = read_calibration(calibration) if calibration else None
    robot = VirtualAmeca(ameca(), seed=seed, faults=Faults.parse(faults), calibration=own)
    wishes = Wishes(
        host=host, zmq=zmq, framing=Framing(framing), tasks=tasks, tritium=tritium, token=token,
        scripts=scripts or SCRIPTS, web=web,
    )  # fmt: skip
    with contextlib.ExitStack() as open_files:
        if log_file is not None:
            try:
                robot.log.record_to(open_files.enter_context(log_file.open("x", encoding="utf-8")))
            except FileExistsError:
                message = f"--log {log_file} exists already; logs are never overwritten, name another"
                raise InvalidInput(message) from None
            except OSError as error:
                raise InvalidInput(f"--log cannot be written ({error.strerror}): {log_file}") from None
        asyncio.run(_main(robot, wishes, seconds))


async def _main(robot: VirtualAmeca, wishes: Wishes, seconds: float | None) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    async with Program.opened(robot, wishes) as program:
        for what, address in program.addresses.items():
            click.echo(f"{what} {address}")
        click.echo("virtual Ameca runs; Ctrl-C ends it")
        await program.live(stop)
    counted = ", ".join(f"{name} {count}" for name, count in robot.counters.items() if count)
    click.echo(f"ended after {robot.time:.1f} s: {counted}")


def main() -> None:
    """The command."""
    run(command, name="python -m robot_bridge.virtual")
