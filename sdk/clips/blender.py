"""Blender as a tool beside the SDK: where it is, how to run a script in it, how to install it.

It always works in a process of its own: it is a GPL program, and its Python module asks for another numpy than the SDK.
That module, `bpy`, goes into a folder of its own: python -m sdk.clips.blender
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from sdk.console import run
from sdk.errors import EmoMotionError, InvalidInput

VARIABLE = "BLENDER"
"""Environment variable: Blender's executable, or a folder that holds the module bpy."""
BPY = "bpy==4.5.15"
BPY_PYTHON = (3, 11)
INSTALL = "python -m sdk.clips.blender"
TIMEOUT_S = 600
LIBRARIES = "libgl1 libsm6 libxfixes3 libxi6 libxkbcommon0 libxrender1"
"""What the module bpy asks of the system, by Debian's names."""
ERROR_LINE = re.compile(r"[\w.]*(Error|Exception|Interrupt)\b.*: ")


def bpy_folder() -> Path:
    """Where `python -m sdk.clips.blender` puts the module, for all environments of this user."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "emomotion" / "bpy"


def find_blender() -> Path | None:
    """Blender's executable or the folder of its Python module; None where there is neither.

    Looked for in the variable BLENDER, in `bpy_folder()`, in this Python's own packages and among the commands.
    Raises InvalidInput for a variable that leads nowhere.
    """
    if named := os.environ.get(VARIABLE):
        executable = shutil.which(named)
        path = Path(executable or named)
        if not executable and not (path / "bpy").is_dir():
            message = "is neither Blender's executable nor a folder that holds its module bpy"
            raise InvalidInput(f"the environment variable {VARIABLE} {message}: {named}", field="out")
        return path.absolute()
    folders = [bpy_folder()]
    if (spec := importlib.util.find_spec("bpy")) is not None and spec.origin:
        folders.append(Path(spec.origin).parent.parent)
    if found := next((folder for folder in folders if (folder / "bpy").is_dir()), None):
        return found
    command = shutil.which("blender")
    return None if command is None else Path(command)


def check_blender() -> None:
    """Raise InvalidInput, which names the command that mends it, where there is no Blender."""
    if find_blender() is None:
        message = f"FBX files are written by Blender, which was not found: run {INSTALL} once (373 MB)"
        raise InvalidInput(f"{message}, or set {VARIABLE} to Blender's executable", field="out")


def run_script(script: Path, *args: str, timeout_s: float = TIMEOUT_S) -> str:
    """Run a Python file inside Blender; the arguments follow "--" in its sys.argv. Returns what it printed.

    Raises InvalidInput where there is no Blender, and EmoMotionError, with its last line, where the script fails.
    """
    blender = find_blender()
    if blender is None:
        check_blender()
        raise AssertionError
    # Blender names things by Python's hashes; without a fixed seed equal clips would not be equal files.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    if blender.is_dir():
        environment["PYTHONPATH"] = str(blender)
        command = [sys.executable, "-s", str(script)]
    else:
        options = ["--background", "--factory-startup", "--python-use-system-env", "--python-exit-code", "1"]
        command = [str(blender), *options, "--python", str(script)]
    try:
        done = subprocess.run(
            [*command, "--", *args], env=environment, capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise EmoMotionError(f"Blender was stopped after {timeout_s:g} s: {blender}") from None
    except OSError as error:
        raise EmoMotionError(f"Blender does not start: {error.strerror}: {blender}") from None
    if done.returncode:
        reason = _reason(done.stdout + done.stderr) or f"exit code {done.returncode}"
        if "No module named 'numpy'" in reason:
            reason += " (on Debian and Ubuntu: apt-get install python3-numpy)"
        elif "cannot open shared object" in reason:
            reason += f" (on Debian and Ubuntu: apt-get install {LIBRARIES})"
        raise EmoMotionError(f"Blender failed: {reason}: {blender}")
    return done.stdout


def _reason(printed: str) -> str:
    """The line of a program's output that says why it failed: the last one that names an error, else the last."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    named = [line for line in lines if ERROR_LINE.match(line)]
    return (named or lines or [""])[-1][:300]


def blender_version() -> str:
    """Name and version of what `run_script` runs, e.g. "Blender 4.5.15"; "Blender" where it does not tell."""
    blender = find_blender()
    if blender is None:
        return "Blender"
    if blender.is_dir():  # pip leaves a folder whose name says it
        found = [folder.name.split("-")[1].removesuffix(".dist") for folder in blender.glob("bpy-*.dist-info")]
        return f"Blender {found[0]}" if found else "Blender"
    done = subprocess.run([str(blender), "--version"], capture_output=True, text=True, check=False, timeout=60)
    return (done.stdout.splitlines() or ["Blender"])[0].strip()


@click.command("blender")
@click.option("--folder", type=click.Path(path_type=Path), help=f"Elsewhere; then set {VARIABLE} to it.")
def command(folder: Path | None) -> None:
    """Install Blender's Python module for FBX files: 373 MB to download, about 1 GB on disk, once for this user."""
    target = bpy_folder() if folder is None else folder
    if (target / "bpy").is_dir():
        click.echo(f"already there: {target}")
        return
    if sys.version_info[:2] != BPY_PYTHON:
        wanted, have = ".".join(map(str, BPY_PYTHON)), f"{sys.version_info[0]}.{sys.version_info[1]}"
        message = f"{BPY} is made for Python {wanted} and this is {have}: install Blender itself"
        raise InvalidInput(f"{message}, so that the command blender is found, or set {VARIABLE} to its executable")
    if target.exists() and any(target.iterdir()):
        raise InvalidInput(f"the folder is not empty: {target}", field="folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place and then renamed: an interrupted download is never taken for a whole one.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bpy-") as half:
            pip = [sys.executable, "-m", "pip", "install", "--no-warn-conflicts", "--target", half, BPY]
            if subprocess.run(pip, check=False).returncode:
                raise EmoMotionError("pip could not install it; its own lines above say why")
            if target.exists():
                target.rmdir()
            Path(half).rename(target)
            Path(half).mkdir()  # what the context removes
    except OSError as error:
        raise InvalidInput(f"cannot install: {error.strerror or error}: {target}", field="folder") from None
    click.echo(f"installed: {target}")


if __name__ == "__main__":
    run(command, name=INSTALL)
