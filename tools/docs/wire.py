"""The wire as pages: one for each .proto, made of its comments. Every service, message, enum and field is on them."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from google.protobuf import descriptor_pb2

from tools.generate_protos import run_protoc

Field = descriptor_pb2.FieldDescriptorProto
# Field numbers of descriptor.proto, by which comments are found.
MESSAGE, ENUM, SERVICE, NESTED, NESTED_ENUM, FIELD, VALUE, METHOD, SYNTAX = 4, 5, 6, 3, 4, 2, 2, 2, 12
TYPES = {value: name.removeprefix("TYPE_").lower() for name, value in Field.Type.items()}


def wire_pages() -> Iterator[tuple[str, str]]:
    """(file name without suffix, Markdown) for each proto of ours."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "protos.bin"
        run_protoc(f"--descriptor_set_out={out}", "--include_source_info")
        found = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    homes = {f"{file.package}.{m.name}": Path(file.name).stem for file in found.file for m in _types(file)}
    for file in sorted(found.file, key=lambda file: file.name):
        if file.package.startswith("emomotion."):
            yield Path(file.name).stem, Page(file, homes).text()


def _types(file: descriptor_pb2.FileDescriptorProto) -> list[descriptor_pb2.DescriptorProto]:
    return [*file.message_type, *file.enum_type]  # type: ignore[list-item]


class Page:
    """One proto file as Markdown. homes: full name of a type -> the page it stands on."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto, homes: dict[str, str]) -> None:
        self.file, self.homes, self.here = file, homes, Path(file.name).stem
        locations = file.source_code_info.location
        self.comments = {tuple(place.path): place.leading_comments.strip() for place in locations}
        heads = [
            d.strip() for place in locations if tuple(place.path) == (SYNTAX,) for d in place.leading_detached_comments
        ]
        self.about = "\n\n".join([*heads, self.comments.get((SYNTAX,), "")]).strip()

    def text(self) -> str:
        """The page."""
        parts = [f"# {self.here}.proto", f"`{self.file.name}`, package `{self.file.package}`.", self.about]
        for k, service in enumerate(self.file.service):
            parts += self._service(service, (SERVICE, k))
        for k, message in enumerate(self.file.message_type):
            parts += self._message(message, message.name, (MESSAGE, k))
        for k, enum in enumerate(self.file.enum_type):
            parts += self._enum(enum, enum.name, (ENUM, k))
        return "\n\n".join(part for part in parts if part) + "\n"

    def _service(self, service: descriptor_pb2.ServiceDescriptorProto, path: tuple[int, ...]) -> list[str]:
        parts = [_heading(service.name), self._said(path)]
        for k, method in enumerate(service.method):
            asked = ("stream " if method.client_streaming else "") + self._type(method.input_type)
            given = ("stream " if method.server_streaming else "") + self._type(method.output_type)
            parts += [f"**{method.name}**: {asked} → {given}", self._said((*path, METHOD, k))]
        return parts

    def _message(self, message: descriptor_pb2.DescriptorProto, name: str, path: tuple[int, ...]) -> list[str]:
        parts = [_heading(name), self._said(path)]
        if message.field:
            rows = [self._field(message, field, (*path, FIELD, k)) for k, field in enumerate(message.field)]
            parts.append("\n".join(["| field | type | no. | meaning |", "| --- | --- | --- | --- |", *rows]))
        for k, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                parts += self._message(nested, f"{name}.{nested.name}", (*path, NESTED, k))
        for k, enum in enumerate(message.enum_type):
            parts += self._enum(enum, f"{name}.{enum.name}", (*path, NESTED_ENUM, k))
        return parts

    def _field(
        self, message: descriptor_pb2.DescriptorProto, field: descriptor_pb2.FieldDescriptorProto, path: Sequence[int]
    ) -> str:
        kind = self._type(field.type_name) if field.type_name else f"`{TYPES[field.type]}`"
        if field.label == Field.LABEL_REPEATED:
            kind = f"repeated {kind}"
        elif field.proto3_optional:
            kind = f"optional {kind}"
        elif field.HasField("oneof_index"):
            kind = f"{kind}, one of `{message.oneof_decl[field.oneof_index].name}`"
        return f"| `{field.name}` | {kind} | {field.number} | {_cell(self.comments.get(tuple(path), ''))} |"

    def _enum(self, enum: descriptor_pb2.EnumDescriptorProto, name: str, path: tuple[int, ...]) -> list[str]:
        rows = [
            f"| `{value.name}` | {value.number} | {_cell(self.comments.get((*path, VALUE, k), ''))} |"
            for k, value in enumerate(enum.value)
        ]
        return [
            _heading(name),
            self._said(path),
            "\n".join(["| value | no. | meaning |", "| --- | --- | --- |", *rows]),
        ]

    def _said(self, path: tuple[int, ...]) -> str:
        return _plain(self.comments.get(path, ""))

    def _type(self, full: str) -> str:
        """A link to the type where it is ours."""
        name = full.removeprefix(".")
        short = name.removeprefix(f"{self.file.package}.")
        home = self.homes.get(name)
        return f"[{short}]({'' if home == self.here else home + '.md'}#{short.lower()})" if home else f"`{short}`"


def _heading(name: str) -> str:
    return f"## {name}"


def _plain(comment: str) -> str:
    """A comment as running text: its signs mean nothing, names in backticks stay code."""
    parts = " ".join(comment.split()).split("`")
    escaped = ("".join(f"\\{c}" if c in "*_[]<>#" else c for c in part) for part in parts)
    return "`".join(part if k % 2 else safe for k, (part, safe) in enumerate(zip(parts, escaped, strict=True)))


def _cell(comment: str) -> str:
    return _plain(comment).replace("|", "\\|")
