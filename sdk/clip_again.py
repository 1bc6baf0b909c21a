"""A clip made again from its sidecar: what it was made of, and whether bundle and outcome are the same."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdk.clips.options import WriteOptions
from sdk.clips.tags import ClipTags, read_sidecar, sidecar_path
from sdk.errors import InvalidInput, MalformedFile
from sdk.post import Post


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a sidecar says of a clip's making.

    tags: without the steps that `post` and then `options` do. made_with: versions that made it. folder: where the
    sidecar lies.
    """

    tags: ClipTags
    made_with: Mapping[str, str]
    options: WriteOptions
    post: Post
    file: str
    sha256: str
    folder: Path


def read_recipe(path: Path, *, model: Path | None = None) -> Recipe:
    """The recipe of a clip, by its sidecar or by itself. model: the body model, where the clip was made with one.

    Raises InvalidInput or MalformedFile for a file that is not there, breaks the schema, has a step this version cannot
    do again, or needs a body model that is not the one given.
    """
    sidecar = sidecar_path(path)
    try:
        tags = read_sidecar(sidecar)
    except OSError as error:
        raise InvalidInput(f"cannot read: {error.strerror or error}: {sidecar}", field="again") from None
    assert tags.clip is not None
    if "recording" in tags.extra:
        message = "the clip is a recording of a live character: what was played then cannot be made again"
        raise InvalidInput(f"{message}: {sidecar.name}", field="again")
    facts = tags.clip.options
    wanted: dict[str, Any] = {key: facts[key] for key in ("unit", "rest", "up", "body") if key in facts}
    steps = list(tags.postprocess)
    while steps and steps[-1][0] in ("resample", "in_place"):
        name, parameters = steps.pop()
        if name == "in_place":
            wanted["in_place"] = True
        elif "fps" in wanted or not isinstance(parameters.get("fps"), int | float):
            raise MalformedFile(f"{sidecar.name}: postprocess: a step 'resample' needs a rate, and comes once")
        else:
            wanted["fps"] = float(parameters["fps"])
    post = Post()
    if steps and steps[-1][0] == "post":
        parameters = steps.pop()[1]
        if tags.composition is None:  # a composition holds its own
            try:
                post = Post(**parameters)
            except (TypeError, InvalidInput) as error:
                raise MalformedFile(f"{sidecar.name}: postprocess: {error}") from None
    if steps:
        names = ", ".join(name for name, _ in steps)
        message = f"the clip went through {names}, which is done by other commands and cannot be done again here"
        fix = "make the clip before that again, and then do the same with it"
        raise InvalidInput(f"{message}; {fix}: {sidecar.name}", field="again")
    _check_model(facts, model, sidecar.name)
    base = replace(tags, postprocess=tuple(steps), root_motion="travel", made_with={}, segments=(), clip=None)
    options = WriteOptions(**wanted, model=model)
    return Recipe(
        tags=base, made_with=tags.made_with, options=options, post=post, file=tags.clip.file, sha256=tags.clip.sha256,
        folder=sidecar.parent,
    )  # fmt: skip


def check_bundle(recipe: Recipe, *, sha256: str, name: str, version: str) -> None:
    """Raise InvalidInput, which names both, where the bundle at hand is not the one that made the clip."""
    wanted = recipe.tags
    if not wanted.bundle_sha256:
        raise InvalidInput("the sidecar does not say which bundle made the clip", field="again")
    if wanted.bundle_sha256 == sha256:
        return
    theirs = f"{wanted.model_name} {wanted.model_version} ({wanted.bundle_sha256[:12]})"
    ours = f"{name} {version} ({sha256[:12]})"
    message = f"the clip was made with the bundle {theirs} and this one is {ours}: it would be another clip"
    raise InvalidInput(f"{message}; give that bundle with --bundle, or a server that has it", field="bundle")


def verdict(recipe: Recipe, clip: bytes, before: Mapping[str, str], now: Mapping[str, str]) -> tuple[bool, str]:
    """Whether the clip is the recorded one to the byte, and a sentence about it. before, now: versions that made it."""
    if hashlib.sha256(clip).hexdigest() == recipe.sha256:
        return True, "the same file to the byte"
    changed = [
        f"{key} was {before.get(key, 'not known')}, is {now.get(key, 'not known')}"
        for key in sorted({*before, *now})
        if before.get(key) != now.get(key)
    ]
    reason = "; ".join(changed) or "the same versions made it, perhaps on another kind of processor"
    return False, f"NOT the same file ({reason})"


def _check_model(facts: Mapping[str, Any], model: Path | None, name: str) -> None:
    wanted = facts.get("model_sha256")
    if wanted is None:
        if model is not None:
            raise InvalidInput(f"{name} was made without a body model; leave out --body-model", field="model")
        return
    if model is None:
        message = f"{name} was made with a body model (sha256 {wanted[:12]}...); give it with --body-model"
        raise InvalidInput(message, field="model")
    try:
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidInput(f"cannot read the body model: {error.strerror}: {model}", field="model") from None
    if digest != wanted:
        message = f"{name} was made with another body model (sha256 {wanted[:12]}..., this is {digest[:12]}...)"
        raise InvalidInput(message, field="model")
