"""Kinematic dataset of actors expressing emotions 2.1.0 (Zhang et al. 2020, doi 10.13026/kg8b-1t49); restricted.

Axis Neuron files, 125 Hz, 59 joints with six channels each and 13 end sites: 72 nodes. `F01SA2V1.bvh` is actress 01,
sad, scenario 2, version 1. What a scenario was the names do not tell, so the words say only that a scene is played.
"""

from pathlib import Path

from sdk.emotion import Emotion
from sdk.motion.retarget import PROFILES
from training.datasets.folder import Labelled, compiled, plan_folder
from training.datasets.preparation import Plan, SetInfo
from training.datasets.splits import by_actor
from training.datasets.vocabulary import NEUTRAL, Action, Feeling, Vocabulary, felt, read_labels

INFO = SetInfo(
    "PhysioNet kinematic-actors-emotions 2.1.0",
    "PhysioNet Restricted Health Data License 1.5.0",
    "M. Zhang et al., Kinematic dataset of actors expressing emotions (version 2.1.0), PhysioNet, 2020, "
    "doi 10.13026/kg8b-1t49",
)
PROFILE = "axis-neuron"
PATTERN = r"(?:.*/)?(?P<actor>[FM]\d\d)(?P<emotion>[A-Z]+)(?P<content>\d+)V(?P<take>\d+)\.[bB][vV][hH]"

FEELINGS: dict[str, Feeling] = {
    "a": felt("anger", {Emotion.ANGER: 1}), "d": felt("disgust", {Emotion.DISGUST: 1}),
    "f": felt("fear", {Emotion.FEAR: 1}), "h": felt("joy", {Emotion.JOY: 1}),
    "sa": felt("sadness", {Emotion.SADNESS: 1}), "su": felt("surprise", {Emotion.SURPRISE: 1}), "n": NEUTRAL,
}  # fmt: skip
ACTIONS: dict[str, Action] = {
    str(scenario): Action(
        f"scene-{scenario}",
        (
            "acts out a scene",
            "plays a short scene",
            "acts out an everyday event",
            "is acting",
            "performs a short scene",
        ),
    )
    for scenario in range(10)
}
VOCABULARY = Vocabulary(FEELINGS, ACTIONS)


def split_of(files: list[Labelled]) -> dict[str, str]:
    """By actor, as many women as men held out."""
    sides: dict[str, str] = {}
    for sex in ("F", "M"):
        sides |= by_actor(file.actor for file in files if file.actor.startswith(sex))
    rest = {file.actor for file in files} - set(sides)
    sides |= by_actor(rest)
    return {file.name: sides[file.actor] for file in files}


def plan_of(directory: Path, *, pattern: str = PATTERN, labels: Path | None = None) -> Plan:
    """A plan of the folder. Raises InvalidInput for a pattern without actor and emotion, and for unknown labels."""
    return plan_folder(
        directory, compiled(pattern, needs=("actor", "emotion")), read_labels(labels, VOCABULARY), PROFILES[PROFILE],
        prefix="physionet", split=split_of,
    )  # fmt: skip
