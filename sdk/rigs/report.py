"""What became of a motion on a rig: what drives what, what could not be done, and how well feet and hands hold."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sdk.motion.contacts import TOES, runs
from sdk.motion.rotations import Array, quat_rotate
from sdk.motion.skeleton import BODY, JOINT, JOINT_NAMES
from sdk.rigs.fit import Fit
from sdk.rigs.mapping import BY_PATH
from sdk.rigs.rig import Rig

if TYPE_CHECKING:
    from sdk.rigs.put import RigMotion

_MEANS = {
    "spine": "the back bends in fewer places",
    "neck": "the head turns on the chest",
    "head": "nothing shows how the head is held",
    "collar": "shoulders cannot be raised",
    "foot": "no toes: the ball of the foot cannot roll",
}
_LIMBS = {"thigh": ("knee",), "arm": ("elbow", "wrist"), "shoulders": ("shoulder",)}


@dataclass(frozen=True)
class Driven:
    """One joint and its bones. how: "profile", "humanoid", a known rig, "name", "hierarchy" or "shape"."""

    joint: str
    nodes: tuple[str, ...]
    confidence: float
    how: str


@dataclass(frozen=True)
class RigReport:
    """Facts about a motion on a rig; lengths are real metres of the rig.

    driven: joints with bones. missing: joints without, and what that means. ratios: the rig's lengths over the SDK
    body's, legs taken as one: what differs from 1 changes
    poses. path_scale: by which the path grew. slide_m: how far a planted ball of the foot travels at
    worst in one contact; contacts: how many there are. reach_m: how far hands near something are from where they
    belong, mean, before and after; reach_frames: in how many frames one is near. notes: sentences for the reader.
    """

    rig: str
    kind: str = ""
    driven: tuple[Driven, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    ratios: dict[str, float] = field(default_factory=dict)
    path_scale: float = 1.0
    contacts: int = 0
    slide_m: float = 0.0
    reach_frames: int = 0
    reach_m: tuple[float, float] = (0.0, 0.0)
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The report as lines to print."""
        out = [f"rig      {self.rig}" + (f" ({self.kind})" if self.kind else "")]
        for d in self.driven:
            doubt = "" if d.confidence >= 0.8 else "   <- check"
            out.append(f"  {d.joint:<15} {' + '.join(d.nodes):<40} {d.confidence:.2f} {d.how}{doubt}")
        out += [f"  {joint:<15} (no bone): {meaning}" for joint, meaning in self.missing]
        shown = ", ".join(f"{name} {value:.2f}" for name, value in self.ratios.items())
        out.append(f"size     path scaled by {self.path_scale:.3g}; proportions beside the body's: {shown}")
        if self.contacts:
            out.append(f"feet     {self.contacts} contacts, at worst {1000 * self.slide_m:.1f} mm of slide")
        if self.reach_frames:
            before, after = (1000 * v for v in self.reach_m)
            out.append(f"hands    near something in {self.reach_frames} frames: {before:.0f} -> {after:.0f} mm off")
        out += [f"note     {note}" for note in self.notes]
        return out

    def as_dict(self) -> dict[str, Any]:
        """The report for a sidecar: plain values, at most six decimals."""
        return {
            "rig": self.rig,
            "kind": self.kind,
            "joints": {d.joint: list(d.nodes) for d in self.driven},
            "confidence": {d.joint: round(d.confidence, 6) for d in self.driven},
            "missing": {joint: meaning for joint, meaning in self.missing},
            "ratios": {name: round(value, 6) for name, value in self.ratios.items()},
            "path_scale": round(self.path_scale, 6),
            "contacts": self.contacts,
            "slide_m": round(self.slide_m, 6),
            "reach_m": [round(v, 6) for v in self.reach_m],
            "notes": list(self.notes),
        }

    def sentences(self) -> list[str]:
        """What could not be done and what is doubtful, a sentence each."""
        doubtful = [d.joint for d in self.driven if d.confidence < BY_PATH]
        out = [f"{joint} has no bone: {meaning}" for joint, meaning in self.missing]
        if doubtful:
            out.append(f"uncertain: {', '.join(doubtful)}; see the report and set them in a profile if they are wrong")
        return [*out, *self.notes]


def map_report(rig: Rig, fit: Fit) -> RigReport:
    """What drives what, and the proportions: the part of the report that needs no motion."""
    driven = tuple(
        Driven(j, tuple(rig.map.joints[j]), rig.map.confidence.get(j, 1.0), rig.map.how.get(j, "profile"))
        for j in JOINT_NAMES
        if j in rig.map.joints
    )
    absent = [joint for joint in JOINT_NAMES if joint not in rig.map.joints]
    missing = tuple((joint, next(text for key, text in _MEANS.items() if key in joint)) for joint in absent)
    ratios = {
        name: _length(fit.skeleton.offsets, joints) / _length(BODY.offsets, joints) for name, joints in _LIMBS.items()
    }
    return RigReport(rig.name, rig.map.kind, driven, missing, ratios, fit.real, notes=fit.notes)


def make_report(made: "RigMotion", *, hands: dict[str, float]) -> RigReport:
    """The report of a motion on a rig; feet are measured on the rig's own bones."""
    fit = made.fit
    slides = contact_slides(balls_of(made), made.contacts)
    size = BODY.leg_length / made.source.skeleton.leg_length
    return replace(
        map_report(made.rig, fit),
        path_scale=fit.real * size,
        contacts=len(slides),
        slide_m=max(slides, default=0.0),
        reach_frames=int(hands["frames"]),
        reach_m=(hands["before"] * fit.real, hands["after"] * fit.real),
    )


def balls_of(made: "RigMotion") -> Array:
    """(T, 2, 3) balls of the feet, left and right, real metres, SDK axes: of the rig's toe bones where it has them."""
    rig, fit = made.rig, made.fit
    shown = made.as_motion().positions[:, TOES].copy()
    places = fit.metres * quat_rotate(fit.axes, made.world()[1])
    for f, side in enumerate(("left", "right")):
        if nodes := rig.map.joints.get(f"{side}_foot"):
            shown[:, f] = places[:, rig.index[nodes[0]]] - np.array([0.0, fit.metres * fit.floor, 0.0])
    return shown


def contact_slides(balls: Array, contacts: Array) -> list[float]:
    """How far each ball of the foot, (T, 2, 3), travels over the ground while it is down, metres for every contact.

    contacts: (T, 4) as of `Motion`.
    """
    out = []
    for f in (0, 1):
        for start, stop in runs(contacts[:, 2 * f + 1] > 0.5):
            out.append(float(np.linalg.norm(np.ptp(balls[start:stop, f][:, [0, 2]], axis=0))))
    return out


def _length(offsets: Array, joints: tuple[str, ...]) -> float:
    if joints == ("shoulder",):  # across, from the middle
        whole = offsets[JOINT["left_collar"]] + offsets[JOINT["left_shoulder"]]
        return float(abs(whole[0]))
    return float(sum(np.linalg.norm(offsets[JOINT[f"left_{j}"]]) for j in joints))
