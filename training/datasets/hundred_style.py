"""100STYLE (Mason, Starke & Komura 2022): a hundred ways of moving about, one performer, Xsens at 60 fps.

Files `<Style>_<code>.bvh` or `<Style>_<code>_<n>.bvh`. Recordings are minutes long and begin and end in a calibration
pose: the set's own `Frame_Cuts.csv` says which frames count and is used where it lies in the folder.
"""

import csv
from pathlib import Path

from sdk.emotion import Emotion
from sdk.errors import InvalidInput, MalformedFile
from sdk.motion.retarget import PROFILES
from training.datasets.captions import MANNERS
from training.datasets.folder import Labelled, compiled, plan_folder
from training.datasets.preparation import Plan, SetInfo
from training.datasets.splits import held_out_contents, pair_split
from training.datasets.vocabulary import (
    NEUTRAL,
    PROUD,
    RUN,
    WALK,
    WALK_BACK,
    Action,
    Feeling,
    Vocabulary,
    felt,
    key_of,
    mannered,
    read_labels,
)

INFO = SetInfo(
    "100STYLE",
    "CC-BY-4.0 as quoted; confirm with the copy",
    "100STYLE, I. Mason, S. Starke and T. Komura, Real-Time Style Modelling of Human Locomotion, 2022",
)
PROFILE = "xsens"
PATTERN = r"(?:.*/)?(?P<style>[A-Za-z]+)_(?P<content>BR|BW|FR|FW|SR|SW|ID|TR[123])(?:_(?P<take>\d+))?\.[bB][vV][hH]"
CUTS = "Frame_Cuts.csv"

# Styles recorded under an emotion's name or a plain synonym of it, then two that resemble one: these are in the words
# as well, for what they show is the situation.
EMOTIONAL: dict[str, Feeling] = {
    "Angry": felt("angry", {Emotion.ANGER: 1}), "Depressed": felt("depressed", {Emotion.SADNESS: 1}),
    "Elated": felt("elated", {Emotion.JOY: 1}), "Neutral": NEUTRAL, "Proud": PROUD,
    "Followed": Feeling("followed", felt("", {Emotion.FEAR: 1}, 0.5).affect, "proxy",
                        ("as if being followed", "looking back as if somebody follows")),
    "InTheDark": Feeling("in-the-dark", felt("", {Emotion.FEAR: 1}, 0.3).affect, "proxy",
                         ("as if in the dark", "feeling the way in the dark")),
    "Old": mannered("old", *MANNERS["old"]),
}  # fmt: skip

_WORDS = """
Aeroplane: with the arms spread like an aeroplane|like an aeroplane
Akimbo: with the hands on the hips|with arms akimbo
ArmsAboveHead: with the arms above the head|with both arms raised
ArmsBehindBack: with the arms behind the back|with the hands behind the back
ArmsBySide: with the arms held by the sides|without moving the arms
ArmsFolded: with folded arms|with the arms crossed
Balance: as if balancing on a beam|balancing with the arms out
BeatChest: beating the chest|while beating the chest with the fists
BentForward: bent forward|with the upper body bent forward
BentKnees: with bent knees|with the knees kept bent
BigSteps: with big steps|taking very long steps
BouncyLeft: bouncing on the left leg|with a bounce on the left
BouncyRight: bouncing on the right leg|with a bounce on the right
Cat: like a cat|softly like a cat
Chicken: like a chicken|flapping the elbows like a chicken
CrossOver: crossing the legs over|with legs that cross
Crouched: in a crouch|crouched down
CrowdAvoidance: as if avoiding people in a crowd|dodging through a crowd
Dinosaur: like a dinosaur|with small arms like a dinosaur
DragLeftLeg: dragging the left leg|while the left leg drags
DragRightLeg: dragging the right leg|while the right leg drags
Drunk: like a drunk person|drunkenly
DuckFoot: with the feet turned out|with duck feet
FairySteps: with tiny steps|heel to toe in tiny steps
Flapping: flapping the arms|while flapping the arms like wings
FlickLegs: flicking the legs|with a flick of the legs
GracefulArms: with graceful arms|moving the arms gracefully
HandsBetweenLegs: with the hands between the legs|holding the hands between the legs
HandsInPockets: with the hands in the pockets|hands in pockets
Heavyset: like a heavy person|heavily
HighKnees: with high knees|lifting the knees high
KarateChop: with karate chops|chopping with the hands
Kick: kicking the legs forward|with kicks
LawnMower: as if pushing a lawn mower|pushing a lawn mower
LeanBack: leaning back|with the upper body leaning back
LeanLeft: leaning to the left|with a lean to the left
LeanRight: leaning to the right|with a lean to the right
LeftHop: hopping on the left leg|on the left leg only
LegsApart: with the legs apart|with the legs wide apart
LimpLeft: limping on the left leg|with a limp on the left
LimpRight: limping on the right leg|with a limp on the right
LookUp: looking up|with the face turned up
Lunge: in lunges|with deep lunges
March: marching|like a soldier on the march
Monk: like a monk|with the hands folded like a monk
Morris: like a morris dancer|in the manner of a morris dance
OnHeels: on the heels|with the toes off the ground
OnPhoneLeft: with a phone in the left hand|talking on a phone held on the left
OnPhoneRight: with a phone in the right hand|talking on a phone held on the right
OnToesBentForward: on the toes and bent forward|bent forward on tiptoe
OnToesCrouched: on the toes in a crouch|crouched on tiptoe
PendulumHands: swinging the hands like a pendulum|with hands like a pendulum
Penguin: like a penguin|waddling like a penguin
PigeonToed: with the toes turned in|pigeon-toed
Punch: throwing punches|while punching
Quail: like a quail|with quick steps like a quail
RaisedLeftArm: with the left arm raised|holding the left arm up
RaisedRightArm: with the right arm raised|holding the right arm up
RightHop: hopping on the right leg|on the right leg only
Roadrunner: like a roadrunner|with very quick small steps
Robot: like a robot|stiffly like a robot
Rocket: with the arms stretched up like a rocket|like a rocket
Rushed: in a hurry|hastily
ShieldedLeft: shielding the left side|with the left side protected by the arms
ShieldedRight: shielding the right side|with the right side protected by the arms
Skip: skipping|with skips
SlideFeet: sliding the feet|without lifting the feet
SpinAntiClock: spinning counterclockwise|while turning counterclockwise
SpinClock: spinning clockwise|while turning clockwise
Star: with arms and legs spread like a star|like a star
StartStop: starting and stopping|with stops
Stiff: stiffly|with stiff legs and arms
Strutting: strutting|with a strut
Superman: with an arm stretched out like a superhero|like a flying superhero
Swat: swatting at something|while swatting flies
Sweep: sweeping the ground|as if sweeping with a broom
Swimming: as if swimming|with swimming strokes of the arms
SwingArmsRound: swinging the arms round|with arms that swing round the body
SwingShoulders: swinging the shoulders|with swinging shoulders
Teapot: with an arm on the hip like a teapot|like a teapot
Tiptoe: on tiptoe|on the toes
TogetherStep: bringing the feet together at each step|step by step with the feet together
TwoFootJump: jumping with both feet|in jumps on two feet
WalkingStickLeft: with a walking stick in the left hand|leaning on a stick on the left
WalkingStickRight: with a walking stick in the right hand|leaning on a stick on the right
Waving: while waving|waving a hand
WhirlArms: whirling the arms|with whirling arms
WideLegs: with wide legs|with the legs held wide
WiggleHips: wiggling the hips|with wiggling hips
WildArms: with wild arms|throwing the arms about
WildLegs: with wild legs|throwing the legs about
Zombie: like a zombie|with stiff arms out like a zombie
"""
"""Style: its wordings. Each fits after a verb of moving or standing."""


def _label(name: str) -> str:
    # "LimpLeft" -> "limp-left", so that a mirrored clip's style can be named; the two spins mirror each other too.
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in name).strip("-")
    return {"spin-clock": "spin-clockwise", "spin-anti-clock": "spin-counterclockwise"}.get(words, words)


def _styles() -> dict[str, Feeling]:
    out = {key_of(name): feeling for name, feeling in EMOTIONAL.items()}
    for line in _WORDS.strip().splitlines():
        name, _, words = line.partition(": ")
        out[key_of(name)] = mannered(_label(name), *words.split("|"))
    return out


STYLES = _styles()
_CHANGE = ("changes between standing, walking and running", "stands, walks and runs in turn", "starts and stops")
ACTIONS: dict[str, Action] = {
    "fw": WALK, "fr": RUN, "bw": WALK_BACK,
    "br": Action("run-back", ("runs backwards", "runs backward", "is running backwards")),
    "sw": Action("walk-sideways", ("walks sideways", "steps sideways", "is walking sideways")),
    "sr": Action("run-sideways", ("runs sideways", "is running sideways", "hurries sideways")),
    "id": Action("stand", ("stands", "stands in place", "is standing")),
} | {f"tr{n}": Action(f"transition-{n}", _CHANGE) for n in (1, 2, 3)}  # fmt: skip
VOCABULARY = Vocabulary(STYLES, ACTIONS)


def read_cuts(path: Path) -> dict[tuple[str, str], tuple[int, int]]:
    """(style, code) -> first and last frame, of the set's table of frame cuts. Raises MalformedFile with the line."""
    out: dict[tuple[str, str], tuple[int, int]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        starts = [name for name in rows.fieldnames or () if name.strip().endswith("_START")]
        if "STYLE_NAME" not in (rows.fieldnames or ()) or not starts:
            raise MalformedFile(f"{path.name}: line 1: STYLE_NAME, <code>_START and <code>_STOP should stand here")
        for row in rows:
            for start in starts:
                code = start.strip().removesuffix("_START")
                first, last = (row.get(start) or "").strip(), (row.get(f"{code}_STOP") or "").strip()
                if first in ("", "N/A", "NA", "nan"):
                    continue
                try:
                    out[key_of(row["STYLE_NAME"]), key_of(code)] = int(float(first)), int(float(last))
                except ValueError:
                    where = f"line {rows.line_num}: {code}"
                    raise MalformedFile(f"{path.name}: {where}: {first!r} to {last!r} are no frames") from None
    return out


def split_of(files: list[Labelled]) -> dict[str, str]:
    """One whole way of going a style is held out, never the plain walk and nothing of the neutral style."""
    pairs = [(f.action.content, f.feeling.style) for f in files if f.feeling.style != NEUTRAL.style]
    held_out = held_out_contents(pairs, spared={WALK.content})
    return {f.name: pair_split(f.action.content, f.feeling.style, held_out) for f in files}


def plan_of(directory: Path, *, labels: Path | None = None) -> Plan:
    """A plan of the folder. Raises InvalidInput for unknown labels, MalformedFile for a broken table of cuts."""
    tables = sorted(directory.rglob(CUTS))
    if len(tables) > 1:
        raise InvalidInput(f"{CUTS} lies twice below {directory}: {tables[0]} and {tables[1]}")
    cuts = read_cuts(tables[0]) if tables else {}

    def window(file: Labelled) -> tuple[int, int] | None:
        return cuts.get((key_of(file.match["style"]), key_of(file.match["content"])))

    return plan_folder(
        directory, compiled(PATTERN), read_labels(labels, VOCABULARY), PROFILES[PROFILE],
        prefix="100style", split=split_of, window=window,
    )  # fmt: skip
