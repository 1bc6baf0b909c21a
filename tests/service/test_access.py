"""Tokens, rates, certificates: who gets in, and what the others are told."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from sdk.errors import InvalidInput
from sdk.service.access import FORGET_S, RateLimit, Tokens, client_of, server_credentials

GOOD, OTHER = "a-token-of-the-studio", "another-token-for-the-lab"


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    path = tmp_path / "tokens"
    path.write_text(f"# who may call\nstudio {GOOD}\n\nlab    {OTHER}  # the robot\n")
    return Tokens.read(path)


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ([("authorization", f"Bearer {GOOD}")], "studio"),
        ([("authorization", f"bearer  {OTHER}")], "lab"),
        ([("other", "x"), ("authorization", f"Bearer {GOOD}")], "studio"),
        ([("authorization", GOOD)], None),
        ([("authorization", f"Basic {GOOD}")], None),
        ([("authorization", f"Bearer {GOOD}x")], None),
        ([("authorization", "Bearer ")], None),
        ([("authorization", f"Bearer {GOOD}"), ("authorization", f"Bearer {OTHER}")], None),
        ([("authorization", b"\xff")], None),
        ([], None),
        (None, None),
    ],
)
def test_a_token_names_its_client(tokens: Tokens, metadata: list, name: str | None) -> None:
    assert tokens.name_of(metadata) == name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("studio\n", "line 1"),
        (f"studio {GOOD}\nlab short\n", "line 2"),
        (f"studio {GOOD}\nlab {GOOD}\n", "line 2"),
        (f"studio {GOOD} more\n", "line 1"),
        ("# nobody\n", "names no client"),
    ],
)
def test_a_file_of_tokens_that_is_none_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(content)
    with pytest.raises(InvalidInput, match=words) as refusal:
        Tokens.read(path)
    assert GOOD not in str(refusal.value), "no token in a message"


def test_a_file_of_tokens_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--tokens cannot be read"):
        Tokens.read(tmp_path / "nothing")


def test_without_a_token_a_client_is_its_address(tokens: Tokens) -> None:
    def context(metadata: list) -> SimpleNamespace:
        return SimpleNamespace(invocation_metadata=lambda: metadata, peer=lambda: "ipv4:10.0.0.7:4711")

    assert client_of(context([]), tokens) == "ipv4:10.0.0.7"
    assert client_of(context([("authorization", f"Bearer {GOOD}")]), tokens) == "studio"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_lets_a_burst_through_and_then_so_many_a_second() -> None:
    clock = Clock()
    limit = RateLimit(2.0, 3, clock=clock)
    assert [limit.take("a") for _ in range(3)] == [0.0] * 3
    assert limit.take("a") == pytest.approx(0.5)
    assert limit.take("b") == 0.0, "every client has a bucket of its own"
    clock.now = 0.5
    assert limit.take("a") == 0.0 and limit.take("a") > 0
    clock.now = 100.0
    assert [limit.take("a") for _ in range(4)][:3] == [0.0] * 3
    assert limit.take("a") > 0, "what was not used does not pile up"


def test_no_rate_is_no_limit() -> None:
    limit = RateLimit(0.0, 0)
    assert all(limit.take("a") == 0.0 for _ in range(1000))


def test_clients_that_left_are_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(1.0, 1, clock=clock)
    for k in range(500):
        limit.take(f"10.0.0.{k}")
    clock.now = 2 * FORGET_S
    limit.take("new")
    assert list(limit._left) == ["new"]


def test_files_of_certificates_are_checked_by_name(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    with pytest.raises(InvalidInput, match="--tls-cert cannot be read"):
        server_credentials(cert, key)
    cert.write_text("-----BEGIN CERTIFICATE-----\n")
    key.write_text("nothing of the kind")
    with pytest.raises(InvalidInput, match="--tls-key holds no PEM block of a private key"):
        server_credentials(cert, key)
