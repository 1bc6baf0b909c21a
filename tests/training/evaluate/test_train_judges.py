"""Judges trained on a tiny made-up set: the files load, come out the same again, and bad data are refused."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
pytest.importorskip("onnx", reason="onnx is absent: pip install -e '.[export]'")

from click.testing import CliRunner  # noqa: E402

from sdk.errors import InvalidInput  # noqa: E402
from sdk.motion.motion import Motion  # noqa: E402
from sdk.runtime.sessions import run_session  # noqa: E402
from tests.synthetic import walking  # noqa: E402
from training.datasets.bandai_namco import STYLES  # noqa: E402
from training.evaluate import emotion_data, emotion_judge, text_motion, train_judges  # noqa: E402
from training.evaluate.cue_features import cue_features, feature_names  # noqa: E402
from training.evaluate.emotion_data import EmotionData  # noqa: E402
from training.evaluate.evaluator_model import Evaluator, EvaluatorConfig  # noqa: E402
from training.evaluate.judges import CARD, GRAPHS, load_judges  # noqa: E402
from training.evaluate.movement_features import WIDTH  # noqa: E402
from training.evaluate.real_clips import RealClips  # noqa: E402
from training.evaluate.text_motion import Schedule, fit_evaluator  # noqa: E402

CONTENTS = {"walk": 1.0, "walk-left": 1.1, "walk-right": 1.1, "run": 1.5, "bow": 0.6, "kick": 0.8}
LOOKS = {  # lean, swing of the arms, pace
    "normal": (0.03, 0.40, 1.0), "happy": (-0.10, 0.80, 1.1), "sad": (0.25, 0.15, 0.8),
    "not-confident": (0.12, 0.05, 0.9), "angry": (0.08, 0.60, 1.4), "proud": (-0.16, 0.35, 1.0),
}  # fmt: skip
HELD_OUT = ("bow", "sad")
TINY = Schedule(steps=2, batch=8, warmup=1)
SENTENCE = 384


def person(content: str, style: str, take: int) -> Motion:
    """A short walk with the style's look; takes differ a little."""
    lean, swing, pace = LOOKS[style]
    rng = np.random.default_rng([take, *content.encode(), *style.encode()])
    wobble = 1 + 0.03 * rng.standard_normal(3)
    return walking(
        0.8, speed=CONTENTS[content] * pace * wobble[0], swing=swing * wobble[1], stoop=lean, bend=0.3 * wobble[2]
    )


def write_set(out: Path) -> Path:
    """One training clip and a held-out one of every content and style; HELD_OUT is in no training clip."""
    (out / "clips").mkdir(parents=True)
    lines = []
    for content in CONTENTS:
        for style in LOOKS:
            for take, split in enumerate(("train", "val")):
                if split == "train" and (content, style) == HELD_OUT:
                    continue
                motion, name = person(content, style, take), f"{content}_{style}_{take}"
                np.savez(out / "clips" / f"{name}.npz", rotations=motion.rotations, root=motion.root)
                affect, evidence = STYLES[style]
                lines.append({
                    "id": name, "frames": len(motion), "split": split, "part": 1, "content": content, "style": style,
                    "captions": ["a person moves"], "affect": {affect.label: 1.0}, "intensity": affect.intensity,
                    "evidence": evidence,
                })  # fmt: skip
    (out / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return out


def altered(source: Path, target: Path, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Path:
    """The set with other lines in its index, the clips shared; None leaves a line out."""
    target.mkdir()
    (target / "clips").symlink_to(source / "clips")
    lines = [change(json.loads(line)) for line in (source / "index.jsonl").read_text().splitlines()]
    (target / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines if line))
    return target


def embed(texts: Sequence[str]) -> np.ndarray:
    """Stands in for the sentence encoder: a random direction for every sentence, always the same one."""
    rows = [np.random.default_rng(list(text.encode())).normal(size=SENTENCE) for text in texts]
    return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32)


@pytest.fixture(scope="module")
def patched() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_motion, "embed_captions", embed)
        patch.setattr(emotion_judge, "GRID", emotion_judge.GRID[::15])
        patch.setattr(emotion_data, "_DISTORTED_CLIPS", 4)
        patch.setattr(text_motion, "EvaluatorConfig", lambda: EvaluatorConfig(first=16, width=16, hidden=16))
        yield patch


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set") / "data")


@pytest.fixture(scope="module")
def trained(
    patched: pytest.MonkeyPatch, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Evaluator]:
    """Judges of the set, and the evaluator before it became graphs."""
    models: list[Evaluator] = []

    def fitted(*args: Any, **named: Any) -> Evaluator:
        models.append(fit_evaluator(*args, **named))
        return models[-1]

    folder = tmp_path_factory.mktemp("judges") / "new" / "judges"
    patched.setattr(text_motion, "fit_evaluator", fitted)
    train_judges.train_judges(data, folder, seed=3, schedule=TINY)
    return folder, models[0]


@pytest.fixture(scope="module")
def out(trained: tuple[Path, Evaluator]) -> Path:
    """The judges' folder."""
    return trained[0]


@pytest.fixture(scope="module")
def card(out: Path) -> dict[str, Any]:
    return json.loads((out / CARD).read_text())


def test_the_files_load_and_judge_what_they_learned(out: Path) -> None:
    assert sorted(p.name for p in out.iterdir()) == sorted([CARD, *GRAPHS])
    judges = load_judges(out)
    styles = list(emotion_data.CLASSES)
    chance = judges.emotions([person("walk", style, 7) for style in styles])
    assert (chance.argmax(-1) == np.arange(5)).mean() >= 0.8
    assert judges.movement([person("run", "happy", 7)]).shape == (1, 128)


def test_the_same_data_and_seed_give_the_same_graphs(out: Path, data: Path, tmp_path: Path) -> None:
    again = train_judges.train_judges(data, tmp_path, seed=3, schedule=TINY)
    for name in GRAPHS:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()
    first = json.loads((out / CARD).read_text())
    assert {**again, "date": ""} == {**first, "date": ""}


def test_the_evaluators_graphs_say_what_the_model_says_for_any_length(trained: tuple[Path, Evaluator]) -> None:
    folder, model = trained
    sessions = load_judges(folder).sessions
    for count in (16, 17, 64, 301):
        x = torch.randn(1, count, WIDTH)
        (found,) = run_session(sessions["movement.onnx"], {"features": x.numpy()}, name="movement")
        np.testing.assert_allclose(found, model.movement(x).numpy(), atol=1e-5)
    for count in (1, 5):
        words = torch.randn(count, SENTENCE)
        (found,) = run_session(sessions["text.onnx"], {"sentence": words.numpy()}, name="text")
        np.testing.assert_allclose(found, model.text(words).numpy(), atol=1e-5)


def test_the_card_says_what_was_learned_from_what(card: dict[str, Any]) -> None:
    assert card["data"]["held_out_pairs"] == ["bow/sad"]
    assert card["data"]["training_clips"] == len(CONTENTS) * len(LOOKS) - 1
    assert card["seed"] == 3 and "--seed 3" in card["command"]
    assert card["emotion"]["features"] == list(feature_names())
    assert list(card["emotion"]["held_out_pairs"]["clips"]) == ["bow_sad_1"]
    assert card["emotion"]["held_out_neutral_recall"]["clips"] == len(CONTENTS)
    assert card["emotion"]["ceiling"]["clips"] == 5 * len(CONTENTS) - 1
    assert card["evaluator"]["val"]["labels"] == len(CONTENTS) * len(LOOKS)
    assert card["evaluator"]["rank_of_unseen_pairs"].keys() == {"bow/sad"}
    assert "reconstructed" not in card["emotion"]


def test_looks_that_differ_are_told_apart_in_unseen_actions(card: dict[str, Any]) -> None:
    assert card["emotion"]["ceiling"]["accuracy"] > 0.8 > card["emotion"]["ceiling"]["chance"]
    for plane in card["emotion"]["valence_arousal"].values():
        assert plane["mean_absolute_error"] < plane["error_of_always_neutral"]
        assert plane["spearman_of_emotional_clips"] > 0.5


def test_progress_and_warnings_are_as_before(out: Path) -> None:
    assert logging.root.manager.disable == logging.NOTSET


@pytest.mark.parametrize("evidence", ["synthetic", "none"])
def test_clips_that_a_program_made_are_refused(data: Path, tmp_path: Path, evidence: str) -> None:
    mixed = altered(data, tmp_path / "mixed", lambda x: x | {"evidence": evidence} if x["id"] == "run_sad_0" else x)
    with pytest.raises(InvalidInput, match=f"clip run_sad_0 has evidence '{evidence}'; judges learn from recorded"):
        train_judges.train_judges(mixed, tmp_path / "out", seed=0)
    assert not (tmp_path / "out").exists()


def test_too_few_labels_are_refused_before_any_work(data: Path, tmp_path: Path) -> None:
    few = altered(data, tmp_path / "few", lambda x: None if x["split"] == "val" and x["style"] == "proud" else x)
    with pytest.raises(InvalidInput, match="split 'val' has 30"):
        train_judges.train_judges(few, tmp_path / "out", seed=0)


@pytest.mark.parametrize(
    ("kept", "said"), [((), "no action"), (("run",), "run"), (("walk-left", "walk-right"), "walk")]
)
def test_a_feeling_of_one_action_cannot_be_learned(
    data: Path, tmp_path: Path, kept: tuple[str, ...], said: str
) -> None:
    """Both sides are one action; with it left out nothing would be known of the feeling."""
    bare = altered(
        data, tmp_path / "bare",
        lambda x: None if x["style"] == "angry" and x["split"] == "train" and x["content"] not in kept else x,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match=f"style angry is in training clips of {said}.*two kinds of action or more"):
        EmotionData.load(RealClips.load(bare), seed=0)


def test_the_shortest_clips_survive_being_played_faster(
    patched: object, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = RealClips.load(data)
    half = {clip.name: person(clip.content, clip.style, 0)[:16] for clip in clips.clips}
    monkeypatch.setattr(RealClips, "motion", lambda self, clip: half[clip.name])
    assert np.isfinite(EmotionData.load(clips, seed=0).distortion).all()


def test_what_fails_leaves_the_old_judges_whole(
    out: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "judges"
    folder.mkdir()
    before = {name: (out / name).read_bytes() for name in (CARD, *GRAPHS)}
    for name, content in before.items():
        (folder / name).write_bytes(content)

    def stopped(*args: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train_judges, "train_evaluator", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_judges.train_judges(data, folder, seed=4, schedule=TINY)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_folder_that_cannot_be_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="no folder can be made: .*file"):
        train_judges.train_judges(data, tmp_path / "file" / "out", seed=0)


def test_figures_that_nobody_knows_are_null_and_the_codecs_are_told(
    out: Path, data: Path, tmp_path: Path, patched: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without held-out neutral clips their recall is unknown; reconstructions are judged by the folds of their pair."""
    bare = altered(
        data,
        tmp_path / "bare",
        lambda x: x | {"style": "giant"} if (x["style"], x["split"]) == ("normal", "val") else x,
    )
    monkeypatch.setattr(train_judges, "codec_features", lambda clips, run: {
        c.name: cue_features(clips.motion(c)) for c in clips.clips if c.style in emotion_data.CLASSES
    })  # fmt: skip
    figures = json.loads((out / CARD).read_text())["evaluator"]
    monkeypatch.setattr(train_judges, "train_evaluator", lambda clips, movement, text, **named: [
        path.write_bytes((out / path.name).read_bytes()) for path in (movement, text)
    ] and figures)  # fmt: skip
    made = train_judges.train_judges(bare, tmp_path / "out", seed=3, run=tmp_path)
    assert made["emotion"]["held_out_neutral_recall"] == {"recall": None, "clips": 0}
    assert json.loads((tmp_path / "out" / CARD).read_text()) == made
    same, codec = made["emotion"]["ceiling"], made["emotion"]["reconstructed"]
    assert codec == same and made["emotion"]["reconstructed_held_out_pairs"]["of"] == 1
    assert f"after the codec {codec['accuracy']:.3f}" in train_judges.summary(made)


def test_all_emotional_clips_and_a_few_neutral_ones_are_reconstructed(tmp_path: Path) -> None:
    def line(k: int, style: str, split: str, part: int) -> str:
        return json.dumps({
            "id": f"{style}-{k}-{part}-{split}", "content": "walk", "style": style, "split": split, "part": part,
            "affect": {"neutral": 1.0}, "intensity": 1.0, "evidence": "mocap",
        })  # fmt: skip

    rows = [line(k, style, "train", part) for k in range(6) for style in ("normal", "sad", "old") for part in (1, 2)]
    rows += [line(k, "normal", "val", 2) for k in range(6)]
    (tmp_path / "index.jsonl").write_text("\n".join(rows) + "\n")
    kept = [clip.name for clip in train_judges._to_reconstruct(RealClips.load(tmp_path))]
    counts = {start: sum(name.startswith(start) for name in kept) for start in ("normal", "sad", "old")}
    assert counts == {"normal": 6 + 4 + 6, "sad": 12, "old": 0}


def test_the_command_prints_the_figures_and_refuses_in_one_line(
    out: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads((out / CARD).read_text())
    asked: list[Any] = []
    monkeypatch.setattr(train_judges, "train_judges", lambda *args, **named: asked.append((args, named)) or made)
    done = CliRunner().invoke(train_judges.command, ["--data", str(data), "--out", str(tmp_path), "--seed", "5"])
    assert done.exit_code == 0 and asked == [((data, tmp_path), {"seed": 5, "run": None})]
    ceiling = made["emotion"]["ceiling"]
    assert f"ceiling {ceiling['accuracy']:.3f} [" in done.output and "chance 0.20" in done.output
    assert "top 3" in done.output and "held-out pairs" in done.output and "codec" not in done.output
    assert CliRunner().invoke(train_judges.command, ["--data", str(data)]).exit_code == 2
