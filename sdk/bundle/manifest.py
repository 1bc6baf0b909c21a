"""`manifest.json`: what a bundle holds, what it can do, where it comes from. Every file is named with its hash.

A bundle is refused when its manifest is not of this format, when a file is missing, and when one byte of it changed.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

from sdk.emotion import Emotion
from sdk.errors import BundleError, InvalidInput

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
DEFAULT_BUNDLE = Path(__file__).parent / "default"
EVIDENCE = ("mocap", "proxy", "text-mined", "synthetic", "none")
KINDS = ("tokens", "diffusion")


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One ONNX file; inputs and outputs as {name: [shape, dtype, meaning]}, shapes with letters for free sizes."""

    file: str
    inputs: Mapping[str, list[Any]]
    outputs: Mapping[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class GeneratorInfo:
    """One generator of the bundle.

    kind: `tokens` unmasks the tokens of a VQ-VAE and decodes them (EMo-Mask, MMM, MoMask), `diffusion` denoises
    features (MDM). graphs: what it runs, as role -> name in the manifest's graphs; the roles are masked, residual
    (unless there is one codebook), decode and encode, or, for diffusion, the numbers of steps. A masked graph that has
    guidance in its weights may stand beside as distilled: plans that ask for no guidance are decoded by it.
    downsampling: frames a token stands for. max_tokens: longest window in tokens.
    codes, quantisers: size and number of the codebooks; 0 and 0 for diffusion.
    emotion_points: where the EmotionEmbedder enters; empty: the generator knows no emotion.
    """

    kind: str
    graphs: dict[str, str]
    downsampling: int
    max_tokens: int
    codes: int
    quantisers: int
    emotion_points: list[str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A way to decode, with what was measured of it.

    generator: whose plan it is. iterations: passes of the masked transformer, or steps of the diffusion.
    residual_layers: how many residual layers are sampled.
    text_guidance, emotion_guidance: scales of classifier-free guidance; 1 and 1 is none. residual_guidance: one scale
    for the residual passes. temperature: of the base tokens' sampling.
    choice_temperature: how much chance there is in the order in which base tokens are kept; 0: the surest first.
    quality: what `training.evaluate` measured, by name; empty: not measured.
    """

    name: str
    generator: str
    iterations: int
    residual_layers: int
    text_guidance: float
    emotion_guidance: float
    residual_guidance: float
    temperature: float = 1.0
    choice_temperature: float = 0.0
    quality: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EmotionEvidence:
    """What an emotion of this bundle rests on: mocap, proxy (a related style), text-mined (words of captions),
    synthetic or none.
    """

    name: str
    evidence: str
    minutes: float


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of manifest.json; the field docs are in docs/bundle.md."""

    format_version: int
    name: str
    version: str
    licence: str
    attribution: str
    representation: str
    fps: float
    text_encoder: str
    emotions: list[EmotionEvidence]
    generators: dict[str, GeneratorInfo]
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
            raw["generators"] = {name: _record(GeneratorInfo, g) for name, g in raw["generators"].items()}
            manifest = _record(cls, raw)
        except (TypeError, AttributeError, OverflowError) as error:
            raise BundleError(f"{MANIFEST} is malformed: {error}") from None
        manifest.check()
        return manifest

    def check(self) -> None:
        """Raises BundleError for parts that contradict each other."""
        sizes = {"fps": self.fps}
        sizes |= {f"iterations of plan {p.name!r}": p.iterations for p in self.plans}
        for name, generator in self.generators.items():
            if generator.kind not in KINDS:
                raise BundleError(f"{MANIFEST}: generator {name!r} is a {generator.kind!r}; known: {', '.join(KINDS)}")
            wanted = ["downsampling", "max_tokens", *(["codes", "quantisers"] if generator.kind == "tokens" else [])]
            sizes |= {f"{size} of generator {name!r}": getattr(generator, size) for size in wanted}
            if generator.kind == "diffusion":
                own = {p.iterations for p in self.plans if p.generator == name}
                lacking = sorted(own - {int(role) for role in generator.graphs if role.isdecimal()})
                if lacking or not all(role.isdecimal() for role in generator.graphs):
                    what = f"graphs of the diffusion {name!r} are named by their numbers of steps"
                    raise BundleError(f"{MANIFEST}: {what}, got {sorted(generator.graphs)}; plans need {sorted(own)}")
            for role, graph in generator.graphs.items():
                if graph not in self.graphs:
                    what = f"generator {name!r} wants the graph {graph!r} as {role}"
                    raise BundleError(f"{MANIFEST}: {what}; there is none")
        for name, size in sizes.items():
            if size <= 0:
                raise BundleError(f"{MANIFEST}: {name} must be positive, got {size:g}")
        for plan in self.plans:
            if plan.generator not in self.generators:
                raise BundleError(f"{MANIFEST}: plan {plan.name!r} is for the generator {plan.generator!r}, not listed")
            for figure, value in plan.quality.items():
                if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                    raise BundleError(f"{MANIFEST}: quality {figure!r} of plan {plan.name!r} is no number: {value!r}")
        for name in self.generators:
            if name not in {p.generator for p in self.plans}:
                raise BundleError(f"{MANIFEST}: generator {name!r} has no plan")
        if self.default_plan not in {p.name for p in self.plans}:
            raise BundleError(f"{MANIFEST}: default plan {self.default_plan!r} is not among the plans")
        if [e.name for e in self.emotions] != [e.label for e in Emotion]:
            raise BundleError(f"{MANIFEST}: emotions must be {', '.join(e.label for e in Emotion)}, in that order")

    def plan(self, name: str | None, generator: str | None = None) -> Plan:
        """Plan by name; for None the default one, or with `generator` that generator's: the default one or its first.

        Raises InvalidInput that names the field and lists what is known.
        """
        if generator is not None and generator not in self.generators:
            message = f"generator {generator[:40]!r} is unknown; known: {', '.join(self.generators)}"
            raise InvalidInput(message, field="generator")
        own = [p for p in self.plans if generator in (None, p.generator)]
        if name is None:
            return next((p for p in own if p.name == self.default_plan), own[0])
        for plan in own:
            if plan.name == name:
                return plan
        whose = f" of generator {generator}" if generator else ""
        message = f"plan {name[:40]!r}{whose} is unknown; known: {', '.join(p.name for p in own)}"
        raise InvalidInput(message, field="plan")


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
    """A folder whose every file was checked against the manifest.

    sha256: hash of the manifest, which holds the hashes of all files: it names the bundle's exact content.
    """

    path: Path
    manifest: Manifest
    sha256: str

    @classmethod
    def load(cls, path: Path | None = None) -> "Bundle":
        """Open and check a bundle, the one that ships with the package unless `path` is given. Raises BundleError."""
        path = DEFAULT_BUNDLE if path is None else path
        if not path.exists():
            raise BundleError(f"bundle {path} does not exist")
        try:
            text = (path / MANIFEST).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            raise BundleError(f"{path} is no bundle: it has no readable {MANIFEST}") from None
        bundle = cls(path, Manifest.from_json(text), hashlib.sha256(text.encode()).hexdigest())
        bundle.check()
        return bundle

    def check(self) -> None:
        """Compare every file with the manifest. Raises BundleError for one that is missing or was altered.

        Whoever opens files later than `load` checks again behind it: the folder may have changed meanwhile.
        """
        manifest = self.manifest
        for name, expected in manifest.files.items():
            if Path(name).name != name:
                raise BundleError(f"{MANIFEST} names the file {name!r}; files lie in the bundle's own folder")
            try:
                digest = hashlib.sha256((self.path / name).read_bytes()).hexdigest()
            except (OSError, ValueError):  # ValueError: a name no file can have
                raise BundleError(f"bundle {manifest.name!r} lacks {name}; fetch or export it again") from None
            if digest != expected:
                message = f"{name} of bundle {manifest.name!r} was altered or truncated: its hash differs"
                raise BundleError(f"{message} from the manifest's; fetch or export it again")

    def file(self, name: str) -> Path:
        """Path of a file of the bundle. Raises BundleError for one that the manifest's hashes do not cover."""
        if name not in self.manifest.files:
            raise BundleError(f"bundle {self.manifest.name!r} lacks {name}; fetch or export it again")
        return self.path / name

    def plan(self, name: str | None, generator: str | None = None) -> Plan:
        """See `Manifest.plan`."""
        return self.manifest.plan(name, generator)
