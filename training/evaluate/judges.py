"""The frozen judges: an emotion classifier and a text-motion evaluator, shipped as files with a card.

`judges.json` says what they are, what they were trained on and how good they are on real clips, and holds the hash of
every graph. No generator may be trained, guided or selected against them: a judge that was aimed at says nothing. They
are graphs for ONNX Runtime, so that no gradient flows through them by accident.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array
from sdk.runtime.sessions import open_session, run_session
from training.evaluate import cue_features, movement_features
from training.evaluate.evaluator_captions import evaluator_caption
from training.evaluate.measure_labels import EMOTIONS

__all__ = ["CARD", "FORMAT", "FORMAT_VERSION", "GRAPHS", "Judges", "SHIPPED", "evaluator_caption", "load_judges"]

SHIPPED = Path(__file__).parent / "judges"
CARD = "judges.json"
FORMAT, FORMAT_VERSION = "emomotion-judges", 1
GRAPHS = ("emotion.onnx", "movement.onnx", "text.onnx")
_REMEDY = "restore the folder, or train anew: python -m training.evaluate.train_judges"


@dataclass(frozen=True, eq=False)
class Judges:
    """Opened judges. card: the content of judges.json. sha256: of that file, so it names the judges' exact content."""

    card: dict[str, Any]
    sha256: str
    sessions: dict[str, ort.InferenceSession]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the emotion judge's classes, in the order of its probabilities."""
        return tuple(self.card["emotion"]["classes"])

    @property
    def chance(self) -> float:
        """Accuracy of guessing the emotion."""
        return float(self.card["emotion"]["ceiling"]["chance"])

    @property
    def ceiling(self) -> float:
        """Balanced accuracy of the emotion judge on real clips of pairs that it had not seen."""
        return float(self.card["emotion"]["ceiling"]["accuracy"])

    def _judge(self, motions: Sequence[Motion]) -> tuple[Array, Array]:
        probability = np.zeros((len(motions), len(self.classes)))
        plane = np.zeros((len(motions), 2))
        for k, motion in enumerate(motions):
            features = cue_features.cue_features(motion).astype(np.float32)
            found = run_session(self.sessions["emotion.onnx"], {"features": features}, name="emotion")
            probability[k], plane[k] = found
        return probability, plane

    def emotion(self, motion: Motion) -> dict[str, float]:
        """Probability of each class for one clip. Raises InvalidInput for a clip under half a second."""
        return dict(zip(self.classes, map(float, self.emotions([motion])[0]), strict=True))

    def emotions(self, motions: Sequence[Motion]) -> Array:
        """Probabilities (n, 5) of n clips, of any rate and any body; classes as in `classes`."""
        return self._judge(motions)[0]

    def valence_arousal(self, motions: Sequence[Motion]) -> Array:
        """Valence and arousal (n, 2) in [-1, 1]: the classes' own, weighted by their probabilities."""
        return self._judge(motions)[1]

    def movement(self, motions: Sequence[Motion]) -> Array:
        """Unit embeddings (n, D) of n clips, comparable with `text`."""
        session, rows = self.sessions["movement.onnx"], []
        for motion in motions:
            features = movement_features.movement_features(motion)[None]
            rows.append(run_session(session, {"features": features}, name="movement")[0][0])
        return np.array(rows, dtype=np.float64).reshape(len(motions), session.get_outputs()[0].shape[-1])

    def text(self, captions: Sequence[str]) -> Array:
        """Unit embeddings (n, D) of n captions, best written by `evaluator_caption`. Loads the sentence encoder."""
        # The sentence encoder needs torch; everything else here works without it.
        from training.text import embed_captions

        sentences = embed_captions(captions)
        return np.asarray(run_session(self.sessions["text.onnx"], {"sentence": sentences}, name="text")[0], np.float64)


def file_sha256(data: bytes) -> str:
    """Hash of a file's content."""
    return hashlib.sha256(data).hexdigest()


def load_judges(folder: Path | None = None) -> Judges:
    """Open the shipped judges, or those of a folder.

    Raises InvalidInput when the card is missing, of another format or without figures, when a file is missing or its
    hash differs from the card's, and when the judges were trained on other features than this code measures.
    """
    folder = SHIPPED if folder is None else folder
    try:
        text = (folder / CARD).read_bytes()
        card = json.loads(text)
    except OSError:
        raise InvalidInput(f"{folder} holds no {CARD}; {_REMEDY}", field="judges") from None
    except ValueError:
        raise InvalidInput(f"{CARD} in {folder} is not JSON; {_REMEDY}", field="judges") from None
    check_card(card)
    sessions = {}
    for name in GRAPHS:
        try:
            data = (folder / name).read_bytes()
        except OSError:
            raise InvalidInput(f"judge {name} is missing from {folder}; {_REMEDY}", field="judges") from None
        if file_sha256(data) != card["files"][name]:
            raise InvalidInput(f"judge {name} was altered: its hash differs from {CARD}'s; {_REMEDY}", field="judges")
        sessions[name] = open_session(data, threads=1)
    return Judges(card, file_sha256(text), sessions)


def check_card(card: Any) -> None:
    """Raises InvalidInput for a card that this code cannot go by."""
    found = (card.get("format"), card.get("format_version")) if isinstance(card, dict) else (None, None)
    if found != (FORMAT, FORMAT_VERSION):
        wanted = f"{FORMAT} {FORMAT_VERSION}"
        raise InvalidInput(f"{CARD} is of format {found[0]!r} {found[1]!r}, this code reads {wanted}", field="judges")
    files = card.get("files")
    if not isinstance(files, dict) or sorted(files) != sorted(GRAPHS):
        raise InvalidInput(f"{CARD} must list the hashes of {', '.join(GRAPHS)}; {_REMEDY}", field="judges")
    versions = {"cue": cue_features.VERSION, "movement": movement_features.VERSION}
    if card.get("features") != versions:
        raise InvalidInput(
            f"the judges were trained on features {card.get('features')}, this code measures {versions}; "
            "train them anew: python -m training.evaluate.train_judges",
            field="judges",
        )
    try:
        classes, ceiling = card["emotion"]["classes"], card["emotion"]["ceiling"]
        stated = all(0 <= ceiling[name] <= 1 for name in ("accuracy", "chance"))
    except (KeyError, TypeError):
        stated = False
    if not stated:
        raise InvalidInput(f"{CARD} does not say how good the emotion judge is; {_REMEDY}", field="judges")
    if classes != [e.label for e in EMOTIONS]:
        wanted = ", ".join(e.label for e in EMOTIONS)
        raise InvalidInput(f"{CARD} has classes {classes}, this code reads {wanted}; {_REMEDY}", field="judges")
