"""One prompt, many feelings: labels, everyday words, mixtures, valence-arousal, intensity.

The seed is the same for all, so that only the emotion differs. The cues show what the body says.
"""

from sdk.emotion import Affect
from sdk.motion.cues import measure_cues
from sdk.runtime.engine import Engine, Request

affects = {
    "neutral": Affect.neutral(),
    "joy": Affect.of("joy", 1.0),
    "a little sad": Affect.of("pensiveness"),
    "grief": Affect.of("grief"),
    "rage": Affect.of("rage"),
    "joy and trust": Affect.of("joy:0.6,trust:0.4"),
    "low and calm": Affect.from_valence_arousal(-0.6, -0.3),
}

engine = Engine.load()
for name, affect in affects.items():
    result = engine.generate(Request(text="a person walks forward", affect=affect, seconds=4, seed=3))
    cues = measure_cues(result.motion)
    print(
        f"{name:14s} speed {cues.speed:.2f} m/s, arm swing {cues.arm_swing:.2f} m, head {cues.head_pitch:+.0f} degrees"
    )
