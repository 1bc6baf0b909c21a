"""The part of GraphQL that the gateway's clients speak: one operation with variables, arguments and selections.

Left out, and refused with an error: fragments, directives, several operations in one document, introspection.
https://spec.graphql.org/October2021/ is the language.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

QUERY, MUTATION, SUBSCRIPTION = "query", "mutation", "subscription"
MAX_DEPTH = 16
TOKEN = re.compile(
    r"""(?P<skip>[\s,\ufeff]+|\#[^\n\r]*)|(?P<punctuation>\.\.\.|[!$&():=@\[\]{|}])|(?P<name>[_A-Za-z]\w*)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<string>"(?:[^"\\\n\r]|\\.)*")""",
    re.ASCII,
)
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class QueryError(Exception):
    """What is wrong with a document or its variables, in one line for `errors[].message`."""


@dataclass(frozen=True)
class Selection:
    """One field of an operation: its name, what it is called in the answer, arguments with values, and fields of it."""

    name: str
    alias: str
    arguments: Mapping[str, Any]
    fields: tuple["Selection", ...] = ()


@dataclass(frozen=True)
class Operation:
    """kind: query, mutation or subscription. fields: what is asked for."""

    kind: str
    fields: tuple[Selection, ...]


def parse(document: str, variables: Mapping[str, Any] | None) -> Operation:
    """An operation with its variables put in. Raises QueryError."""
    return _Parser(_tokens(document), variables or {}).operation()


def answer(selections: tuple[Selection, ...], value: Mapping[str, Any], type_name: str) -> dict[str, Any]:
    """Those fields of an object that were selected. Raises QueryError for one that it does not have."""
    out = {}
    for selection in selections:
        if selection.name == "__typename":
            out[selection.alias] = type_name
            continue
        if selection.name not in value:
            known = ", ".join(value)
            raise QueryError(f'Cannot query field "{selection.name}" on type "{type_name}"; it has {known}.')
        inner = value[selection.name]
        if isinstance(inner, Mapping) and selection.fields:
            inner = answer(selection.fields, inner, selection.name)
        elif isinstance(inner, Mapping):
            raise QueryError(f'Field "{selection.name}" must have a selection of subfields.')
        elif selection.fields:
            raise QueryError(f'Field "{selection.name}" must not have a selection, for it has no subfields.')
        out[selection.alias] = inner
    return out


@dataclass
class _Tokens:
    items: list[tuple[str, str]]
    place: int = 0
    depth: int = field(default=0)

    def peek(self) -> str:
        return self.items[self.place][1] if self.place < len(self.items) else ""

    def take(self, kind: str = "") -> str:
        """The next token, of a kind if given."""
        if self.place >= len(self.items):
            raise QueryError("Syntax Error: unexpected end of the document.")
        found, text = self.items[self.place]
        if kind and found != kind:
            raise QueryError(f"Syntax Error: expected a {kind}, found {text!r}.")
        self.place += 1
        return text

    def expect(self, text: str) -> None:
        if (found := self.take()) != text:
            raise QueryError(f"Syntax Error: expected {text!r}, found {found!r}.")

    def accept(self, text: str) -> bool:
        if self.peek() != text:
            return False
        self.place += 1
        return True


def _tokens(document: str) -> _Tokens:
    items, place = [], 0
    while place < len(document):
        match = TOKEN.match(document, place)
        if match is None:
            raise QueryError(f"Syntax Error: unexpected character {document[place]!r}.")
        if match.lastgroup != "skip":
            items.append((str(match.lastgroup), match.group()))
        place = match.end()
    return _Tokens(items)


class _Parser:
    def __init__(self, tokens: _Tokens, variables: Mapping[str, Any]) -> None:
        self._tokens, self._given = tokens, variables
        self._variables: dict[str, Any] = {}

    def operation(self) -> Operation:
        tokens, kind = self._tokens, QUERY
        if tokens.peek() != "{":
            kind = tokens.take("name")
            if kind not in (QUERY, MUTATION, SUBSCRIPTION):
                raise QueryError(f"Syntax Error: unexpected {kind!r}.")
            if tokens.peek() not in ("(", "{"):
                tokens.take("name")
            if tokens.accept("("):
                while not tokens.accept(")"):
                    self._declaration()
        fields = self._selections()
        if tokens.peek():
            raise QueryError("Only one operation in a document is understood here.")
        return Operation(kind, fields)

    def _declaration(self) -> None:
        """`$name: Type = default`."""
        tokens = self._tokens
        tokens.expect("$")
        name = tokens.take("name")
        tokens.expect(":")
        required = self._type()
        default = self._value() if tokens.accept("=") else None
        if required and self._given.get(name, default) is None:
            raise QueryError(f'Variable "${name}" of a required type was not provided.')
        self._variables[name] = self._given.get(name, default)

    def _type(self) -> bool:
        """A type, which is not checked; whether it is required."""
        tokens = self._tokens
        if tokens.accept("["):
            self._type()
            tokens.expect("]")
        else:
            tokens.take("name")
        return tokens.accept("!")

    def _selections(self) -> tuple[Selection, ...]:
        tokens, out = self._tokens, []
        self._deeper()
        tokens.expect("{")
        while not tokens.accept("}"):
            if tokens.peek() == "...":
                raise QueryError("Fragments are not understood here.")
            alias = name = tokens.take("name")
            if tokens.accept(":"):
                name = tokens.take("name")
            arguments = {}
            if tokens.accept("("):
                while not tokens.accept(")"):
                    argument = tokens.take("name")
                    tokens.expect(":")
                    arguments[argument] = self._value()
            if tokens.peek() == "@":
                raise QueryError("Directives are not understood here.")
            out.append(Selection(name, alias, arguments, self._selections() if tokens.peek() == "{" else ()))
        tokens.depth -= 1
        if not out:
            raise QueryError("Syntax Error: a selection must name at least one field.")
        return tuple(out)

    def _value(self) -> Any:
        tokens = self._tokens
        self._deeper()
        try:
            kind, text = tokens.items[tokens.place] if tokens.peek() else ("", "")
            tokens.take()
            if text == "$":
                name = tokens.take("name")
                if name not in self._variables:
                    raise QueryError(f'Variable "${name}" is not defined.')
                return self._variables[name]
            if text == "[":
                return self._list()
            if text == "{":
                return self._object()
            if kind == "string":
                return _unescaped(text[1:-1])
            if kind == "number":
                return float(text) if set(text) & set(".eE") else int(text)
            if kind == "name":
                return {"true": True, "false": False, "null": None}.get(text, text)
            raise QueryError(f"Syntax Error: unexpected {text!r}.")
        finally:
            tokens.depth -= 1

    def _list(self) -> list[Any]:
        out = []
        while not self._tokens.accept("]"):
            out.append(self._value())
        return out

    def _object(self) -> dict[str, Any]:
        out = {}
        while not self._tokens.accept("}"):
            name = self._tokens.take("name")
            self._tokens.expect(":")
            out[name] = self._value()
        return out

    def _deeper(self) -> None:
        self._tokens.depth += 1
        if self._tokens.depth > MAX_DEPTH:
            raise QueryError(f"The document is nested deeper than {MAX_DEPTH}.")


def _unescaped(text: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        sequence = match.group(1)
        if sequence[0] == "u":
            return chr(int(sequence[1:], 16))
        if sequence not in ESCAPES:
            raise QueryError(f"Syntax Error: invalid escape \\{sequence}.")
        return ESCAPES[sequence]

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", replaced, text)
