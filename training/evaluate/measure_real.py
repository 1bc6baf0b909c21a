"""The real clips that generated ones stand beside: held out, learned from, and what the RVQ-VAE makes of the held-out.

Only recorded clips count as real; synthetic ones are no reference for anything.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from sdk.bundle import Bundle
from sdk.errors import InvalidInput
from sdk.motion import rot272
from sdk.motion.motion import Motion
from sdk.runtime.sessions import open_session, run_session
from training.data import load_index, load_motion
from training.evaluate.measure_cache import Cache, code_digest
from training.evaluate.measure_clips import ALL, BLOCK, DECODED, Judge, Measured, measure
from training.evaluate.measure_labels import affect_of, check_labels
from training.evaluate.memorisation import nearest_all, windows_of
from training.evaluate.physics import motion_energy
from training.evaluate.protocol import LONGEST, Protocol, Size

LONGEST_FRAMES = round(LONGEST * rot272.FPS) + 1
NEEDED = {"id", "frames", "split", "content", "style", "captions", "affect", "intensity", "evidence"}


@dataclass(frozen=True, eq=False)
class Data:
    """Prepared folders and their index lines, each with the folder it came from under "folder"."""

    folders: tuple[Path, ...]
    lines: tuple[dict[str, Any], ...]

    @classmethod
    def load(cls, folders: Sequence[Path]) -> "Data":
        """Raises InvalidInput for a folder that was not prepared and for data without emotion labels."""
        lines = [line | {"folder": str(folder)} for folder in folders for line in load_index(folder)]
        for line in lines:
            missing = NEEDED - set(line)
            if missing:
                what = "has no emotion label" if missing & {"affect", "intensity"} else "is incomplete"
                message = f"clip {line.get('id', '?')!r} {what}: index.jsonl lacks {', '.join(sorted(missing))}"
                raise InvalidInput(f"{message}; prepare the data again: {line['folder']}", field="data")
            affect_of(line)
        check_labels(lines)
        return cls(tuple(folders), tuple(lines))

    @cached_property
    def sha256(self) -> str:
        """Hash of the indices."""
        digest = hashlib.sha256()
        for folder in self.folders:
            digest.update((folder / "index.jsonl").read_bytes())
        return digest.hexdigest()

    def motion(self, line: dict[str, Any]) -> Motion:
        """A clip, cut to what generators are asked for at most. Raises InvalidInput for one that cannot be read."""
        return self.whole(line)[:LONGEST_FRAMES]

    def whole(self, line: dict[str, Any]) -> Motion:
        """A clip as recorded. Raises InvalidInput for one that cannot be read."""
        try:
            return load_motion(Path(line["folder"]), line["id"])
        except (OSError, KeyError, ValueError) as error:
            message = f"clip {line['id']!r} cannot be read ({error}); prepare the data again: {line['folder']}"
            raise InvalidInput(message, field="data") from None


@dataclass(frozen=True, eq=False)
class Reference:
    """Figures of the real clips of one protocol.

    held_out, training: recorded clips of the two sides, with their index lines. normal: per content, clips in the
    normal style. windows: of all training clips, for the search for the nearest one; nearest: its distance (cm) for
    each held-out clip that was tried.
    """

    data: Data
    protocol: Protocol
    held_out: Measured
    training: Measured
    normal_energy: dict[str, float]
    windows: np.ndarray
    nearest: np.ndarray

    @classmethod
    def of(cls, folders: Sequence[Path], judges: Judge, *, size: Size, cache: Cache | None = None) -> "Reference":
        """Measure the real clips of prepared folders. Raises InvalidInput, see `Data.load`."""
        data = Data.load(folders)
        protocol = Protocol(data.lines, size)
        kept = _Kept(data, judges, cache)
        # Of whole clips: a dance of a minute begins with waiting for the music.
        normal = {
            content: float(np.mean([motion_energy(data.whole(x)) for x in lines]))
            for content, lines in protocol.normal_lines().items()
        }
        windows = kept.windows()
        return cls(
            data=data, protocol=protocol, normal_energy=normal, windows=windows,
            held_out=kept.measured(protocol.held_out_lines(), last=ALL, label="held-out clips"),
            training=kept.measured(protocol.training_lines(), last=DECODED, label="training clips"),
            nearest=kept.nearest(protocol.nearest_lines(), windows),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Kept:
    """Measures real clips, once a data set and judge."""

    data: Data
    judges: Judge
    cache: Cache | None

    def measured(self, lines: Sequence[dict[str, Any]], *, last: int, label: str) -> Measured:
        parts = []
        bar = tqdm(range(0, len(lines), BLOCK), desc=label, unit="block", disable=None)
        for start in bar:
            block = lines[start : start + BLOCK]

            def make(block: Sequence[dict[str, Any]] = block) -> dict[str, np.ndarray]:
                found = measure([self.data.motion(x) for x in block], self.judges, last=last)
                return {f.name: getattr(found, f.name) for f in fields(found)}

            key = [self.data.sha256, [x["id"] for x in block], last, self.judges.sha256, code_digest()]
            parts.append(Measured(**(self.cache.get("real", key, make) if self.cache else make())))
        return Measured.joined(parts)

    def windows(self) -> np.ndarray:
        lines = [x for x in self.data.lines if x["split"] == "train"]

        def make() -> dict[str, np.ndarray]:
            bar = tqdm(lines, desc="training clips for the nearest", unit="clip", disable=None)
            return {"windows": windows_of(load_motion(Path(x["folder"]), x["id"]) for x in bar)}

        key = [self.data.sha256, code_digest()]
        return self.cache.get("windows", key, make)["windows"] if self.cache else make()["windows"]

    def nearest(self, lines: Sequence[dict[str, Any]], windows: np.ndarray) -> np.ndarray:
        def make() -> dict[str, np.ndarray]:
            return {"cm": nearest_all([self.data.motion(x) for x in lines], windows)}

        key = [self.data.sha256, [x["id"] for x in lines], code_digest()]
        return self.cache.get("nearest", key, make)["cm"] if self.cache else make()["cm"]


@dataclass(frozen=True, eq=False)
class Reconstructed:
    """What a bundle's first RVQ-VAE makes of the held-out clips: figures, and the joint error (mm) of each clip."""

    measured: Measured
    mpjpe_mm: np.ndarray


def reconstruct(bundle: Bundle, reference: Reference, judges: Judge, cache: Cache | None) -> Reconstructed | None:
    """Encode and decode the held-out clips; None for a bundle that cannot: no encoder, or not of rot272."""
    manifest = bundle.manifest
    able = [g for g in manifest.generators.values() if {"encode", "decode"} <= set(g.graphs)]
    if manifest.representation != "rot272" or not able:
        return None
    graphs = {role: manifest.graphs[able[0].graphs[role]] for role in ("encode", "decode")}
    sessions = {role: open_session(bundle.file(graph.file), threads=0) for role, graph in graphs.items()}
    lines = reference.protocol.held_out_lines()
    frames_per_token = able[0].downsampling

    def one(line: dict[str, Any]) -> tuple[Motion, float]:
        real = reference.data.motion(line)
        real = real[: len(real) // frames_per_token * frames_per_token]
        features = rot272.encode(real)
        (tokens,) = run_session(sessions["encode"], {"features": features}, name="encode")
        feed = {"tokens": tokens, "affect": affect_of(line).condition}
        feed = {name: feed[name] for name in graphs["decode"].inputs}
        made = rot272.decode(run_session(sessions["decode"], feed, name="decode")[0])
        # Both begin over the origin; what is compared is the body around its pelvis, heading included.
        truth = rot272.decode(features)
        gap = (made.positions - made.root[:, None]) - (truth.positions - truth.root[:, None])
        return made, 1000 * float(np.linalg.norm(gap, axis=-1).mean())

    def make() -> dict[str, np.ndarray]:
        pairs = [one(x) for x in tqdm(lines, desc="reconstructions", unit="clip", disable=None)]
        found = measure([m for m, _ in pairs], judges, last=DECODED)
        return {f.name: getattr(found, f.name) for f in fields(found)} | {"mpjpe_mm": np.array([e for _, e in pairs])}

    files = {role: manifest.files[graph.file] for role, graph in graphs.items()}
    key = [files, reference.data.sha256, [x["id"] for x in lines], judges.sha256, code_digest()]
    arrays = cache.get("reconstructed", key, make) if cache else make()
    error = arrays.pop("mpjpe_mm")
    return Reconstructed(Measured(**arrays), error)
