"""Judges any stream of demands, and shares no code with the bridge: it reads the schema's file itself, and its
rules are those of docs/robot.md as they stand there, bends and all.

Shapes: T demands at `times` (T,) seconds, rising; values (T, ..., C). The n-th derivative is n! times the n-th
divided difference over n + 1 neighbouring demands: for demands read from a smooth curve it lies between the least
and the greatest value of the curve's derivative there, whatever the times. Tolerance: a millionth of each limit,
and what rounding of the values (16 digits) makes of such a difference.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

import robot_bridge

FILE = Path(robot_bridge.__file__).with_name("ameca_controls.yaml")
RELATIVE = 1e-6
ROUNDING = 1e-14
INSIDE = 1e-9


@dataclass(frozen=True)
class Verdict:
    """The worst of a stream by law: 1 is the limit for slew, acceleration and jerk, 0 for range and coupled."""

    worst: dict[str, float]
    where: dict[str, str]

    @property
    def broken(self) -> list[str]:
        """Laws that do not hold, worst place first in words."""
        slack = {"range": INSIDE, "coupled": INSIDE}
        return [
            f"{law}: {worst:.9g} at {self.where[law]}" for law, worst in self.worst.items()
            if not worst <= slack.get(law, 1.0)
        ]  # fmt: skip


def lerp(x: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Straight from (x0, y0) to (x1, y1), constant outside."""
    return np.interp(x, [x0, x1], [y0, y1])


class Checker:
    """The laws for one range set and profile."""

    def __init__(self, range_set: str = "tight", profile: str = "sdk") -> None:
        content = yaml.safe_load(FILE.read_bytes())
        controls = content["controls"]
        self.names = [control["name"] for control in controls]
        ends = [control["ranges"][range_set] for control in controls]
        self.low, self.high = (np.array([end[key] for end in ends], float) for key in ("min", "max"))
        motions = [content["motion"][control["region"]] for control in controls]
        self.rates = {key: np.array([m[key] for m in motions], float) for key in ("slew", "acceleration", "jerk")}
        self.raise_open = {"published": 0.5, "sdk": 0.3}[profile]

    def coupled(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """How far values (..., C) break each rule, by the rule's name."""
        v = {name: values[..., number] for number, name in enumerate(self.names)}
        jaw, depress, raised = v["Jaw Pitch"], v["Lip Bottom Depress Middle"], v["Lip Top Raise Middle"]
        yaw, head, neck, roll = v["Jaw Yaw"], v["Head Pitch"], v["Neck Pitch"], v["Neck Roll"]
        up = np.where(head > 0, lerp(head, 0, 24, 20, 12), lerp(head, -15, 30, 0, 24))
        down = lerp(head, -30, -8, 15, -20)
        leaning = np.where(neck > 0, neck / 30, -neck / 20)
        turn = 24 * np.minimum(1.0, 1.5 - leaning)
        return {
            "lip 1": lerp(jaw, 0.7, 0, 1, 0.4) - depress,
            "lip 2": lerp(jaw - 0.75 * depress, 0.4, 0, 0.7, self.raise_open) - raised,
            "lip 3": lerp(depress, 0, 0.1, 1, 0.85) - v["Lip Bottom Curl"],
            "lip 4 least": lerp(raised, 0, 0, 1, 0.75) - v["Lip Top Curl"],
            "lip 4 most": v["Lip Top Curl"] - lerp(raised, 0, 0.7, 0.2, 1),
            "jaw": np.abs(yaw - 0.5) - lerp(jaw, 0, 0.2, 1, 0.5),
            "neck forward": neck - up,
            "neck back": down - neck,
            "neck roll": np.abs(roll) - turn,
        }

    def verdict(self, times: np.ndarray, values: np.ndarray) -> Verdict:
        """Judge demands (T, ..., C); T >= 1."""
        worst: dict[str, float] = {}
        where: dict[str, str] = {}

        def note(law: str, excess: np.ndarray, names: list[str]) -> None:
            at = np.unravel_index(np.argmax(np.where(np.isnan(excess), np.inf, excess)), excess.shape)
            if law not in worst or not excess[at] <= worst[law]:
                worst[law], where[law] = float(excess[at]), f"{names[at[-1]]}, demand {at[0]}"

        values = np.asarray(values, float)
        note("range", np.maximum(self.low - values, values - self.high), self.names)
        for rule, excess in self.coupled(values).items():
            note("coupled", excess[..., None], [rule])
        times = np.asarray(times, float)
        difference = values
        noise = ROUNDING * np.maximum(np.abs(self.low), np.abs(self.high))
        for order, law in ((1, "slew"), (2, "acceleration"), (3, "jerk")):
            if len(times) <= order:
                break
            apart = (times[order:] - times[:-order]).reshape(-1, *[1] * (values.ndim - 1))
            difference = order * np.diff(difference, axis=0) / apart
            noise = order * 2 * noise / apart.min()
            allowed = self.rates[law] * (1 + RELATIVE) + noise
            note(law, np.abs(difference) / allowed, self.names)
        return Verdict(worst, where)
