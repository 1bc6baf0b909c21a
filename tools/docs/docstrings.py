"""Docstrings as they are written here, plain text with `names`, turned into reStructuredText that reads the same."""

import re

SPECIAL = re.compile(r"([\\*|_])")
QUOTED = re.compile(r"`+([^`]+)`+")
LISTED = re.compile(r"^[-*] |^\d+\. ")


def convert(lines: list[str]) -> None:
    """Replace a docstring's lines in place. Indented blocks stay as they are set; nothing in the text is markup."""
    out: list[str] = []
    block = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not block:
            out += ["", "::", ""]
        elif block and not indented and line.strip():
            out += [""]
        if line.strip():
            block = indented
        listed = not indented and LISTED.match(line)
        if listed and out and out[-1].strip() and not LISTED.match(out[-1]):
            out.append("")
        out.append(line if block else _plain(line))
    lines[:] = [*out, ""]


def _plain(line: str) -> str:
    """One line of text: what is between backticks becomes code, all else loses any meaning as markup."""
    mark = LISTED.match(line)
    head = mark.group() if mark else ""
    parts = QUOTED.split(line[len(head) :])
    return head + "".join(f"\\ ``{part}``\\ " if k % 2 else SPECIAL.sub(r"\\\1", part) for k, part in enumerate(parts))
