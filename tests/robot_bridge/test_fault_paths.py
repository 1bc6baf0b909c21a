"""Every fault path ends safe; the scenes are those of the figures."""

import logging

import pytest

from tests.robot_bridge.faults import FAULTS


@pytest.mark.parametrize("name", FAULTS)
def test_it_ends_safe(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        assert FAULTS[name]()
