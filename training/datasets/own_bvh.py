"""Any BVH files with a profile that their owner writes: skeleton, file names, labels, and the terms of the data.

    {"name": "studio", "skeleton": {...},
     "files": "(?P<actor>[^_]+)_(?P<emotion>[^_]+)_(?P<content>[^_]+)_[0-9]+[.]bvh",
     "labels": {"emotion": {...}, "content": {...}},
     "set": {"name": "Studio walks", "licence": "CC0-1.0", "attribution": "..."}}

`skeleton` is described in `sdk.motion.profile_file`, `labels` in `training.datasets.vocabulary`.
"""

from dataclasses import dataclass
from pathlib import Path

from sdk.emotion import Emotion
from sdk.motion.profile_file import Section, profile_of, read_document
from sdk.motion.retarget import Profile
from training.datasets.captions import MANNERS
from training.datasets.folder import compiled, plan_folder, split_by_actor, split_by_file
from training.datasets.preparation import Plan, SetInfo
from training.datasets.vocabulary import NEUTRAL, PROUD, RUN, WALK, WALK_BACK, Vocabulary, felt, key_of, mannered

PATTERN = r"(?:.*/)?[^/]+\.[bB][vV][hH]"
_KNOWN = Vocabulary(
    {e.label: felt(e.label, {e: 1.0}) for e in Emotion if e is not Emotion.NEUTRAL}
    | {"neutral": NEUTRAL, "normal": NEUTRAL, "proud": PROUD}
    | {key_of(style): mannered(style, *words) for style, words in MANNERS.items() if words and style != "proud"},
    {"walk": WALK, "walking": WALK, "run": RUN, "running": RUN, "walkback": WALK_BACK},
)


@dataclass(frozen=True)
class OwnProfile:
    """What a profile file says."""

    skeleton: Profile
    info: SetInfo
    pattern: str
    vocabulary: Vocabulary


def read_own_profile(path: Path) -> OwnProfile:
    """A profile file. Raises MalformedFile with the line, InvalidInput with the key, OSError if it cannot be opened."""
    document = read_document(path)
    document.only(("name", "skeleton", "files", "labels", "set"))
    skeleton = profile_of(document.section("skeleton"), document.text("name"))
    vocabulary = _KNOWN.extended(document.section("labels")) if "labels" in document.values else _KNOWN
    about = document.section("set") if "set" in document.values else Section({}, f"{document.where}.set")
    about.only(("name", "licence", "attribution"))
    name = about.text("name", document.text("name"))
    info = SetInfo(name, about.text("licence", "unknown"), about.text("attribution", name))
    return OwnProfile(skeleton, info, document.text("files", PATTERN), vocabulary)


def plan_of(directory: Path, profile: OwnProfile) -> Plan:
    """A plan of the folder: split by actor where the pattern names one, else by file. Raises InvalidInput."""
    pattern = compiled(profile.pattern)
    split = split_by_actor if "actor" in pattern.groupindex else split_by_file
    prefix = key_of(profile.skeleton.name) or "own"
    return plan_folder(directory, pattern, profile.vocabulary, profile.skeleton, prefix=prefix, split=split)
