"""`perform`: a neutral clip with an emotion, the edits in their order."""

from dataclasses import replace

import numpy as np

from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_continuous
from training.stylist import amplitude, carriage, feet, posture, tempo
from training.stylist.clearance import clear_trunk
from training.stylist.edits import Edits
from training.stylist.table import edits_for

MIN_SECONDS = 0.55
"""A clip never gets shorter than this, if its source was not."""


def perform(motion: Motion, emotion: Emotion, intensity: float, *, performer: int | None = None) -> Motion:
    """The clip's content performed with an emotion. Intensity 0, and neutral, give the clip itself.

    motion: a neutral clip on the ground, 22 joints, any rate. intensity: [0, 1]. performer: seeds how much of each cue
    is shown, and the noise; None is the average performer. Raises InvalidInput for an intensity outside [0, 1].
    """
    if not 0 <= intensity <= 1:  # also false for NaN
        raise InvalidInput(f"intensity must lie in 0..1, got {intensity}", field="intensity")
    if intensity == 0 or emotion == Emotion.NEUTRAL:
        return motion
    return edited(motion, edits_for(emotion, intensity, performer), performer or 0)


def edited(motion: Motion, edits: Edits, seed: int) -> Motion:
    """The clip with explicit edits; `seed` draws the noise. See `perform`."""
    # One stream each, so that the noise of an edit does not depend on how long the warp made the clip.
    streams = [np.random.default_rng([seed, k]) for k in range(4)]
    at = tempo.source_times(tempo.rate_of(motion, edits, streams[0]), min_frames=round(MIN_SECONDS * motion.fps) + 1)
    source_feet = feet.read_feet(motion)
    source = tempo.warped(motion, at)
    planted = source_feet.planted[np.clip(np.round(at).astype(int), 0, len(motion) - 1)]
    steps = replace(feet.read_feet(source), planted=planted)

    arms = [amplitude.read_arm(source, side) for side in ("left", "right")]
    rotations = amplitude.scale_arms(source, arms, edits)
    rotations = amplitude.scale_trunk(source, rotations, edits)
    rotations = amplitude.smooth_upper_body(rotations, source.fps, edits.fluency)
    rotations = posture.hold_posture(source, rotations, arms, edits, streams[1])
    rotations = quat_continuous(posture.tremble(rotations, source.fps, edits.tremble, streams[2]))

    root, rise = carriage.carry(source, planted, edits, streams[3])
    placed = feet.place_feet(steps, source, rise, edits)
    moved = clear_trunk(replace(source, rotations=rotations, root=root), source)
    return feet.stand_on(moved, placed, source)
