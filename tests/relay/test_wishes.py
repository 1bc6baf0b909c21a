"""Changes that somebody types, or that faders and buttons send."""

import pytest

from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.relay.osc import Message
from sdk.relay.wishes import End, Listener, change_of_line


def test_lines() -> None:
    assert change_of_line("text a person  jumps\n") == {"text": "a person jumps"}
    assert change_of_line("affect anger 0.9") == {"affect": Affect.of("anger", 0.9)}
    assert change_of_line("affect joy:0.6,trust:0.4") == {"affect": Affect.of("joy:0.6,trust:0.4")}
    assert change_of_line("speed 1.2") == {"speed": 1.2}
    assert change_of_line("heading -0.5") == {"heading": -0.5}
    assert change_of_line("path 0 0 1 2") == {"path": [(0, 0), (1, 2)]}
    assert change_of_line("free") == {"free": True}
    assert change_of_line("  \n") is None
    with pytest.raises(End):
        change_of_line("end")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dance", "'dance' is no change; known: text WORDS"),
        ("affect jyo", "did you mean 'joy'"),
        ("affect joy much", "affect cannot be 'joy much'"),
        ("affect joy 3", "intensity must lie in 0..1"),
        ("speed", "speed cannot be ''"),
        ("speed fast", "speed cannot be 'fast'"),
        ("speed 9", "speed must lie in 0.5..1.5"),
        ("heading 90", "heading must lie in"),
        ("path 1 2 3", "a path needs two points or more"),
        ("text", "text is empty"),
    ],
)
def test_a_slip_is_refused_by_name(line: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        change_of_line(line)


def test_messages_say_the_same() -> None:
    listener = Listener()
    for address, arguments, line in (
        ("text", ("a person jumps",), "text a person jumps"),
        ("affect", ("anger", 0.5), "affect anger 0.5"),
        ("speed", (1.25,), "speed 1.25"),
        ("path", (0.0, 0.0, 1.0, 2.0), "path 0 0 1 2"),
        ("free", (1,), "free"),
        ("free", (), "free"),
    ):
        assert listener.change_of(Message(f"/emomotion/{address}", arguments)) == change_of_line(line)
    assert listener.change_of(Message("/VMC/Ext/OK", (1,))) is None
    assert listener.change_of(Message("/emomotion/end", (0,))) is None  # the button is let go
    with pytest.raises(End):
        listener.change_of(Message("/emomotion/end", (1,)))


def test_faders_mix_a_feeling() -> None:
    listener = Listener()

    def move(name: str, value: float) -> Affect:
        change = listener.change_of(Message(f"/emomotion/emotion/{name}", (value,)))
        assert change is not None
        found = change["affect"]
        assert isinstance(found, Affect)
        return found

    assert move("joy", 0.8) == Affect({Emotion.JOY: 1.0}, 0.8)
    assert move("trust", 0.4) == Affect({Emotion.JOY: 0.8, Emotion.TRUST: 0.4}, 0.8)
    move("joy", 0)
    assert move("trust", 0) == Affect.neutral()
    with pytest.raises(InvalidInput, match="takes one number 0..1"):
        move("joy", 7)
