"""How the stylist's cues compare with real emotional styles: `python -m training.stylist.compare DATA [--out FILE]`.

For every content that the mocap set has both in the normal style and in an emotional one, each cue's change from normal
to the real style stands beside its change from normal to the stylist's version of the same normal clip, at
intensity 1. Medians over contents, because a style is one to three performers.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.motion.cues import measure_cues
from sdk.motion.motion import Motion
from sdk.motion.retarget import hinge_angles
from training.stylist.chart import draw_chart
from training.stylist.perform import perform

STYLES = {"happy": Emotion.JOY, "sad": Emotion.SADNESS, "angry": Emotion.ANGER, "not-confident": Emotion.FEAR}
"""Style of the mocap set -> the emotion it shows; not-confident is a proxy."""
UNITS = {
    "speed": "ratio", "arm_swing": "ratio", "hand_speed": "ratio", "acceleration": "ratio", "bounce": "ratio",
    "head_pitch": "deg", "trunk_pitch": "deg", "elbow_flexion": "deg", "knee_flexion": "deg",
}  # fmt: skip
"""Cues compared, and how a change is told: as a ratio of the two clips or as a difference in degrees."""
CLEAR_SHARE = 0.75
"""A real effect is clear where this share of the contents points the same way ..."""
CLEAR_SIZE = {"ratio": float(np.log(1.15)), "deg": 3.0}
"""... and its median is at least this large (a ratio's logarithm, degrees)."""
_SECONDS = 10.0  # of a long clip; as much as the stylist's own set takes


@dataclass(frozen=True)
class Row:
    """One cue of one emotion: median change in the real style and in the stylist's clips, over the contents."""

    emotion: str
    cue: str
    unit: str
    contents: int
    real: float
    real_share: float
    stylist: float

    @property
    def clear(self) -> bool:
        """Whether the real clips agree with each other about the direction."""
        return self.real_share >= CLEAR_SHARE and abs(self.real) >= CLEAR_SIZE[self.unit]

    @property
    def agrees(self) -> bool:
        """Whether the stylist's change has the real one's sign."""
        return self.real * self.stylist > 0

    @property
    def magnitude(self) -> float:
        """The stylist's change over the real one; of ratios their logarithms."""
        return self.stylist / self.real if self.real else float("nan")

    def shown(self, change: float) -> str:
        """A change as text."""
        return f"x {np.exp(change):.2f}" if self.unit == "ratio" else f"{change:+.0f} deg"


def measured(motion: Motion) -> dict[str, float]:
    """The compared cues of a clip, in their own units: m/s, m, m/s, m/s2, cm and degrees."""
    cues = measure_cues(motion)
    acceleration = np.diff(motion.positions, 2, axis=0) * motion.fps**2
    bends = {name: float(np.degrees(angle).mean()) for name, angle in hinge_angles(motion).items()}
    return {
        "speed": cues.speed, "arm_swing": cues.arm_swing, "hand_speed": cues.hand_speed,
        "acceleration": float(np.linalg.norm(acceleration, axis=-1).mean()), "bounce": cues.bounce,
        "head_pitch": cues.head_pitch, "trunk_pitch": cues.trunk_pitch,
        "elbow_flexion": (bends["left_elbow"] + bends["right_elbow"]) / 2,
        "knee_flexion": (bends["left_knee"] + bends["right_knee"]) / 2,
    }  # fmt: skip


def changes(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Change of each cue: logarithm of the ratio, or difference in degrees."""
    floor = 1e-3  # of a cue told as a ratio, so that a hand that never moves divides nothing by zero
    out = {}
    for cue, unit in UNITS.items():
        ratio = (after[cue] + floor) / (before[cue] + floor)
        out[cue] = float(np.log(ratio)) if unit == "ratio" else after[cue] - before[cue]
    return out


def clips_by_content(folder: Path) -> dict[str, dict[str, list[Motion]]]:
    """The first set's clips: style -> content -> motions. Raises InvalidInput when it has no style to compare with."""
    from training.data import load_index, load_motion  # loads torch

    out: dict[str, dict[str, list[Motion]]] = defaultdict(lambda: defaultdict(list))
    for line in load_index(folder):
        if line.get("part") == 1 and line.get("style") in {"normal", *STYLES}:
            motion = load_motion(folder, line["id"])
            out[line["style"]][line["content"]].append(motion[: int(_SECONDS * motion.fps)])
    for style in STYLES:
        if not set(out["normal"]) & set(out[style]):
            raise InvalidInput(f"{folder} has no content in both styles, normal and {style}, of the first set")
    return out


def compare(folder: Path, *, intensity: float = 1.0) -> list[Row]:
    """Every cue of every emotion that has a real style; the stylist performs with its average performer."""
    clips = clips_by_content(folder)
    rows = []
    for style, emotion in STYLES.items():
        real, made = defaultdict(list), defaultdict(list)
        contents = sorted(set(clips["normal"]) & set(clips[style]))
        for content in contents:
            pairs = [(n, s) for n in clips["normal"][content] for s in clips[style][content]]
            for cue in UNITS:
                real[cue].append(np.median([changes(measured(n), measured(s))[cue] for n, s in pairs]))
            normals = clips["normal"][content]
            styled = [changes(measured(n), measured(perform(n, emotion, intensity))) for n in normals]
            for cue in UNITS:
                made[cue].append(np.median([change[cue] for change in styled]))
        for cue, unit in UNITS.items():
            median = float(np.median(real[cue]))
            share = float(np.mean(np.sign(real[cue]) == np.sign(median)))
            rows.append(Row(emotion.label, cue, unit, len(contents), median, share, float(np.median(made[cue]))))
    return rows


def table(rows: list[Row]) -> str:
    """The comparison as text."""
    lines = [f"{'emotion':8} {'cue':14} {'real':>9} {'agree':>6} {'stylist':>9} {'size':>6}  verdict"]
    for row in rows:
        verdict = "not clear" if not row.clear else "same way" if row.agrees else "AGAINST"
        if row.clear and row.agrees and not 0.5 <= row.magnitude <= 1.5:
            verdict += ", but " + ("weaker" if row.magnitude < 0.5 else "stronger")
        values = f"{row.shown(row.real):>9} {row.real_share:6.0%} {row.shown(row.stylist):>9} {row.magnitude:6.2f}"
        lines.append(f"{row.emotion:8} {row.cue:14} {values}  {verdict}")
    clear = [row for row in rows if row.clear]
    same = [row for row in clear if row.agrees]
    sized = [row for row in same if 0.5 <= row.magnitude <= 1.5]
    lines.append(f"{len(same)} of {len(clear)} clear effects point the same way, {len(sized)} are 0.5 to 1.5 x as big")
    return "\n".join(lines)


def as_json(rows: list[Row]) -> dict[str, Any]:
    """The comparison for a file; ratios as ratios."""
    return {
        "rows": [
            {
                "emotion": row.emotion, "cue": row.cue, "unit": row.unit, "contents": row.contents,
                "real": float(np.exp(row.real)) if row.unit == "ratio" else row.real, "real_share": row.real_share,
                "stylist": float(np.exp(row.stylist)) if row.unit == "ratio" else row.stylist,
                "clear": row.clear, "agrees": row.agrees, "magnitude": row.magnitude,
            }
            for row in rows
        ]
    }  # fmt: skip


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the table, .json or .png.")
def command(data: Path, out: Path | None) -> None:
    """Compare the stylist with the real styles in the prepared folder DATA."""
    if out is not None and out.suffix not in (".json", ".png"):
        raise InvalidInput(f"--out must end in .json or .png: {out}", field="out")
    rows = compare(data)
    click.echo(table(rows))
    try:
        if out is not None and out.suffix == ".json":
            out.write_text(json.dumps(as_json(rows), indent=1) + "\n")
        elif out is not None:
            draw_chart(rows, out)
    except OSError as error:
        raise InvalidInput(f"cannot write: {error.strerror or error}: {out}", field="out") from None


if __name__ == "__main__":
    from sdk.console import run

    run(command, name="python -m training.stylist.compare")
