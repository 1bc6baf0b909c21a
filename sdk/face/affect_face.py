"""A face that shows a feeling: the same Affect that moves the body gives expressions, brows, lids, gaze and head.

    actor = FaceActor(ameca_schema(), seed=7)
    actor.change(FaceWish(Affect.of("joy")))
    values = actor.step(1 / 60)  # (30,), in the schema's order and units

What is shown is linear in the mixture that an affect stands for (`Affect.condition`): nothing jumps between mixtures,
and more intensity is more of the same. Poses and half-lives are assumed; see `expressions` and `liveliness`. Never run
on hardware. Shapes: C = 30 controls, E = 12 expressions, V = 14 visemes, 9 emotions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sdk.emotion import NUM_EMOTIONS, Affect, Emotion
from sdk.errors import InvalidInput
from sdk.face.controls import Array, ControlSchema
from sdk.face.expressions import HIGHEST, VISEMES, Poses, load_poses
from sdk.face.liveliness import Liveliness, Own
from sdk.face.pursuit import Pursuit
from sdk.motion.inertial import spring_to_zero
from sdk.motion.rotations import Array as Floats

MAX_LOOK = (60.0, 40.0)
"""Degrees to the side and up or down."""
MOST_DT_S = 1.0
TICK_S = 1 / 60
"""Longer steps are walked in parts of at most this length: a blink would fall between two frames."""
ONSET_S, OFFSET_S, SPEECH_S, HEAD_S = 0.10, 0.20, 0.035, 0.25
"""Half-lives: of a feeling that comes into the face, of one that leaves it, of speech, of the head."""
STEADY = 0.2
"""Share of a glance that is left when the eyes are told where to look."""


class FeltOverTime(Protocol):
    """A feeling that changes, such as `sdk.runtime.track.AffectTrack`: seconds since it was wished -> affect."""

    def at(self, seconds: float) -> Affect: ...


@dataclass(frozen=True, eq=False)
class FaceWish:
    """What a face is to show.

    track: instead of `affect`, counts from the moment of the wish. visemes: name -> share in 0..1. look_left, look_up:
    degrees relative to the head, to the own left and up; None lets the eyes wander on that axis. Raises InvalidInput.
    """

    affect: Affect = field(default_factory=Affect.neutral)
    track: FeltOverTime | None = None
    visemes: Mapping[str, float] = field(default_factory=dict)
    look_left: float | None = None
    look_up: float | None = None

    def __post_init__(self) -> None:
        for name, share in self.visemes.items():
            if name not in VISEMES:
                raise InvalidInput(f"viseme {name!r} is unknown; known: {', '.join(VISEMES)}", field="visemes")
            if not 0 <= share <= 1:
                raise InvalidInput(f"share of viseme {name} must lie in 0..1, got {share:g}", field="visemes.weight")
        for axis, most in zip(("look_left", "look_up"), MAX_LOOK, strict=True):
            angle = getattr(self, axis)
            if angle is not None and not abs(angle) <= most:  # also false for NaN
                raise InvalidInput(f"{axis} must lie in -{most:g}..{most:g} degrees, got {angle:g}", field=axis)

    def affect_at(self, seconds: float) -> Affect:
        """The feeling so long after the wish."""
        return self.affect if self.track is None else self.track.at(seconds)

    @property
    def spoken(self) -> Array:
        """Shares of all visemes, (V,)."""
        return np.array([self.visemes.get(name, 0.0) for name in VISEMES])


def face_values(poses: Poses, affect: Affect, visemes: Array | None = None) -> Array:
    """Values (C,) of a face that shows an affect and stands still; visemes (V,) as in `Poses.mouth`."""
    return shown(poses, affect.condition.astype(float), visemes)


def shown(poses: Poses, felt_9: Array, visemes: Array | None = None) -> Array:
    """Values (C,) for weights of the nine emotions, at most 1 in all."""
    values = poses.schema.neutral + felt_9 @ poses.emotion_rest
    values[poses.controls] = poses.mouth((felt_9 @ poses.emotion_mouth) * HIGHEST, visemes)
    return values


class FaceActor:
    """One face over time. Its values stay in the range set and keep to the schema's slew and acceleration.

    seed: of its own movements (`liveliness`). still: it makes none, and shows nothing but what is wished. The same seed
    and wishes give the same values. Raises InvalidInput for an unknown range set or a seed out of range.
    """

    def __init__(
        self, schema: ControlSchema, *, seed: int = 0, range_set: str = "tight", still: bool = False,
        wish: FaceWish | None = None,
    ) -> None:  # fmt: skip
        if not 0 <= seed < 2**64:
            raise InvalidInput(f"seed must lie in 0..{2**64 - 1}, got {seed}", field="seed")
        self._poses = load_poses(schema)
        self._pursuit = Pursuit(schema, range_set)
        self._life = None if still else Liveliness(schema, seed)
        self._wish, self._since = FaceWish() if wish is None else wish, 0.0
        self._felt, self._said = _Spring(NUM_EMOTIONS), _Spring(len(VISEMES))
        self._head = _Spring(len(schema))
        self._slow = np.array([control.region in ("head", "neck", "gaze") for control in schema])
        self._upper = [schema.index(f"Eyelid Upper {side}") for side in ("Left", "Right")]
        self._lids = schema.indices("lid")
        self._lid_slew = schema.controls[self._lids[0]].motion.slew
        self._gaze = [schema.index(f"Gaze Target {axis}") for axis in ("Phi", "Theta")]
        self._gaze_signs = np.array([self._poses.signs[schema.names[k]] for k in self._gaze])
        self.seconds = 0.0

    @property
    def affect(self) -> Affect:
        """What is felt now, as wished."""
        return self._affect_at(self.seconds)

    @property
    def values(self) -> Array:
        """The latest values, (C,)."""
        return self._pursuit.values

    def change(self, wish: FaceWish) -> None:
        """Show something else from the next step on; another track begins now."""
        before, self._wish = self._wish, wish
        if (wish.affect, wish.track) != (before.affect, before.track):
            self._since = self.seconds

    def step(self, dt: float) -> Array:
        """Values (C,) so many seconds later. Raises InvalidInput for a dt that is not in (0, 1]."""
        if not 0 < dt <= MOST_DT_S:
            raise InvalidInput(f"dt must lie in (0, {MOST_DT_S:g}] s, got {dt}", field="dt")
        count = math.ceil(dt / TICK_S - 1e-9)
        begin = self.seconds
        for k in range(count):
            self.seconds = begin + dt * (k + 1) / count
            self._tick(dt / count)
        return self.values

    def _affect_at(self, seconds: float) -> Affect:
        return self._wish.affect_at(max(seconds - self._since, 0.0))

    def _tick(self, dt: float) -> None:
        aim_9 = self.affect.condition.astype(float)
        aim_9[Emotion.NEUTRAL] = 0.0  # neutral is what the others leave
        comes = aim_9 > self._felt.value
        felt_9 = np.maximum(self._felt.towards(aim_9, dt, np.where(comes, ONSET_S, OFFSET_S)), 0)
        felt_9 = felt_9 / max(felt_9.sum(), 1.0)
        said_V: Array = np.clip(self._said.towards(self._wish.spoken, dt, SPEECH_S), 0, 1)
        target = shown(self._poses, felt_9, said_V)
        # Head and eyes have a spring of their own, beside that of the face and not behind it.
        head = self._head.towards(aim_9 @ self._poses.emotion_rest, dt, HEAD_S)
        neutral = self._poses.schema.neutral
        target = np.where(self._slow, neutral + head, target)
        longer_s = max(float(target[self._upper].max()) - 1, 0.0) / self._lid_slew
        own = None if self._life is None else self._life.at(self.seconds, self._affect_at, longer_s=longer_s)
        if own is not None:
            target = neutral + own.strength * (target - neutral) + own.sway
            if own.shut:
                target[self._lids] = np.minimum(target[self._lids], 0.0)
        target[self._gaze] = self._looking(target[self._gaze], own)
        self._pursuit.step(target, dt)

    def _looking(self, felt: Array, own: Own | None) -> Array:
        """Where the eyes go, (2,): where they are told to, else where the feeling lets them rest, and about."""
        wish = self._wish
        told = np.array([np.nan if wish.look_left is None else -wish.look_left, _or_nan(wish.look_up)])
        aim = np.where(np.isnan(told), felt, self._gaze_signs * told)
        if own is None:
            return aim
        return aim + self._gaze_signs * own.glance * np.where(np.isnan(told), 1.0, STEADY)


def _or_nan(angle: float | None) -> float:
    return np.nan if angle is None else angle


class _Spring:
    """Numbers (n,) that go to an aim, critically damped; each may have its own half-life."""

    def __init__(self, count: int) -> None:
        self.value: Floats = np.zeros(count)
        self._speed: Floats = np.zeros(count)

    def towards(self, aim: Array, dt: float, halflife_s: Array | float) -> Floats:
        """The numbers after `dt` seconds."""
        gap, self._speed = spring_to_zero(self.value - aim, self._speed, halflife_s=halflife_s, at=dt)
        self.value = aim + gap
        return self.value
