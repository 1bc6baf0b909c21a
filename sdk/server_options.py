"""What every command that talks to a server takes: who is asking, and whom to trust."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from sdk.client import Tls

Command = TypeVar("Command", bound=Callable[..., Any])
Connection = dict[str, Any]
"""Keyword arguments of `Client` and `AsyncClient`."""


def server_options(command: Command) -> Command:
    """Adds --token and --tls-ca; the command gets them as `connection`."""

    @wraps(command)
    def wrapped(*args: Any, token: str | None, tls_ca: Path | None, **options: Any) -> Any:
        connection = Connection(token=token, tls=None if tls_ca is None else Tls(ca=tls_ca))
        return command(*args, connection=connection, **options)

    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    token = click.option("--token", envvar="EMOMOTION_TOKEN", help="Token that the server knows you by.")
    ca = click.option("--tls-ca", type=file, help="PEM that signed the server's certificate; calls are encrypted then.")
    return token(ca(wrapped))  # type: ignore[return-value]
