"""The report names what falls short and keeps one section a command."""

from pathlib import Path

import pytest

from tests.figures import report as module
from tests.figures.report import Report


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "PAGE", tmp_path / "figures.md")
    return tmp_path / "figures.md"


def test_figures_that_fall_short_are_named() -> None:
    report = Report("first-end")
    report.at_most("error", 2.0, 1.0, "mm")
    report.at_least("share", 0.7, 0.6)
    report.at_most("unmeasured", float("nan"), 1.0, "mm")
    report.at_least("unmeasured too", float("nan"), 1.0)
    report.holds("order", "no", "yes", False)
    report.show("time", "3 ms")
    assert report.short == ["error", "unmeasured", "unmeasured too", "order"]


def test_the_limit_itself_passes() -> None:
    report = Report("first-end")
    report.at_most("error", 1.0, 1.0, "mm")
    report.at_least("share", 0.6, 0.6)
    assert report.short == []


def test_writing_replaces_only_its_own_section(page: Path) -> None:
    for name, value in (("emotion", 1.0), ("first-end", 2.0), ("emotion", 3.0)):
        report = Report(name)
        report.at_least("figure", value, 0.0, "points")
        report.table(f"| table of {name} {value} |")
        report.write()
    text = page.read_text()
    assert text.count("## emotion\n") == text.count("## first-end\n") == 1
    assert "table of emotion 3.0" in text and "table of emotion 1.0" not in text
    assert "table of first-end 2.0" in text
    assert text.startswith("# Figures\n")


def test_writing_twice_changes_nothing(page: Path) -> None:
    report = Report("first-end")
    report.holds("same", "yes", "yes", True)
    report.write()
    once = page.read_text()
    report.write()
    assert page.read_text() == once
