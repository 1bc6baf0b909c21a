"""Figures of edits: over emotions, sentences and seeds on the shipped bundle; the worst case decides.

The judge of emotions reads the same clips before and after: raw motion and what each edit made of it.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sdk.emotion import Affect
from sdk.motion.contacts import TOES, Flags, planted_feet, runs
from sdk.motion.kinematics import heading_angle
from sdk.motion.loop import around_again, seam
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about, quat_rotate
from sdk.motion.ways import distance_to
from sdk.runtime.composition import Beat, Composition, Goal, Keyframe, Span, Waypoint
from sdk.runtime.engine import Engine
from tests.figures.report import Report
from training.evaluate.judges import load_judges

FEELINGS = ("neutral", "joy", "sadness", "fear", "anger")
TEXTS = ("a person walks forward", "a person runs forward", "a person waves")
SEEDS = (11, 12, 13)
SECONDS = 5.0
PATH = np.array([[0.0, 0.0], [0.0, 1.5], [1.5, 2.5], [1.5, 40.0]])
"""Longer than anybody runs in SECONDS: behind a path's end the motion goes on."""
GOALS = (
    Goal("right_wrist", 1.0, np.array([-0.25, 1.25, 0.35]), hold_s=0.5),
    Goal("left_wrist", 1.5, np.array([0.2, 0.95, 0.0]), hold_s=1.0),
)
"""Before the chest and on the hip, seen from the body."""
PLANTED = 2
"""Frames at either end of a contact in which the foot rolls on or off."""
POINTS = 5.0


@dataclass(frozen=True, eq=False)
class Case:
    """One composition as it was made, and its raw motion."""

    name: str
    composition: Composition
    motion: Motion
    raw: Motion
    feeling: str


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """All edits, in about ten minutes on one core."""
    engine, judges = Engine.load(threads=1), load_judges()
    cases = [
        case for text in TEXTS for feeling in FEELINGS for seed in SEEDS for case in _cases(engine, text, feeling, seed)
    ]
    by_name: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_name[case.name].append(case)
    _seams(report, by_name["loop"])
    kept = max(_kept_gap(case) for name in ("redo", "go on", "in-between") for case in by_name[name])
    report.at_most("frames of kept spans differ by", kept, 1e-6, "")
    keys = [gap for name in ("keyframe", "keyframes with place") for case in by_name[name] for gap in _key_gaps(case)]
    report.at_most("a keyframe is missed by, all joints", 100 * max(keys), 2.0, "cm")
    ends = [gap for name in ("goals", "goals with place") for case in by_name[name] for gap in _goal_gaps(case)]
    report.at_most("a goal is missed by, hand or foot", 100 * max(ends), 2.0, "cm")
    pops = [case for name, group in by_name.items() if name != "upper" for case in group]
    worst = max(_quickest(case.motion) / _quickest(case.raw) for case in pops)
    report.show("quickest change of speed, of raw motion's", f"{worst:.2f} times at most")
    paths = [case for case in by_name["path"] if _travels(case.raw)]
    errors = [float(distance_to(PATH, case.motion.root[:, [0, 2]]).mean()) for case in paths]
    report.at_most("a path is missed by on average, worst clip", 100 * max(errors), 10.0, "cm")
    routes = [gap for case in by_name["route"] if _travels(case.raw) for gap in _route_gaps(case)]
    report.at_most("a place of a route is missed by, in time", 100 * max(routes), 10.0, "cm")
    for name in ("path", "route", "loop", "redo", "go on", "in-between", "keyframe", "keyframes with place", "goals",
                 "goals with place"):  # fmt: skip
        slides = np.concatenate([_slides(case.motion, ~_kept(case)) for case in by_name[name]])
        report.at_most(f"a planted foot slides in one contact, {name}", 1000 * float(slides.max()), 5.0, "mm")
    played = np.concatenate([_played_slides(case.motion) for case in by_name["loop"]])
    report.at_most("a planted foot slides in one contact, loop played on", 1000 * float(played.max()), 5.0, "mm")
    raw = _accuracy(judges, [(case.raw, case.feeling) for case in by_name["path"]])
    report.show("emotion accuracy of raw motion", f"{raw:.1f} % of {len(by_name['path'])} clips")
    for name in ("goals", "goals with place"):
        # A wave is what its hands do: where goals lead them it is another one.
        waves = [case for case in by_name[name] if not _travels(case.raw)]
        by_name[name] = [case for case in by_name[name] if _travels(case.raw)]
        report.show(f"emotion accuracy of waves after {name}", f"{_accuracy(judges, _felt(waves)):.1f} %")
    for name, group in by_name.items():
        found = _accuracy(judges, _felt(group))
        if name == "upper":
            report.show("emotion accuracy, new arms over a neutral walk", f"{found:.1f} %")
        else:
            report.at_least(f"emotion accuracy after {name}, points from raw", found - raw, -POINTS, "points")


def _cases(engine: Engine, text: str, feeling: str, seed: int) -> list[Case]:
    affect = Affect.neutral() if feeling == "neutral" else Affect.of(feeling, 1.0)
    plain = Composition(beats=[Beat(text, affect, SECONDS)], seed=seed)
    raw = engine.compose(plain).motion
    other = engine.compose(replace(plain, seed=seed + 100)).motion
    way = raw.root[-1] - raw.root[0]
    far = float(np.hypot(way[0], way[2]))
    asked = {
        "loop": replace(plain, beats=[Beat(text, affect, 2.0)], loop=True),
        "redo": replace(plain, seed=seed + 1, source=raw, keep=[Span(0, 1.5), Span(3.5, 5)]),
        "in-between": replace(plain, seed=seed + 1, source=raw, keep=[Span(0, 0.3), Span(4.7, 5)]),
        "go on": replace(plain, seed=seed + 1, source=raw, keep=[Span(0, 2.0)]),
        "keyframe": replace(plain, keyframes=[Keyframe.of(other, 2.0, at=2.5)]),
        "keyframes with place": replace(
            plain,
            seed=seed + 1,
            keyframes=[Keyframe.of(raw, t, place=True) for t in (0.0, 2.0, 4.5)],
        ),
        "goals": replace(plain, goals=GOALS),
        "goals with place": replace(plain, goals=[_ahead(raw)]),
        "path": replace(plain, path=PATH),
        "route": replace(plain, route=[Waypoint(0, 0, 0), Waypoint(2.5, 0.3, far / 2), Waypoint(5, 0, far)]),
        "heading": replace(plain, heading=1.2),
        "speed": replace(plain, speed=1.2),
        "chained": replace(plain, beats=[Beat("a person bows", affect, 2.5), Beat(text, affect, SECONDS)]),
    }
    if text == "a person waves":
        walk = Composition(beats=[Beat("a person walks forward", Affect.neutral(), SECONDS)], seed=seed)
        asked["upper"] = replace(plain, source=engine.compose(walk).motion, part="upper")
    return [Case(name, it, engine.compose(it).motion, raw, feeling) for name, it in asked.items()]


def _seams(report: Report, loops: list[Case]) -> None:
    found = [seam(case.motion) for case in loops]
    report.at_most("seam of a loop, joints", 100 * max(s.place_m for s in found), 1.0, "cm")
    report.at_most("seam of a loop, rotations", float(np.degrees(max(s.angle_rad for s in found))), 3.0, "degrees")
    report.show("seam of a loop, speed beyond its neighbours' change", f"{max(s.speed_m_s for s in found):.2f} m/s")
    ratio = max(_seam_ratio(case.motion) for case in loops)
    report.at_most("change of speed at the seam, of the quickest elsewhere", ratio, 1.0, "times")


def _seam_ratio(cycle: Motion) -> float:
    """Largest change of speed of a joint at the seam over the largest anywhere else.

    The frames beside the seam count for neither: a jump between two frames is a change at both, and would be compared
    with itself.
    """
    n = len(cycle) - 1
    change = np.linalg.norm(np.diff(around_again(cycle, 2).positions, n=2, axis=0), axis=-1).max(-1)
    return float(change[n - 1] / change[1 : n - 2].max())


def _kept_gap(case: Case) -> float:
    source, kept = case.composition.source, _kept(case)
    assert source is not None
    return float(np.abs(case.motion.positions - source.positions)[kept].max())


def _kept(case: Case) -> Flags:
    return np.array([case.composition.kept(k / case.motion.fps) for k in range(len(case.motion))])


def _key_gaps(case: Case) -> list[float]:
    """How far the worst joint is from each keyframe: in place, or seen from the body's own place and heading."""
    gaps = []
    for key in case.composition.keyframes:
        k = round(key.seconds * case.motion.fps)
        pose = replace(case.motion[k : k + 1], rotations=key.rotations[None], root=key.root[None])
        both = [case.motion[k : k + 1], pose]
        if not key.place:
            both = [_from_itself(motion) for motion in both]
        gaps.append(float(np.linalg.norm(both[0].positions - both[1].positions, axis=-1).max()))
    return gaps


def _ahead(raw: Motion) -> Goal:
    """A door handle an arm's length ahead and 0.4 m aside of where the body is after three seconds."""
    k = round(3.0 * raw.fps)
    front = quat_rotate(quat_about("y", heading_angle(raw.rotations[k, 0])), np.array([-0.4, 0.0, 0.4]))
    return Goal("right_wrist", 3.0, raw.root[k] * [1, 0, 1] + front + [0, 1.1, 0], hold_s=0.2, place=True)


def _goal_gaps(case: Case) -> list[float]:
    """How far a hand is from each goal while it is held."""
    gaps = []
    for goal in case.composition.goals:
        for k in range(round(goal.seconds * case.motion.fps), round(goal.end_s * case.motion.fps) + 1):
            there = Goal.of(case.motion, goal.effector, k / case.motion.fps, place=goal.place)
            gaps.append(float(np.linalg.norm(there.position - goal.position)))
    return gaps


def _from_itself(motion: Motion) -> Motion:
    there = motion.moved(-motion.root[0] * np.array([1, 0, 1]))
    return there.turned(quat_about("y", -float(heading_angle(motion.rotations[0, 0]))))


def _route_gaps(case: Case) -> list[float]:
    gaps = []
    for point in case.composition.route or ():
        root = case.motion.root[round(point.seconds * case.motion.fps)]
        gaps.append(float(np.hypot(root[0] - point.x, root[2] - point.z)))
    return gaps


def _slides(motion: Motion, new: Flags) -> np.ndarray:
    """How far the ball of a planted foot travels over the ground in each contact of new frames, (T,), metres."""
    _, toe = planted_feet(motion)
    out = [0.0]
    for foot, ball in enumerate(TOES):
        for start, stop in runs(toe[:, foot] & new):
            place = motion.positions[start + PLANTED : stop - PLANTED, ball][:, [0, 2]]
            if len(place) > 1:
                out.append(float(np.linalg.norm(place - place[0], axis=-1).max()))
    return np.array(out)


def _played_slides(cycle: Motion) -> np.ndarray:
    """The same of a loop that is played on, as it is seen: from the middle of one round to that of the next but one."""
    n = len(cycle) - 1
    seen = np.zeros(3 * n + 1, dtype=bool)
    seen[n // 2 : 5 * n // 2] = True
    return _slides(around_again(cycle, 3), seen)


def _travels(motion: Motion) -> bool:
    return float(np.linalg.norm((motion.root[-1] - motion.root[0])[[0, 2]])) > 1.0


def _quickest(motion: Motion) -> float:
    return float(np.linalg.norm(np.diff(motion.positions, n=2, axis=0), axis=-1).max())


def _judged(case: Case) -> Motion:
    """What is judged: of a loop two rounds, of chained beats the last, whose sentence the raw motion has too."""
    if case.name == "chained":
        return case.motion[-round(SECONDS * case.motion.fps) :]
    return around_again(case.motion, 2) if case.name == "loop" else case.motion


def _felt(group: list[Case]) -> list[tuple[Motion, str]]:
    return [(_judged(case), case.feeling) for case in group]


def _accuracy(judges: object, clips: list[tuple[Motion, str]]) -> float:
    found = [judges.emotion(motion) for motion, _ in clips]  # type: ignore[attr-defined]
    hits = [max(p, key=p.__getitem__) == feeling for p, (_, feeling) in zip(found, clips, strict=True)]
    return 100 * float(np.mean(hits))
