"""The list of a batch, CSV or YAML, to rows that can be made; every fault is found and named by its line first."""

import csv
import difflib
import hashlib
import io
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sdk.clips.write import FORMATS
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.post import Post
from sdk.runtime import limits

MAX_CLIPS = 10_000
"""So many clips a list may ask for."""
MAX_BYTES = 8 << 20
"""So long a list may be."""
DEFAULT_NAME = "{prompt}_{emotion}_{intensity}_s{seed}"
CROSSED = ("prompt", "emotion", "intensity", "seed", "seconds", "plan", "generator", "fps")
"""Fields that may hold several values in YAML: every combination is a clip, the last one changing quickest."""


class Faults(InvalidInput):
    """A list that cannot be made. faults: one line each, in the order of the list."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        many = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
        super().__init__(f"{name} has {many}; nothing was made: {'; '.join(faults[:3])}", field="list")
        self.faults = tuple(faults)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One clip to make. line: where it stands in the list. number: its place among the clips, from 1.

    emotion: as it was written, affect: what it means. formats: suffixes, a file each. name: pattern of the file's name.
    Everything else is as in `sdk.runtime.engine.Request` and `sdk.post.Post`.
    """

    line: int
    number: int = 0
    text: str
    emotion: str
    affect: Affect
    seed: int
    seconds: float
    plan: str | None
    generator: str | None
    fps: float | None
    formats: tuple[str, ...]
    name: str
    in_place: bool
    rig: str | None
    post: Post

    @property
    def options(self) -> dict[str, Any]:
        """What a `Maker` wants besides the text. Its rate is the bundle's own: another one is a step of writing."""
        return {
            "affect": self.affect, "seconds": self.seconds, "seed": self.seed, "plan": self.plan,
            "generator": self.generator, "fps": None,
        }  # fmt: skip

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the files' content, for the record: JSON without loss."""
        return {
            "text": self.text,
            "weights": {emotion.label: weight for emotion, weight in self.affect.weights.items()},
            "intensity": self.affect.intensity,
            **{name: value for name, value in self.options.items() if name != "affect"},
            "fps": self.fps, "formats": list(self.formats), "in_place": self.in_place, "rig": self.rig,
            "post": [self.post.lock_feet, self.post.ground, self.post.smooth],
        }  # fmt: skip


@dataclass
class Marked:
    """Values of an entry of the list with the line of each; `line` is the entry's own."""

    line: int
    values: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)


def read_list(path: Path, defaults: Mapping[str, Any] | None = None) -> list[Row]:
    """The rows of a .csv, .yaml or .yml file, in order. defaults: values of fields that a row leaves open.

    Raises Faults with every fault of the file, InvalidInput for a file that cannot be read or a default that is wrong.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".yaml", ".yml"):
        raise InvalidInput(f"a list is a .csv, .yaml or .yml file, not {path.name}", field="list")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}", field="list") from None
    if len(raw) > MAX_BYTES:
        raise InvalidInput(f"{path.name} is longer than {MAX_BYTES >> 20} MB; split it", field="list")
    faults: list[str] = []
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Faults(path.name, [f"line {line}: not UTF-8 text; save the list as UTF-8"]) from None
    entries = list((_csv_entries if kind == ".csv" else _yaml_entries)(text, faults))
    given = {name: [(0, value)] for name, value in (defaults or {}).items() if value is not None}
    rows: list[Row] = []
    for entry in entries:
        if len(rows) > MAX_CLIPS:
            break
        rows += _rows(Marked(entry.line, {**given, **entry.values}), faults)
    if len(rows) > MAX_CLIPS:
        faults.append(f"the list asks for more than {MAX_CLIPS} clips; split it")
    if not entries and not faults:
        faults.append("the list holds no clips")
    if faults:
        raise Faults(path.name, faults)
    return [Row(**{**vars(row), "number": number}) for number, row in enumerate(rows, 1)]


# --- the two kinds of files -------------------------------------------------------------------------------------------


def _csv_entries(text: str, faults: list[str]) -> Iterator[Marked]:
    """One entry a line below the line of names; between values stands a comma, a semicolon or a tab."""
    head = text.split("\n", 1)[0]
    between = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    names: list[str] = []
    line = 1
    try:
        for cells in reader:
            here, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [cell.strip().lower() for cell in cells]
                faults += _name_faults(names, here)
                if "prompt" not in names:
                    faults.append(f"line {here}: there is no column prompt; the first line names the columns")
                continue
            if len(cells) > len(names):
                found = f"{len(cells)} values under {len(names)} names"
                faults.append(f"line {here}: {found}; put a text that holds {between!r} in quotes")
                continue
            filled = {n: [(here, cell.strip())] for n, cell in zip(names, cells, strict=False) if cell.strip()}
            yield Marked(here, {name: value for name, value in filled.items() if name in FIELDS})
    except csv.Error as error:
        faults.append(f"line {reader.line_num}: not CSV: {error}")


def _yaml_entries(text: str, faults: list[str]) -> Iterator[Marked]:
    """The entries below `clips`, each with the fields beside `clips` where it has none of its own."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.append(f"line {mark.line + 1 if mark else 1}: not YAML: {error.problem or error.context}")
        return
    except yaml.YAMLError as error:  # a character that no YAML may hold
        faults.append(f"not YAML: {' '.join(str(error).split())[:100]}")
        return
    if not isinstance(node, yaml.MappingNode):
        faults.append("line 1: the list must hold `clips:` and below it one entry or more")
        return
    whole = _yaml_fields(node, faults, known=("clips", *FIELDS))
    clips = next((value for key, value in node.value if getattr(key, "value", None) == "clips"), None)
    if not isinstance(clips, yaml.SequenceNode) or not clips.value:
        faults.append(f"line {node.start_mark.line + 1}: `clips:` must hold one entry or more, each begun with `- `")
        return
    for entry in clips.value:
        if not isinstance(entry, yaml.MappingNode):
            faults.append(f"line {entry.start_mark.line + 1}: an entry of clips names its fields, e.g. `- prompt: ...`")
            continue
        own = _yaml_fields(entry, faults, known=tuple(FIELDS))
        yield Marked(entry.start_mark.line + 1, {**whole.values, **own.values})


def _yaml_fields(node: yaml.MappingNode, faults: list[str], *, known: Sequence[str]) -> Marked:
    """Fields of a mapping, each a list of values with their lines."""
    out = Marked(node.start_mark.line + 1)
    seen: set[str] = set()
    for key, value in node.value:
        line, name = key.start_mark.line + 1, str(getattr(key, "value", ""))
        if name in seen:
            faults.append(f"line {line}: {name} stands here twice")
        seen.add(name)
        if name not in known:
            faults += _name_faults([name], line, known)
        elif name != "clips":
            several = isinstance(value, yaml.SequenceNode)
            if several and not value.value:
                faults.append(f"line {line}: {name} holds no value")
            out.values[name] = [_yaml_value(item, name, faults) for item in (value.value if several else [value])]
    return out


def _yaml_value(node: yaml.Node, name: str, faults: list[str]) -> tuple[int, Any]:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode):
        faults.append(f"line {line}: {name} must be a value or a list of values")
        return line, None
    # A text stays as it was written: "1_2", "no" and "2:30" are not numbers, answers and times here.
    return line, None if node.tag == "tag:yaml.org,2002:null" else node.value


def _name_faults(names: Sequence[str], line: int, known: Sequence[str] = ()) -> list[str]:
    known = known or tuple(FIELDS)
    out = [f"line {line}: the column {n} stands there twice" for n in sorted({n for n in names if names.count(n) > 1})]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
            out.append(f"line {line}: {name[:40]!r} is no field{hint}")
    return out


# --- values -----------------------------------------------------------------------------------------------------------


def _number(name: str, low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise InvalidInput(f"{name} must be a number in {low:g}..{high:g}, not {text[:40]!r}")
        return value

    return parse


def _text(text: str) -> str:
    limits.validate_text(text)
    return " ".join(text.split())


def _emotion(text: str) -> str:
    Affect.of(text)
    return text.strip()


def _flag(text: str) -> bool:
    values = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False, "off": False}
    if text.strip().lower() not in values:
        raise InvalidInput(f"write yes or no, not {text[:40]!r}")
    return values[text.strip().lower()]


def _formats(text: str) -> tuple[str, ...]:
    found = []
    for part in text.replace(",", " ").split():
        suffix = part.lower() if part.startswith(".") else f".{part.lower()}"
        if suffix not in FORMATS:
            raise InvalidInput(f"format {part[:20]!r} is unknown; known: {', '.join(FORMATS)}")
        found.append(suffix)
    return tuple(dict.fromkeys(found))


def _seeds(text: str) -> list[int]:
    """One seed, or from one to another, both included: "1..20"."""
    first, dots, last = text.partition("..")
    try:
        low = int(first)
        high = int(last) if dots else low
    except ValueError:
        raise InvalidInput(f"seed must be a whole number, or e.g. 1..20, not {text[:40]!r}") from None
    if not (0 <= low <= high < 2**64 and high - low < MAX_CLIPS):
        raise InvalidInput(f"seeds must rise within 0..{2**64 - 1}, at most {MAX_CLIPS}, not {text[:40]!r}")
    return list(range(low, high + 1))


FIELDS: Mapping[str, Callable[[str], Any]] = {
    "prompt": _text,
    "emotion": _emotion,
    "intensity": _number("intensity", 0, 1),
    "seed": _seeds,
    "seconds": _number("seconds", limits.MIN_SECONDS, limits.MAX_SECONDS),
    "plan": str.strip,
    "generator": str.strip,
    "fps": _number("fps", limits.MIN_FPS, limits.MAX_FPS),
    "format": _formats,
    "name": str.strip,
    "in_place": _flag,
    "rig": str.strip,
    "lock_feet": _flag,
    "ground": _flag,
    "smooth": _number("smooth", 0, 1),
}
"""Fields of a list and what reads each; what is wrong with a value is raised as InvalidInput."""


def _rows(entry: Marked, faults: list[str]) -> list[Row]:
    """All clips of an entry: every combination of its values. Faults are added, and then there are none."""
    before = len(faults)
    values: dict[str, list[Any]] = {}
    for name, given in entry.values.items():
        values[name] = []
        for line, value in given:
            try:
                found = FIELDS[name](str(value)) if value is not None and str(value).strip() else None
            except InvalidInput as error:
                faults.append(f"{f'line {line}' if line else f'option {name}'}: {error}")
                continue
            if found is not None:
                values[name] += found if name == "seed" else [found]
        if name not in CROSSED and name != "format" and len(given) > 1:
            faults.append(f"line {given[0][0]}: {name} takes one value, not {len(given)}")
    if not values.get("prompt") and len(faults) == before:
        faults.append(f"line {entry.line}: there is no prompt; say what the character does")
    crossed = {name: values.get(name) or [None] for name in CROSSED}
    count = math.prod(len(v) for v in crossed.values())
    if count > MAX_CLIPS:
        faults.append(f"line {entry.line}: its combinations are {count} clips; a list has at most {MAX_CLIPS}")
    if len(faults) > before:
        return []
    rest = {name: v[0] for name, v in values.items() if name not in CROSSED and name != "format" and v}
    formats = tuple(dict.fromkeys(suffix for several in values.get("format", []) for suffix in several))
    rows = [
        _row(entry.line, dict(zip(crossed, chosen, strict=True)), rest, formats or (".glb",))
        for chosen in itertools.product(*crossed.values())
    ]
    # Neutral has no strength, so several intensities of it are one clip.
    unique = {(row.emotion, repr(row.settings)): row for row in rows}
    return list(unique.values())


def _row(line: int, one: dict[str, Any], rest: dict[str, Any], formats: tuple[str, ...]) -> Row:
    text, emotion = one["prompt"], one["emotion"] or Emotion.NEUTRAL.label
    affect = Affect.of(emotion, one["intensity"])
    if set(affect.weights) == {Emotion.NEUTRAL}:
        affect = Affect.neutral()
    seed = one["seed"]
    if seed is None:
        # The prompt's own, so that its emotions can be compared and a list that is made again gives the same.
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 1_000_000
    post = Post(**{name: rest[name] for name in ("lock_feet", "ground", "smooth") if name in rest})
    return Row(
        line=line, text=text, emotion=emotion, affect=affect, seed=seed,
        seconds=4.0 if one["seconds"] is None else one["seconds"],
        plan=one["plan"], generator=one["generator"], fps=one["fps"], formats=formats,
        name=rest.get("name", DEFAULT_NAME), in_place=rest.get("in_place", False), rig=rest.get("rig"), post=post,
    )  # fmt: skip
