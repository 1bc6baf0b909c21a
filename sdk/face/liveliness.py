"""What a face does of itself: it blinks, its eyes wander, its head is never quite still, its sides differ a little.

All moments and sizes come from one seed and from the feeling, never from the frame rate: the same seed blinks at the
same moments at 30 and at 60 frames a second. Every number is assumed, but for the length of blinks and the bounds of
their pauses, which are those of published robot code. Shapes: C controls, in the schema's order and units; seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sdk.emotion import Affect
from sdk.face.controls import Array, ControlSchema

BLINK_S, PAUSE_S = (0.075, 0.150), (2.0, 10.0)
"""Shortest and longest time that lids are told to be shut, and from one blink to the next."""
CALM_PAUSE_S, PAUSE_SPREAD = 4.5, 0.4
"""Usual pause without arousal, halved at full arousal; its spread is of the logarithm."""
FIXATION_S, FIXATION_SPREAD, FIXATION_BOUNDS_S = 1.5, 0.5, (0.4, 4.0)
"""How long the eyes rest on a point."""
AWAY = 0.6
"""Share of glances that leave the middle."""
GLANCE, MOST_GLANCE = np.array([4.0, 2.0]), np.array([10.0, 5.0])
"""Spread and bounds of a glance, degrees to the side and up."""
SWAY = {"Head Pitch": 0.6, "Head Roll": 0.8, "Head Yaw": 1.4, "Neck Pitch": 0.3, "Neck Roll": 0.3}
"""Degrees by which head and neck move about; the pitch with the breath, the rest more slowly."""
BREATH_S, WANDER_S = (3.6, 5.0), ((5.0, 8.0), (9.0, 14.0))
"""Shortest and longest periods; what wanders is the sum of two waves, which do not look like a machine's."""
BEGIN_HALFLIFE_S = 0.7
"""How slowly the head begins to move about."""
UNEVEN, FADE = 0.12, 0.06
"""Most by which one side moves less than the other, and by which an expression comes and goes."""

Felt = Callable[[float], Affect]
"""What is felt at a moment."""


@dataclass(frozen=True, eq=False)
class Own:
    """Movements at a moment.

    shut: whether a blink is on. glance: (2,) degrees to the own right and up. sway: (C,), to be added. strength: (C,)
    in 0..1, by which deviations of the expression are to be multiplied.
    """

    shut: bool
    glance: Array
    sway: Array
    strength: Array


class Liveliness:
    """Movements of one face. Moments must be asked for in order."""

    def __init__(self, schema: ControlSchema, seed: int) -> None:
        self._blinks, self._eyes, body = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
        self._blink_at = float(self._blinks.uniform(0.5, CALM_PAUSE_S))
        self._blink_s = float(self._blinks.uniform(*BLINK_S))
        self._glance, self._glance_until = np.zeros(2), 0.0
        sway = np.array([SWAY.get(control.name, 0.0) for control in schema])
        breathes = ["Pitch" in control.name for control in schema]
        wander = np.stack([body.uniform(*each, len(schema)) for each in WANDER_S])
        period = np.where(breathes, body.uniform(*BREATH_S), wander)
        self._wave = (0.5 * sway, 2 * np.pi / period, body.uniform(0, 2 * np.pi, (2, len(schema))))
        self._fade = (2 * np.pi / body.uniform(*WANDER_S[0]), body.uniform(0, 2 * np.pi))
        self._sides = _sides(schema, body)

    def at(self, seconds: float, felt: Felt, *, longer_s: float = 0.0) -> Own:
        """Movements at a moment. longer_s: what lids that are wide open need beyond the usual time to shut."""
        while seconds >= self._blink_at + self._blink_s + longer_s:
            self._blink_at += self._pause_s(felt(self._blink_at))
            self._blink_s = float(self._blinks.uniform(*BLINK_S))
        while seconds >= self._glance_until:
            rest_s = FIXATION_S * np.exp(FIXATION_SPREAD * self._eyes.standard_normal())
            self._glance_until += float(np.clip(rest_s, *FIXATION_BOUNDS_S))
            leaves, way = self._eyes.random() < AWAY, self._eyes.standard_normal(2)
            self._glance = np.clip(GLANCE * way, -MOST_GLANCE, MOST_GLANCE) if leaves else np.zeros(2)
        size, rate, phase = self._wave
        rate_fade, phase_fade = self._fade
        return Own(
            shut=seconds >= self._blink_at,
            glance=self._glance,
            sway=(size * np.sin(rate * seconds + phase)).sum(0) * (1 - 0.5 ** (seconds / BEGIN_HALFLIFE_S)),
            strength=self._sides * (1 - FADE * (1 + np.sin(rate_fade * seconds + phase_fade)) / 2),
        )

    def _pause_s(self, affect: Affect) -> float:
        """From one blink to the next; whoever is aroused blinks more often."""
        _, arousal = affect.valence_arousal
        usual_s = CALM_PAUSE_S * 0.5**arousal
        return float(np.clip(usual_s * np.exp(PAUSE_SPREAD * self._blinks.standard_normal()), *PAUSE_S))


def _sides(schema: ControlSchema, draw: Generator) -> Array:
    """How much of an expression each control shows, (C,): in brows and lips one side is a little weaker."""
    out = np.ones(len(schema))
    for region in ("brow", "lip"):
        side, share = draw.choice((" Left", " Right")), 1 - UNEVEN * draw.random()
        for k in schema.indices(region):
            if schema.names[k].endswith(side):
                out[k] = share
    return out
