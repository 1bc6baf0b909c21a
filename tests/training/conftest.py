"""Shared by the tests of training."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads beyond the first only wait for each other on models of this size."""
    torch = sys.modules.get("torch")
    if torch is None:  # captions and preparation are tested without it too
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
