"""Emilya (Fourati & Pelachaud, LREC 2014): eleven actors, eight emotions, seven daily actions; on request.

Xsens MVN files, 120 fps, centimetres, 23 joints and 5 end sites. Hips is the pelvis, the root path is scaled by the
legs as every bone is, the recording is sampled in time and not by stride, no class and no action is left out, a long
recording is cut into parts, and no actor is on both sides of the split.
"""

from pathlib import Path

from sdk.emotion import Emotion
from sdk.motion.retarget import PROFILES
from training.datasets.folder import compiled, plan_folder, split_by_actor
from training.datasets.preparation import Plan, SetInfo
from training.datasets.vocabulary import NEUTRAL, PROUD, WALK, Action, Feeling, Vocabulary, felt, mannered, read_labels

INFO = SetInfo(
    "Emilya",
    "on request; terms of the agreement with the authors",
    "Emilya: Emotional body expression in daily actions database, N. Fourati and C. Pelachaud, LREC 2014",
)
PROFILE = "xsens"
PATTERN = r"(?:.*/)?(?P<actor>[^/_]+)_(?P<emotion>[^/_]+)_(?P<content>[^/_]+)(?:_(?P<take>\d+))?\.[bB][vV][hH]"

# Anxiety is Plutchik's dyad of fear and anticipation and milder than panic fear. Shame and pride are no basic emotions:
# their dyads (fear + disgust, anger + joy) would claim bodies that neither performer showed, so they are styles.
FEELINGS: dict[str, Feeling] = {
    "joy": felt("joy", {Emotion.JOY: 1}),
    "anger": felt("anger", {Emotion.ANGER: 1}),
    "sadness": felt("sadness", {Emotion.SADNESS: 1}),
    "panicfear": felt("panic-fear", {Emotion.FEAR: 1}),
    "anxiety": felt("anxiety", {Emotion.FEAR: 2, Emotion.ANTICIPATION: 1}, 0.6, "proxy"),
    "shame": mannered("ashamed", "ashamed", "in an ashamed way", "as if ashamed"),
    "pride": PROUD,
    "neutral": NEUTRAL,
}

_CARRY = Action("walk-carry", ("walks carrying an object", "walks with something in the hands", "carries an object"))
_BOOKS = Action("move-books", ("moves books on a table", "moves books with both hands", "shifts books on a table"))
_KNOCK = Action("knock", ("knocks at a door", "knocks on a door", "is knocking at a door"))
_SIT_DOWN = Action("sit-down", ("sits down", "sits down on a chair", "takes a seat"))
_SIT = Action("sit", ("sits", "is sitting on a chair", "sits on a chair"))
_LIFT = Action("lift", ("lifts an object", "lifts something up", "picks an object up"))
_THROW = Action("throw", ("throws an object", "throws something", "makes a throw"))
ACTIONS: dict[str, Action] = {
    "walking": WALK, "walk": WALK, "simplewalking": WALK,
    "walkingwithobject": _CARRY, "walkingwithanobject": _CARRY, "walkcarry": _CARRY,
    "movingbooks": _BOOKS, "movebooks": _BOOKS, "knocking": _KNOCK, "knock": _KNOCK, "knockingatthedoor": _KNOCK,
    "sittingdown": _SIT_DOWN, "sitdown": _SIT_DOWN, "beingseated": _SIT, "sitting": _SIT,
    "lifting": _LIFT, "lift": _LIFT, "throwing": _THROW, "throw": _THROW,
}  # fmt: skip
VOCABULARY = Vocabulary(FEELINGS, ACTIONS)


def plan_of(directory: Path, *, pattern: str = PATTERN, labels: Path | None = None) -> Plan:
    """A plan of the folder. Raises InvalidInput for a pattern without actor and emotion, and for unknown labels."""
    return plan_folder(
        directory, compiled(pattern, needs=("actor", "emotion")), read_labels(labels, VOCABULARY), PROFILES[PROFILE],
        prefix="emilya", split=split_by_actor,
    )  # fmt: skip
