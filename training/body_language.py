"""How an emotion looks in the body, in words: the table behind the seed's own recipe for data, and its extension.

`training/datasets/body_language.json` holds, per emotion and action, a few sentences that describe a body and never
name the emotion; they follow the cue literature (Halovic & Kroos 2018; Gross, Crane & Fredrickson 2012; Michalak et al.
2009; Montepare et al. 1987; Shafir et al. 2016; Roether et al. 2009), except those of trust, anticipation, surprise and
disgust, for which it says little. "any" fits every action: {action} stands for its phrase.

    python -m training.body_language extend --endpoint https://host/v1 --model NAME --emotion joy --action walk \\
        --out my.json

asks a chat-completions endpoint for more and merges them into a table of the user's; the shipped one is never written.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sdk.emotion import Emotion, emotion_named
from sdk.errors import InvalidInput
from sdk.motion.profile_file import read_document
from training.chat import ask
from training.datasets.captions import action_of, known_contents
from training.datasets.text_mining import emotions_in

SHIPPED = Path(__file__).parent / "datasets" / "body_language.json"
ANY = "any"
"""The entry that fits every action."""
SHARED = {"wave-left-hand": "wave-hand", "wave-right-hand": "wave-hand", "wave-both-hands": "wave-hand",
          "bye": "wave-hand", "byebye": "wave-hand", "dash": "run"}  # fmt: skip
"""Contents that use the entry of another."""
VERSION = 1
MIN_WORDS, MAX_WORDS = 4, 30
MAX_CHARACTERS = 200
_SENTENCE = re.compile(r"[A-Z][A-Za-z ,'{}-]*[A-Za-z}]\.")

Sentences = Mapping[str, Mapping[str, Sequence[str]]]
"""Emotion label -> action -> sentences."""


def check_sentence(sentence: object, *, placeholder: bool = True) -> str:
    """The sentence. Raises InvalidInput for one that is no plain English sentence about a body.

    Letters, commas, hyphens and apostrophes, one full stop at the end; so no markup, numbers or lists can pass.
    """
    if not isinstance(sentence, str):
        raise InvalidInput(f"a sentence must be a text, found {json.dumps(sentence)[:60]}")
    short = repr(sentence if len(sentence) <= 60 else sentence[:60] + "...")
    words = len(sentence.split())
    if not MIN_WORDS <= words <= MAX_WORDS or len(sentence) > MAX_CHARACTERS:
        limits = f"{MIN_WORDS}..{MAX_WORDS} words and at most {MAX_CHARACTERS} characters"
        raise InvalidInput(f"a sentence must have {limits}: {short}")
    rest = sentence.replace("{action}", "acts", 1) if placeholder else sentence
    if not _SENTENCE.fullmatch(sentence) or re.search(r"[{}]", rest):
        raise InvalidInput(f"not one plain sentence (letters, commas and a full stop; no markup): {short}")
    if emotions_in(sentence):
        raise InvalidInput(f"the sentence names an emotion; it should describe the body: {short}")
    return sentence


def check_table(sentences: object, where: str) -> Sentences:
    """A table's entries. Raises InvalidInput, which names the entry."""
    if not isinstance(sentences, dict):
        raise InvalidInput(f"{where}: emotions must be an object of emotions")
    actions = {*known_contents(), *SHARED.values(), ANY}
    for emotion, entries in sentences.items():
        if emotion not in [e.label for e in Emotion]:
            known = ", ".join(e.label for e in Emotion)
            raise InvalidInput(f"{where}: emotion {emotion!r} is unknown; known: {known}")
        if not isinstance(entries, dict):
            raise InvalidInput(f"{where}: {emotion} must be an object of actions")
        for action, texts in entries.items():
            if action not in actions:
                raise InvalidInput(
                    f"{where}: {emotion}: action {action!r} is unknown; known: {', '.join(sorted(actions))}"
                )
            if not isinstance(texts, list) or not texts:
                raise InvalidInput(f"{where}: {emotion}.{action} must be a list of sentences")
            for text in texts:
                try:
                    check_sentence(text)
                except InvalidInput as error:
                    raise InvalidInput(f"{where}: {emotion}.{action}: {error}") from None
    return sentences


def read_table(path: Path) -> dict[str, Any]:
    """A table's file as it is written. Raises MalformedFile (JSON, line) or InvalidInput (entry, version)."""
    document = read_document(path)
    document.only(("version", "emotions", "added"))
    if document.values.get("version") != VERSION:
        raise InvalidInput(f"{path.name}: version must be {VERSION}, found {document.values.get('version')!r}")
    check_table(document.values.get("emotions"), path.name)
    return document.values


def load_table(own: Path | None = None) -> dict[str, dict[str, list[str]]]:
    """The shipped table, a user's entries behind its own. Raises MalformedFile or InvalidInput for the user's."""
    table: dict[str, dict[str, list[str]]] = {}
    for path in (SHIPPED,) if own is None else (SHIPPED, own):
        for emotion, entries in read_table(path)["emotions"].items():
            for action, texts in entries.items():
                known = table.setdefault(emotion, {}).setdefault(action, [])
                known += [text for text in texts if text not in known]
    return table


def descriptions(emotion: Emotion, content: str, table: Sentences | None = None) -> list[str]:
    """Sentences that describe a body doing `content` with an emotion, the action filled in.

    The content's own entry, or the one it shares, or "any". Raises InvalidInput for an unknown content or no entry.
    """
    if content not in known_contents():
        raise InvalidInput(
            f"action {content!r} is unknown; known: {', '.join(sorted(known_contents()))}", field="action"
        )
    entries = (load_table() if table is None else table).get(emotion.label, {})
    texts = entries.get(content) or entries.get(SHARED.get(content, "")) or entries.get(ANY)
    if not texts:
        raise InvalidInput(f"the table has no sentences for {emotion.label} and {content}", field="action")
    return [text.replace("{action}", action_of(content)) for text in texts]


def instruction(emotion: Emotion, action: str, count: int) -> str:
    """What the endpoint is asked."""
    what = (
        "doing anything at all; write {action} where the verb stands" if action == ANY else f"who {action_of(action)}"
    )
    return (
        f"Describe the body of a person {what}, so that anybody who sees it recognises the emotion {emotion.label}. "
        f"Give {count} different English sentences of {MIN_WORDS} to {MAX_WORDS} words. Each starts with 'A person' or "
        "'Someone' and a verb, and tells posture, pace, rhythm, size of the movements, arms, head or steps. "
        "Never name an emotion or a thought, no numbers, no names. "
        "Answer with a JSON list of strings and nothing else."
    )


def parse_answer(text: str, count: int) -> list[str]:
    """Sentences of an endpoint's answer. Raises InvalidInput unless it is a JSON list of 1 to 2 x `count` sentences."""
    stripped = re.sub(r"\A\s*```(?:json)?\s*|\s*```\s*\Z", "", text)  # a fence around the list is common and harmless
    try:
        answer = json.loads(stripped)
    except ValueError:
        raise InvalidInput(f"the answer is no JSON list of sentences: {' '.join(text.split())[:80]!r}") from None
    if not isinstance(answer, list) or not 1 <= len(answer) <= 2 * count:
        raise InvalidInput(f"the answer must be a JSON list of 1..{2 * count} sentences, found {str(answer)[:80]!r}")
    return list(dict.fromkeys(check_sentence(text.strip() if isinstance(text, str) else text) for text in answer))


def merge(out: Path, emotion: Emotion, action: str, sentences: Sequence[str], model: str) -> int:
    """Add sentences to a user's table, made if absent; how many are new. Raises InvalidInput for the shipped table."""
    if out.resolve() == SHIPPED.resolve():
        raise InvalidInput(f"the shipped table is not written; name another file with --out: {out}", field="out")
    table = read_table(out) if out.exists() else {"version": VERSION, "emotions": {}}
    known = table["emotions"].setdefault(emotion.label, {}).setdefault(action, [])
    shipped = load_table().get(emotion.label, {}).get(action, [])
    new = [text for text in sentences if text not in known and text not in shipped]
    if not new:
        return 0
    known += new
    table.setdefault("added", []).append(
        {"emotion": emotion.label, "action": action, "model": model, "count": len(new)}
    )
    check_table(table["emotions"], out.name)
    try:
        part = out.with_name(out.name + ".part")
        part.write_text(json.dumps(table, indent=1) + "\n")
        os.replace(part, out)
    except OSError as error:
        raise InvalidInput(f"cannot write: {error.strerror or error}: {out}", field="out") from None
    return len(new)


@click.group()
def command() -> None:
    """Body-language descriptions of emotions."""


@command.command()
@click.option("--endpoint", required=True, help="Base address of a chat-completions service, e.g. https://host/v1.")
@click.option("--model", required=True, help="Name of the model there.")
@click.option("--emotion", required=True, help="Which emotion, e.g. joy.")
@click.option("--action", required=True, help="Which action (a content label), or any.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Your own table, JSON.")
@click.option("--count", default=4, show_default=True, type=click.IntRange(1, 20), help="Sentences to ask for.")
@click.option(
    "--key-env", default="OPENAI_API_KEY", show_default=True, help="Environment variable with the key, if any."
)
@click.option("--timeout", default=60.0, show_default=True, type=click.FloatRange(1, 600), help="Seconds to wait.")
def extend(
    endpoint: str, model: str, emotion: str, action: str, out: Path, count: int, key_env: str, timeout: float
) -> None:
    """Ask a chat-completions endpoint for descriptions and merge them into your table."""
    wanted, _ = emotion_named(emotion)
    if action not in {*known_contents(), *SHARED.values(), ANY}:
        known = ", ".join(sorted({*known_contents(), *SHARED.values(), ANY}))
        raise InvalidInput(f"action {action!r} is unknown; known: {known}", field="action")
    text = ask(endpoint, model, instruction(wanted, action, count), key=os.environ.get(key_env, ""), timeout_s=timeout)
    added = merge(out, wanted, action, parse_answer(text, count), model)
    click.echo(f"{out}: {added} new sentences for {wanted.label}, {action}")


if __name__ == "__main__":
    from sdk.console import run

    run(command, name="python -m training.body_language")
