"""Tags of a composed clip: enough, with the bundle, to compose it again."""

from collections.abc import Mapping
from dataclasses import replace

from sdk.clips.tags import ClipTags, Segment
from sdk.compose_file import composition_to_object
from sdk.emotion import Affect
from sdk.runtime.composition import Composition


def composition_tags(
    asked: Composition, seed: int, *, plan: str, generator: str, applied: Affect, prompt: str, licence: str,
    attribution: str, model: str, version: str, bundle_sha256: str, made_with: Mapping[str, str],
) -> ClipTags:  # fmt: skip
    """What a composed clip says about itself; the rest is as the reply tells. applied: what is felt in most of it."""
    whole = replace(asked, seed=seed, plan=plan, generator=generator)
    return ClipTags(
        prompt=prompt,
        requested=applied,
        applied=applied,
        seed=seed,
        plan=plan,
        licence=licence,
        generator=generator,
        bundle_sha256=bundle_sha256,
        model_name=model,
        model_version=version,
        seconds=asked.seconds,
        fps=asked.fps,
        loop=asked.loop,
        dataset_licences=(attribution,),
        track=asked.track,
        segments=() if asked.track is not None else _segments(asked),
        postprocess=asked.post.steps,
        composition=composition_to_object(whole),
        made_with=made_with,
    )


def _segments(asked: Composition) -> tuple[Segment, ...]:
    """One span a beat."""
    begin, out = 0.0, []
    for beat in asked.beats:
        felt = Affect.neutral() if beat.affect is None else beat.affect
        out.append(Segment(begin, begin + beat.seconds, felt))
        begin += beat.seconds
    return tuple(out)
