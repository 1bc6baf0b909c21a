"""The command `emomotion deploy`: Ray Serve on this machine, or on the cluster of RAY_ADDRESS."""

import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import click

from sdk.bundle import Bundle
from sdk.deploy.fleet import Fleet, application, ray_serve
from sdk.deploy.replica import Load, load_engine
from sdk.errors import InvalidInput

SERVICES = "sdk.deploy.bridge:add_services"
HTTP_PORT = 8000
"""Ray's own HTTP, for its health page; nothing of ours answers there."""
RAYS_PORTS = (8404, 9101)
"""On which Ray's HAProxy tells how it is; they cannot be chosen."""
OPEN = (
    "Ray's gRPC listens on all addresses of every node, without encryption: put it into a private network or behind a "
    "TLS proxy"
)


@click.command("deploy", context_settings={"auto_envvar_prefix": "EMOMOTION"})
@click.option("--port", type=click.IntRange(1, 65535), default=9000, show_default=True, help="Port of gRPC.")
@click.option("--http-port", type=click.IntRange(1, 65535), default=HTTP_PORT, show_default=True,
              help="Port of Ray's own health page.")  # fmt: skip
@click.option("--insecure", is_flag=True, help="Yes: unencrypted, on all addresses.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Bundle folder; without it the one that comes along.")
@click.option("--replicas", type=int, default=1, show_default=True, help="Processes that answer; at least.")
@click.option("--max-replicas", type=int, default=0, help="Processes at most; without it always --replicas.")
@click.option("--threads", type=int, default=1, show_default=True, help="Threads, and CPUs, of each process.")
@click.option("--busy-at", type=float, default=8.0, show_default=True,
              help="Calls and characters of a process from which on another is started.")  # fmt: skip
@click.option("--max-calls", type=int, default=96, show_default=True, help="Calls and characters of a process at once.")
@click.option("--max-queued", type=int, default=32, show_default=True,
              help="Calls that wait for these to end; more are refused.")  # fmt: skip
@click.option("--tokens", type=click.Path(path_type=Path),
              help='File with a line "name token" for each client that may call.')  # fmt: skip
@click.option("--rate", type=float, default=0.0, show_default=True,
              help="Calls a second of each client and process; 0 is no limit.")  # fmt: skip
@click.option("--burst", type=float, default=20.0, show_default=True, help="Calls of a client at once.")
@click.option("--max-streams", type=int, default=64, show_default=True, help="Live characters of a process.")
@click.option("--max-streams-per-client", type=int, default=64, show_default=True,
              help="Live characters of each client and process.")  # fmt: skip
def command(
    port: int, http_port: int, insecure: bool, bundle: Path | None, tokens: Path | None, **options: Any
) -> None:
    """Serve motion over gRPC from several processes or machines, by Ray Serve.

    Where RAY_ADDRESS names a cluster the replicas are started or replaced there, and the command ends. Else they run on
    this machine until Ctrl-C or SIGTERM.
    """
    if not insecure:
        raise InvalidInput(f"{OPEN}, and add --insecure", field="insecure")
    # Nodes may have other working folders.
    files = {name: str(path.resolve()) for name, path in (("bundle", bundle), ("tokens", tokens)) if path is not None}
    fleet = Fleet.of(files | options)
    ray_serve()
    # All that can be known before Ray is started, for Ray itself would tell it late and at length.
    _ = fleet.rules
    joined = "RAY_ADDRESS" in os.environ
    if not joined:
        check_size(fleet, os.cpu_count() or 1)
        Bundle.load(bundle)
        for taken in (port, http_port, *RAYS_PORTS):
            check_free(taken)
    click.echo(f"note: {OPEN}", err=True)
    click.echo(f"starting {fleet.replicas} replicas ...")
    if joined:
        deploy(fleet, port=port, http_port=http_port, local=False)
        click.echo(f"serving on port {port}\n  replicas  {fleet.replicas}, of {fleet.threads} threads")
        click.echo("  watch     serve status\n  stop      serve shutdown")
        return
    # SIGTERM as Ctrl-C, also while all this is starting: nothing may be left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        deploy(fleet, port=port, http_port=http_port)
        click.echo(f"serving on port {port}\n  replicas  {fleet.replicas}, of {fleet.threads} threads")
        click.echo("  stop      Ctrl-C")
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
        click.echo("stopping: running calls may finish, new ones are refused")
    finally:
        end()


def end() -> None:
    """Stop the replicas and the Ray of this machine, as far as they were started."""
    import ray

    if ray.is_initialized():
        ray_serve().shutdown()
    ray.shutdown()


def check_free(port: int) -> None:
    """Raises InvalidInput for a port that something else has."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            what = "choose another with --port or --http-port" if port not in RAYS_PORTS else "Ray's HAProxy needs it"
            message = f"port {port} is already in use, perhaps by a fleet that runs on this machine already; {what}"
            raise InvalidInput(message, field="port") from None


def check_size(fleet: Fleet, cores: int) -> None:
    """Raises InvalidInput for more replicas than there are cores: Ray would wait for them without end."""
    if fleet.replicas * fleet.threads > cores:
        wanted = f"{fleet.replicas} replicas of {fleet.threads} threads need {fleet.replicas * fleet.threads} cores"
        raise InvalidInput(f"{wanted}, this machine has {cores}; take fewer of them", field="replicas")


def deploy(
    fleet: Fleet, *, port: int, http_port: int = HTTP_PORT, local: bool = True, load: Load = load_engine
) -> None:
    """Start Ray Serve, where it does not run, and the replicas, one after the other in the place of those that run.

    local: on this machine if no Ray runs here yet; else on the cluster of RAY_ADDRESS. Returns when they answer. Raises
    InvalidInput where Ray cannot be reached or cannot start them.
    """
    serve = ray_serve()
    import ray

    grpc_options = {"port": port, "grpc_servicer_functions": [SERVICES]}
    try:
        if not ray.is_initialized():
            quiet = {"include_dashboard": False, "log_to_driver": False} if local else {}
            ray.init(address="local" if local else None, **quiet)
        serve.start(grpc_options=grpc_options, http_options={"port": http_port})
        serve.run(application(fleet, load), name="emomotion")
    except ConnectionError as error:
        cluster = os.environ.get("RAY_ADDRESS", "local")
        fix = "is it up, and does this shell have its token (RAY_AUTH_MODE=token and ~/.ray/auth_token)?"
        raise InvalidInput(f"no Ray can be joined at {cluster}: {fix} ({error})", field="RAY_ADDRESS") from None
    except (RuntimeError, ray.exceptions.RayError) as error:
        message = f"Ray could not start the replicas: {error}; the logs of its session say more"
        raise InvalidInput(message, field="replicas") from None
