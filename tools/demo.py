"""`make demo`: starts the server on a free loopback port, asks it for one clip per seed emotion, says where to look.

Everything goes over gRPC, as it would from an engine. The server is stopped however the demo ends.
"""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sdk.client import Client, Clip, Info
from sdk.clips.preview import Shot, contact_sheet, render_gif
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.console import run
from sdk.emotion import SEED_EMOTIONS, Affect
from sdk.errors import InvalidInput, ServerError

START_TIMEOUT_S = 180.0
"""Generous: a slow disk reads the bundle for the first time."""
STOP_TIMEOUT_S = 20.0
INTENSITY = 0.8
BANNER = re.compile(r"\b(?:serving|listening) on (\S+:\d+)\s*$")


@click.command("demo")
@click.option("--text", default="a person walks forward", show_default=True, help="What the character does.")
@click.option("--seconds", default=5.0, show_default=True, help="Length of each clip.")
@click.option("--seed", default=7, show_default=True, help="The same for all clips: only the emotion differs.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Folder to fill.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
def command(text: str, seconds: float, seed: int, out: Path, bundle: Path | None) -> None:
    """One clip per seed emotion, through a real server."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C: leave by way of every `finally`
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot make the folder {out}: {error.strerror}", field="out") from None
    click.echo("Starting the server ...")
    with running_server(bundle) as address, Client(address) as client:
        info = client.info()
        click.echo(f"{info.name} {info.version} answers on {address}. Asking for {text!r}, {seconds:g} s, seed {seed}:")
        shots = []
        for emotion in SEED_EMOTIONS:
            asked = Affect({emotion: 1.0}, INTENSITY)
            began = time.perf_counter()
            clip = client.generate(text, affect=asked, seconds=seconds, seed=seed)
            took_ms = 1000 * (time.perf_counter() - began)
            path = out / f"{emotion.label}.glb"
            write_clip(path, clip.motion, tags_of(clip, info, asked=asked, seconds=seconds))
            render_gif(clip.motion, path.with_suffix(".gif"), title=text, affect=clip.affect)
            shots.append(Shot(clip.motion, emotion.label, clip.affect))
            click.echo(f"  {emotion.label:<8} {clip.motion.seconds:4.1f} s of motion in {took_ms:5.0f} ms: {path}")
        contact_sheet(shots, out / "sheet.png")
    click.echo(f"Where to look, in {out}/:")
    click.echo("  sheet.png  all four, one under the other")
    click.echo("  *.gif      the same moving; any browser shows them")
    click.echo("  *.glb      the characters, for Blender, Unity, Unreal or any glTF viewer")
    click.echo("  *.json     what each clip feels, and how to make it again")
    click.echo('Next: .venv/bin/emomotion clip "a person waves" --emotion joy --out wave.glb --preview wave.gif')


def tags_of(clip: Clip, info: Info, *, asked: Affect, seconds: float) -> ClipTags:
    """What a clip says about itself, from the server's own words."""
    return ClipTags(
        prompt=clip.text,
        requested=asked,
        applied=clip.affect,
        seed=clip.seed,
        plan=clip.plan,
        licence=info.licence,
        dataset_licences=(info.attribution,),
        bundle_sha256=clip.bundle_sha256,
        model_name=info.name,
        model_version=info.version,
        seconds=seconds,
    )


@contextmanager
def running_server(bundle: Path | None) -> Iterator[str]:
    """Start a server of our own, give its HOST:PORT once it is warm, stop it at the end.

    Raises ServerError with the server's last words if it does not come up.
    """
    command = [sys.executable, "-m", "sdk.serve", "--host", "127.0.0.1", "--port", "0"]
    command += ["--bundle", str(bundle)] if bundle else []
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        yield wait_for_banner(server)
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for_banner(server: subprocess.Popen[str]) -> str:
    """HOST:PORT from the server's banner. Its output is read to the end, or a full pipe would block it."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert server.stdout is not None
        for line in server.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said: deque[str] = deque(maxlen=5)
    until = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            line = lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            message = f"the server was not ready within {START_TIMEOUT_S:g} s; run it alone: python -m sdk.serve"
            raise ServerError(message, status="DEADLINE_EXCEEDED") from None
        if line is None:
            last = said[-1].removeprefix("error: ") if said else "it said nothing"
            raise ServerError(f"the server did not start: {last}", status="UNAVAILABLE")
        if match := BANNER.search(line):
            return match[1]
        said.append(line.strip())


if __name__ == "__main__":
    run(command, name="make demo")
