"""The site's pages: those of docs/ as they lie there, and those made of examples, docstrings and protos.

The navigation is docs/index.md: its sections and the links in them, in that order.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.docs.wire import wire_pages

LINK = re.compile(r"(?<!!)(\[[^\]]*\])\(([^)\s]+)\)")
LISTED = re.compile(r"^- \[[^\]]*\]\(([\w./-]+\.md)\)")
LEFT_OUT = ("__main__",)
TRAINING = "Train your own"
"""Section of the README that is a page of its own here, so that its commands stand in one place only."""


def gather(repo: Path, out: Path) -> None:
    """Fill `out` with everything Sphinx reads. Raises ValueError for a link that leads nowhere."""
    shutil.copytree(repo / "docs" / "pictures", out / "pictures")
    for page in sorted((repo / "docs").glob("*.md")):
        (out / page.name).write_text(_relinked(page, page.read_text(encoding="utf-8"), repo, out), encoding="utf-8")
    readme = repo / "README.md"
    text = f"# Training on your own data\n{_section(readme.read_text(encoding='utf-8'), TRAINING)}"
    (out / "training.md").write_text(_relinked(readme, text, repo, out), encoding="utf-8")
    examples = _write(out / "examples", example_pages(repo))
    wire = _write(out / "wire", wire_pages())
    modules = _write(out / "reference", module_pages(repo))
    _index(out / "examples", "Examples", "Each runs as it stands, and a test runs each.", examples)
    _index(out / "wire", "The wire", "Every message, with ranges and units, from the comments of `protos/`.", wire)
    _index(out / "reference", "Python reference", "Every module of `sdk`, from its docstrings.", modules)
    _navigation(out)


def _write(folder: Path, pages: Iterator[tuple[str, str]]) -> list[str]:
    folder.mkdir(parents=True)
    names = []
    for name, text in pages:
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
        names.append(name)
    return names


def _index(folder: Path, title: str, about: str, names: list[str]) -> None:
    entries = "\n".join(names)
    text = f"# {title}\n\n{about}\n\n```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n"
    (folder / "index.md").write_text(text, encoding="utf-8")


def example_pages(repo: Path) -> Iterator[tuple[str, str]]:
    """A page for each numbered example: its docstring, then its code, which is what the tests run."""
    for path in sorted((repo / "examples").glob("[0-9][0-9]_*.py")):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        first, _, more = (ast.get_docstring(tree) or path.stem).partition("\n")
        code = "\n".join(source.splitlines()[tree.body[0].end_lineno or 0 :]).strip("\n")
        name = path.stem[3:].replace("_", " ")
        run = f"```sh\npython examples/{path.name}\n```"
        text = (
            f"# {path.stem[:2]} {name.capitalize()}\n\n{first}\n\n{more.strip()}\n\n{run}\n\n```python\n{code}\n```\n"
        )
        yield path.stem, text


def public_modules(repo: Path) -> list[str]:
    """Dotted names of all modules of `sdk` that hold something."""
    found = []
    for path in sorted((repo / "sdk").rglob("*.py")):
        parts = path.relative_to(repo).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        empty = parts[-1] == "__init__" and len(ast.parse(path.read_text(encoding="utf-8")).body) <= 1
        if not empty and not any(part.startswith("_") for part in parts[:-1]) and parts[-1] not in LEFT_OUT:
            found.append(name)
    return found


def module_pages(repo: Path) -> Iterator[tuple[str, str]]:
    """A page for each room of `sdk`, a section for each of its modules."""
    rooms: dict[str, list[str]] = {}
    for name in public_modules(repo):
        parts = name.split(".")
        folder = (repo / Path(*parts)).is_dir()
        rooms.setdefault(".".join(parts[:2]) if len(parts) > 2 or folder else "sdk", []).append(name)
    for room, names in sorted(rooms.items()):
        sections = (f"## {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n```\n" for name in names)
        yield room, "\n".join([f"# {room}\n", *sections])


def _section(text: str, heading: str) -> str:
    """What stands below a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(
            f"README.md has no section {heading!r}; name the section of the training commands in {__name__}"
        )
    return found.group(1)


def _relinked(page: Path, text: str, repo: Path, out: Path) -> str:
    """A page's text with its links turned: examples and protos to their pages, other files to copies."""

    def turned(match: re.Match[str]) -> str:
        label, target = match.groups()
        if "://" in target or target.startswith(("#", "mailto:")):
            return match.group()
        file, _, anchor = target.partition("#")
        found = (page.parent / file).resolve()
        if not found.exists():
            raise ValueError(f"{page.name} links to {target}, which is not there")
        inside = found.relative_to(repo)
        if inside.parts[0] == "docs" and found.suffix == ".md" and len(inside.parts) == 2:
            return f"{label}({found.name}{'#' + anchor if anchor else ''})"
        if inside.as_posix() == "README.md" and anchor == TRAINING.lower().replace(" ", "-"):
            return f"{label}(training.md)"
        return f"{label}({_target(inside, found, out)}{'#' + anchor if anchor and found.suffix == '.md' else ''})"

    return LINK.sub(turned, text)


def _target(inside: Path, found: Path, out: Path) -> str:
    """Where a file of the repository is on the site."""
    if inside.parts[0] == "examples" and found.suffix == ".py":
        return f"examples/{found.stem}.md"
    if inside.parts[0] == "examples":
        return "examples/index.md"
    if inside.parts[0] == "protos":
        return f"wire/{found.stem}.md" if found.suffix == ".proto" else "wire/index.md"
    if found.is_dir():
        raise ValueError(f"a page links to the folder {inside}; link to a file in it")
    # A reader of the site has no repository at hand. The suffix keeps Sphinx from taking it for a page.
    copy = out / "files" / inside.with_name(inside.name + (".txt" if found.suffix == ".md" else ""))
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found, copy)
    return copy.relative_to(out).as_posix()


def _navigation(out: Path) -> None:
    """The side bar from the sections of index.md; pages that it does not name come last."""
    index = out / "index.md"
    text = index.read_text(encoding="utf-8")
    trees, named = [], {"index"}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        caption = section.splitlines()[0].strip()
        links = [m.group(1).removesuffix(".md") for line in section.splitlines() if (m := LISTED.match(line))]
        fresh = [link for link in dict.fromkeys(links) if link not in named]
        named.update(fresh)
        if fresh:
            trees.append(_tree(caption, fresh))
    rest = sorted(page.stem for page in out.glob("*.md") if page.stem not in named)
    made = [f"{folder}/index" for folder in ("examples", "reference", "wire") if f"{folder}/index" not in named]
    if rest:
        trees.append(_tree("More", rest))
    trees.append(_tree("Reference", made))
    index.write_text(text + "\n" + "\n".join(trees), encoding="utf-8")


def _tree(caption: str, pages: list[str]) -> str:
    entries = "\n".join(pages)
    return f"```{{toctree}}\n:caption: {caption}\n:hidden:\n\n{entries}\n```\n"
