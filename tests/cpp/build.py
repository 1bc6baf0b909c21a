"""Builds the C++ core and its tests with CMake, once a run of the tests; a second run finds them built."""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SOURCE, FOLDER = REPO / "unreal_bridge" / "core", REPO / "build" / "cpp"
PACKAGES = "apt-get install cmake ninja-build g++ libgrpc++-dev protobuf-compiler-grpc"
TOOLS = ("cmake", "ninja", "g++", "protoc", "grpc_cpp_plugin")


@dataclass(frozen=True)
class Built:
    """What came out. library: the shared library. asan, tsan: the tests as programs, under sanitizers."""

    library: Path
    asan: Path
    tsan: Path


def missing() -> str:
    """Which tools are not there, or ""; CMAKE_PREFIX_PATH may name where gRPC is installed."""
    prefixes = [Path(part) / "bin" for part in os.environ.get("CMAKE_PREFIX_PATH", "").split(os.pathsep) if part]
    path = os.pathsep.join([*map(str, prefixes), os.environ.get("PATH", "")])
    return ", ".join(tool for tool in TOOLS if shutil.which(tool, path=path) is None)


def run(*command: str) -> None:
    """Run a tool; its output is the error when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command[:2])} failed:\n{(done.stdout + done.stderr)[-4000:]}"


@functools.cache
def built() -> Built:
    """Everything, up to date. Skips, with what is to be installed, where a tool is absent."""
    if tools := missing():
        pytest.skip(f"{tools} absent: {PACKAGES}")
    configure = ["cmake", "-S", str(SOURCE), "-B", str(FOLDER), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    run(*configure, "-DEMOMOTION_TESTS=ON", "-DCMAKE_UNITY_BUILD=ON")
    run("cmake", "--build", str(FOLDER))
    return Built(FOLDER / "libemomotion.so", *(FOLDER / "tests" / f"core_tests_{kind}" for kind in ("asan", "tsan")))


def compiler() -> str:
    """The C++ compiler alone, for what needs no gRPC. Skips where it is absent."""
    return shutil.which("g++") or pytest.skip("g++ absent: apt-get install g++")
