"""The console commands as a user meets them: banner, one-line errors, exit codes, signals."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sdk import cli, info, serve
from sdk.client import Client
from sdk.console import run
from sdk.errors import BundleError
from sdk.service.server import Settings
from tests.service.conftest import PATIENCE_S, Live
from tests.service.programs import ENVIRONMENT, REPO, Program, serving


def exit_of(command: click.Command, *args: str) -> int:
    with pytest.raises(SystemExit) as left:
        run(command, list(args), name="emomotion")
    return int(left.value.code or 0)


def refused(capsys: pytest.CaptureFixture[str], command: click.Command, *args: str) -> str:
    """The error line of a refused command."""
    assert exit_of(command, *args) == 2
    out = capsys.readouterr()
    assert out.err.startswith("error: ") and out.err.count("\n") == 1, out.err
    return out.err.removeprefix("error: ").strip()


@pytest.fixture
def server() -> Iterator[Program]:
    """The command in a process of its own."""
    with serving(stderr=subprocess.PIPE) as program:
        yield program


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_announces_itself_and_drains_on_a_signal(server: Program, number: signal.Signals) -> None:
    process, address = server.process, server.address
    banner = "\n".join(server.lines)
    assert re.search(r"^serving on 127\.0\.0\.1:\d+$", banner, re.MULTILINE)
    for fact in ("CC0-1.0", "nobody's data", "joy (mocap)", "fear (proxy)", "fast: emo-mask, 4 passes", "(default)"):
        assert fact in banner
    assert re.search(rf"try it +emomotion clip .* --server {address}$", banner, re.MULTILINE)
    with Client(address) as client:
        assert len(client.generate("a person waves", seconds=1).motion) == 31
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("stopping")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_hangup_reloads(server: Program) -> None:
    process, address = server.process, server.address
    process.send_signal(signal.SIGHUP)
    assert process.stdout is not None
    assert re.match(r"reloaded: bundle (ab){6} serves new calls", process.stdout.readline())
    with Client(address) as client:
        assert len(client.generate("a person waves", seconds=1).motion) == 31


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str], live: Live) -> None:
    line = refused(capsys, cli.group, "serve", "--port", str(live.server.port))
    assert re.match(rf"port {live.server.port} on 127\.0\.0\.1 is already in use; choose another with --port", line)


def test_a_port_in_use_is_one_line_of_the_whole_process(live: Live) -> None:
    command = [sys.executable, "-m", "sdk.serve", "--port", str(live.server.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=ENVIRONMENT, cwd=REPO)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_bundle_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert str(tmp_path) in refused(capsys, serve.command, "--port", "0", "--bundle", str(tmp_path))
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])
def test_a_reachable_host_needs_insecure(capsys: pytest.CaptureFixture[str], host: str) -> None:
    assert "add --insecure" in refused(capsys, serve.command, "--host", host, "--port", "0")
    serve.check_host(host, insecure=True)


@pytest.mark.parametrize("args", [("--port", "x"), ("--port", "70000"), ("--threads", "-1"), ("--colour", "red")])
def test_wrong_options_are_one_line(capsys: pytest.CaptureFixture[str], args: tuple[str, str]) -> None:
    line = refused(capsys, cli.group, "serve", *args)
    assert args[0] in line and "see emomotion serve --help" in line


def test_info_of_a_server(capsys: pytest.CaptureFixture[str], live: Live) -> None:
    assert exit_of(cli.group, "info", "--server", live.address) == 0
    text = capsys.readouterr().out
    for fact in ("fake 1.2.3", "CC0-1.0", "0.5 to 30 seconds", "10 to 120 frames", "22 joints", "fear (proxy)"):
        assert fact in text
    assert "fast: emo-mask, 4 passes" in text and "20 ms for 4 s\n" in text


def test_info_of_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "HOST:PORT" in refused(capsys, info.command, "--server", "nowhere")
    assert str(tmp_path) in refused(capsys, info.command, "--bundle", str(tmp_path))
    assert "not both" in refused(capsys, info.command, "--bundle", str(tmp_path), "--server", "localhost:1")


def test_the_group_lists_its_verbs_without_loading_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of(cli.group, "--help") == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in ("clip", "info", "serve"))
    assert exit_of(cli.group, "--version") == 0


def test_the_verbs_are_the_modules_own_commands() -> None:
    context = click.Context(cli.group)
    assert cli.group.get_command(context, "serve") is serve.command
    assert cli.group.get_command(context, "info") is info.command


def test_unknown_and_missing_verbs_are_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No such command 'dance'" in refused(capsys, cli.group, "dance")
    monkeypatch.setitem(cli.VERBS, "absent", "A verb whose module was left out.")
    assert "'absent' is not part of this installation" in refused(capsys, cli.group, "absent")


def test_errors_of_many_lines_become_one(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def command() -> None:
        raise BundleError("graph text.onnx\n  is broken")

    assert refused(capsys, command) == "graph text.onnx is broken"


def test_an_interrupt_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def command() -> None:
        raise KeyboardInterrupt

    assert exit_of(command) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_our_own_faults_keep_their_traceback() -> None:
    @click.command()
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(command, [])


class Told:
    """What `serve` would have been run with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def note(host: str, port: int, load: object, settings: Settings, *, load_faces: object) -> None:
            self.faces = load_faces is not None
            self.host, self.port, self.settings = host, port, settings

        monkeypatch.setattr(serve, "serve_until_signal", note)


def test_options_come_from_the_command_line_then_the_environment_then_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    config = tmp_path / "serve.toml"
    config.write_text('port = 4001\nmax-streams = 7\nrate = 2.5\nhost = "::1"\n')
    monkeypatch.setenv("EMOMOTION_PORT", "4002")
    monkeypatch.setenv("EMOMOTION_MAX_STREAMS", "8")
    assert exit_of(serve.command, "--config", str(config), "--port", "4003") == 0
    assert (told.host, told.port) == ("::1", 4003)
    assert (told.settings.max_streams, told.settings.rate) == (8, 2.5)
    assert told.faces
    assert exit_of(serve.command, "--no-face") == 0 and not told.faces


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ports = 1", "--config has no 'ports'; known: bundle, burst, face, face-bundle, host"),
        ("port = ", "--config is no readable TOML"),
        ("port = 99999", "99999 is not in the range"),
        ('rate = "fast"', "is not a valid float"),
    ],
)
def test_a_config_file_that_is_wrong_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, words: str
) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(content + "\n")
    assert words in refused(capsys, serve.command, "--config", str(config))


def test_half_of_tls_is_refused_and_whole_tls_may_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Told(monkeypatch)
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    key.write_text("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n")
    assert "both --tls-cert and --tls-key" in refused(capsys, serve.command, "--tls-cert", str(cert))
    assert exit_of(serve.command, "--host", "0.0.0.0", "--tls-cert", str(cert), "--tls-key", str(key)) == 0
    assert told.settings.credentials is not None


def test_tokens_and_metrics_reach_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    tokens = tmp_path / "tokens"
    tokens.write_text("studio a-token-of-the-studio\n")
    assert exit_of(serve.command, "--tokens", str(tokens), "--metrics-port", "9100") == 0
    assert list(told.settings.tokens.names.values()) == ["studio"] and told.settings.metrics_port == 9100
