"""The command `emomotion studio`: where it listens, what it starts, how it ends."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[studio]'")

from sdk.errors import InvalidInput
from sdk.studio import command
from sdk.studio.packets import unpack
from tests.service.programs import ENVIRONMENT, REPO, serving
from tests.studio.browsing import studio
from tests.studio.desks import WALK


def asked(url: str, order: object = None) -> bytes:
    data = None if order is None else json.dumps(order).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=20) as reply:
        found: bytes = reply.read()
        return found


def made(address: str, patience_s: float) -> bytes:
    """A clip, as soon as the motion engine is warm."""
    end = time.monotonic() + patience_s
    while True:
        try:
            return asked(f"{address}/api/make", WALK)
        except urllib.error.HTTPError as error:
            if error.code != 503 or time.monotonic() > end:
                raise
            time.sleep(0.2)


def test_it_serves_a_page_and_ends_by_a_signal() -> None:
    with serving() as server, studio("--server", server.address) as (process, address):
        assert b"EmoMotion Studio" in asked(address)
        header, _ = unpack(made(address, 20))
        assert header["made"]["plan"] == "default"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.slow
def test_it_makes_motion_by_itself(bundle_path: Path) -> None:
    with studio("--threads", "1") as (process, address):
        assert b"EmoMotion Studio" in asked(address), "the page is there before the engine is warm"
        header, arrays = unpack(made(address, 120))
        assert header["tags"]["licence"] and len(arrays["root"]) == 61
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_bundle_that_is_none_ends_it_in_words(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "sdk.studio", "--no-browser", "--port", "0", "--bundle", str(tmp_path)]
    done = subprocess.run(call, cwd=REPO, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        (["--host", "0.0.0.0"], "host", "--insecure"),
        (["--host", "192.168.1.5"], "host", "--insecure"),
        (["--server", "localhost:1", "--bundle", "x"], "server", "not both"),
        (["--server", "localhost", "--port", "0", "--no-browser"], "server", "HOST:PORT"),
        (["--name", "a b", "--port", "0", "--no-browser", "--server", "localhost:1"], "name", "no name"),
    ],
)
def test_what_it_refuses(options: list[str], field: str, words: str) -> None:
    result = CliRunner().invoke(command, options)
    assert isinstance(result.exception, InvalidInput), result.output
    assert result.exception.field == field and words in str(result.exception)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(command, ["--port", str(port), "--no-browser"])
    assert isinstance(result.exception, InvalidInput) and "already in use" in str(result.exception)
