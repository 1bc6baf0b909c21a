"""Changes from outside while a stream runs: a line that somebody types, or an OSC message, becomes a `Changes`."""

from collections.abc import Callable, Mapping

from sdk.drive import Changes, change_to_wire
from sdk.emotion import Affect, Emotion, emotion_named
from sdk.errors import InvalidInput
from sdk.relay.osc import Argument, Message

VERBS = "text WORDS | affect EMOTION [INTENSITY] | speed X | heading RADIANS | path X Z X Z ... | free | end"
ROOT = "/emomotion/"


class End(Exception):
    """Somebody wants the stream to end."""


def change_of_line(line: str) -> Changes | None:
    """What a line asks for, e.g. "affect joy:0.6,trust:0.4"; None for an empty one. Raises InvalidInput, End."""
    if not line.strip():
        return None
    verb, *words = line.split()
    return checked(verb, [" ".join(words)] if verb == "text" else words)


class Listener:
    """Understands OSC. Remembers the faders /emomotion/emotion/NAME, because each message moves only one of them."""

    def __init__(self) -> None:
        self._faders: dict[Emotion, float] = {}

    def change_of(self, message: Message) -> Changes | None:
        """What a message asks for; None if its address is not ours. Raises InvalidInput, End."""
        if not message.address.startswith(ROOT):
            return None
        verb, _, name = message.address.removeprefix(ROOT).partition("/")
        if verb == "emotion":
            return self._fader(name, message.arguments)
        if verb in ("free", "end"):  # a button also says when it is let go, with 0
            return None if message.arguments[:1] == (0,) else checked(verb, [])
        return checked(verb, list(message.arguments))

    def _fader(self, name: str, arguments: tuple[Argument, ...]) -> Changes:
        emotion, _ = emotion_named(name)
        if len(arguments) != 1 or isinstance(arguments[0], str) or not 0 <= arguments[0] <= 1:
            raise InvalidInput(f"{ROOT}emotion/{name} takes one number 0..1, got {arguments}", field="emotion")
        self._faders[emotion] = float(arguments[0])
        strongest = max(self._faders.values())
        return {"affect": Affect(self._faders, strongest) if strongest > 0 else Affect.neutral()}


def checked(verb: str, words: list[Argument] | list[str]) -> Changes:
    """The change that a verb with its arguments asks for. Raises InvalidInput, which lists the verbs, and End."""
    if verb not in PARSERS:
        raise InvalidInput(f"{verb[:40]!r} is no change; known: {VERBS}", field="change")
    try:
        change = PARSERS[verb](list(words))
    except (ValueError, IndexError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{verb} cannot be {' '.join(map(str, words))[:60]!r}; known: {VERBS}", field=verb) from None
    change_to_wire(dict(change))  # refused here, where it was said, and not by the server, which would end the stream
    return change


def _affect(words: list[Argument]) -> Changes:
    name, *intensity = words
    return {"affect": Affect.of(str(name), float(intensity[0]) if intensity else None)}


def _path(words: list[Argument]) -> Changes:
    numbers = [float(word) for word in words]
    if len(numbers) < 4 or len(numbers) % 2:
        raise InvalidInput(
            f"a path needs two points or more, x and z of each; got {len(numbers)} numbers", field="path"
        )
    return {"path": list(zip(numbers[::2], numbers[1::2], strict=True))}


def _one(words: list[Argument]) -> float:
    (word,) = words
    return float(word)


def _end(words: list[Argument]) -> Changes:
    raise End


PARSERS: Mapping[str, Callable[[list[Argument]], Changes]] = {
    "text": lambda words: {"text": str(words[0])},
    "affect": _affect,
    "speed": lambda words: {"speed": _one(words)},
    "heading": lambda words: {"heading": _one(words)},
    "path": _path,
    "free": lambda words: {"free": True},
    "end": _end,
}
