"""Figures beside their goals: printed, judged one by one, and kept in docs/figures.md with the commit."""

import math
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PAGE = REPO / "docs" / "figures.md"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure. `passed` is None for a figure that has no goal and is only shown."""

    name: str
    value: str
    goal: str
    passed: bool | None


@dataclass
class Report:
    """Figures of one run, in order, and tables that stand beside them."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def at_most(self, name: str, value: float, limit: float, unit: str) -> None:
        """A figure that must not exceed `limit`; NaN fails."""
        passed = bool(math.isfinite(value) and value <= limit)
        self._add(Figure(name=name, value=f"{value:.4g} {unit}", goal=f"<= {limit:g} {unit}", passed=passed))

    def at_least(self, name: str, value: float, limit: float, unit: str = "") -> None:
        """A figure that must reach `limit`; NaN fails."""
        passed = bool(math.isfinite(value) and value >= limit)
        self._add(Figure(name=name, value=f"{value:.4g} {unit}", goal=f">= {limit:g} {unit}", passed=passed))

    def holds(self, name: str, value: str, goal: str, passed: bool) -> None:
        """A figure that is judged in words."""
        self._add(Figure(name=name, value=value, goal=goal, passed=bool(passed)))

    def show(self, name: str, value: str) -> None:
        """A figure without a goal."""
        self._add(Figure(name=name, value=value, goal="", passed=None))

    def table(self, text: str) -> None:
        """A Markdown table to stand below the figures."""
        print(text, flush=True)
        self.tables.append(text)

    def _add(self, figure: Figure) -> None:
        mark = {True: "ok  ", False: "FAIL", None: "    "}[figure.passed]
        print(f"{mark} {figure.name}: {figure.value}" + (f"   (goal {figure.goal})" if figure.goal else ""), flush=True)
        self.figures.append(figure)

    @property
    def short(self) -> list[str]:
        """Names of the figures that fall short."""
        return [f.name for f in self.figures if f.passed is False]

    def write(self) -> None:
        """Replace this report's section of docs/figures.md."""
        marks = {True: "yes", False: "**no**", None: ""}
        rows = "\n".join(f"| {f.name} | {f.value} | {f.goal} | {marks[f.passed]} |" for f in self.figures)
        section = f"## {self.name}\n\n`python -m tests.figures {self.name}` at commit `{_commit()}`.\n\n"
        section += f"| figure | measured | goal | reached |\n| --- | --- | --- | --- |\n{rows}\n"
        section += "".join(f"\n{table}\n" for table in self.tables)
        head = "# Figures\n\nThe last run of each command, as it was printed.\n"
        old = PAGE.read_text() if PAGE.exists() else head
        parts = old.split("\n## ")
        kept = [p for p in parts[1:] if not p.startswith(f"{self.name}\n")]
        sections = sorted([*(f"## {p.strip()}\n" for p in kept), section])
        PAGE.write_text(parts[0].rstrip() + "\n\n" + "\n".join(s.strip() + "\n" for s in sections))


def _commit() -> str:
    found = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=REPO)
    return found.stdout.strip() or "unknown"
