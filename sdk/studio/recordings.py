"""Live characters that the page recorded: what a clip of one says about itself.

The page sends {"told": [TOLD], "seed": str, "plan": str, "generator": str, "model": {"name", "version", "sha256",
"licence", "attribution"}}. A TOLD is everything that the character had been told when it began to show, {"seconds",
"text", "affect", "speed", "heading", "path"}, seconds from the first frame; the last four may be absent.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from sdk.clips.tags import ClipTags
from sdk.emotion import Affect
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.runtime.track import Segment
from sdk.studio.orders import affect_of, listed, mapping_of, name_of, number, points_of, seed_of

MAX_TOLD = 1000
FIELD = "recording"
MODEL = ("name", "version", "sha256", "licence", "attribution")


def tags_of(stated: Any, motion: Motion) -> ClipTags:
    """Tags of a recording. It has no composition and cannot be made again; what it was told stands in `extra`.

    Raises InvalidInput, which names the field.
    """
    recording = mapping_of(stated, FIELD)
    told = [_told(one, f"{FIELD}.told.{k}") for k, one in enumerate(listed(recording, "told", most=MAX_TOLD))]
    times = [one["seconds"] for one in told]
    if not told or times[0] != 0 or any(b <= a for a, b in pairwise(times)) or times[-1] > motion.seconds:
        message = f"told must begin at 0 s and rise within the clip's {motion.seconds:g} s"
        raise InvalidInput(message, field=f"{FIELD}.told")
    segments = _segments(told, motion.seconds)
    applied = max(segments, key=lambda segment: _seconds_of(segments, segment.affect)).affect
    model = {key: name_of(mapping_of(recording.get("model"), f"{FIELD}.model"), key) or "" for key in MODEL}
    texts = [told[0]["text"], *(b["text"] for a, b in pairwise(told) if b["text"] != a["text"])]
    return ClipTags(
        prompt="; ".join(texts), requested=applied, applied=applied, seed=seed_of(recording.get("seed")) or 0,
        plan=name_of(recording, "plan") or "", generator=name_of(recording, "generator") or "unknown",
        licence=model["licence"] or "unknown", dataset_licences=(model["attribution"],) if model["attribution"] else (),
        model_name=model["name"], model_version=model["version"], bundle_sha256=model["sha256"], segments=segments,
        extra={"recording": {"told": [_stated(one) for one in told]}},
    )  # fmt: skip


def _told(stated: Any, field: str) -> dict[str, Any]:
    one = mapping_of(stated, field)
    text = one.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput(f"{field} needs a text", field=f"{field}.text")
    told: dict[str, Any] = {"seconds": number(one.get("seconds"), f"{field}.seconds"), "text": text}
    told["affect"] = affect_of(one.get("affect"), f"{field}.affect")
    told |= {key: number(one[key], f"{field}.{key}") for key in ("speed", "heading") if key in one}
    if "path" in one:
        told["path"] = [list(point) for point in points_of(one["path"], f"{field}.path")]
    return told


def _stated(told: Mapping[str, Any]) -> dict[str, Any]:
    """As the sidecar holds it: a feeling as in all its other places."""
    affect: Affect = told["affect"]
    felt = {"weights": {e.label: weight for e, weight in affect.weights.items()}, "intensity": affect.intensity}
    return {key: value for key, value in {**told, **felt}.items() if key != "affect"}


def _segments(told: list[dict[str, Any]], end: float) -> tuple[Segment, ...]:
    """What was felt from when to when; neighbours of the same feeling are one."""
    out: list[Segment] = []
    for one, until in zip(told, [*(b["seconds"] for b in told[1:]), end], strict=True):
        begin = out.pop().start_s if out and out[-1].affect == one["affect"] else one["seconds"]
        out.append(Segment(begin, until, one["affect"]))
    return tuple(out)


def _seconds_of(segments: tuple[Segment, ...], affect: Affect) -> float:
    return sum(segment.end_s - segment.start_s for segment in segments if segment.affect == affect)
