# SPDX-License-Identifier: GPL-3.0-or-later
"""The `emomotion` command as a process of its own: found, started, watched, ended, cleaned up after. No bpy here."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INSTALL = "run `make demo` in the SDK's folder, then name its .venv/bin/emomotion in Preferences > Add-ons > EmoMotion"
STOP_S = 3.0
"""How long a cancelled command may take to end before it is killed."""


class CommandFailed(Exception):
    """What went wrong and how to mend it, in one sentence for the animator."""


def find_command(setting: str) -> list[str]:
    """The words that start the command: what the preferences say, or `emomotion` as it lies on PATH.

    `setting` is a program's path, or a line such as `/path/to/python -m sdk`. Raises CommandFailed.
    """
    setting = setting.strip()
    if not setting:
        found = shutil.which("emomotion")
        if found is None:
            raise CommandFailed(f"the emomotion command is not on PATH: {INSTALL}")
        return [found]
    whole = Path(setting).expanduser()
    if whole.is_file():  # a path may hold spaces
        return [str(whole)]
    try:
        # On Windows a backslash is part of a path and quotes stay on the words.
        words = shlex.split(setting) if os.name != "nt" else [w.strip('"') for w in shlex.split(setting, posix=False)]
    except ValueError as error:
        raise CommandFailed(f"the command {setting!r} of the preferences cannot be read: {error}") from None
    program = shutil.which(os.path.expanduser(words[0]))
    if program is None:
        raise CommandFailed(f"there is no program {words[0]!r}, named as the command in the preferences: {INSTALL}")
    return [program, *words[1:]]


class Run:
    """Commands one after the other in a temporary folder, which goes when `close` is called, whatever happened."""

    def __init__(self, command: list[str], *, token: str = "", parent: str | None = None) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="emomotion_", dir=parent or None))
        self._began = time.monotonic()
        # Blender's own Python settings would lead the command's Python astray.
        self._environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
        self._environment["PYTHONIOENCODING"] = "utf-8"
        if token:  # not among the arguments, where other users of the machine could read it
            self._environment["EMOMOTION_TOKEN"] = token

    @property
    def seconds(self) -> float:
        """Time since the first command was started."""
        return time.monotonic() - self._began

    def start(self, *arguments: str) -> None:
        """Start the command with these arguments. Raises CommandFailed where the system refuses."""
        own_group = (
            {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {"start_new_session": True}
        )
        # Files, not pipes: nobody has to read them while the command runs.
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as err:
            try:
                self._process = subprocess.Popen(
                    [*self._command, *arguments], cwd=self.folder, env=self._environment,
                    stdin=subprocess.DEVNULL, stdout=out, stderr=err, **own_group,
                )  # fmt: skip
            except OSError as error:
                raise CommandFailed(f"{self._command[0]} cannot be started: {error.strerror}; {INSTALL}") from None

    def running(self) -> bool:
        """Whether the command still works. Raises CommandFailed with the command's own words when it failed."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        self._process = None
        if code != 0:
            raise CommandFailed(_said(self.folder / "stderr", code))
        return False

    def output(self) -> str:
        """What the last command printed."""
        return (self.folder / "stdout").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Stop what runs and remove the folder. Callable twice."""
        if self._process is not None:
            _stop(self._process)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _said(stderr: Path, code: int) -> str:
    lines = [line.strip() for line in stderr.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("error: ")]
    if told:
        return told[-1].removeprefix("error: ")
    last = f": {lines[-1][:300]}" if lines else ""
    return f"the emomotion command ended with code {code}{last}; try it in a terminal"


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the process and its children: on Windows the script is a launcher with Python as its child."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        process.wait(STOP_S)
        return
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            break
        try:
            process.wait(STOP_S)
            return
        except subprocess.TimeoutExpired:
            continue
    process.wait(STOP_S)
