"""Where a server listens: how an address is written, who reaches it, why it cannot be had."""

import errno
import ipaddress
import socket

from sdk.errors import InvalidInput


def address_of(host: str, port: int) -> str:
    """HOST:PORT, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address of that host; names other than localhost count as reachable."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def why_not(host: str, port: int, *, option: str = "port") -> InvalidInput:
    """Ask the operating system why an address cannot be had; `option` is the one that chose the port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except socket.gaierror:
        return InvalidInput(f"host {host!r} is not a known name or address; use e.g. 127.0.0.1", field="host")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fix = f"choose another with --{option}, or --{option} 0 for a free one"
            return InvalidInput(f"port {port} on {host} is already in use; {fix}", field=option)
        if error.errno == errno.EACCES:
            message = f"port {port} needs administrator rights; choose one from 1024 up with --{option}"
            return InvalidInput(message, field=option)
        if error.errno == errno.EADDRNOTAVAIL:
            message = f"host {host} is no address of this machine; use 127.0.0.1 or one of its own"
            return InvalidInput(message, field="host")
        return InvalidInput(f"cannot listen on {address_of(host, port)}: {error.strerror}", field=option)
    return InvalidInput(f"cannot listen on {address_of(host, port)}; choose another port with --{option}", field=option)
