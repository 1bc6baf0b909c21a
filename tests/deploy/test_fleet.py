"""Options of a deployment and the command; no Ray is needed."""

import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdk.cli import group
from sdk.deploy import start
from sdk.deploy.fleet import Fleet, app
from sdk.deploy.start import check_free, check_size
from sdk.errors import EmoMotionError, InvalidInput


def test_arguments_come_as_text_or_as_numbers() -> None:
    assert Fleet.of({"replicas": "2", "busy_at": "3.5", "bundle": "mine"}) == Fleet.of(
        {"replicas": 2, "busy_at": 3.5, "bundle": "mine"}
    )


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"replicas": 0}, "replicas"),
        ({"replicas": "two"}, "replicas"),
        ({"replicas": None}, "replicas"),
        ({"copies": 2}, "copies"),
        ({"replicas": 3, "max_replicas": 2}, "max_replicas"),
        ({"threads": -1}, "threads"),
        ({"busy_at": "nan"}, "busy_at"),
        ({"rate": -1}, "rate"),
        ({"max_streams": 96}, "max_calls"),
    ],
)
def test_what_is_wrong_is_named(args: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Fleet.of(args)
    assert refusal.value.field == field and "\n" not in str(refusal.value)


def test_rules_hold_the_tokens_themselves_for_nodes_without_the_file(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("studio 0123456789abcdef\n")
    rules = Fleet(tokens=str(tmp_path / "tokens"), max_streams=5).rules
    assert list(rules.tokens.names.values()) == ["studio"] and rules.max_streams == 5
    with pytest.raises(InvalidInput, match="tokens"):
        _ = Fleet(tokens=str(tmp_path / "absent")).rules


def test_more_replicas_than_cores_are_refused() -> None:
    check_size(Fleet(replicas=2, threads=4), 8)
    with pytest.raises(InvalidInput, match="3 replicas of 4 threads need 12 cores, this machine has 8"):
        check_size(Fleet(replicas=3, threads=4), 8)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidInput, match=r"needs Ray; .*'\.\[ray\]'"):
        app({"replicas": 2})
    done = CliRunner().invoke(group, ["deploy", "--insecure", "--replicas", "1"])
    assert isinstance(done.exception, InvalidInput) and done.exception.field == "ray"


def test_the_command_wants_to_be_told_that_all_may_listen() -> None:
    done = CliRunner().invoke(group, ["deploy"])
    assert isinstance(done.exception, InvalidInput) and done.exception.field == "insecure"
    assert "all addresses" in str(done.exception) and "--insecure" in str(done.exception)
    assert "deploy" in CliRunner().invoke(group, ["--help"]).output


def refusal_of(*args: str) -> str:
    """The line with which the command refuses, before Ray is started."""
    done = CliRunner().invoke(group, ["deploy", "--insecure", "--replicas", "1", *args])
    assert isinstance(done.exception, EmoMotionError) and "\n" not in str(done.exception)
    return str(done.exception)


def test_what_can_be_known_is_said_before_ray_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(start, "ray_serve", lambda: None)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(start, "RAYS_PORTS", ())
    assert "does not exist" in refusal_of("--bundle", str(tmp_path / "nope"))
    assert "tokens" in refusal_of("--tokens", str(tmp_path / "nope"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} is already in use" in refusal_of("--port", str(port))
        monkeypatch.setattr(start, "RAYS_PORTS", (port,))
        with pytest.raises(InvalidInput, match="HAProxy needs it"):
            check_free(port)


def test_rays_failures_become_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ray:
        def is_initialized(self) -> bool:
            return False

        def init(self, **options: object) -> None:
            raise ConnectionError("Failed to connect to Ray cluster")

    monkeypatch.setitem(sys.modules, "ray", Ray())
    monkeypatch.setattr(start, "ray_serve", lambda: None)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert "no Ray can be joined at 10.0.0.1:6379: is it up" in refusal_of()
