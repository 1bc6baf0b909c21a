"""Clips from an engine in this process or from a server, with the tags that say how they were made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from sdk.clips.tags import ClipTags
from sdk.closing import Closing
from sdk.compose_tags import composition_tags
from sdk.motion.motion import Motion
from sdk.post import Post, post_process
from sdk.runtime.composition import Composition
from sdk.server_options import Connection


@dataclass(frozen=True, kw_only=True)
class Made:
    """A motion, what its tags say about how it was made, and of each emotion what the bundle knows it from.

    notes: of a composition, what had to be bent.
    """

    motion: Motion
    tags: ClipTags
    total_ms: float
    evidence: Mapping[str, str]
    notes: tuple[str, ...] = ()


def posted(made: Made, post: Post) -> Made:
    """The clip after post-processing, which its tags tell."""
    if not post:
        return made
    tags = replace(made.tags, postprocess=(*made.tags.postprocess, *post.steps))
    return replace(made, motion=post_process(made.motion, post), tags=tags)


@dataclass(frozen=True)
class BundleFacts:
    """Which bundle makes the clips, and the plans it has."""

    sha256: str
    name: str
    version: str
    plans: tuple[str, ...]


class Maker(Protocol):
    """Makes clips, from several threads too. Options are those of `sdk.client.Options` without `budget_ms`; all but
    `affect` may be None.
    """

    @property
    def facts(self) -> BundleFacts: ...

    def make(self, text: str, options: Mapping[str, Any]) -> Made: ...


class EngineMaker(Closing):
    """Makes clips in this process, one at a time. bundle: its folder, None for the one that comes along.

    Raises BundleError.
    """

    def __init__(self, bundle: Path | None = None) -> None:
        from sdk.runtime.engine import Engine  # brings ONNX Runtime, which the way over a server does not need

        self._engine = Engine.load(bundle)

    @property
    def facts(self) -> BundleFacts:
        """About the bundle."""
        manifest = self._engine.bundle.manifest
        plans = tuple(plan.name for plan in manifest.plans)
        return BundleFacts(self._engine.bundle.sha256, manifest.name, manifest.version, plans)

    def make(self, text: str, options: Mapping[str, Any]) -> Made:
        """One clip. Raises InvalidInput."""
        from sdk.runtime.engine import Request

        request = Request(text=text, **options)
        result = self._engine.generate(request)
        manifest, used = self._engine.bundle.manifest, result.request
        assert used.seed is not None, "the engine fills the seed in"
        tags = ClipTags(
            prompt=used.text,
            requested=request.affect,
            applied=used.affect,
            seed=used.seed,
            plan=result.plan,
            seconds=request.seconds,
            fps=request.fps,
            licence=manifest.licence,
            dataset_licences=(manifest.attribution,),
            generator=used.generator or "",
            model_name=manifest.name,
            model_version=manifest.version,
            bundle_sha256=self._engine.bundle.sha256,
            made_with=result.made_with,
        )
        evidence = {entry.name: entry.evidence for entry in manifest.emotions}
        return Made(motion=result.motion, tags=tags, total_ms=result.stage_ms["total"], evidence=evidence)

    def compose(self, composition: Composition) -> Made:
        """One clip of a composition. Raises InvalidInput."""
        result = self._engine.compose(composition)
        manifest, used = self._engine.bundle.manifest, result.request
        tags = composition_tags(
            composition, used.seed or 0, plan=result.plan, generator=used.generator or "", applied=used.affect,
            prompt=used.text, licence=manifest.licence, attribution=manifest.attribution, model=manifest.name,
            version=manifest.version, bundle_sha256=self._engine.bundle.sha256, made_with=result.made_with,
            stretch=result.stretch,
        )  # fmt: skip
        evidence = {entry.name: entry.evidence for entry in manifest.emotions}
        total_ms = result.stage_ms["total"]
        return Made(motion=result.motion, tags=tags, total_ms=total_ms, evidence=evidence, notes=result.notes)

    def close(self) -> None:
        """Nothing is held but memory."""


class ServerMaker(Closing):
    """Lets a server make clips, HOST:PORT. Use it in a `with`. Raises ServerError."""

    def __init__(self, server: str, connection: Connection) -> None:
        from sdk.client import Client

        self._client = Client(server, **connection)
        self._info = self._client.info()

    @property
    def facts(self) -> BundleFacts:
        """About the server's bundle, as it was at the beginning."""
        info = self._info
        return BundleFacts(info.sha256, info.name, info.version, tuple(plan.name for plan in info.plans))

    def make(self, text: str, options: Mapping[str, Any]) -> Made:
        """One clip. Raises InvalidInput, ServerError."""
        info, clip = self._info, self._client.generate(text, **options)
        tags = ClipTags(
            prompt=clip.text,
            requested=options["affect"],
            applied=clip.affect,
            seed=clip.seed,
            plan=clip.plan,
            seconds=options["seconds"],
            fps=options["fps"],
            licence=info.licence,
            dataset_licences=(info.attribution,),
            generator=clip.generator,
            model_name=info.name,
            model_version=info.version,
            bundle_sha256=clip.bundle_sha256,
            made_with=clip.made_with,
        )
        evidence = {emotion.label: entry.kind for emotion, entry in info.emotions.items()}
        return Made(motion=clip.motion, tags=tags, total_ms=clip.stage_ms["total"], evidence=evidence)

    def compose(self, composition: Composition) -> Made:
        """One clip of a composition. Raises InvalidInput, ServerError."""
        info, clip = self._info, self._client.compose(composition)
        tags = composition_tags(
            composition, clip.seed, plan=clip.plan, generator=clip.generator, applied=clip.affect, prompt=clip.text,
            licence=info.licence, attribution=info.attribution, model=info.name, version=info.version,
            bundle_sha256=clip.bundle_sha256, made_with=clip.made_with, stretch=clip.stretch,
        )  # fmt: skip
        evidence = {emotion.label: entry.kind for emotion, entry in info.emotions.items()}
        total_ms = clip.stage_ms["total"]
        return Made(motion=clip.motion, tags=tags, total_ms=total_ms, evidence=evidence, notes=clip.notes)

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()
