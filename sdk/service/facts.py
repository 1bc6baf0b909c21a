"""What `GetInfo` says: facts of the bundle's manifest, the skeleton and the limits as one message."""

from typing import Protocol

from emomotion.v1 import info_pb2
from sdk.bundle import EmotionEvidence, Manifest, Plan
from sdk.emotion import Emotion
from sdk.errors import BundleError
from sdk.motion.skeleton import BODY
from sdk.runtime import limits
from sdk.wire import emotion_to_wire, skeleton_to_wire


class BundleLike(Protocol):
    """What the service needs of a `sdk.bundle.Bundle`."""

    @property
    def manifest(self) -> Manifest: ...

    @property
    def sha256(self) -> str: ...


def info_reply(bundle: BundleLike) -> info_pb2.GetInfoReply:
    """The answer to GetInfo. Raises BundleError if the manifest holds an emotion or an evidence we do not know."""
    manifest = bundle.manifest
    return info_pb2.GetInfoReply(
        bundle=info_pb2.BundleInfo(
            name=manifest.name,
            version=manifest.version,
            sha256=bundle.sha256,
            licence=manifest.licence,
            attribution=manifest.attribution,
            representation=manifest.representation,
            fps=manifest.fps,
        ),
        generators=list(manifest.generators),
        plans=[
            info_pb2.Plan(
                name=plan.name,
                iterations=plan.iterations,
                residual_layers=plan.residual_layers,
                text_guidance=plan.text_guidance,
                emotion_guidance=plan.emotion_guidance,
                residual_guidance=plan.residual_guidance,
                temperature=plan.temperature,
                choice_temperature=plan.choice_temperature,
                is_default=plan.name == manifest.default_plan,
                generator=plan.generator,
                quality=_quality(plan) if plan.quality else None,
            )
            for plan in manifest.plans
        ],
        emotions=[_emotion_info(entry) for entry in manifest.emotions],
        skeleton=skeleton_to_wire(BODY),
        limits=info_pb2.Limits(
            max_text_chars=limits.MAX_TEXT_CHARS,
            min_seconds=limits.MIN_SECONDS,
            max_seconds=limits.MAX_SECONDS,
            min_fps=limits.MIN_FPS,
            max_fps=limits.MAX_FPS,
        ),
    )


def _quality(plan: Plan) -> info_pb2.PlanQuality:
    known = {field.name for field in info_pb2.PlanQuality.DESCRIPTOR.fields}
    return info_pb2.PlanQuality(**{name: value for name, value in plan.quality.items() if name in known})


def _emotion_info(entry: EmotionEvidence) -> info_pb2.EmotionInfo:
    try:
        emotion = emotion_to_wire(Emotion[entry.name.upper()])
        evidence = f"EVIDENCE_{entry.evidence.upper().replace('-', '_')}"
        return info_pb2.EmotionInfo(emotion=emotion, evidence=evidence, minutes=entry.minutes)
    except (KeyError, ValueError):
        what = f"emotion {entry.name!r} with evidence {entry.evidence!r}"
        raise BundleError(f"bundle manifest: this SDK knows no {what}; update the SDK") from None
