"""Edits: beats, a part made anew, a way, keyframes, goals, other arms, a loop, takes to choose from, and all again."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from sdk.clips.preview import Shot, contact_sheet
from sdk.compose_file import composition_from_object, composition_to_object
from sdk.emotion import Affect
from sdk.runtime.composition import Beat, Composition, Goal, Keyframe, Span, variations
from sdk.runtime.engine import Engine
from sdk.runtime.track import AffectTrack

engine = Engine.load()
joy, sadness = Affect.of("joy", 1.0), Affect.of("sadness", 1.0)

# One thing after the other; each beat has its own words and feeling.
beats = [Beat("a person walks forward", joy, 3), Beat("a person waves", joy, 2)]
play = engine.compose(Composition(beats=beats, seed=7, plan="fast")).motion

# The same walk, and a feeling that turns in the middle of it.
turn = AffectTrack([0.0, 2.0, 3.0], [joy, joy, sadness])
walk = Composition(beats=[Beat("a person walks forward", seconds=5)], track=turn, seed=3, plan="fast")
source = engine.compose(walk).motion

# Keep what is good, make the middle anew: the kept frames are the same floats.
redone = Composition(
    beats=[Beat("a person walks forward", sadness, 5)], source=source, keep=[Span(0, 1.5), Span(4, 5)], seed=4,
    plan="fast",
)  # fmt: skip
result = engine.compose(redone)
print("kept to the bit:", bool((result.motion.rotations[:46] == source.rotations[:46]).all()), *result.notes)

# Along a path at its own pace; the pose of another clip in the middle of a walk.
line = np.array([[0, 0], [0, 1.5], [1.5, 3], [1.5, 6]])
along = engine.compose(Composition(beats=[Beat("a person walks forward", joy, 5)], path=line, seed=3, plan="fast"))
key = Keyframe.of(play, 4.0, at=2.5)
posed = engine.compose(
    Composition(beats=[Beat("a person walks forward", joy, 5)], keyframes=[key], seed=3, plan="fast")
)
print(*along.notes)

# A hand on the hip while walking, and one on a door handle that the walk leads to.
hip = Goal("right_wrist", 1.0, [-0.2, 0.95, 0], hold_s=1)
handle = Goal("left_wrist", 3.5, [0.2, 1.0, 3.0], hold_s=0.5, place=True)
stop = [Beat("a person walks forward", joy, 3), Beat("a person stands and reaches out with the left hand", joy, 2)]
reach = engine.compose(Composition(beats=stop, goals=[hip, handle], seed=3, plan="fast"))
print(*reach.notes)

# New arms over the legs of the walk, and a loop of exactly two seconds.
arms = Composition(beats=[Beat("a person waves", joy, 5)], source=source, part="upper", seed=3, plan="fast")
loop = Composition(beats=[Beat("a person walks forward", joy, 2)], loop=True, seed=3, plan="fast")
print(*engine.compose(loop).notes)

# Takes side by side: seeds 3 and 4.
takes = [engine.compose(take).motion for take in variations(arms, 2)]
shots = [
    (play, "beats"),
    (result.motion, "redone"),
    (along.motion, "path"),
    (posed.motion, "keyframe"),
    (reach.motion, "goals"),
]
sheet = contact_sheet([Shot(m, t) for m, t in [*shots, *((m, "arms") for m in takes)]], Path("edits.png"))
print(sheet)

# What was done fits into JSON, source and all, and makes the same motion again.
written = composition_to_object(replace(redone, seed=4))
again = engine.compose(composition_from_object(written)).motion
print("again, to the bit:", bool((again.rotations == result.motion.rotations).all()))
