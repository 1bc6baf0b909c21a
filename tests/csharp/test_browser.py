"""The WebGL plugin's JavaScript, run in Node with stand-ins for the browser and for Emscripten."""

import json
import shutil
import subprocess

import pytest

from tests.csharp.assemblies import HERE, PACKAGE

PLUGIN = PACKAGE / "Runtime" / "Unity" / "Plugins" / "WebGL" / "EmoMotionSocket.jslib"


def test_the_socket_of_the_browser() -> None:
    node = shutil.which("node") or pytest.skip("node is absent: install Node.js 20 or newer")
    done = subprocess.run([node, str(HERE / "socket.mjs"), str(PLUGIN)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["address"], found["subprotocol"]) == ("ws://here/x", "grpc-websockets")
    assert found["sent"] == ["ws:/", list(b"web")], "a text, then bytes; nothing once it is closed"
    assert found["calls"] == [["opened", 1], ["received", 1, 1000, 3], ["closed", 1, 1006]]
    assert found["received"] == [7, 8, 9]
    assert found["left"] == 0 and found["closed"] and found["silent"]
