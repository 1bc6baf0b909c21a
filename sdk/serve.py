"""The server's command: `python -m sdk.serve`, the same as `emomotion serve`."""

import asyncio
import contextlib
import gc
import signal
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import grpc

from sdk.console import run
from sdk.errors import EmoMotionError, InvalidInput
from sdk.service.access import Origins, Tokens, server_credentials, web_tls
from sdk.service.addresses import is_loopback
from sdk.service.core import EngineLike
from sdk.service.face import FaceEngineLike
from sdk.service.facts import info_reply
from sdk.service.server import MotionServer, Settings
from sdk.service.watch import export_traces, start_log
from sdk.wire import Info, info_from_wire

GRACE_S = 10.0
"""How long running calls may go on after the signal to stop."""
NOTICE_S = 1.0
"""How long a server that others can reach says NOT_SERVING before it refuses calls; loopback has no balancers."""
TRY_IT = 'emomotion clip "a person walks forward" --emotion joy --out walk.glb --server'


def read_config(context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    """Take the options that stand in a TOML file as defaults. Raises InvalidInput for unknown ones."""
    if path is None:
        return
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"--config is no readable TOML ({error}): {path}", field="config") from None
    known = {option.name for option in context.command.params} - {"config"}
    values = {key.replace("-", "_"): value for key, value in found.items()}
    unknown = sorted(set(values) - known)
    if unknown:
        options = ", ".join(sorted(name.replace("_", "-") for name in known if name))
        raise InvalidInput(f"--config has no {unknown[0]!r}; known: {options}", field="config")
    context.default_map = values


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("serve", context_settings={"auto_envvar_prefix": "EMOMOTION"})
@click.option("--config", type=FILE, is_eager=True, expose_value=False, callback=read_config,
              help="TOML file with any of these options.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=50051, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@click.option(
    "--threads", type=click.IntRange(0, 1024), default=0, show_default=True, help="Threads; 0 is one per core."
)
@click.option("--face/--no-face", default=True, show_default=True, help="Serve FaceService too.")
@click.option("--face-bundle", type=click.Path(path_type=Path),
              help="Face bundle folder; without it the one that comes along.")  # fmt: skip
@click.option("--insecure", is_flag=True, help="Allow a host that other machines can reach, without TLS.")
@click.option("--tls-cert", type=FILE, help="PEM certificate of this server; with --tls-key calls are encrypted.")
@click.option("--tls-key", type=FILE, help="PEM key of that certificate.")
@click.option("--tls-client-ca", type=FILE, help="Clients must show a certificate signed by this one (mutual TLS).")
@click.option("--tokens", type=FILE, help='File with a line "name token" for each client that may call.')
@click.option("--rate", type=click.FloatRange(0), default=0.0, show_default=True,
              help="Calls a second of each client; 0 is no limit.")  # fmt: skip
@click.option("--burst", type=click.FloatRange(1), default=20.0, show_default=True, help="Calls of a client at once.")
@click.option(
    "--max-streams", type=click.IntRange(0), default=64, show_default=True, help="Live characters and faces in all."
)
@click.option("--max-streams-per-client", type=click.IntRange(0), default=64, show_default=True,
              help="Live characters and faces of each client.")  # fmt: skip
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), help="Serve Prometheus metrics there, on this machine only."
)
@click.option("--web-port", type=click.IntRange(0, 65535), help="Serve browsers there: gRPC-Web, live over WebSocket.")
@click.option("--web-origin", multiple=True,
              help="Origin whose pages may call, e.g. https://game.example; may be repeated.")  # fmt: skip
@click.option("--log", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Form of the log, on standard error.")  # fmt: skip
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="warning",
              show_default=True, help="info has a line for every call.")  # fmt: skip
@click.option("--log-prompts", is_flag=True, help="Let the log tell what was asked for.")
@click.option("--traces", is_flag=True, help="Send OpenTelemetry spans to OTEL_EXPORTER_OTLP_ENDPOINT.")
def command(
    host: str, port: int, bundle: Path | None, threads: int, face: bool, face_bundle: Path | None, insecure: bool,
    tls_cert: Path | None, tls_key: Path | None, tls_client_ca: Path | None, tokens: Path | None, rate: float,
    burst: float, max_streams: int, max_streams_per_client: int, metrics_port: int | None, web_port: int | None,
    web_origin: tuple[str, ...], log: str, log_level: str, log_prompts: bool, traces: bool,
) -> None:  # fmt: skip
    """Serve motion and faces over gRPC until Ctrl-C or SIGTERM.

    Every option can also stand in a TOML file (--config) or in the environment, as EMOMOTION_PORT; the command line
    goes first, then the environment, then the file.
    """
    credentials = credentials_of(tls_cert, tls_key, tls_client_ca)
    check_host(host, insecure=insecure, encrypted=credentials is not None)
    if web_origin and web_port is None:
        raise InvalidInput("--web-origin needs --web-port, where pages call", field="web-origin")
    settings = Settings(
        credentials=credentials, tokens=Tokens() if tokens is None else Tokens.read(tokens), rate=rate, burst=burst,
        max_streams=max_streams, max_streams_per_client=max_streams_per_client, metrics_port=metrics_port,
        traces=traces, log_prompts=log_prompts, web_port=web_port, web_origins=Origins.of(web_origin),
        web_tls=None if web_port is None or not (tls_cert and tls_key) else web_tls(tls_cert, tls_key, tls_client_ca),
    )  # fmt: skip
    start_log(kind=log, level=log_level)
    if traces:
        export_traces()

    def load() -> EngineLike:
        from sdk.runtime.engine import Engine

        return Engine.load(bundle, threads=threads)

    def load_faces() -> FaceEngineLike:
        from sdk.runtime.face import FaceEngine

        return FaceEngine.load(face_bundle)

    asyncio.run(serve_until_signal(host, port, load, settings, load_faces=load_faces if face else None))


def credentials_of(cert: Path | None, key: Path | None, client_ca: Path | None) -> grpc.ServerCredentials | None:
    """TLS from the options; None without any. Raises InvalidInput for half of them."""
    if cert is None and key is None and client_ca is None:
        return None
    if cert is None or key is None:
        raise InvalidInput("TLS needs both --tls-cert and --tls-key", field="tls-cert")
    return server_credentials(cert, key, client_ca)


def check_host(host: str, *, insecure: bool, encrypted: bool = False) -> None:
    """Raises InvalidInput for a host that other machines can reach without TLS, unless told that it is meant so."""
    if not (insecure or encrypted or is_loopback(host)):
        message = f"host {host} may be reached from other machines, and calls would travel unencrypted; give --tls-cert"
        fix = "and --tls-key, or add --insecure if a private network or a TLS proxy protects them"
        raise InvalidInput(f"{message} {fix}", field="host")


async def serve_until_signal(
    host: str, port: int, load: Callable[[], EngineLike], settings: Settings | None = None, *,
    load_faces: Callable[[], FaceEngineLike] | None = None,
) -> None:  # fmt: skip
    """`serve` on the console: the first SIGINT or SIGTERM drains, a second one ends at once."""
    stop, again, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, signal.default_int_handler)
        loop.call_soon_threadsafe(stop.set)

    # signal.signal and not loop.add_signal_handler, which Windows lacks.
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    if hasattr(signal, "SIGHUP"):  # Windows has none
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(again.set))
    try:
        await serve(host, port, load, settings, load_faces=load_faces, announce=say, stop=stop, again=again)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(line: str) -> None:
    """Print a line; a full disk behind standard output is no reason to stop."""
    with contextlib.suppress(OSError):
        click.echo(line)


async def serve(
    host: str, port: int, load: Callable[[], EngineLike], settings: Settings | None = None, *,
    announce: Callable[[str], None], stop: asyncio.Event, again: asyncio.Event | None = None,
    load_faces: Callable[[], FaceEngineLike] | None = None,
) -> None:  # fmt: skip
    """Take the port, load, warm up, announce, serve until `stop` is set, then drain; reload when `again` is set.

    load_faces: without it there is no FaceService. Raises InvalidInput if the port cannot be had, and whatever `load`
    and `load_faces` raise; the port is free again then.
    """
    server = await MotionServer.bind(host, port, settings)
    try:
        announce(f"loading the bundle for {server.address} ...")
        began = time.perf_counter()
        engine, faces = load(), None if load_faces is None else load_faces()
        await server.start(engine, faces)
        await server.warm_up()
        # What is loaded stays. Once full collections pass over it they are short, and come before the exceptions of
        # many refused calls, which grpc leaves in cycles, have piled up.
        gc.collect()
        gc.freeze()
        info = info_from_wire(info_reply(engine.bundle))
        seconds = time.perf_counter() - began
        tokens = settings is not None and bool(settings.tokens.names)
        addresses = {"metrics": server.metrics_address, "web": server.web_address}
        announce(banner(server.address, info, seconds=seconds, tokens=tokens, faces=faces_line(faces), **addresses))
        reloading = None if again is None else asyncio.create_task(reload_on(server, load, again, announce))
        await stop.wait()
        if reloading is not None:
            reloading.cancel()
        announce("stopping: running calls may finish, new ones are refused")
    finally:
        await server.drain(notice_s=0.0 if is_loopback(host) else NOTICE_S, grace_s=GRACE_S)


async def reload_on(
    server: MotionServer, load: Callable[[], EngineLike], again: asyncio.Event, announce: Callable[[str], None]
) -> None:
    """Reload the bundle whenever the event is set; one that cannot be loaded leaves the old one serving."""
    while True:
        await again.wait()
        again.clear()
        try:
            await server.core.reload(load)
        except EmoMotionError as error:
            announce(f"not reloaded, the old bundle stays: {error}")
        else:
            announce(f"reloaded: bundle {server.core.bundle_sha256[:12]} serves new calls and streams")


def faces_line(faces: FaceEngineLike | None) -> str:
    """What FaceService can do here, for the banner."""
    if faces is None:
        return "none (--no-face)"
    made_by = f"Track by {faces.model_id}, Express" if faces.follows else "Express; no Track without a face bundle"
    return f"{len(faces.schema)} controls of {faces.schema.robot}: {made_by}"


def banner(
    address: str, info: Info, *, seconds: float, faces: str = "", metrics: str = "", web: str = "", tokens: bool = False
) -> str:
    """What a person wants to see when the server is up. The first line is always "serving on HOST:PORT"."""
    rows = [
        *info.rows(),
        *([("faces", faces)] if faces else []),
        ("ready", f"loaded and warmed up in {seconds:.1f} s"),
        *([("metrics", metrics)] if metrics else []),
        *([("web", f"{web} (gRPC-Web and WebSocket)")] if web else []),
        ("try it", f"{TRY_IT} {address}{' --token TOKEN' if tokens else ''}"),
        ("stop", "Ctrl-C"),
    ]
    return "\n".join([f"serving on {address}", *(f"  {name:<9} {text}" for name, text in rows)])


if __name__ == "__main__":
    run(command, name="python -m sdk.serve")
