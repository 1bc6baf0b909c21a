"""The command that prints what a bundle or a server holds: `python -m sdk.info`, the same as `emomotion info`."""

from pathlib import Path

import click

from sdk.bundle import Bundle
from sdk.client import Client
from sdk.console import run
from sdk.errors import InvalidInput
from sdk.server_options import Connection, server_options
from sdk.service.facts import info_reply
from sdk.wire import Info, info_from_wire


@click.command("info")
@click.option("--server", metavar="HOST:PORT", help="Ask this server.")
@click.option(
    "--bundle", type=click.Path(path_type=Path), help="Read this bundle; by default the one that comes along."
)
@server_options
def command(server: str | None, bundle: Path | None, connection: Connection) -> None:
    """Print what a server or a bundle holds: licence, emotions and their evidence, plans, limits.

    A server also tells how long each plan takes on its machine now.
    """
    if server and bundle:
        raise InvalidInput("give either --server or --bundle, not both", field="server")
    if server:
        with Client(server, **connection) as client:
            info = client.info()
    else:
        info = bundle_info(bundle)
    limits = info.limits
    rows = [
        *info.rows(),
        ("text", f"up to {limits['max_text_chars']:g} characters"),
        ("length", f"{limits['min_seconds']:g} to {limits['max_seconds']:g} seconds"),
        ("rate", f"{limits['min_fps']:g} to {limits['max_fps']:g} frames per second"),
        ("skeleton", f"{len(info.skeleton.names)} joints: {', '.join(info.skeleton.names)}"),
    ]
    for name, text in rows:
        click.echo(f"{name:<9} {text}")


def bundle_info(path: Path | None) -> Info:
    """Facts of a bundle on disk, whose hashes are checked; None: the one that comes along. Raises BundleError."""
    return info_from_wire(info_reply(Bundle.load(path)))


if __name__ == "__main__":
    run(command, name="python -m sdk.info")
