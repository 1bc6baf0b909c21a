"""What each emotion does to a body: one table of cues, each value with its unit and where it comes from.

Values hold at intensity 1. Ratios are relative to the neutral clip and grow as value ** intensity; the others are
differences and grow as value * intensity. So intensity 0 changes nothing, and every cue is monotonic in the intensity.

Sources: "real" quotes the change measured in the mocap set's own style (not-confident as a proxy of fear); values are
tuned until `training.stylist.compare` finds such a change, so they need not equal it. [inferred]: no measured source.
Papers: Halovic & Kroos 2018; Gross, Crane & Fredrickson 2012; Michalak et al. 2009; Shafir et al. 2016 (Table 2, Laban
terms); Montepare et al. 1987; Roether et al. 2009.
"""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sdk.emotion import Emotion
from training.stylist.edits import UNITS, Edits

STYLIST = "kinematic-stylist"
VERSION = 2
"""Raise it when a clip would come out differently."""


class Cue(NamedTuple):
    """One cue at intensity 1, and its source."""

    value: float
    source: str


TABLE: Mapping[Emotion, Mapping[str, Cue]] = {
    Emotion.JOY: {
        "tempo": Cue(1.10, "faster: Halovic & Kroos 2018; cadence 1.15 real"),
        "attack": Cue(0.25, "rhythmic re-initiating: Shafir et al. 2016"),
        "stride": Cue(0.97, "real; literature says long strides"),
        "foot_lift": Cue(1.15, "light weight, rise: Shafir et al. 2016"),
        "swing": Cue(2.35, "more arm swing: Halovic & Kroos 2018"),
        "reach": Cue(1.3, "spread, up: Shafir et al. 2016"),
        "trunk_swing": Cue(1.6, "larger trunk amplitude: Gross et al. 2012"),
        "trunk_pitch": Cue(-1.0, "trunk extension: Gross et al. 2012"),
        "slump": Cue(-5.0, "trunk extension: Gross et al. 2012"),
        "head_pitch": Cue(-13.0, "-11 deg real"),
        "gaze_pitch": Cue(-7.0, "head up: real"),
        "shoulder_raise": Cue(-3.0, "lowered shoulders: Gross et al. 2012"),
        "shoulder_forward": Cue(-6.0, "open chest: Shafir et al. 2016, spread"),
        "arm_spread": Cue(11.0, "spread: Shafir et al. 2016"),
        "elbow_flexion": Cue(44.0, "+44 deg real"),
        "bounce": Cue(2.7, "2.6 real; bouncing gait: Halovic & Kroos 2018"),
        "pulse": Cue(0.034, "jump, rhythmic: Shafir et al. 2016"),
        "sway": Cue(0.012, "free flow: Shafir et al. 2016"),
        "forearm_aim": Cue(-38.0, "open: Shafir et al. 2016, spread"),
        "forearm_hold": Cue(0.7, "as forearm_aim"),
    },
    Emotion.SADNESS: {
        "tempo": Cue(0.79, "slowest of all: Halovic & Kroos 2018; cadence .62 real"),
        "attack": Cue(-0.15, "passive weight: Shafir et al. 2016"),
        "stride": Cue(0.57, "short strides: Halovic & Kroos 2018; .64 real"),
        "foot_lift": Cue(0.72, "passive weight: Shafir et al. 2016"),
        "swing": Cue(0.5, "less arm swing: Michalak et al. 2009; .70 real"),
        "reach": Cue(0.80, "arms to upper body: Shafir et al. 2016"),
        "trunk_swing": Cue(0.8, "smaller trunk amplitude: Gross et al. 2012"),
        "trunk_pitch": Cue(2.0, "slumped: Michalak et al. 2009"),
        "slump": Cue(12.0, "thoracic flexion: Gross et al. 2012"),
        "head_pitch": Cue(4.0, "+3 deg real; neck flexion: Gross et al. 2012"),
        "gaze_pitch": Cue(34.0, "+31 deg real; head down: Shafir et al. 2016"),
        "shoulder_raise": Cue(-5.0, "sink: Shafir et al. 2016"),
        "shoulder_forward": Cue(12.0, "slumped: Michalak et al. 2009"),
        "arm_spread": Cue(-5.0, "arms to upper body: Shafir et al. 2016"),
        "arm_inward": Cue(15.0, "arms to upper body: Shafir et al. 2016"),
        "knee_drop": Cue(0.004, "sink: Shafir et al. 2016"),
        "bounce": Cue(0.6, "less vertical movement: Michalak et al. 2009; .57 real"),
        "sway": Cue(0.018, "more lateral sway: Michalak et al. 2009"),
        "pelvis_pitch": Cue(-5.0, "-5 deg real"),
        "glance": Cue(6.0, "head wanders: real"),
    },
    Emotion.FEAR: {
        "tempo": Cue(0.9, "fast cadence: Halovic & Kroos 2018; .96/.91 real proxy"),
        "hesitation": Cue(0.4, "hesitant; retreat: Shafir et al. 2016"),
        "stride": Cue(0.58, "short strides: Halovic & Kroos 2018; .66 real proxy"),
        "step_width": Cue(0.85, "condense: Shafir et al. 2016"),
        "foot_lift": Cue(0.6, "short strides: Halovic & Kroos 2018"),
        "swing": Cue(0.22, "less arm movement: Halovic & Kroos 2018; .25 real proxy"),
        "reach": Cue(0.64, "enclose: Shafir et al. 2016"),
        "trunk_swing": Cue(0.6, "bound flow: Shafir et al. 2016"),
        "trunk_pitch": Cue(5.0, "+8 deg real proxy"),
        "slump": Cue(15.0, "condense: Shafir et al. 2016"),
        "head_pitch": Cue(22.0, "+27 deg real proxy"),
        "gaze_pitch": Cue(14.0, "+30 deg real proxy, but fear looks at its object [inferred]"),
        "shoulder_raise": Cue(14.0, "postural tension: Roether et al. 2009"),
        "shoulder_forward": Cue(14.0, "enclose: Shafir et al. 2016"),
        "arm_spread": Cue(-6.0, "condense: Shafir et al. 2016"),
        "arm_forward": Cue(4.0, "-18 deg real proxy; enclose: Shafir et al. 2016"),
        "elbow_flexion": Cue(85.0, "more flexed limbs: Roether et al. 2009; +53 deg real proxy"),
        "knee_drop": Cue(0.022, "more flexed limbs: Roether et al. 2009; knee +14 deg real proxy"),
        "bounce": Cue(0.75, ".75 real proxy"),
        "lean_back": Cue(0.02, "retreat, backward: Shafir et al. 2016"),
        "tremble": Cue(0.25, "postural tension: Roether et al. 2009"),
        "glance": Cue(18.0, "vigilant looking around [inferred]"),
        "pelvis_pitch": Cue(-5.0, "-6 deg real proxy"),
        "forearm_aim": Cue(50.0, "enclose: Shafir et al. 2016"),
        "forearm_hold": Cue(0.8, "as forearm_aim"),
    },
    Emotion.ANGER: {
        "tempo": Cue(1.1, "high cadence: Halovic & Kroos 2018; 1.18 real"),
        "attack": Cue(0.4, "strong, sudden: Shafir et al. 2016"),
        "step_width": Cue(1.12, "strong: Shafir et al. 2016"),
        "foot_lift": Cue(1.06, "stomping: Halovic & Kroos 2018"),
        "swing": Cue(2.7, "more arm movement: Halovic & Kroos 2018; 1.19 real"),
        "reach": Cue(1.25, "strong, direct: Shafir et al. 2016"),
        "trunk_swing": Cue(1.25, "strong: Shafir et al. 2016"),
        "trunk_pitch": Cue(4.5, "advancing: Shafir et al. 2016; +5..+10 deg real"),
        "slump": Cue(11.0, "+11 deg real at the chest"),
        "head_pitch": Cue(11.0, "+3..+16 deg real"),
        "gaze_pitch": Cue(13.0, "+16 deg real"),
        "shoulder_raise": Cue(10.0, "+9 deg real; postural tension: Roether et al. 2009"),
        "shoulder_forward": Cue(4.0, "advancing: Shafir et al. 2016"),
        "arm_spread": Cue(19.0, "arms held off the body [inferred]"),
        "elbow_flexion": Cue(44.0, "more flexed limbs: Roether et al. 2009; +16..+23 deg real"),
        "knee_drop": Cue(0.003, "more flexed limbs: Roether et al. 2009"),
        "bounce": Cue(0.66, ".74 real"),
        "heaviness": Cue(0.01, "heavy-footed: Montepare et al. 1987"),
        "lean_back": Cue(-0.025, "advancing: Shafir et al. 2016"),
        "forearm_aim": Cue(14.0, "fists in front [inferred]"),
        "forearm_hold": Cue(0.5, "as forearm_aim"),
    },
    Emotion.TRUST: {
        "tempo": Cue(0.92, "calm tempo [inferred]"),
        "swing": Cue(1.1, "free arms [inferred]"),
        "fluency": Cue(0.04, "calm [inferred]"),
        "slump": Cue(-5.0, "open chest [inferred]"),
        "head_pitch": Cue(-3.0, "gaze ahead [inferred]"),
        "head_turn": Cue(7.0, "attentive tilt [inferred]"),
        "shoulder_raise": Cue(-4.0, "relaxed [inferred]"),
        "shoulder_forward": Cue(-7.0, "open [inferred]"),
        "arm_spread": Cue(14.0, "open arms [inferred]"),
        "elbow_flexion": Cue(14.0, "open arms [inferred]"),
        "forearm_aim": Cue(-35.0, "palms turned out [inferred]"),
        "forearm_hold": Cue(0.7, "as forearm_aim"),
    },
    Emotion.SURPRISE: {
        "tempo": Cue(1.05, "arousal [inferred]"),
        "attack": Cue(0.6, "sudden onset [inferred]"),
        "hesitation": Cue(0.3, "freeze [inferred]"),
        "stride": Cue(0.85, "backward start [inferred]"),
        "trunk_pitch": Cue(-7.0, "backward start [inferred]"),
        "slump": Cue(-4.0, "backward start [inferred]"),
        "head_pitch": Cue(-8.0, "head back [inferred]"),
        "gaze_pitch": Cue(-4.0, "head back [inferred]"),
        "shoulder_raise": Cue(10.0, "startle [inferred]"),
        "arm_spread": Cue(32.0, "arms rise [inferred]"),
        "arm_forward": Cue(20.0, "arms rise [inferred]"),
        "elbow_flexion": Cue(105.0, "arms rise [inferred]"),
        "lean_back": Cue(0.03, "backward start [inferred]"),
        "forearm_aim": Cue(5.0, "hands up in front [inferred]"),
        "forearm_hold": Cue(0.7, "as forearm_aim"),
    },
    Emotion.DISGUST: {
        "tempo": Cue(0.88, "reluctant [inferred]"),
        "stride": Cue(0.85, "small [inferred]"),
        "swing": Cue(0.7, "small [inferred]"),
        "reach": Cue(0.88, "small [inferred]"),
        "trunk_pitch": Cue(-6.0, "lean away [inferred]"),
        "slump": Cue(4.0, "shrink [inferred]"),
        "head_pitch": Cue(-4.0, "head drawn back [inferred]"),
        "gaze_pitch": Cue(8.0, "chin tucked [inferred]"),
        "head_turn": Cue(34.0, "head averted [inferred]"),
        "shoulder_raise": Cue(6.0, "tension [inferred]"),
        "arm_forward": Cue(22.0, "hands in front [inferred]"),
        "elbow_flexion": Cue(52.0, "hands in front [inferred]"),
        "lean_back": Cue(0.03, "lean away [inferred]"),
        "forearm_aim": Cue(15.0, "hands in front [inferred]"),
        "forearm_hold": Cue(0.7, "as forearm_aim"),
    },
    Emotion.ANTICIPATION: {
        "tempo": Cue(1.06, "arousal [inferred]"),
        "attack": Cue(0.15, "readiness [inferred]"),
        "swing": Cue(1.1, "readiness [inferred]"),
        "trunk_pitch": Cue(8.0, "forward lean [inferred]"),
        "head_pitch": Cue(4.0, "gaze ahead [inferred]"),
        "gaze_pitch": Cue(-8.0, "gaze ahead [inferred]"),
        "arm_forward": Cue(8.0, "readiness [inferred]"),
        "elbow_flexion": Cue(26.0, "readiness [inferred]"),
        "knee_drop": Cue(0.02, "readiness [inferred]"),
        "bounce": Cue(1.3, "readiness [inferred]"),
        "sway": Cue(0.02, "small weight shifts [inferred]"),
        "forearm_aim": Cue(20.0, "hands ready in front [inferred]"),
        "forearm_hold": Cue(0.6, "as forearm_aim"),
    },
}
"""Cues of each emotion at intensity 1; what is not named does not change."""

_VARIATION = 0.18  # standard deviation of a performer's share of each cue, as a factor
_VARIATION_LIMITS = (0.6, 1.4)


def edits_for(emotion: Emotion, intensity: float, performer: int | None = None) -> Edits:
    """Strength of each edit for an emotion at an intensity in [0, 1].

    `performer` seeds how much of each cue this performer shows; it does not depend on the intensity, so that one
    performer's cues are monotonic. None is the average one, the table as it is. Neutral, and intensity 0, give edits
    that change nothing.
    """
    values = {}
    for name, cue in TABLE.get(emotion, {}).items():
        amount = intensity * (1.0 if performer is None else _share(performer, emotion, name))
        values[name] = cue.value**amount if UNITS[name] == "ratio" else cue.value * amount
    return replace(Edits(), **values)


def _share(performer: int, emotion: Emotion, name: str) -> float:
    # A stream for each cue, so that a new one in the table leaves the others' performers as they were.
    rng = np.random.default_rng([performer, int(emotion), zlib.crc32(name.encode())])
    return float(np.clip(np.exp(_VARIATION * rng.standard_normal()), *_VARIATION_LIMITS))
