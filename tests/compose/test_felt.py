"""What an edit tells of feelings: the source's own where it is kept, else what was asked for."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sdk import clip, compose, edit
from sdk.clips.read import felt_in, read_tags
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.compose_file import read_composition
from sdk.compose_tags import composition_tags
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.runtime.composition import Beat, Composition, Span
from sdk.runtime.limits import MAX_FELT
from sdk.runtime.track import AffectTrack, Segment, laid_over
from sdk.studio.orders import composition_of
from tests.synthetic import walking

WALK = walking(4.0)
JOY, FEAR, SADNESS = (Affect.of(name) for name in ("joy", "fear", "sadness"))
REDONE = Composition(
    beats=[Beat("a person walks", SADNESS, 4.0)], source=WALK, keep=[Span(0, 1), Span(2.5, 4)],
    felt=[Segment(0, 3, JOY), Segment(3, 4, FEAR)],
)  # fmt: skip


@st.composite
def spans(draw: st.DrawFn) -> list[Segment]:
    """Sorted and apart, with or without gaps, within 0..100 s."""
    cuts = sorted(draw(st.sets(st.integers(0, 100), max_size=12)))
    felt = draw(st.sampled_from([JOY, FEAR]))
    return [Segment(a, b, felt) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]


def at(told: list[Segment], moment: float) -> Affect | None:
    found = [span.affect for span in told if span.start_s <= moment < span.end_s]
    assert len(found) <= 1
    return found[0] if found else None


@given(spans(), spans())
def test_what_is_laid_over_hides_what_is_below_and_nothing_else(below: list[Segment], above: list[Segment]) -> None:
    told = list(laid_over(below, above))
    assert told == sorted(told, key=lambda span: span.start_s) and all(span.end_s > span.start_s for span in told)
    for moment in (k + 0.5 for k in range(100)):
        assert at(told, moment) == (at(above, moment) or at(below, moment))


def test_kept_spans_tell_the_sources_feeling_and_new_ones_what_was_asked() -> None:
    told = [(s.start_s, s.end_s, s.affect.label) for s in REDONE.told()]
    assert told == [(0, 1, "joy"), (1, 2.5, "sadness"), (2.5, 3, "joy"), (3, 4, "fear")]
    felt = [REDONE.felt_at(seconds).label for seconds in (0.5, 1.5, 2.7, 3.5)]
    assert felt == ["joy", "sadness", "joy", "fear"]


def test_a_track_is_told_around_what_is_kept() -> None:
    beats = [Beat("a person walks", None, 4.0)]
    told = replace(REDONE, beats=beats, track=AffectTrack([0, 2, 4], [SADNESS, SADNESS, FEAR])).told()
    assert [(s.start_s, s.end_s) for s in told] == [(0, 1), (1, 2), (2, 2.5), (2.5, 3), (3, 4)]
    assert [s.affect.label for s in told] == ["joy", "sadness", "sadness", "joy", "fear"]
    assert told[1].affect == SADNESS and told[2].affect.weights[Emotion.FEAR] == pytest.approx(1 / 8)


def test_of_a_source_without_tags_nothing_is_told() -> None:
    assert [s.affect.label for s in replace(REDONE, felt=()).told()] == ["sadness"]
    assert replace(REDONE, felt=()).felt_at(0.5) == SADNESS


def tags_of(asked: Composition) -> ClipTags:
    return composition_tags(
        asked, 7, plan="best", generator="emo-mask", applied=SADNESS, prompt="x", licence="CC0-1.0",
        attribution="nobody", model="m", version="1", bundle_sha256="", made_with={},
    )  # fmt: skip


def test_the_tags_label_is_what_is_felt_longest() -> None:
    tags = tags_of(REDONE)
    assert tags.requested == SADNESS and tags.segments == REDONE.told()
    assert tags.applied == SADNESS
    assert tags_of(replace(REDONE, keep=[Span(0, 1.2), Span(2.5, 4)])).applied == JOY, "1.2 and 0.5 s"


@pytest.mark.parametrize(
    ("felt", "source", "words"),
    [
        ([Segment(0, 1, JOY)], None, "felt tells feelings of a source"),
        ([Segment(1, 2, JOY), Segment(0, 1, JOY)], WALK, r"must be sorted and apart within 2\.\.3600 s, got 0\.\.1 s"),
        ([Segment(1, 1, JOY)], WALK, "sorted and apart"),
        ([Segment(0, float("nan"), JOY)], WALK, "sorted and apart"),
        ([Segment(k, k + 1, JOY) for k in range(MAX_FELT + 1)], WALK, "at most 1024 spans, got 1025"),
    ],
)
def test_wrong_spans_are_refused(felt: list[Segment], source: object, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        Composition(beats=[Beat("a person walks", JOY, 4.0)], source=source, felt=felt)


def test_a_script_takes_the_feelings_from_its_sources_tags_unless_it_says_them(tmp_path: Path) -> None:
    tags = ClipTags(
        prompt="a person walks", requested=JOY, applied=JOY, seed=1, plan="best", licence="CC0-1.0",
        segments=(Segment(0, 2, JOY), Segment(2, 2, SADNESS), Segment(2, 4, FEAR)),
    )  # fmt: skip
    write_clip(tmp_path / "walk.glb", WALK, tags)
    assert felt_in(tmp_path / "walk.glb") == (Segment(0, 2, JOY), Segment(2, 4, FEAR)), "what lasts no time is left out"
    script = tmp_path / "play.yaml"
    lines = "beats: [{text: a person walks, emotion: sadness, seconds: 4}]\nsource: walk.glb\nkeep: [[0, 1]]\n"
    script.write_text(lines)
    read = {"read": lambda path: WALK, "felt": felt_in}
    assert read_composition(script, **read).felt == (Segment(0, 2, JOY), Segment(2, 4, FEAR))
    script.write_text(lines + "felt: [{start_s: 0, end_s: 4, emotion: trust}]\n")
    assert read_composition(script, **read).felt == (Segment(0, 4, Affect.of("trust")),)
    script.write_text(lines + "felt: [{start_s: 0, end_s: 4, mood: trust}]\n")
    with pytest.raises(InvalidInput, match=r"felt\.0 has no 'mood'"):
        read_composition(script, **read)
    (tmp_path / "walk.glb.emotion.json").unlink()
    write_clip(tmp_path / "other.bvh", WALK, tags)
    (tmp_path / "other.bvh.emotion.json").unlink()
    assert felt_in(tmp_path / "other.bvh") == ()


def test_the_studios_page_says_what_its_take_feels() -> None:
    stated = {"start_s": 0, "end_s": 4, "weights": {"joy": 1}, "intensity": 0.7, "label": "joy"}
    order = {"beats": [{"text": "a person walks", "seconds": 4}], "keep": [[0, 1]], "felt": [stated]}
    assert composition_of(order, WALK).felt == (Segment(0, 4, Affect({Emotion.JOY: 1.0}, 0.7)),)
    with pytest.raises(InvalidInput) as refused:
        composition_of({**order, "felt": [{**stated, "end_s": "late"}]}, WALK)
    assert refused.value.field == "felt.0.end_s"


def test_a_loop_tells_what_it_was_cut_from() -> None:
    cut = replace(REDONE, keep=(), loop=True, beats=[Beat("a person walks", SADNESS, 2.0)])
    told = [(s.start_s, s.end_s, s.affect.label) for s in cut.told((2.5, 3.5))]
    assert told == [(0, 1, "joy"), (1, 2, "fear")]
    assert [s.affect.label for s in cut.told((3.5, 4.5))] == ["fear", "sadness"], "behind the source it was made anew"
    made = Composition(beats=[Beat("a person walks", JOY, 1.0), Beat("a person walks", FEAR, 1.0)], loop=True)
    told = [(s.start_s, s.end_s, s.affect.label) for s in made.told((0.5, 2.5))]
    assert told == [(0, pytest.approx(0.5), "joy"), (pytest.approx(0.5), 2, "fear")]
    assert [s.affect.label for s in replace(cut, felt=()).told((2.5, 3.5))] == ["sadness"]


def test_a_track_in_pieces_feels_like_the_track() -> None:
    track = AffectTrack([1, 2, 4], [JOY, JOY, FEAR])
    told = track.segments(5, most_s=0.5)
    assert [(s.start_s, s.end_s) for s in told] == [(0, 1), (1, 2), (2, 2.5), (2.5, 3), (3, 3.5), (3.5, 4), (4, 5)]
    assert [s.affect for s in told[:2]] == [JOY, JOY] and told[-1].affect == FEAR
    for span in told:
        np.testing.assert_allclose(
            span.affect.condition, track.at((span.start_s + span.end_s) / 2).condition, atol=1e-12
        )
        assert Emotion.NEUTRAL not in span.affect.weights
    assert [(s.start_s, s.end_s) for s in track.segments(3)] == [(0, 1), (1, 2), (2, 3)]
    rest = AffectTrack([0, 1], [Affect.neutral(), Affect.neutral()])
    assert [s.affect for s in rest.segments(2, most_s=0.5)] == [Affect.neutral()] * 2


def run(command: object, *arguments: object) -> str:
    done = CliRunner().invoke(command, [str(value) for value in arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory, bundle_path: Path) -> Path:
    """Two seconds of a joyful walk, sad from 0.5 to 1 s."""
    walk, new = (tmp_path_factory.mktemp("edited") / name for name in ("walk.glb", "new.glb"))
    run(clip.command, "a person walks forward", "--emotion", "joy", "--seconds", 2, "--seed", 1, "--out", walk)
    run(edit.command, walk, "--redo", "0.5:1", "--emotion", "sadness", "--seed", 1, "--out", new)
    return new


def check_again(path: Path) -> None:
    again = path.parent / "again" / path.name
    again.parent.mkdir(exist_ok=True)
    run(clip.command, "--again", f"{path}.emotion.json", "--out", again)
    for end in ("", ".emotion.json"):
        assert Path(f"{again}{end}").read_bytes() == Path(f"{path}{end}").read_bytes()


def test_an_edited_clip_tells_both_feelings_and_is_made_again_to_the_byte(edited: Path) -> None:
    tags = read_tags(edited).tags
    assert [s.affect.label for s in tags.segments] == ["joy", "sadness", "joy"]
    assert tags.applied.label == "joy" and tags.requested.label == "sadness"
    check_again(edited)


def test_a_loop_of_an_edited_clip_tells_what_it_plays_and_that_words_had_no_part(edited: Path) -> None:
    loop = edited.with_name("loop.glb")
    said = run(edit.command, edited, "--loop", "--seconds", 1, "--emotion", "fear", "--seed", 4, "--out", loop)
    words = re.search(r"the loop is (\S+) to (\S+) s of the source; words and feelings had no part", said)
    assert words is not None, said
    begin, end = map(float, words.groups())
    told = [s for s in read_tags(loop).tags.segments if s.end_s - s.start_s > 0.05]
    for span in told:
        middle = begin + (span.start_s + span.end_s) / 2 * (end - begin)
        assert span.affect.label == ("sadness" if 0.5 < middle < 1 else "joy"), (begin, end, told)
    check_again(loop)


def test_an_edit_goes_on_with_what_was_done_and_felt_at_that_moment(edited: Path, tmp_path: Path) -> None:
    script = tmp_path / "two.yaml"
    script.write_text(
        "beats:\n  - {text: a person waves the right hand, emotion: joy, seconds: 1}\n"
        "  - {text: a person walks forward, emotion: sadness, seconds: 1}\nseed: 1\n"
    )
    run(compose.command, script, "--out", tmp_path / "two.glb")
    for options, text, label in (
        (("--seconds", 3), "a person walks forward", "sadness"),
        (("--redo", "0.2:0.8"), "a person waves the right hand", "joy"),
    ):
        run(edit.command, tmp_path / "two.glb", *options, "--seed", 1, "--out", tmp_path / "new.glb")
        tags = read_tags(tmp_path / "new.glb").tags
        assert (tags.prompt, tags.requested.label) == (text, label)
    run(edit.command, edited, "--redo", "0.6:0.9", "--seed", 1, "--out", tmp_path / "again.glb")
    assert read_tags(tmp_path / "again.glb").tags.requested.label == "sadness"
    refused = CliRunner().invoke(
        edit.command, [str(edited), "--loop", "--redo", "0:1", "--out", str(tmp_path / "x.glb")]
    )
    assert isinstance(refused.exception, InvalidInput) and "then loop what came of it" in str(refused.exception)
