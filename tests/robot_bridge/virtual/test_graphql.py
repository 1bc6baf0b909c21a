"""The gateway's small GraphQL: what it understands, and that nothing else gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_bridge.virtual.graphql import QueryError, Selection, answer, parse


def test_a_mutation_with_variables() -> None:
    document = """
        # a comment
        mutation Post($input: PostMessageInput!, $many: [Int!]! = [1, 2]) {
            sent: postMessage(input: $input, many: $many)
        }"""
    operation = parse(document, {"input": {"channel": "face", "message": [1.5, None]}})
    assert operation.kind == "mutation"
    arguments = {"input": {"channel": "face", "message": [1.5, None]}, "many": [1, 2]}
    assert operation.fields == (Selection("postMessage", "sent", arguments),)


def test_a_query_without_a_name_and_literals_of_all_kinds() -> None:
    operation = parse(
        '{ a(n: -2, f: 1.5e1, s: "x\\"\\u00e9\\n", t: true, z: null, e: START, o: {k: [1]}) { b c { d } } }', None
    )
    assert operation.kind == "query" and len(operation.fields) == 1
    arguments = {"n": -2, "f": 15.0, "s": 'x"é\n', "t": True, "z": None, "e": "START", "o": {"k": [1]}}
    assert dict(operation.fields[0].arguments) == arguments
    assert [one.name for one in operation.fields[0].fields] == ["b", "c"]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("", "unexpected end"),
        ("{", "unexpected end"),
        ("{}", "at least one field"),
        ("{ a } }", "Only one operation"),
        ("{ a } query { b }", "Only one operation"),
        ("frob { a }", "unexpected 'frob'"),
        ("{ ...part }", "Fragments are not understood"),
        ("{ a @skip }", "Directives are not understood"),
        ("query($a: Int!) { b(c: $a) }", 'Variable "\\$a" of a required type'),
        ("{ b(c: $a) }", 'Variable "\\$a" is not defined'),
        ("{ a(b: ) }", "unexpected '\\)'"),
        ("{ a ; }", "unexpected character ';'"),
        ('{ a(b: "\\q") }', "invalid escape"),
        ('{ a(b: "open) }', "unexpected character"),
        ("{" * 50 + "a", "expected a name|nested deeper"),
        ("{ a(b: " + "[" * 50, "nested deeper"),
        ("{a" * 50, "nested deeper"),
    ],
)
def test_what_is_wrong_is_said(document: str, complaint: str) -> None:
    with pytest.raises(QueryError, match=complaint):
        parse(document, None)


@given(st.text(alphabet='{}()[]:!$@=.,"\\ab1 \n-eé', max_size=40))
def test_any_text_is_an_operation_or_an_error(document: str) -> None:
    try:
        assert parse(document, {"a": 1}).fields
    except QueryError as error:
        assert str(error)


def test_an_answer_holds_what_was_selected_under_its_alias() -> None:
    value = {"serial": "S", "inner": {"a": 1}}
    fields = parse("{ s: serial kind: __typename inner { a } }", None).fields
    assert answer(fields, value, "Thing") == {"s": "S", "kind": "Thing", "inner": {"a": 1}}
    for document, complaint in (
        ("{ x }", "Cannot query field"),
        ("{ inner }", "must have"),
        ("{ serial { a } }", "must not"),
    ):
        with pytest.raises(QueryError, match=complaint):
            answer(parse(document, None).fields, value, "Thing")
