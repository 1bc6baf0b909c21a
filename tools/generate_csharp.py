"""Writes the C# messages of `protos/` into the Unity package: `python -m tools.generate_csharp`.

The messages need no reflection and no protobuf library: IL2CPP compiles them as they stand, and nothing clashes with a
Google.Protobuf that another package brings. Decoding into a message that was used before allocates nothing.
Needs grpcio-tools (extra `dev`). The output is committed; `tests/csharp/test_codec.py` fails when it has drifted.
"""

import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from google.protobuf import descriptor_pb2

from tools.generate_protos import run_protoc

OUT = Path(__file__).resolve().parent.parent / "unity_bridge/com.emomotion.sdk/Runtime/Core/Wire/Messages"
LEFT_OUT = ("clip", "robot")
"""Protos that no game speaks."""
WIDTH = 120
HEAD = """// Made by tools/generate_csharp.py from protos/emomotion/v1/{name}.proto. Change that, not this.

namespace EmoMotion.Wire
{{
"""
Field = descriptor_pb2.FieldDescriptorProto
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Scalar:
    """How a proto type is written in C#. size and write take the place of {0}."""

    name: str
    wire: int
    size: str
    write: str
    read: str
    zero: str


SCALARS = {
    Field.TYPE_DOUBLE: Scalar("double", FIXED64, "8", "writer.Double({0})", "reader.Double()", "0"),
    Field.TYPE_FLOAT: Scalar("float", FIXED32, "4", "writer.Float({0})", "reader.Float()", "0"),
    Field.TYPE_UINT64: Scalar("ulong", VARINT, "Size.Varint({0})", "writer.Varint({0})", "reader.Varint()", "0"),
    Field.TYPE_INT64: Scalar(
        "long", VARINT, "Size.Varint((ulong){0})", "writer.Varint((ulong){0})", "(long)reader.Varint()", "0"
    ),
    Field.TYPE_UINT32: Scalar("uint", VARINT, "Size.Varint({0})", "writer.Varint({0})", "(uint)reader.Varint()", "0"),
    Field.TYPE_SINT32: Scalar("int", VARINT, "Size.ZigZag({0})", "writer.ZigZag({0})", "reader.ZigZag()", "0"),
    Field.TYPE_BOOL: Scalar("bool", VARINT, "1", "writer.Bool({0})", "reader.Bool()", "false"),
    Field.TYPE_STRING: Scalar("string", BYTES, "Size.Text({0})", "writer.Text({0})", "reader.Text()", '""'),
    Field.TYPE_BYTES: Scalar("byte[]", BYTES, "Size.Bytes({0})", "writer.Bytes({0})", "reader.Bytes()", "null"),
}
NO_VALUE_TYPES = (Field.TYPE_STRING, Field.TYPE_BYTES)


def pascal(name: str) -> str:
    """joint_names, JOINT_NAMES -> JointNames."""
    return "".join(part[:1].upper() + part[1:].lower() for part in name.split("_"))


def camel(name: str) -> str:
    made = pascal(name)
    return "_" + made[0].lower() + made[1:]


def enum_value(enum: str, value: str) -> str:
    """FRAME_SOURCE_IDLE of FrameSource -> Idle."""
    prefix = "".join("_" + c if c.isupper() and i else c for i, c in enumerate(enum)).upper() + "_"
    return pascal(value.removeprefix(prefix))


@dataclass
class Page:
    """One C# file in the making."""

    lines: list[str] = field(default_factory=list)

    def line(self, text: str, depth: int) -> None:
        self.lines.append("    " * depth + text if text else "")

    def summary(self, comment: str, depth: int) -> None:
        text = escape(" ".join(comment.split()))
        room = WIDTH - 4 * depth - len("/// ")
        whole = f"<summary>{text}</summary>"
        rows = [whole] if len(whole) <= room else ["<summary>", *textwrap.wrap(text, room), "</summary>"]
        for row in rows:
            self.line(f"/// {row}", depth)


@dataclass(frozen=True)
class Member:
    """A field of a message, as C# sees it."""

    proto: descriptor_pb2.FieldDescriptorProto
    comment: str
    oneof: str
    """Name of the oneof it belongs to, or empty."""

    @property
    def name(self) -> str:
        return pascal(self.proto.name)

    @property
    def store(self) -> str:
        return camel(self.proto.name)

    @property
    def repeated(self) -> bool:
        return self.proto.label == Field.LABEL_REPEATED

    @property
    def is_message(self) -> bool:
        return self.proto.type == Field.TYPE_MESSAGE

    @property
    def optional(self) -> bool:
        return self.proto.proto3_optional

    @property
    def scalar(self) -> Scalar:
        if self.proto.type == Field.TYPE_ENUM:
            name = self.proto.type_name.rpartition(".")[2]
            read = f"({name})(int)reader.Varint()"
            return Scalar(name, VARINT, "Size.Varint((ulong){0})", "writer.Varint((ulong){0})", read, "0")
        if self.proto.type not in SCALARS:
            raise RuntimeError(f"{self.proto.name}: no C# for type {self.proto.type}; add it to SCALARS")
        return SCALARS[self.proto.type]

    @property
    def type(self) -> str:
        """Of one value."""
        return self.proto.type_name.rpartition(".")[2] if self.is_message else self.scalar.name

    @property
    def packed(self) -> bool:
        return self.repeated and not self.is_message and self.proto.type not in NO_VALUE_TYPES

    @property
    def tag(self) -> int:
        wire = BYTES if self.is_message or self.packed else self.scalar.wire
        return self.proto.number << 3 | wire

    @property
    def tag_size(self) -> int:
        return 1 if self.tag < 0x80 else 2

    @property
    def sized(self) -> str:
        """The C# kind of list whose values share a size, for the methods that take a whole list."""
        known = {"float": "Floats", "bool": "Bools", "int": "ZigZags"}
        if self.type not in known:
            raise RuntimeError(f"{self.proto.name}: no packed list of {self.type}; add it to WireReader and WireWriter")
        return known[self.type]


def emit_enum(
    page: Page, enum: descriptor_pb2.EnumDescriptorProto, comments: dict[tuple[int, ...], str], i: int
) -> None:
    page.summary(comments[5, i], 1)
    page.line(f"public enum {enum.name}", 1)
    page.line("{", 1)
    for j, value in enumerate(enum.value):
        page.summary(comments[5, i, 2, j], 2)
        page.line(f"{enum_value(enum.name, value.name)} = {value.number},", 2)
    page.line("}", 1)
    page.line("", 0)


def emit_message(
    page: Page, message: descriptor_pb2.DescriptorProto, comments: dict[tuple[int, ...], str], i: int
) -> None:
    oneofs = {
        j: oneof.name
        for j, oneof in enumerate(message.oneof_decl)
        if not any(f.proto3_optional and f.oneof_index == j for f in message.field)
    }
    members = [
        Member(f, comments[4, i, 2, j], oneofs.get(f.oneof_index, "") if f.HasField("oneof_index") else "")
        for j, f in enumerate(message.field)
    ]
    page.summary(comments[4, i], 1)
    page.line(f"public sealed partial class {message.name} : WireMessage", 1)
    page.line("{", 1)
    for j, oneof in oneofs.items():
        emit_oneof(page, oneof, [m for m in members if m.oneof == oneof], comments[4, i, 8, j])
    for member in members:
        emit_property(page, member)
    members.sort(key=lambda member: member.proto.number)  # other encoders write in this order, too
    for part in (clear_lines, size_lines, write_lines):
        for line in part(members, list(oneofs.values())):
            page.line(line, 2)
        page.line("", 0)
    for line in read_lines(members):
        page.line(line, 2)
    page.line("}", 1)
    page.line("", 0)


def emit_oneof(page: Page, oneof: str, members: list[Member], comment: str) -> None:
    name = pascal(oneof)
    page.summary(f"What {oneof} may be.", 2)
    page.line(f"public enum {name}Case", 2)
    page.line("{", 2)
    page.summary("No one.", 3)
    page.line("None = 0,", 3)
    for member in members:
        page.summary(member.comment.split(". ")[0].rstrip(".") + ".", 3)
        page.line(f"{member.name} = {member.proto.number},", 3)
    page.line("}", 2)
    page.line("", 0)
    page.summary(comment, 2)
    page.line(f"public {name}Case {name} {{ get; private set; }}", 2)
    page.line("", 0)


def emit_property(page: Page, member: Member) -> None:
    kind, name, store = member.type, member.name, member.store
    if member.repeated:
        page.summary(member.comment, 2)
        made = f"new MessageList<{kind}>(() => new {kind}())" if member.is_message else f"new WireList<{kind}>()"
        listed = f"MessageList<{kind}>" if member.is_message else f"WireList<{kind}>"
        page.line(f"public {listed} {name} {{ get; }} = {made};", 2)
    elif member.oneof:
        case, value = pascal(member.oneof), f"{pascal(member.oneof)}Case.{name}"
        page.line(f"private {kind} {store}{', ' + store + 'Spare' if member.is_message else ''};", 2)
        page.line("", 0)
        page.summary(member.comment, 2)
        page.line(f"public {kind} {name}", 2)
        page.line("{", 2)
        none = "null" if member.is_message else member.scalar.zero
        page.line(f"get => {case} == {value} ? {store} : {none};", 3)
        if member.is_message:
            page.line(f"set {{ {store} = value; {case} = value == null ? {case}Case.None : {value}; }}", 3)
        else:
            page.line(f"set {{ {store} = value; {case} = {value}; }}", 3)
        page.line("}", 2)
    elif member.is_message:
        page.line(f"private {kind} {store}Spare;", 2)
        page.line("", 0)
        page.summary(member.comment, 2)
        page.line(f"public {kind} {name} {{ get; set; }}", 2)
    elif member.optional and member.proto.type not in NO_VALUE_TYPES:
        page.summary(member.comment, 2)
        page.line(f"public {kind}? {name} {{ get; set; }}", 2)
    elif member.proto.type == Field.TYPE_STRING and not member.optional:
        page.line(f'private string {store} = "";', 2)
        page.line("", 0)
        page.summary(member.comment, 2)
        page.line(f'public string {name} {{ get => {store}; set => {store} = value ?? ""; }}', 2)
    else:
        page.summary(member.comment, 2)
        page.line(f"public {kind} {name} {{ get; set; }}", 2)
    page.line("", 0)


def clear_lines(members: list[Member], oneofs: list[str]) -> Iterator[str]:
    yield "/// <inheritdoc/>"
    yield "public override void Clear()"
    yield "{"
    for oneof in oneofs:
        yield f"    {pascal(oneof)} = {pascal(oneof)}Case.None;"
    for member in members:
        if member.repeated:
            yield f"    {member.name}.Clear();"
        elif not member.oneof:
            empty = "null" if member.is_message or member.optional else member.scalar.zero
            yield f"    {member.name} = {empty};"
    yield "}"


def present(member: Member) -> str:
    """The C# condition under which a field is on the wire."""
    if member.oneof:
        return f"{pascal(member.oneof)} == {pascal(member.oneof)}Case.{member.name}"
    if member.is_message or member.optional:
        return f"{member.name} != null"
    if member.proto.type == Field.TYPE_STRING:
        return f"{member.name}.Length > 0"
    if member.proto.type == Field.TYPE_BYTES:
        return f"{member.name} != null && {member.name}.Length > 0"
    return member.name if member.type == "bool" else f"{member.name} != 0"


def value(member: Member) -> str:
    nullable = member.optional and member.proto.type not in NO_VALUE_TYPES
    return f"{member.name}.Value" if nullable else member.name


def size_lines(members: list[Member], _oneofs: list[str]) -> Iterator[str]:
    yield "/// <inheritdoc/>"
    yield "public override int ByteSize()"
    yield "{"
    yield "    var size = 0;"
    for member in members:
        extra = f"size += {member.tag_size} + "
        if member.packed:
            yield f"    if ({member.name}.Count > 0) {extra}Size.Prefixed(Size.{member.sized}({member.name}));"
        elif member.repeated:
            one = "Size.Prefixed({0}.ByteSize())" if member.is_message else member.scalar.size
            item = one.format(f"{member.name}[i]")
            yield f"    for (var i = 0; i < {member.name}.Count; i++) {extra}{item};"
        else:
            one = "Size.Prefixed({0}.ByteSize())" if member.is_message else member.scalar.size
            yield f"    if ({present(member)}) {extra}{one.format(value(member))};"
    yield "    return size;"
    yield "}"


def write_lines(members: list[Member], _oneofs: list[str]) -> Iterator[str]:
    yield "/// <inheritdoc/>"
    yield "public override void WriteTo(WireWriter writer)"
    yield "{"
    for member in members:
        tag = f"writer.Tag({member.tag}); "
        one = "writer.Message({0})" if member.is_message else member.scalar.write if not member.packed else ""
        if member.packed:
            yield f"    if ({member.name}.Count > 0) {{ {tag}writer.{member.sized}({member.name}); }}"
        elif member.repeated:
            item = one.format(f"{member.name}[i]")
            yield f"    for (var i = 0; i < {member.name}.Count; i++) {{ {tag}{item}; }}"
        else:
            yield f"    if ({present(member)}) {{ {tag}{one.format(value(member))}; }}"
    yield "}"


def read_lines(members: list[Member]) -> Iterator[str]:
    yield "internal override void Read(ref WireReader reader)"
    yield "{"
    yield "    uint tag;"
    yield "    while ((tag = reader.Tag()) != 0)"
    yield "    {"
    yield "        switch (tag)"
    yield "        {"
    for member in members:
        for tag, statement in read_cases(member):
            yield f"            case {tag}: {statement} break;"
    yield "            default: reader.Skip(tag); break;"
    yield "        }"
    yield "    }"
    yield "}"


def read_cases(member: Member) -> Iterator[tuple[int, str]]:
    name = member.name
    if member.packed:
        yield member.tag, f"reader.{member.sized}({name});"
        # A sender may leave a packed list unpacked, value by value.
        yield member.proto.number << 3 | member.scalar.wire, f"{name}.Add({member.scalar.read});"
    elif member.repeated:
        yield (
            member.tag,
            f"reader.Message({name}.Add());" if member.is_message else f"{name}.Add({member.scalar.read});",
        )
    elif member.is_message:
        yield member.tag, f"{name} = reader.Message({name}, {member.store}Spare ??= new {member.type}());"
    else:
        yield member.tag, f"{name} = {member.scalar.read};"


def emit_service(page: Page, service: descriptor_pb2.ServiceDescriptorProto, comment: str, package: str) -> None:
    page.summary(comment, 1)
    page.line(f"public static class {service.name}", 1)
    page.line("{", 1)
    for method in service.method:
        streams = {(0, 0): "one to one", (0, 1): "one to many", (1, 1): "many to many"}
        kind = streams[method.client_streaming, method.server_streaming]
        page.summary(f"{last(method.input_type)} to {last(method.output_type)}, {kind}.", 2)
        page.line(f'public const string {method.name} = "/{package}.{service.name}/{method.name}";', 2)
    page.line("}", 1)
    page.line("", 0)


def last(name: str) -> str:
    return name.rpartition(".")[2]


def generated() -> dict[str, str]:
    """Content of every C# file by its name."""
    with tempfile.TemporaryDirectory() as aside:
        out = Path(aside) / "set.bin"
        run_protoc(f"--descriptor_set_out={out}", "--include_source_info")
        described = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    files = {Path(file.name).stem: file for file in described.file}
    return {f"{pascal(stem)}Messages.cs": page_of(file) for stem, file in files.items() if stem not in LEFT_OUT}


def page_of(file: descriptor_pb2.FileDescriptorProto) -> str:
    """One .proto file as C#. The numbers are the field numbers of descriptor.proto."""
    comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
    page = Page()
    for i, enum in enumerate(file.enum_type):
        emit_enum(page, enum, comments, i)
    for i, message in enumerate(file.message_type):
        emit_message(page, message, comments, i)
    for i, service in enumerate(file.service):
        emit_service(page, service, comments[6, i], file.package)
    body = "\n".join(page.lines).rstrip()
    return f"{HEAD.format(name=Path(file.name).stem)}{body}\n}}\n"


def main() -> None:
    pages = generated()
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.cs"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (OUT / name).write_text(text, encoding="utf-8")
    print(f"{len(pages)} files of C# written to {OUT.relative_to(OUT.parents[5])}")


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"error: {error}")
