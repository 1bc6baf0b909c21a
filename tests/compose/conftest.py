"""The server of the service's tests, for compositions too."""

from tests.service.conftest import channel, client, cold, live, loop

__all__ = ["channel", "client", "cold", "live", "loop"]
