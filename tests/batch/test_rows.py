"""Lists: what they ask for, and every fault of them by its line."""

from pathlib import Path

import pytest

from sdk.batch.rows import MAX_CLIPS, Faults, Row, read_list
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.post import Post


def rows(tmp_path: Path, text: str | bytes, name: str = "clips.yaml", **defaults: object) -> list[Row]:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_list(path, defaults)


def faults(tmp_path: Path, text: str | bytes, name: str = "clips.yaml") -> tuple[str, ...]:
    with pytest.raises(Faults) as caught:
        rows(tmp_path, text, name)
    assert "nothing was made" in str(caught.value)
    return caught.value.faults


def test_every_combination_is_a_clip_in_a_fixed_order(tmp_path: Path) -> None:
    found = rows(tmp_path, "clips:\n- prompt: [walk, run]\n  emotion: [joy, rage]\n  seed: [3, 1..2]\n  seconds: 2\n")
    assert [(r.text, r.emotion, r.seed) for r in found] == [
        (text, emotion, seed) for text in ("walk", "run") for emotion in ("joy", "rage") for seed in (3, 1, 2)
    ]
    assert [r.number for r in found] == list(range(1, 13)) and {r.seconds for r in found} == {2.0}
    assert found[3].affect == Affect.of("rage") and found[0].affect == Affect.of("joy")


def test_fields_beside_clips_hold_where_an_entry_says_nothing(tmp_path: Path) -> None:
    text = "smooth: 0.5\nlock_feet: yes\nformat: [glb, .bvh]\nclips:\n"
    text += "- prompt: a\n- {prompt: b, smooth: 0, format: .npz}\n"
    a, b = rows(tmp_path, text)
    assert a.post == Post(lock_feet=True, smooth=0.5) and a.formats == (".glb", ".bvh")
    assert b.post == Post(lock_feet=True) and b.formats == (".npz",)


def test_options_hold_where_the_list_says_nothing(tmp_path: Path) -> None:
    a, b = rows(tmp_path, "prompt,smooth\na,\nb,0.25\n", "clips.csv", smooth=1.0, format="bvh", ground=None)
    assert (a.post.smooth, b.post.smooth) == (1.0, 0.25) and a.formats == (".bvh",)


def test_neutral_has_no_strength(tmp_path: Path) -> None:
    found = rows(tmp_path, "clips:\n- prompt: walk\n  emotion: [neutral, joy]\n  intensity: [0.3, 1]\n")
    assert [(r.emotion, r.affect.intensity) for r in found] == [("neutral", 1.0), ("joy", 0.3), ("joy", 1.0)]
    assert found[0].affect == Affect.neutral()


def test_a_mixture_is_one_emotion(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "prompt;emotion\nwalk;joy:0.6,trust:0.4\n", "clips.csv")
    assert row.affect.weights == {Emotion.JOY: 0.6, Emotion.TRUST: 0.4}


def test_without_a_seed_a_prompt_has_its_own(tmp_path: Path) -> None:
    first = rows(tmp_path, "clips:\n- prompt: [walk, run]\n  emotion: [joy, fear]\n")
    assert first == rows(tmp_path, "clips:\n- prompt: [walk, run]\n  emotion: [joy, fear]\n")
    assert first[0].seed == first[1].seed != first[2].seed


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_csv_of_every_office_program(between: str, tmp_path: Path) -> None:
    cells = [["Prompt", "Emotion", "Seed"], [f'"läuft{between}springt"', "joy", "7"], []]
    text = "\ufeff" + "".join(between.join(line) + "\r\n" for line in cells)
    (row,) = rows(tmp_path, text, "clips.csv")
    # A text is on one line: a tab in it is white space like any other.
    assert row.text == f"läuft{' ' if between.isspace() else between}springt"
    assert (row.emotion, row.seed, row.line) == ("joy", 7, 2)


def test_all_faults_of_a_csv_are_named_at_once(tmp_path: Path) -> None:
    text = (
        "prompt,emotion,intensity,seed,seconds,format\n"
        "walk,joi,0.5,1,4,.glb\n"
        ",joy,2,x,99,.doc\n"
        '"two\nlines",joy,0.5,1,4,.glb\n'
        "walk,joy,0.5,-1,4,.glb,more\n"
        "walk,joy,0.5,5..1,nan,.glb\n"
    )
    found = faults(tmp_path, text, "clips.csv")
    starts = [
        "line 6: 7 values under 6 names; put a text that holds ',' in quotes",
        "line 2: emotion 'joi' is unknown; did you mean 'joy'?",
        "line 3: intensity must be a number in 0..1, not '2'",
        "line 3: seed must be a whole number, or e.g. 1..20, not 'x'",
        "line 3: seconds must be a number in 0.5..30, not '99'",
        "line 3: format '.doc' is unknown; known: .glb",
        "line 7: seeds must rise within",
        "line 7: seconds must be a number",
    ]
    assert len(found) == len(starts)
    assert all(fault.startswith(start) for fault, start in zip(found, starts, strict=True)), found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the list must hold `clips:`"),
        ("clips: []", "`clips:` must hold one entry or more"),
        ("clips:\n- walk", "line 2: an entry of clips names its fields"),
        ("clips:\n- prompts: walk", "line 2: 'prompts' is no field; did you mean prompt?"),
        ("clips:\n- prompt: walk\n  prompt: run", "line 3: prompt stands here twice"),
        ("clips:\n- emotion: joy", "line 2: there is no prompt"),
        ("clips:\n- prompt: []", "line 2: prompt holds no value"),
        ("clips:\n- prompt: {a: b}", "line 2: prompt must be a value or a list"),
        ("clips:\n- prompt: walk\n  smooth: [0, 1]", "line 3: smooth takes one value, not 2"),
        ("clips:\n- prompt: walk\n  lock_feet: perhaps", "line 3: write yes or no"),
        ("clips:\n- prompt: [walk", "not YAML"),
        ("clips:\n- prompt: \"\x00\"", "not YAML"),
        ("clips: &a [*a]", "line 1: an entry of clips names its fields"),
        (f"clips:\n- prompt: walk\n  seed: 0..{MAX_CLIPS}", f"at most {MAX_CLIPS}"),
        ("clips:\n- prompt: walk\n  seed: 1..5000\n  emotion: [joy, fear, anger]", "are 15000 clips"),
        ("clips:\n" + "- {prompt: walk, seed: 1..9000}\n" * 2, f"more than {MAX_CLIPS} clips"),
    ],
)  # fmt: skip
def test_faults_of_yaml(text: str, words: str, tmp_path: Path) -> None:
    assert words in "\n".join(faults(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("emotion\njoy\n", "there is no column prompt"),
        ("prompt,colour\nwalk,red\n", "'colour' is no field; known: prompt"),
        ("prompt,prompt\nwalk,run\n", "the column prompt stands there twice"),
        ('prompt\n"walk\n', "not CSV"),
        ("prompt\n", "the list holds no clips"),
        (b"prompt\nwalk\nl\xe4uft\n", "line 3: not UTF-8 text"),
    ],
)
def test_faults_of_csv(text: str | bytes, words: str, tmp_path: Path) -> None:
    assert words in "\n".join(faults(tmp_path, text, "clips.csv"))


def test_lists_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"a list is a \.csv, \.yaml or \.yml file"):
        read_list(tmp_path / "clips.xlsx")
    with pytest.raises(InvalidInput, match="cannot read .*clips.csv: No such file"):
        read_list(tmp_path / "clips.csv")
    with pytest.raises(Faults, match="option smooth: smooth must be a number in 0..1"):
        rows(tmp_path, "clips:\n- prompt: walk\n", smooth=3.0)
