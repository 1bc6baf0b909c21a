"""Figures of the engines: the C# core of the Unity package, the C++ core of the Unreal plugin, the relay."""

from pathlib import Path

from tests.figures import engines_csharp, engines_native
from tests.figures.report import Report


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """All of it, in about five minutes. What is not installed is said, and falls short."""
    engines_csharp.measure(report, prepared)
    engines_native.native_figures(report)
