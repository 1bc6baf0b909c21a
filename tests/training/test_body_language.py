"""The table of descriptions, what may enter it, and asking a service for more: against a server of our own."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sdk.console import run
from sdk.emotion import SEED_EMOTIONS, Emotion
from sdk.errors import InvalidInput, MalformedFile
from training.body_language import (
    SHIPPED,
    check_sentence,
    command,
    descriptions,
    load_table,
    merge,
    parse_answer,
    read_table,
)
from training.datasets.captions import known_contents

GOOD = ["A person walks with a light swing of both arms.", "Someone strides ahead, the chin lifted high."]


# --- the shipped table ------------------------------------------------------------------------------------------------


def test_every_emotion_has_words_for_walking_running_and_all_else() -> None:
    table = load_table()
    assert list(table) == [e.label for e in Emotion]
    for emotion, entries in table.items():
        assert {"walk", "run", "any"} <= set(entries), emotion
        for action, sentences in entries.items():
            assert 3 <= len(sentences) <= 5 and len(set(sentences)) == len(sentences), (emotion, action)
            assert all(("{action}" in s) == (action not in ("walk", "run")) for s in sentences), (emotion, action)
    for emotion in SEED_EMOTIONS:
        assert len(table[emotion.label]["walk"]) == 5


def test_no_sentence_stands_under_two_emotions() -> None:
    every = [s for entries in load_table().values() for sentences in entries.values() for s in sentences]
    assert len(every) == len(set(every)) > 100


@pytest.mark.parametrize("emotion", list(Emotion))
def test_every_content_can_be_described(emotion: Emotion) -> None:
    for content in known_contents():
        for text in descriptions(emotion, content):
            assert re.fullmatch(r"(A person|Someone) [a-zA-Z ,'-]+\.", text), text
    waved = descriptions(emotion, "wave-left-hand")
    assert any("waves the left hand" in text for text in waved)


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(InvalidInput, match="action 'swim' is unknown; known: bow, bye"):
        descriptions(Emotion.JOY, "swim")
    with pytest.raises(InvalidInput, match="no sentences for trust and bow"):
        descriptions(Emotion.TRUST, "bow", {"trust": {"walk": GOOD}})


# --- what may enter ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("A person walks.", "must have 4..30 words"),
        ("A person walks " + "very " * 40 + "fast.", "must have 4..30 words"),
        ("A person <b>walks</b> with a spring.", "not one plain sentence"),
        ("1. A person walks with a spring.", "not one plain sentence"),
        ("A person walks with *bounce* in the step.", "not one plain sentence"),
        ("A person walks along. Then the person stops.", "not one plain sentence"),
        ("A person {verb} with a spring.", "not one plain sentence"),
        ("A person walks joyfully down the street.", "names an emotion"),
        (7, "must be a text, found 7"),
    ],
)
def test_what_is_no_plain_description_is_refused(sentence: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_sentence(sentence)


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    for document, message in (
        ({"version": 2, "emotions": {}}, "version must be 1, found 2"),
        ({"version": 1, "emotions": {"glee": {}}}, "emotion 'glee' is unknown; known: neutral, joy"),
        ({"version": 1, "emotions": {"joy": {"swim": GOOD}}}, "joy: action 'swim' is unknown"),
        ({"version": 1, "emotions": {"joy": {"walk": "x"}}}, "joy.walk must be a list of sentences"),
        ({"version": 1, "emotions": {"joy": {"walk": ["No."]}}}, "own.json: joy.walk: a sentence must have"),
        ({"version": 1, "emotion": {}}, "emotion is unknown; did you mean 'emotions'"),
    ):
        path.write_text(json.dumps(document))
        with pytest.raises(InvalidInput, match=message):
            load_table(path)
    path.write_text("{")
    with pytest.raises(MalformedFile, match=r"own\.json: line 1"):
        load_table(path)


# --- a user's table ---------------------------------------------------------------------------------------------------


def test_a_users_sentences_stand_behind_the_shipped_ones(tmp_path: Path) -> None:
    own, before = tmp_path / "own.json", SHIPPED.read_bytes()
    assert merge(own, Emotion.JOY, "walk", GOOD, "model-1") == 2
    assert merge(own, Emotion.JOY, "walk", [GOOD[0], descriptions(Emotion.JOY, "walk")[0]], "model-1") == 0
    assert load_table(own)["joy"]["walk"] == [*load_table()["joy"]["walk"], *GOOD]
    assert read_table(own)["added"] == [{"emotion": "joy", "action": "walk", "model": "model-1", "count": 2}]
    with pytest.raises(InvalidInput, match="the shipped table is not written"):
        merge(SHIPPED, Emotion.JOY, "walk", GOOD, "model-1")
    assert SHIPPED.read_bytes() == before


def test_an_answer_is_a_list_of_sentences() -> None:
    assert parse_answer(json.dumps(GOOD), 4) == GOOD
    assert parse_answer(f"```json\n{json.dumps([*GOOD, GOOD[0]])}\n```", 4) == GOOD
    for answer, message in (
        ("Sure! Here are some.", "no JSON list of sentences: 'Sure! Here are some.'"),
        ('{"a": 1}', "must be a JSON list of 1..8"),
        (json.dumps(GOOD * 5), "must be a JSON list of 1..8"),
        (json.dumps([GOOD[0], "<p>A person walks along here.</p>"]), "not one plain sentence"),
    ):
        with pytest.raises(InvalidInput, match=message):
            parse_answer(answer, 4)


# --- a service --------------------------------------------------------------------------------------------------------


class Service(BaseHTTPRequestHandler):
    """Answers as `reply` says: (status, headers, body); keeps what was asked."""

    reply: tuple[int, dict[str, str], bytes] = (200, {}, b"")
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append((self.path, dict(self.headers), body))
        status, headers, content = type(self).reply
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def service() -> Iterator[str]:
    Service.asked = []
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def completion(text: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def extend(endpoint: str, out: Path, *options: str) -> int:
    fixed = ["extend", "--endpoint", endpoint, "--model", "m-1", "--emotion", "happy", "--action", "walk"]
    with pytest.raises(SystemExit) as left:
        run(command, [*fixed, "--out", str(out), "--timeout", "5", *options], name="body_language")
    return int(left.value.code or 0)


def test_a_service_is_asked_and_its_answer_kept(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUR_KEY", "secret-1")
    Service.reply = completion(json.dumps(GOOD))
    assert extend(f"{service}/v1/", tmp_path / "own.json", "--key-env", "OUR_KEY") == 0
    ((path, headers, body),) = Service.asked
    assert path == "/v1/chat/completions" and headers["Authorization"] == "Bearer secret-1"
    assert body["model"] == "m-1" and "recognises the emotion joy" in body["messages"][0]["content"]
    assert "walks forward" in body["messages"][0]["content"]
    assert load_table(tmp_path / "own.json")["joy"]["walk"][-2:] == GOOD
    out = capsys.readouterr()
    assert "2 new sentences for joy, walk" in out.out and "secret-1" not in out.out + out.err


def test_without_a_key_none_is_sent(service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    Service.reply = completion(json.dumps(GOOD))
    assert extend(f"{service}/v1/chat/completions", tmp_path / "own.json") == 0
    assert "Authorization" not in Service.asked[0][1] and Service.asked[0][0] == "/v1/chat/completions"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((401, {}, b"{}"), "127.0.0.1 refuses: 401 Unauthorized; is the key in the environment?"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "127.0.0.1 refuses: 302"),
        ((200, {}, b"hello"), "answers with no chat completion"),
        ((200, {}, b'{"choices": []}'), "answers with no chat completion"),
        ((200, {}, b'{"choices": [{"message": {"content": null}}]}'), "answers without a text"),
        ((200, {}, b" " * ((1 << 20) + 1)), "answers with more than 1048576 bytes"),
        (completion("I would rather not."), "the answer is no JSON list of sentences"),
    ],
)
def test_a_bad_answer_is_named_and_nothing_is_written(
    reply: tuple[int, dict[str, str], bytes], message: str, service: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPENAI_API_KEY", "secret-2")
    Service.reply = reply
    assert extend(service, tmp_path / "own.json") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line and "secret-2" not in line
    assert not list(tmp_path.iterdir())


def test_a_service_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert extend("http://127.0.0.1:9/v1", tmp_path / "own.json") == 2
    assert "127.0.0.1 does not answer: " in capsys.readouterr().err
    assert extend("ftp://127.0.0.1/v1", tmp_path / "own.json") == 2
    assert "endpoint must be an http or https address" in capsys.readouterr().err
    assert extend("http://127.0.0.1:9/v1", tmp_path / "own.json", "--action", "swim") == 2
    assert "action 'swim' is unknown" in capsys.readouterr().err
