"""The numbers: each says where it comes from."""

import ast
import re
from pathlib import Path

from robot_bridge.virtual import constants
from tests.conftest import REPO
from tests.robot_bridge.virtual.robots import SCHEMA

SOURCES = ("vendor-doc", "public-code", "assumed")


def constants_and_words() -> list[tuple[ast.Assign, str]]:
    """Each assignment of the file with the words below it."""
    body = ast.parse(Path(constants.__file__).read_text(encoding="utf-8")).body[1:]
    assert len(body) % 2 == 0
    found = []
    for assignment, words in zip(body[::2], body[1::2], strict=True):
        assert isinstance(assignment, ast.Assign) and isinstance(words, ast.Expr)
        assert isinstance(words.value, ast.Constant)
        found.append((assignment, " ".join(str(words.value.value).split())))
    return found


def test_every_constant_says_where_it_comes_from() -> None:
    for assignment, words in constants_and_words():
        assert re.match(rf"({'|'.join(SOURCES)}): \S", words), ast.unparse(assignment)


def test_the_table_of_the_docs_is_the_file() -> None:
    page = (REPO / "docs" / "virtual_ameca.md").read_text(encoding="utf-8")
    rows = []
    for assignment, words in constants_and_words():
        value = ast.unparse(assignment.value)
        shown = value if len(value) < 46 else "by region"
        rows.append(f"| `{ast.unparse(assignment.targets[0])}` = {shown} | {words} |")
    assert page.partition("| constant | from |\n| --- | --- |\n")[2].splitlines() == rows


def test_motors_are_faster_than_what_the_schema_allows_a_bridge() -> None:
    """Otherwise a bridge that keeps its limits would still be ahead of the face for good."""
    for control in SCHEMA:
        assert constants.MOTOR_RATE[control.region] > control.motion.slew
