"""The built core, loaded; servers over the fake engine come from the tests of the service."""

import ctypes
from collections.abc import Iterator

import pytest

from tests.cpp.build import built
from tests.cpp.core import Core
from tests.service.conftest import Live, cold, live, loop, pems, start, tokens

__all__ = ["cold", "live", "loop", "pems", "start", "tokens"]


@pytest.fixture(scope="session")
def core() -> Core:
    """The library."""
    return Core(built().library)


@pytest.fixture
def client(core: Core, live: Live) -> Iterator[ctypes.c_void_p]:
    """A client of a server that is ready."""
    found = core.connect(live.address)
    yield found
    core.library.em_close(found)
