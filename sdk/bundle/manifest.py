"""`manifest.json`: what a bundle holds, what it can do, where it comes from. Every file is named with its hash.

A bundle is refused when its manifest is not of this format, when a file is missing, and when one byte of it changed.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

from sdk.emotion import Emotion
from sdk.errors import BundleError

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
DEFAULT_BUNDLE = Path(__file__).parent / "default"
EVIDENCE = ("mocap", "proxy", "synthetic", "none")


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One ONNX file; inputs and outputs as {name: [shape, dtype, meaning]}, shapes with letters for free sizes."""

    file: str
    inputs: Mapping[str, list[Any]]
    outputs: Mapping[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A way to decode, with what was measured of it.

    iterations: passes of the masked transformer. residual_layers: how many residual layers are sampled.
    text_guidance, emotion_guidance: scales of classifier-free guidance; 1 and 1 is none. residual_guidance: one scale
    for the residual passes. temperature: of the base tokens' sampling.
    choice_temperature: how much chance there is in the order in which base tokens are kept; 0: the surest first.
    """

    name: str
    iterations: int
    residual_layers: int
    text_guidance: float
    emotion_guidance: float
    residual_guidance: float
    temperature: float = 1.0
    choice_temperature: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EmotionEvidence:
    """What an emotion of this bundle rests on: mocap, proxy (a related style), synthetic or none."""

    name: str
    evidence: str
    minutes: float


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of manifest.json; the field docs are in docs/bundle.md."""

    format_version: int
    name: str
    version: str
    generator: str
    licence: str
    attribution: str
    representation: str
    fps: float
    downsampling: int
    codes: int
    quantisers: int
    max_tokens: int
    emotion_points: list[str]
    text_encoder: str
    emotions: list[EmotionEvidence]
    plans: list[Plan]
    default_plan: str
    graphs: dict[str, Graph]
    files: dict[str, str]
    provenance: dict[str, Any]
    quality: dict[str, Any]

    def to_json(self) -> str:
        """The manifest's text, keys sorted."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Raises BundleError that names the missing, unknown or ill-typed key."""
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:  # a number of 10,000 digits and brackets 10,000 deep are JSON too
            raise BundleError(f"{MANIFEST} is not JSON: {error}") from None
        version = raw.get("format_version") if isinstance(raw, dict) else None
        if version != FORMAT_VERSION:
            raise BundleError(f"{MANIFEST} has format_version {version!r}; this SDK reads {FORMAT_VERSION}")
        known = {f.name for f in fields(cls)}
        if known != set(raw):
            raise BundleError(f"{MANIFEST} lacks {sorted(known - set(raw))} and has unknown {sorted(set(raw) - known)}")
        try:
            raw["emotions"] = [_record(EmotionEvidence, e) for e in raw["emotions"]]
            raw["plans"] = [_record(Plan, p) for p in raw["plans"]]
            raw["graphs"] = {name: _record(Graph, g) for name, g in raw["graphs"].items()}
            manifest = _record(cls, raw)
        except (TypeError, AttributeError, OverflowError) as error:
            raise BundleError(f"{MANIFEST} is malformed: {error}") from None
        sizes = {n: getattr(manifest, n) for n in ("fps", "downsampling", "codes", "quantisers", "max_tokens")}
        sizes |= {f"iterations of plan {p.name!r}": p.iterations for p in manifest.plans}
        for name, size in sizes.items():
            if size <= 0:
                raise BundleError(f"{MANIFEST}: {name} must be positive, got {size:g}")
        if manifest.default_plan not in {p.name for p in manifest.plans}:
            raise BundleError(f"{MANIFEST}: default plan {manifest.default_plan!r} is not among the plans")
        if [e.name for e in manifest.emotions] != [e.label for e in Emotion]:
            raise BundleError(f"{MANIFEST}: emotions must be {', '.join(e.label for e in Emotion)}, in that order")
        return manifest


Record = TypeVar("Record")


def _record(kind: type[Record], raw: Any) -> Record:
    """A dataclass from a JSON object. Raises TypeError that names the missing, unknown or ill-typed key."""
    record = kind(**raw)
    for name, hint in get_type_hints(kind).items():
        value, wanted = getattr(record, name), get_origin(hint) or hint
        # Not isinstance alone: JSON's true is an int of Python, and its NaN a float.
        fits = isinstance(value, (int, float) if wanted is float else wanted) and not isinstance(value, bool)
        if not fits or (wanted in (int, float) and not (math.isfinite(value) and value >= 0)):
            raise TypeError(f"{name} must be {wanted.__name__}, got {str(value)[:40]!r}")
    return record


@dataclass(frozen=True, eq=False)
class Bundle:
    """A folder whose every file was checked against the manifest."""

    path: Path
    manifest: Manifest

    @classmethod
    def load(cls, path: Path | None = None) -> "Bundle":
        """Open and check a bundle, the one that ships with the package unless `path` is given. Raises BundleError."""
        path = DEFAULT_BUNDLE if path is None else path
        if not path.exists():
            raise BundleError(f"bundle {path} does not exist")
        try:
            text = (path / MANIFEST).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise BundleError(f"{path} is no bundle: it has no readable {MANIFEST}") from None
        manifest = Manifest.from_json(text)
        for name, expected in manifest.files.items():
            if Path(name).name != name:
                raise BundleError(f"{MANIFEST} names the file {name!r}; files lie in the bundle's own folder")
            try:
                digest = hashlib.sha256((path / name).read_bytes()).hexdigest()
            except (OSError, ValueError):  # ValueError: a name no file can have
                raise BundleError(f"bundle {manifest.name!r} lacks {name}; fetch or export it again") from None
            if digest != expected:
                message = f"{name} of bundle {manifest.name!r} was altered or truncated: its hash differs"
                raise BundleError(f"{message} from the manifest's; fetch or export it again")
        return cls(path, manifest)

    @cached_property
    def sha256(self) -> str:
        """Hash of the manifest, which holds the hashes of all files: it names the bundle's exact content."""
        return hashlib.sha256((self.path / MANIFEST).read_bytes()).hexdigest()

    def file(self, name: str) -> Path:
        """Path of a file of the bundle. Raises BundleError for one that the manifest's hashes do not cover."""
        if name not in self.manifest.files:
            raise BundleError(f"bundle {self.manifest.name!r} lacks {name}; fetch or export it again")
        return self.path / name

    def plan(self, name: str | None) -> Plan:
        """Plan by name, the default one for None. Raises BundleError that lists the known ones."""
        wanted = self.manifest.default_plan if name is None else name
        for plan in self.manifest.plans:
            if plan.name == wanted:
                return plan
        known = ", ".join(p.name for p in self.manifest.plans)
        raise BundleError(f"plan {wanted[:40]!r} is unknown; known: {known}")
