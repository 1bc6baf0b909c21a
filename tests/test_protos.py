"""The protos: the stubs do not drift, every comment says what a caller must know, and the ranges it states hold."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

from emomotion.v1 import affect_pb2, clip_pb2, compose_pb2, face_pb2, info_pb2, live_pb2, motion_pb2, robot_pb2
from sdk.errors import InvalidInput
from sdk.runtime import limits
from sdk.service.validation import request_from_wire
from tools.generate_protos import PACKAGE, PROTOS, STUB_ENDINGS, generate, proto_files, run_protoc

Field = descriptor_pb2.FieldDescriptorProto
INTEGERS = {Field.TYPE_UINT32, Field.TYPE_UINT64, Field.TYPE_SINT32}
FLOATS = {Field.TYPE_DOUBLE, Field.TYPE_FLOAT}
# What a client fills in; the rest comes from the server and has no defaults.
ASKED = ("GenerateRequest", "Affect", "EmotionWeight", "ValenceArousal")


@dataclass(frozen=True)
class Documented:
    """One thing of a .proto file: its dotted name, the comment above it, and its descriptor if it is a field."""

    name: str
    comment: str
    field: Field | None = None

    @property
    def range(self) -> tuple[float, float] | None:
        """Ends of the range the comment states; infinite where it says inf."""
        found = re.search(r"Range: \[([-\d.]+), (?:([-\d.]+)\]|inf\))", self.comment)
        return (number(found[1]), number(found[2] or "inf")) if found else None


def number(text: str) -> float:
    """A number as written; integers stay exact, for the largest seed is beyond a double's precision."""
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> descriptor_pb2.FileDescriptorSet:
    """All files as protoc reads them, comments included."""
    out = tmp_path_factory.mktemp("protos") / "set.bin"
    run_protoc(f"--descriptor_set_out={out}", "--include_source_info")
    return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


@pytest.fixture(scope="module")
def documented(described: descriptor_pb2.FileDescriptorSet) -> dict[str, Documented]:
    return {entry.name: entry for file in described.file for entry in walk(file)}


def walk(file: descriptor_pb2.FileDescriptorProto) -> Iterator[Documented]:
    """Everything in one file that must have a comment. The numbers are the field numbers of descriptor.proto."""
    comments = {tuple(place.path): " ".join(place.leading_comments.split()) for place in file.source_code_info.location}

    def entry(name: str, path: tuple[int, ...], field: Field | None = None) -> Documented:
        return Documented(name, comments.get(path, ""), field)

    for i, message in enumerate(file.message_type):
        yield entry(message.name, (4, i))
        for j, field in enumerate(message.field):
            yield entry(f"{message.name}.{field.name}", (4, i, 2, j), field)
        synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
        for j, oneof in enumerate(message.oneof_decl):
            if j not in synthetic:
                yield entry(f"{message.name}.{oneof.name}", (4, i, 8, j))
    for i, enum in enumerate(file.enum_type):
        yield entry(enum.name, (5, i))
        for j, value in enumerate(enum.value):
            yield entry(value.name, (5, i, 2, j))
    for i, service in enumerate(file.service):
        yield entry(service.name, (6, i))
        for j, method in enumerate(service.method):
            yield entry(f"{service.name}.{method.name}", (6, i, 2, j))


def test_the_stubs_are_those_of_the_protos(tmp_path: Path, described: descriptor_pb2.FileDescriptorSet) -> None:
    stubs = generate(tmp_path)
    remedy = "run: python tools/generate_protos.py"
    committed = {PACKAGE / p.name for p in (PROTOS / PACKAGE).iterdir() if p.name.endswith(STUB_ENDINGS)}
    assert committed == set(stubs), remedy
    new, old = ({stub: (root / stub).read_bytes() for stub in stubs} for root in (tmp_path, PROTOS))
    if compilers_of(new) == compilers_of(old):
        assert [str(stub) for stub in stubs if new[stub] != old[stub]] == [], f"these have drifted; {remedy}"
    # Another compiler may write other code, but it must describe the same messages.
    committed_modules = (
        affect_pb2, clip_pb2, compose_pb2, face_pb2, info_pb2, live_pb2, motion_pb2, robot_pb2,
    )  # fmt: skip
    modules = {module.DESCRIPTOR.name: module for module in committed_modules}
    assert sorted(modules) == proto_files()
    for file in described.file:
        committed_file = modules[file.name].DESCRIPTOR.serialized_pb
        assert bare(file.SerializeToString()) == bare(committed_file), f"{file.name} has drifted; {remedy}"


def compilers_of(stubs: dict[Path, bytes]) -> set[bytes]:
    """The version lines that the compilers left in their stubs."""
    line = rb"^(?:# Protobuf Python Version: .*|GRPC_GENERATED_VERSION = .*)$"
    return {found for content in stubs.values() for found in re.findall(line, content, re.MULTILINE)}


def bare(serialized: bytes) -> descriptor_pb2.FileDescriptorProto:
    """A file's description without what a descriptor set adds: comments and JSON names."""
    file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
    file.ClearField("source_code_info")
    for message in file.message_type:
        for field in message.field:
            field.ClearField("json_name")
    return file


def test_everything_has_a_comment(documented: dict[str, Documented]) -> None:
    assert len(documented) > 80
    assert [name for name, entry in documented.items() if len(entry.comment) < 10] == []


def test_every_field_states_range_unit_and_default(documented: dict[str, Documented]) -> None:
    missing = []
    for name, entry in documented.items():
        field, comment = entry.field, entry.comment
        if field is None:
            continue
        is_message = field.type == Field.TYPE_MESSAGE
        asked = name.partition(".")[0] in ASKED
        if "Range:" not in comment and (asked or not is_message):
            missing.append(f"{name}: Range")
        if field.type in INTEGERS | FLOATS and entry.range is None:
            missing.append(f"{name}: a range of two numbers")
        if field.type in INTEGERS | FLOATS and "Unit:" not in comment:
            missing.append(f"{name}: Unit")
        if asked and not re.search(r"Default: |Unset: ", comment):
            missing.append(f"{name}: Default or Unset")
    assert missing == []


def test_the_ranges_are_those_of_the_limits_table(documented: dict[str, Documented]) -> None:
    seconds, fps = (limits.MIN_SECONDS, limits.MAX_SECONDS), (limits.MIN_FPS, limits.MAX_FPS)
    frames = round(limits.MAX_COMPOSED_SECONDS * limits.MAX_FPS) + 1
    expected = {
        "GenerateRequest.text": (1, limits.MAX_TEXT_CHARS), "SettingsUsed.text": (1, limits.MAX_TEXT_CHARS),
        "GenerateRequest.seconds": seconds, "SettingsUsed.seconds": seconds, "GenerateRequest.fps": fps,
        "SettingsUsed.fps": fps, "MotionHeader.fps": fps, "BundleInfo.fps": fps,
        "MotionHeader.frame_count": (1, frames), "MotionChunk.start_frame": (0, frames - 1),
        "GenerateRequest.budget_ms": (limits.MIN_BUDGET_MS, limits.MAX_BUDGET_MS),
        "GenerateRequest.seed": (0, 2**64 - 1), "SettingsUsed.seed": (0, 2**64 - 1),
        "Limits.max_text_chars": (1, limits.MAX_TEXT_CHARS), "Limits.min_seconds": seconds,
        "Limits.max_seconds": seconds, "Limits.min_fps": fps, "Limits.max_fps": fps,
        "Affect.intensity": (0, 1), "EmotionWeight.weight": (0, math.inf),
        "ValenceArousal.valence": (-1, 1), "ValenceArousal.arousal": (-1, 1),
    }  # fmt: skip
    assert {name: documented[name].range for name in expected} == expected


REQUEST_NUMBERS = {
    "GenerateRequest.seconds": lambda value: {"seconds": value},
    "GenerateRequest.fps": lambda value: {"fps": value},
    "GenerateRequest.budget_ms": lambda value: {"budget_ms": value},
    "Affect.intensity": lambda value: {"affect": affect_pb2.Affect(intensity=value)},
    "ValenceArousal.valence": lambda value: {"affect": {"valence_arousal": {"valence": value}}},
    "ValenceArousal.arousal": lambda value: {"affect": {"valence_arousal": {"arousal": value}}},
    "EmotionWeight.weight": lambda value: {
        "affect": {"weights": [{"emotion": 1, "weight": value}, {"emotion": 2, "weight": 1.0}]}
    },
}


def test_the_validator_holds_the_stated_ranges(documented: dict[str, Documented]) -> None:
    numbers = {
        name
        for name, entry in documented.items()
        if entry.field is not None and entry.field.type in FLOATS and name.partition(".")[0] in ASKED
    }
    assert numbers == set(REQUEST_NUMBERS), "a new number in a request needs a line above"
    for name, fields in REQUEST_NUMBERS.items():
        low, high = documented[name].range or (0.0, 0.0)
        for inside in (low, min(high, 1e300)):
            assert accepts(fields(inside)), f"{name} = {inside}"
        for outside in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf), math.nan, math.inf, -math.inf):
            assert not accepts(fields(outside)), f"{name} = {outside}"


def accepts(fields: dict[str, Any]) -> bool:
    try:
        request_from_wire(motion_pb2.GenerateRequest(text="a person waves", **fields))
    except InvalidInput:
        return False
    return True


def test_lists_of_numbers_travel_packed() -> None:
    for message in (motion_pb2.MotionChunk, info_pb2.Skeleton):
        for field in message.DESCRIPTOR.fields:
            if field.is_repeated and field.type != field.TYPE_STRING:
                assert field.is_packed, field.full_name
