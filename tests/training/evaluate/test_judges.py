"""The shipped judges: every byte is checked, their verdicts are of the movement alone, their card says how good."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdk.emotion import VALENCE_AROUSAL
from sdk.errors import InvalidInput
from sdk.motion.bodies import ATHLETE, CHILD, onto_body
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about
from tests.synthetic import standing, walking
from training.evaluate import cue_features, movement_features
from training.evaluate.judges import CARD, GRAPHS, SHIPPED, Judges, evaluator_caption, load_judges
from training.evaluate.measure_labels import EMOTIONS

MOST_BYTES = 3_000_000
WALKS = {
    "plain": walking(3.0),
    "slow and bowed": walking(3.0, speed=0.7, swing=0.15, stoop=0.2),
    "quick and upright": walking(3.0, speed=1.7, swing=0.9, stoop=-0.05),
}


@pytest.fixture(scope="module")
def judges() -> Judges:
    return load_judges()


@pytest.fixture(scope="module")
def card(judges: Judges) -> dict[str, Any]:
    return judges.card


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped folder, to be harmed."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "judges"))


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Alter the card."""
    found = json.loads((folder / CARD).read_text())
    change(found)
    (folder / CARD).write_text(json.dumps(found))


# ---- the files


def test_the_shipped_files_are_those_of_the_card_and_small() -> None:
    listed = json.loads((SHIPPED / CARD).read_text())["files"]
    for name, digest in listed.items():
        assert sha256((SHIPPED / name).read_bytes()).hexdigest() == digest
    assert sorted(p.name for p in SHIPPED.iterdir()) == sorted([CARD, *GRAPHS])
    assert sum(p.stat().st_size for p in SHIPPED.iterdir()) < MOST_BYTES


def test_the_judges_are_named_by_the_hash_of_their_card(judges: Judges, copied: Path) -> None:
    assert judges.sha256 == sha256((SHIPPED / CARD).read_bytes()).hexdigest() == load_judges(copied).sha256
    rewrite(copied, lambda x: x["emotion"]["ceiling"].update(accuracy=0.99))
    assert load_judges(copied).sha256 != judges.sha256


@pytest.mark.parametrize("name", GRAPHS)
def test_one_altered_byte_is_refused(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=f"judge {name} was altered: its hash differs from judges.json's; restore"):
        load_judges(copied)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_missing_graph_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(InvalidInput, match=f"judge {name} is missing from .*; restore the folder, or train anew"):
        load_judges(copied)


def test_a_folder_without_a_card_is_refused(tmp_path: Path, copied: Path) -> None:
    (copied / CARD).unlink()
    for folder in (copied, tmp_path / "nowhere"):
        with pytest.raises(InvalidInput, match="holds no judges.json"):
            load_judges(folder)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe"])
def test_a_card_that_is_no_json_is_refused(copied: Path, content: bytes) -> None:
    (copied / CARD).write_bytes(content)
    with pytest.raises(InvalidInput, match="judges.json in .* is not JSON"):
        load_judges(copied)


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"format": "emomotion-judges", "format_version": 2}'])
def test_a_card_of_another_format_is_refused(copied: Path, content: str) -> None:
    (copied / CARD).write_text(content)
    with pytest.raises(InvalidInput, match="is of format .*, this code reads emomotion-judges 1"):
        load_judges(copied)


@pytest.mark.parametrize("part", ["cue", "movement"])
def test_judges_of_other_features_are_refused(copied: Path, part: str) -> None:
    rewrite(copied, lambda x: x["features"].update({part: 99}))
    with pytest.raises(InvalidInput, match=f"trained on features .*'{part}': 99.* train them anew"):
        load_judges(copied)


def test_newer_features_refuse_the_shipped_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cue_features, "VERSION", cue_features.VERSION + 1)
    with pytest.raises(InvalidInput, match="this code measures"):
        load_judges()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x.pop("files"), "must list the hashes of emotion.onnx, movement.onnx, text.onnx"),
        (lambda x: x["files"].pop("text.onnx"), "must list the hashes"),
        (lambda x: x["files"].update({"../other.onnx": "0"}), "must list the hashes"),
        (lambda x: x["files"].update({"text.onnx": None}), "text.onnx was altered"),
        (lambda x: x.pop("features"), "trained on features None"),
        (lambda x: x.pop("emotion"), "does not say how good the emotion judge is"),
        (lambda x: x["emotion"].pop("ceiling"), "does not say how good"),
        (lambda x: x["emotion"]["ceiling"].update(accuracy=None), "does not say how good"),
        (lambda x: x["emotion"]["ceiling"].update(chance=2.0), "does not say how good"),
        (lambda x: x["emotion"]["classes"].reverse(), "has classes .*, this code reads neutral, joy, sadness, fear"),
        (lambda x: x["emotion"].update(classes=None), "has classes None"),
    ],
)
def test_a_card_that_lacks_what_is_needed_is_refused_in_one_line(
    copied: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    rewrite(copied, change)
    with pytest.raises(InvalidInput, match=said) as refused:
        load_judges(copied)
    assert "\n" not in str(refused.value) and refused.value.field == "judges"


# ---- the verdicts


def test_probabilities_are_probabilities(judges: Judges) -> None:
    found = judges.emotions([*WALKS.values(), standing(1.0)])
    assert found.shape == (4, 5) and (found >= 0).all()
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)
    named = judges.emotion(WALKS["plain"])
    assert list(named) == list(judges.classes) and list(named.values()) == found[0].tolist()


def test_calm_is_neutral_and_a_bowed_gait_is_less_pleased_than_an_upright_one(judges: Judges) -> None:
    calm, bowed, upright = judges.emotions(list(WALKS.values()))
    assert judges.classes[calm.argmax()] == judges.classes[judges.emotions([standing(2.0)])[0].argmax()] == "neutral"
    joy = judges.classes.index("joy")
    assert bowed[joy] < calm[joy] < upright[joy]
    plane = judges.valence_arousal(list(WALKS.values()))
    assert plane[1, 0] < -0.2 < 0 < plane[2, 0]


def test_valence_and_arousal_are_the_classes_own_weighted_by_chance(judges: Judges) -> None:
    rng = np.random.default_rng(0)
    clips = [walking(1.0, speed=s, swing=w, stoop=p) for s, w, p in rng.uniform((0.3, 0, -0.2), (2, 1, 0.5), (12, 3))]
    plane, chance = judges.valence_arousal(clips), judges.emotions(clips)
    assert np.abs(plane).max() <= 1 and plane.std(0).min() > 0.05
    points = VALENCE_AROUSAL[list(EMOTIONS)]
    points[3] *= 0.6  # fear was performed as a lack of confidence, and counts as a mild one
    np.testing.assert_allclose(plane, chance @ points, atol=1e-5)


@pytest.mark.parametrize("name", WALKS)
def test_heading_place_side_and_rate_do_not_change_the_verdict(judges: Judges, name: str) -> None:
    clip = WALKS[name]
    same = [
        clip.turned(quat_about("y", np.array(2.5))), clip.moved(np.array([3.0, 0, -2.0])), clip.mirrored(),
        clip.resampled(60.0),
    ]  # fmt: skip
    chance = judges.emotions([clip, *same])
    assert np.abs(chance[1:] - chance[0]).max() < 0.02


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize("body", [ATHLETE, CHILD])
def test_another_body_hardly_changes_the_verdict(judges: Judges, name: str, body: Any) -> None:
    chance = judges.emotions([WALKS[name], onto_body(WALKS[name], body)])
    assert chance[0].argmax() == chance[1].argmax()
    assert np.abs(chance[1] - chance[0]).max() < 0.2


def test_a_clip_too_short_to_judge_is_refused_by_both(judges: Judges) -> None:
    for ask in (judges.emotions, judges.valence_arousal, judges.movement):
        with pytest.raises(InvalidInput, match="a judge needs 0.5 s of motion or more, got 0.40 s"):
            ask([walking(0.4)])
    assert len(judges.movement([walking(0.5)])) == 1


def test_nothing_is_judged_as_nothing(judges: Judges) -> None:
    assert judges.emotions([]).shape == (0, 5) and judges.valence_arousal([]).shape == (0, 2)
    assert judges.movement([]).shape == (0, judges.movement([walking(1.0)]).shape[1])


def test_embeddings_are_unit_and_tell_clips_apart(judges: Judges) -> None:
    clips = [walking(1.0), walking(3.0), standing(2.0)]
    found = judges.movement(clips)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-5)
    assert found[0] @ found[1] > 0.8 > found[0] @ found[2]
    turned = judges.movement([clips[1].turned(quat_about("y", np.array(-2.0))), onto_body(clips[1], CHILD)])
    assert (turned @ found[1] > 0.98).all()


def test_words_find_their_movement(judges: Judges) -> None:
    """Made-up walks are nothing that the evaluator knows, but ahead, backwards and on the spot it tells apart."""
    pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")
    contents = ("walk", "walk-back", "kick", "raise-up-both-hands", "bow", "punch", "run")
    text = judges.text([evaluator_caption(content, "normal") for content in contents])
    np.testing.assert_allclose(np.linalg.norm(text, axis=-1), 1, atol=1e-5)
    ahead = WALKS["plain"]
    back = Motion(ahead.rotations[::-1].copy(), ahead.root[::-1].copy(), ahead.fps)
    nearest = (judges.movement([ahead, back]) @ text.T).argmax(-1)
    assert [contents[k] for k in nearest] == ["walk", "walk-back"]


def test_all_but_words_works_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from tests.synthetic import walking\n"
        "from training.evaluate.judges import load_judges\n"
        "judges = load_judges()\n"
        "print(judges.emotions([walking(1.0)]).shape, judges.movement([walking(1.0)]).shape)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.split() == ["(1,", "5)", "(1,", "128)"], done.stderr


# ---- the card


def test_the_card_states_protocol_licence_and_how_to_make_the_judges_again(card: dict[str, Any]) -> None:
    assert "Recorded clips only" in card["protocol"] and "No generator is trained" in card["protocol"]
    assert "CC-BY-NC" in card["licence"] and "non-commercial" in card["licence"]
    assert "training.evaluate.train_judges" in card["command"] and f"--seed {card['seed']}" in card["command"]
    assert len(card["data"]["index_sha256"]) == 64 and card["data"]["training_clips"] > 2000


def test_the_card_states_chance_and_a_ceiling_well_above_it(judges: Judges, card: dict[str, Any]) -> None:
    ceiling = card["emotion"]["ceiling"]
    low, high = ceiling["interval_95"]
    assert judges.chance == ceiling["chance"] == 1 / len(judges.classes)
    assert 3 * judges.chance < low < judges.ceiling < high < 1
    assert set(ceiling["recall"]) == set(judges.classes) == {e.label for e in EMOTIONS}
    assert min(ceiling["recall"].values()) > 0.5
    assert ceiling["accuracy"] == pytest.approx(np.mean(list(ceiling["recall"].values())), abs=1e-3)


@pytest.mark.parametrize("part", ["ceiling", "without_the_contents_emotions", "reconstructed"])
def test_each_confusion_of_the_card_agrees_with_its_recalls(card: dict[str, Any], part: str) -> None:
    found = card["emotion"][part]
    confusion = np.array(found["confusion"])
    np.testing.assert_allclose(confusion.sum(1), 1, atol=1e-3)
    np.testing.assert_allclose(np.diag(confusion), list(found["recall"].values()))
    assert found["interval_95"][0] < found["accuracy"] < found["interval_95"][1]


def test_the_card_names_the_held_out_pairs_and_how_they_were_judged(card: dict[str, Any]) -> None:
    pairs = set(card["data"]["held_out_pairs"])
    assert len(pairs) >= 10
    judged = card["emotion"]["held_out_pairs"]
    assert judged["of"] == len(judged["clips"]) == 4
    assert judged["right"] == sum(x["truth"] == x["judged"] for x in judged["clips"].values())
    for name, found in judged["clips"].items():
        assert "/".join(name.split("_")[1:3]) in pairs and 0 <= found["probability"] <= 1
    assert set(card["evaluator"]["rank_of_unseen_pairs"]) == pairs


def test_the_card_states_the_evaluators_figures_with_their_interval(card: dict[str, Any]) -> None:
    found = card["evaluator"]
    assert found["chance"] == [1 / 32, 2 / 32, 3 / 32]
    means = [found["val"][f"r_precision_{k}"][0] for k in (1, 2, 3)]
    assert 10 * found["chance"][0] < means[0] <= means[1] <= means[2] <= 1
    assert found["val"]["replications"] == 20 and found["val"]["labels"] >= 32


def test_the_card_lists_the_features_that_this_code_measures(card: dict[str, Any]) -> None:
    assert tuple(card["emotion"]["features"]) == cue_features.feature_names()
    assert card["features"] == {"cue": cue_features.VERSION, "movement": movement_features.VERSION}
