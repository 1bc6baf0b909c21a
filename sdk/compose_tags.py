"""Tags of a composed clip: enough, with the bundle, to compose it again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sdk.clips.tags import ClipTags
from sdk.compose_file import composition_to_object
from sdk.emotion import Affect
from sdk.runtime.composition import Composition, Stretch
from sdk.runtime.track import Segment


def composition_tags(
    asked: Composition, seed: int, *, plan: str, generator: str, applied: Affect, prompt: str, licence: str,
    attribution: str, model: str, version: str, bundle_sha256: str, made_with: Mapping[str, str],
    stretch: Stretch | None = None,
) -> ClipTags:  # fmt: skip
    """What a composed clip says about itself; the rest is as the reply tells. applied: what is asked for in most of it.

    What the source plays tells the source's own feelings, where they are known.
    """
    whole, told = replace(asked, seed=seed, plan=plan, generator=generator), asked.told(stretch)
    # Else the track tells it better than its pieces do.
    other = stretch is not None or bool(asked.felt and asked.keep)
    return ClipTags(
        prompt=prompt,
        requested=applied,
        applied=_most_felt(told) if other else applied,
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
        track=None if other else asked.track,
        segments=told if other or asked.track is None else (),
        postprocess=asked.post.steps,
        composition=composition_to_object(whole),
        made_with=made_with,
    )


def _most_felt(told: Sequence[Segment]) -> Affect:
    """Of the emotion that is felt for the longest time, the longest span; of two as long the first."""
    seconds: dict[str, float] = defaultdict(float)
    for span in told:
        seconds[span.affect.label] += span.end_s - span.start_s
    return max(told, key=lambda span: (seconds[span.affect.label], span.end_s - span.start_s)).affect
