"""Tags of a composed clip: enough, with the bundle, to compose it again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sdk.clips.tags import ClipTags
from sdk.compose_file import composition_to_object
from sdk.emotion import Affect
from sdk.runtime.composition import Composition
from sdk.runtime.track import Segment


def composition_tags(
    asked: Composition, seed: int, *, plan: str, generator: str, applied: Affect, prompt: str, licence: str,
    attribution: str, model: str, version: str, bundle_sha256: str, made_with: Mapping[str, str],
) -> ClipTags:  # fmt: skip
    """What a composed clip says about itself; the rest is as the reply tells. applied: what is felt in most of it.

    Where the source's feelings are known, its kept spans tell them.
    """
    whole = replace(asked, seed=seed, plan=plan, generator=generator)
    keeps = bool(asked.felt and asked.keep)
    return ClipTags(
        prompt=prompt,
        requested=applied,
        applied=_most_felt(asked.told) if keeps else applied,
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
        track=None if keeps else asked.track,
        segments=asked.told if keeps or asked.track is None else (),
        postprocess=asked.post.steps,
        composition=composition_to_object(whole),
        made_with=made_with,
    )


def _most_felt(told: Sequence[Segment]) -> Affect:
    """What is felt for the longest time; of two as long the first."""
    seconds: dict[str, float] = defaultdict(float)
    for span in told:
        seconds[repr(span.affect)] += span.end_s - span.start_s
    return max(told, key=lambda span: seconds[repr(span.affect)]).affect
