"""What moves on the page: the mannequin of the clips and the parametric face, each sent once as a packet.

Shapes: V vertices, F triangles, J = 22 joints, C = 30 controls, M morphs. Metres.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.clips.figure import figure_mesh, mannequin, part_mesh
from sdk.clips.render import TONES
from sdk.emotion import ALIASES, VALENCE_AROUSAL, Affect, Emotion
from sdk.face.affect_face import FaceActor, FaceWish, FeltOverTime
from sdk.face.expressions import ameca_schema
from sdk.face.rig import Identity, Rig
from sdk.face.rig.parts import Stance
from sdk.face.rig.picture import head
from sdk.face.rig.pose import rotation
from sdk.face.rig.shading import LOOKS, PAINTERS, Lit
from sdk.motion.skeleton import BODY, Skeleton
from sdk.studio.packets import pack

STEP = {"ratio": 0.5, "openness": 1.0, "degrees": 12.0}
"""How far a control is moved to see what the face does, by unit; half-way lies nearly in a line."""
LEAST_M = 2e-5
"""What moves less than this is left out of a morph."""
MORPH_UNIT_M = 1e-5


def rest_of(skeleton: Skeleton = BODY) -> NDArray[np.float64]:
    """Joints of the T-pose that stands on the ground, (J, 3)."""
    rest = np.array(skeleton.offsets, dtype=np.float64)
    rest[0, 1] += skeleton.rest_height
    for j, parent in enumerate(skeleton.parents):
        if parent >= 0:
            rest[j] += rest[parent]
    return rest


def words_of(emotion: Emotion) -> list[str]:
    """Plutchik's words for an emotion that is mild, plain and strong; the plain one where he has none."""
    found = {strength: word for word, (of, strength) in ALIASES.items() if of is emotion}
    return [found.get(0.3, emotion.label), emotion.label, found.get(1.0, emotion.label)]


@cache
def figure_packet() -> bytes:
    """The mannequin in the T-pose: positions, normals (V, 3), joints (V,), triangles (F, 3), and the skeleton."""
    mesh = figure_mesh(BODY, rest=rest_of())
    colours = [np.tile(TONES[part.tone], (len(part_mesh(part).positions), 1)) for part in mannequin(BODY)]
    header = {
        "kind": "figure", "names": BODY.names, "parents": BODY.parents, "rest_height": BODY.rest_height,
        "emotions": [emotion.label for emotion in Emotion], "valence_arousal": VALENCE_AROUSAL.tolist(),
        "words": {emotion.label: words_of(emotion) for emotion in Emotion},
    }  # fmt: skip
    return pack(header, {
        "positions": mesh.positions, "normals": mesh.normals, "joints": mesh.joints.astype(np.uint16),
        "triangles": mesh.triangles.astype(np.uint16), "colours": np.concatenate(colours).astype(np.uint8),
        "rest": rest_of().astype(np.float32),
        "offsets": BODY.offsets.astype(np.float32),
    })  # fmt: skip


class FaceMesh:
    """The parametric face as triangles, and what each control does to them, as far as a straight line goes."""

    def __init__(self) -> None:
        self.schema = ameca_schema()
        self._rig, self._identity, self._head = Rig(self.schema), Identity.mean(), head(0)

    def places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vertices (V, 3) for values (C,)."""
        side, up = self._rig.eye_angles(values, self._identity)
        opening, yaw = (-np.rad2deg(angle) for angle in self._rig.jaw_angles(values, self._identity))
        zero = np.zeros_like(side)
        points = self._rig.local(values, self._identity)
        stance = Stance(points, rotation(opening, yaw, zero), rotation(up, side, zero))
        places = np.concatenate([part.place(stance) for part in self._head.parts])
        turned: NDArray[np.float64] = self._rig.posed(places, values) - places
        return places + self._head.follow[:, None] * turned

    def colours(self) -> NDArray[np.uint8]:
        """sRGB of each vertex, (V, 3)."""
        made = self._head
        material = np.zeros(len(made.coordinates), np.intp)
        material[made.triangles.ravel()] = np.repeat(made.material, 3)
        lit = Lit.of(self._identity, LOOKS["ameca"])
        colours = np.zeros((len(material), 3))
        for kind, paint in PAINTERS.items():
            where = np.flatnonzero(material == kind)
            if len(where):
                colour, _, _, clear, _ = paint(made.coordinates[where].astype(np.float32), lit)
                colours[where] = np.asarray(colour) * np.sqrt(np.broadcast_to(clear, len(where)))[:, None]
        return (np.clip(colours, 0, 1) * 255 + 0.5).astype(np.uint8)

    def packet(self) -> bytes:
        """positions (V, 3), triangles (F, 3), colours (V, 3), and the morphs: of each, control and sign in the header,
        `at` the vertices that move and `by` how far at `step`, in `MORPH_UNIT_M`."""
        neutral = self.schema.neutral.copy()
        rest = self.places(neutral)
        morphs: list[dict[str, Any]] = []
        at, by = [], []
        for index, control in enumerate(self.schema):
            low, high = control.ranges["tight"]
            for sign in (1.0, -1.0):
                room = high - control.neutral if sign > 0 else control.neutral - low
                step = min(STEP[control.unit], room)
                if step <= 0:
                    continue
                values = neutral.copy()
                values[index] += sign * step
                moved = self.places(values) - rest
                far = np.flatnonzero(np.abs(moved).max(-1) > LEAST_M)
                if len(far):
                    morphs.append({"control": index, "sign": sign, "step": step, "count": len(far)})
                    at.append(far.astype(np.uint16))
                    by.append(np.round(moved[far] / MORPH_UNIT_M).astype(np.int16))
        header = {
            "kind": "face", "controls": self.schema.names, "neutral": neutral.tolist(), "unit": MORPH_UNIT_M,
            "morphs": morphs,
        }  # fmt: skip
        return pack(header, {
            "positions": rest.astype(np.float32), "triangles": self._head.triangles.astype(np.uint16),
            "colours": self.colours(), "at": np.concatenate(at), "by": np.concatenate(by),
        })  # fmt: skip


@cache
def face_packet() -> bytes:
    """The parametric face; see `FaceMesh.packet`."""
    return FaceMesh().packet()


def face_of_clip(affect: Affect, track: FeltOverTime | None, *, seed: int, frames: int, fps: float) -> NDArray[Any]:
    """Controls (T, C) of a face that feels along with a clip, blinks and glances included; alike for the same seed."""
    first = affect if track is None else track.at(0.0)
    actor = FaceActor(ameca_schema(), seed=seed, wish=FaceWish(first))
    actor.step(1.0)  # the clip begins with the feeling already there
    actor.change(FaceWish(affect, track))
    return np.stack([actor.step(1 / fps) for _ in range(frames)]).astype(np.float32)
