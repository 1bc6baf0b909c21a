"""A headless browser for the tests and the figures: Chromium, driven by playwright-core; see browser.mjs."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.service.programs import ENVIRONMENT, REPO

SCRIPT = Path(__file__).with_name("browser.mjs")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing() -> str | None:
    """Why there is no browser here; None where there is one."""
    if chromium() is None:
        return "Chromium is absent: apt-get install chromium, or set EMOMOTION_CHROMIUM to its path"
    if shutil.which("node") is None:
        return "Node.js is absent"
    for name in ("playwright-core", "axe-core"):
        if not (REPO / "node_modules" / name).is_dir():
            return f"{name} is absent: npm ci"
    return None


def chromium() -> str | None:
    """Path of the browser."""
    given = os.environ.get("EMOMOTION_CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One browser with one page at a time. Methods are those of browser.mjs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def do(self, what: str, **options: Any) -> Any:
        """Have something done. Raises AssertionError with what the browser says."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **options}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser has ended"
        answer = json.loads(line)
        assert "error" not in answer, f"{what} {options}: {answer['error']}"
        return answer["value"]

    def open(self, url: str, **options: Any) -> None:
        """Open the studio in a fresh profile and wait until it is dressed."""
        self.do("open", url=url, **options)
        self.ready()

    def ready(self) -> None:
        """Wait until the page is dressed and the server is there."""
        self.until("'ready' in document.documentElement.dataset")
        self.until("document.getElementById('server-pill').dataset.state === 'ready'")

    def until(self, code: str, **options: Any) -> None:
        """Wait until JavaScript is true."""
        self.do("until", code=code, **options)

    def eval(self, code: str) -> Any:
        """The value of JavaScript."""
        return self.do("eval", code=code)

    def click(self, on: str, **options: Any) -> None:
        """Click an element."""
        self.do("click", on=on, **options)

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        self.do("press", keys=keys)

    def made(self, count: int) -> None:
        """Wait until so many takes stand in the list and none is being made."""
        self.until(f"studio.store.doc.takes.length === {count} && !document.querySelector('.making')")


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser that runs until the block ends."""
    path = chromium()
    assert path is not None
    with subprocess.Popen(
        ["node", str(SCRIPT), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO
    ) as process:
        try:
            yield Browser(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def studio(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The command as a program of its own, and its address."""
    call = [sys.executable, "-u", "-m", "sdk.studio", "--no-browser", "--port", "0", *options]
    with subprocess.Popen(call, cwd=REPO, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("studio on http://127.0.0.1:"), line
            yield process, line.split()[-1].rstrip("/")
        finally:
            process.kill()
