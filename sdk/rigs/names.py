"""What bones are called: names taken apart into words, the side they are on and the part of the body they mean."""

import re
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right", ""]

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_SIDES: dict[str, Side] = {
    "l": "left", "left": "left", "lft": "left", "lf": "left",
    "r": "right", "right": "right", "rgt": "right", "rt": "right",
}  # fmt: skip
_GLUED = re.compile(r"^(left|right)(?=[a-z])|(?<=[a-z])(left|right)$")

# Words that say whose bone it is, or that it is a bone.
_NOISE = frozenset(
    "j bip biped c def org jnt joint bone bn b rig mixamorig cc base valve character armature sk skin bind drv "
    "avg human model center centre m f game jt skel skeleton bend main chr geo grp group deform".split()
)
# Words of bones that no body joint drives: ends, faces, fingers, clothes, helpers of a rig.
_NEVER = frozenset(
    "end tip nub site eye eyes jaw finger fingers thumb index middle ring pinky little hair breast bust boob skirt ik "
    "fk pole target helper corrective weapon prop cloth tail ear ears tongue muscle tooth teeth lip lips brow lid nose "
    "cheek "
    "metacarpal metacarpals carpal glute butt scapula latissimus pec pectoral trapezius bicep tricep vb slide bulge in "
    "out fwd bck top dummy camera attach socket mesh body root reference interaction mass scale stretch ctrl control "
    "tweak mch wing cape sleeve hood hat bag holster strap".split()
)
TWIST = frozenset(("twist", "roll"))
_PARTS: dict[str, str] = {}
for _part, _words in {
    "hips": "hips hip pelvis",
    "thigh": "thigh upleg upperleg legupper hipjoint femur uplegs thighs upleg upperlimb",
    "leg": "leg calf shin knee lowerleg lowleg leglower tibia loleg shank foreleg",
    "foot": "foot ankle feet",
    "toe": "toe toes toebase ball toesbase football toejoint",
    "clavicle": "clavicle collar collarbone clav",
    "shoulder": "shoulder shldr",
    "arm": "arm upperarm uparm armupper humerus",
    "forearm": "forearm lowerarm lowarm elbow armlower loarm fore ulna",
    "hand": "hand wrist palm",
    "neck": "neck necklower neckupper lowerneck upperneck",
    "head": "head skull",
    "spine": "spine chest upperchest chestupper chestlower lowerchest torso abdomen abdomenlower abdomenupper back "
             "waist ribs ribcage belly stomach thorax spinelower spineupper lowerspine upperspine spinemiddle",
}.items():  # fmt: skip
    for _word in _words.split():
        _PARTS[_word] = _part


@dataclass(frozen=True)
class NameParts:
    """A bone's name taken apart. part: "" if no body joint is meant. twist: it is a roll bone of that part."""

    side: Side
    part: str
    twist: bool
    words: tuple[str, ...]


def words_of(name: str) -> list[str]:
    """Lower-case words of a name, namespace and numbers' leading zeros gone: "rig:LeftUpLeg_01" -> left, up, leg, 1."""
    bare = re.split(r"[:|]", name)[-1]
    out: list[str] = []
    for word in (w.lower() for w in _WORD.findall(bare)):
        glued = _GLUED.search(word)
        if word.isdigit():
            out.append(str(int(word)))
        elif glued and len(word) > len(glued.group()):
            rest = word.replace(glued.group(), "", 1)
            out += [glued.group(), rest] if word.startswith(glued.group()) else [rest, glued.group()]
        else:
            out.append(word)
    return out


def parts_of(name: str, *, common: frozenset[str] = frozenset()) -> NameParts:
    """Side and part that a bone's name means; `common`: words that nearly all bones of the rig share."""
    words = words_of(name)
    side: Side = ""
    rest: list[str] = []
    for word in words:
        if word in _SIDES and not side:
            side = _SIDES[word]
        elif word not in _NOISE and word not in common and not word.isdigit():
            rest.append(word)
    twist = any(word in TWIST for word in rest)
    core = [word for word in rest if word not in TWIST]
    if any(word in _NEVER for word in core):
        return NameParts(side, "", twist, tuple(words))
    part = _PARTS.get("".join(core), "")
    if not part and len(core) > 1:  # "hero thigh": a word nobody knows stands before the part
        part = next((_PARTS[j] for k in range(1, len(core)) if (j := "".join(core[k:])) in _PARTS), "")
    if part == "hips" and side:
        part = "thigh"  # "LeftHip", "hip_l": the joint of one leg
    return NameParts(side, part, twist, tuple(words))


def common_words(names: tuple[str, ...]) -> frozenset[str]:
    """Words in more than 60 % of the names (a character's name, a prefix): they tell no bone from another."""
    counts: dict[str, int] = {}
    for name in names:
        for word in set(words_of(name)):
            counts[word] = counts.get(word, 0) + 1
    return frozenset(w for w, n in counts.items() if n > 0.6 * len(names) and w not in _SIDES and w not in _PARTS)
