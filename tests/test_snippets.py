"""The same snippet in each language says the same of one server; docs/snippets holds them."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cpp.build import SOURCE, built, compiler
from tests.service.conftest import Live, loop, start
from tests.service.programs import ENVIRONMENT, REPO

__all__ = ["loop", "start"]
SNIPPETS = REPO / "docs" / "snippets"
PATIENCE_S = 60


@pytest.fixture
def server(start: Callable[..., Live]) -> Iterator[Live]:
    yield start(web_port=0)


def printed(*command: str, **environment: str) -> list[str]:
    done = subprocess.run(
        command, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def python(server: Live, _folder: Path) -> list[str]:
    return printed(sys.executable, str(SNIPPETS / "first_character.py"), server.address)


def cpp(server: Live, folder: Path) -> list[str]:
    library, program = built().library, folder / "first_character"
    command = [compiler(), "-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{SOURCE / 'include'}", "-o", str(program)]
    command += [
        str(SNIPPETS / "first_character.cpp"),
        f"-L{library.parent}",
        "-lemomotion",
        f"-Wl,-rpath,{library.parent}",
    ]
    done = subprocess.run([*command, "-Wl,--allow-shlib-undefined"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return printed(str(program), server.address)


def javascript(server: Live, _folder: Path) -> list[str]:
    pytest.importorskip("aiohttp", reason="aiohttp is absent: pip install -e '.[web]'")
    node = shutil.which("node") or pytest.skip("node is absent: install Node.js 20 or newer")
    if not (REPO / "node_modules" / "protobufjs").is_dir():
        pytest.skip("protobufjs is absent: npm ci")
    # Node 20 has WebSocket behind this option; later ones and browsers just have it.
    asked = subprocess.run([node, "-p", "typeof WebSocket"], capture_output=True, text=True, check=True)
    option = ["--experimental-websocket"] if asked.stdout.strip() == "undefined" else []
    return printed(node, *option, str(SNIPPETS / "first_character.mjs"), server.server.web_address)


@pytest.mark.parametrize("language", [python, cpp, javascript])
def test_every_language_says_the_same(server: Live, tmp_path: Path, language: Callable[..., list[str]]) -> None:
    assert language(server, tmp_path) == [
        "bundle fake",
        "clip of 61 frames ends at 0.000 0.920 2.000",
        "felt joy, then anger",
    ]
