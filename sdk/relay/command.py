"""The command: `python -m sdk.relay`, the same as `emomotion relay`."""

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

import click

from sdk.client import Client
from sdk.drive import Changes, Live
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.frames import ALIASES, FRAMES
from sdk.motion.skeleton import BODY
from sdk.relay import live_link_face, plain, vmc
from sdk.relay.face import MadeHere, Served
from sdk.relay.moment import Feeling, Moment, Sender
from sdk.relay.osc import parse
from sdk.relay.udp import Outlet, address_of, listen
from sdk.relay.wishes import End, Listener, change_of_line
from sdk.server_options import Connection, server_options

Command = TypeVar("Command", bound=Callable[..., Any])


def stream_options(command: Command) -> Command:
    """Adds what all protocols take; the command gets it as `stream`, keyword arguments of `relay`."""
    options = (
        click.option("--server", metavar="HOST:PORT", default="localhost:50051", show_default=True,
                     help="Who makes the motion."),
        click.option("--text", required=True, help='What the character does, e.g. "a person walks forward".'),
        click.option("--affect", default="neutral", show_default=True,
                     help='How it feels: an emotion, a word such as "rage", or a mixture such as "joy:0.6,trust:0.4".'),
        click.option("--intensity", type=float, help="How strongly, 0..1; 0.7 unless said or in the word."),
        click.option("--speed", type=float, help="Pace, 0.5..1.5; 1 is as generated."),
        click.option("--heading", type=float, help="Direction in radians, 0 is ahead, growing to the left."),
        click.option("--seed", type=int, help="Start of the random numbers; drawn by the server unless said."),
        click.option("--plan", metavar="NAME", help="Way to decode; `emomotion info` lists them."),
        click.option("--generator", metavar="NAME", help="Which of the bundle's generators."),
        click.option("--to", "receivers", metavar="HOST[:PORT]", multiple=True, default=("127.0.0.1",),
                     show_default=True, help="Receiver; the protocol's own port unless said; may be repeated."),
        click.option("--listen", "osc_in", metavar="[HOST:]PORT",
                     help="Take changes by OSC there, e.g. /emomotion/affect."),
        click.option("--seconds", type=click.FloatRange(0, min_open=True),
                     help="End after so long; without it at Ctrl-C."),
        click.option("--reconnect-s", type=click.FloatRange(0), default=60.0, show_default=True,
                     help="How long to look for a server that went away; the character goes on from its last pose."),
    )  # fmt: skip
    names = ("server", "text", "affect", "intensity", "speed", "heading", "seed", "plan", "generator", "receivers",
             "osc_in", "seconds", "reconnect_s")  # fmt: skip

    @wraps(command)
    def wrapped(*args: Any, connection: Connection, **given: Any) -> Any:
        stream = {name: given.pop(name) for name in names}
        return command(*args, stream={**stream, "connection": connection}, **given)

    found: Any = server_options(wrapped)
    for option in reversed(options):
        found = option(found)
    return found  # type: ignore[no-any-return]


@click.group("relay")
def command() -> None:
    """Send a live character on to programs that need no plugin: by VMC, Live Link Face or OSC, over UDP.

    While it runs, lines on standard input change what the character does and feels; see docs/relay.md.
    """


@command.command("vmc")
@click.option("--travel", type=click.Choice(["hips", "root", "none"]), default="hips", show_default=True,
              help="What walks over the ground: the hips, the root, or nothing (it stays over its place).")  # fmt: skip
@click.option("--expressions", type=click.Choice(["vrm0", "vrm1"]), default="vrm0", show_default=True,
              help="Whose names: Joy, Angry, Sorrow, Fun, or happy, angry, sad, relaxed.")  # fmt: skip
@click.option("--hips-height", type=float, default=BODY.rest_height, show_default="that of our body",
              help="Height of the avatar's hips in its T-pose, metres; positions are scaled by it.")  # fmt: skip
@stream_options
def _vmc(stream: dict[str, Any], travel: vmc.Travel, expressions: vmc.Names, hips_height: float) -> None:
    """Body and expressions by the VMC protocol: VRM applications, Godot, Blender, Unity and Unreal receivers."""
    relay(vmc.Vmc(travel=travel, names=expressions, hips_height=hips_height), **stream)


@command.command("livelink-face")
@click.option("--subject", default="EmoMotion", show_default=True, help="Name under which Live Link lists the face.")
@stream_options
def _face(stream: dict[str, Any], subject: str) -> None:
    """A face for Unreal's Live Link: 52 blendshapes by the names of ARKit, with blinks and glances."""
    relay(live_link_face.LiveLinkFace(subject=subject), **stream)


@command.command("osc")
@click.option("--frame", default="sdk", show_default=True, help=f"Target frame: {', '.join([*FRAMES, *ALIASES])}.")
@stream_options
def _osc(stream: dict[str, Any], frame: str) -> None:
    """Joints, contacts and emotions as plain OSC messages, for patchers and tools of one's own."""
    relay(plain.Plain(frame=frame), **stream)


def relay(
    sender: Sender, *, server: str, connection: Connection, text: str, affect: str, intensity: float | None,
    receivers: tuple[str, ...], osc_in: str | None, seconds: float | None, reconnect_s: float,
    seed: int | None, plan: str | None, generator: str | None, speed: float | None, heading: float | None,
) -> None:  # fmt: skip
    """Send one character on until it is told to end. Raises InvalidInput, ServerError."""
    wish: dict[str, Any] = {"affect": Affect.of(affect, intensity)}
    wish |= {name: value for name, value in (("speed", speed), ("heading", heading)) if value is not None}
    targets = [address_of(receiver, sender.port) for receiver in receivers]
    with Outlet(targets) as outlet, Client(server, **connection) as client:
        client.info()  # nobody there: said at once, and not after the patience that a lost stream deserves
        client.wait_until_ready()
        with client.drive(
            text, seed=seed, plan=plan, generator=generator, reconnect_s=reconnect_s, **wish
        ) as live:  # fmt: skip
            where = ", ".join(f"{host}:{port}" for host, port in targets)
            click.echo(f"{sender.name} to {where}; a line changes the character, e.g. affect anger 0.9; Ctrl-C ends")
            _take_changes(live, osc_in)
            face = MadeHere() if isinstance(sender, plain.Plain) else Served(client)
            with suppress(KeyboardInterrupt):
                _send_all(live, face, sender, outlet, seconds)
            face.close()
    click.echo(f"{outlet.sent} datagrams sent, at most {outlet.longest} bytes; {outlet.failed} could not be sent")


def _send_all(live: Live, face: MadeHere, sender: Sender, outlet: Outlet, seconds: float | None) -> None:
    feeling, lost, trouble = Feeling(), 0, ""
    for frame in live:
        assert live.skeleton is not None
        felt = feeling.at(frame.affect, frame.number, live.fps)
        moment = Moment(frame, live.skeleton, live.fps, felt, face.at(frame.affect, felt))
        reason = outlet.send(sender.datagrams(moment))
        if reason and reason != trouble:
            click.echo(f"warning: {reason}", err=True)
        trouble = reason
        if live.lost > lost:
            click.echo(
                "warning: the server was lost and found again; the character goes on from its last pose", err=True
            )
            lost = live.lost
        if seconds is not None and frame.number >= seconds * live.fps:
            live.end()
            seconds = None


def _take_changes(live: Live, osc_in: str | None) -> None:
    """Apply what comes on standard input and by OSC, each on a thread of its own."""

    def apply(find: Callable[[], Changes | None]) -> None:
        try:
            if change := find():
                live.change(**change)
        except End:
            live.end()
        except InvalidInput as error:  # a slip of the fingers is no reason to lose the character
            click.echo(f"error: {error}", err=True)

    def read_lines() -> None:
        with open(descriptor, encoding="utf-8", errors="replace", closefd=False) as lines:
            for line in lines:
                apply(lambda line=line: change_of_line(line))  # type: ignore[misc]

    listener = Listener()

    def take(datagram: bytes) -> None:
        messages = []
        try:
            messages = parse(datagram)
        except InvalidInput as error:
            click.echo(f"error: {error}", err=True)
        for message in messages:
            apply(lambda message=message: listener.change_of(message))  # type: ignore[misc]

    if osc_in is not None:
        host, _, port = osc_in.rpartition(":")
        _, number = address_of(f"localhost:{port}", 1)
        number = listen(host.strip("[]") or "127.0.0.1", number, take)
        click.echo(f"changes by OSC at port {number}, e.g. /emomotion/affect joy")
    with suppress(AttributeError, OSError, ValueError):  # there may be no standard input
        descriptor = sys.stdin.fileno()
        threading.Thread(target=read_lines, daemon=True, name="relay-lines").start()


__all__ = ["command", "relay"]
