"""The core's own tests as programs under sanitizers, and what the library shows to others."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cpp.build import SOURCE, built
from tests.service.programs import FAKE, serving

ENVIRONMENT = {
    **os.environ,
    "LSAN_OPTIONS": f"suppressions={Path(__file__).with_name('lsan.supp')}:print_suppressions=0",
    # gRPC itself was not built for the tool, which would not see how it orders things.
    "TSAN_OPTIONS": "ignore_noninstrumented_modules=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
PATIENCE_S = 120


def passes(program: Path, group: str, *server: str) -> None:
    done = subprocess.run(
        [str(program), group, *server], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    assert re.search(r"[1-9]\d* tests, 0 failed", done.stdout)


@pytest.mark.parametrize(
    ("kind", "group"), [("asan", "unit"), ("asan", "live"), ("asan", "threads"), ("tsan", "live"), ("tsan", "threads")]
)
def test_the_core_is_clean(kind: str, group: str) -> None:
    program = getattr(built(), kind)
    if group == "unit":
        passes(program, group)
        return
    with serving() as server:
        passes(program, group, server.address)


@pytest.mark.parametrize("kind", ["asan", "tsan"])
def test_a_character_outlives_its_server(kind: str) -> None:
    program = getattr(built(), kind)
    with serving(module=FAKE) as first:
        command = [str(program), "lost", first.address]
        with subprocess.Popen(
            command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as running:
            try:
                assert running.stdout is not None
                assert running.stdout.readline() == "kill it\n"
                first.process.send_signal(signal.SIGKILL)
                first.process.wait()
                with serving(port=first.port) as second:
                    assert running.stdout.readline() == "kill it for good\n"
                    second.process.send_signal(signal.SIGKILL)
                    output, _ = running.communicate(timeout=PATIENCE_S)
            finally:
                running.kill()
    assert running.returncode == 0 and "1 tests, 0 failed" in output, output[-6000:]


def exported(library: Path) -> set[str]:
    """Names that the dynamic linker sees, with weak ones."""
    nm = shutil.which("nm") or pytest.skip("nm absent: apt-get install binutils")
    done = subprocess.run([nm, "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True)
    return {line.split()[-1].partition("@")[0] for line in done.stdout.splitlines()}


def declared() -> set[str]:
    """Names of the functions of the header."""
    header = (SOURCE / "include" / "emomotion.h").read_text()
    return set(re.findall(r"^EM_API [^;(]*?\*?(em_\w+)\(", header, re.MULTILINE))


def test_only_our_own_symbols_are_exported() -> None:
    assert len(declared()) > 25 and exported(built().library) == declared()


def test_every_exported_function_is_documented() -> None:
    header = (SOURCE / "include" / "emomotion.h").read_text()
    bare = [match[1] for match in re.finditer(r"(?<!\*/)\n+EM_API [^;(]*?\*?(em_\w+)\(", header)]
    assert not bare, f"no comment stands above {', '.join(bare)}"


def test_the_header_is_plain_c_without_warnings(tmp_path: Path) -> None:
    gcc = shutil.which("gcc") or pytest.skip("gcc absent: apt-get install gcc")
    source = tmp_path / "plain.c"
    source.write_text('#include "emomotion.h"\nint main(void) { return em_abi_version() == EM_ABI_VERSION; }\n')
    for standard in ("c99", "c11"):
        command = [gcc, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]
        done = subprocess.run([*command, f"-I{SOURCE / 'include'}", str(source)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
