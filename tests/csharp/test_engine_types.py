"""Everything that needs Unity is type-checked against a stub of its API, for each version and platform. Nothing more is
proved by that: Unity itself was never here."""

import re
from pathlib import Path

from tests.csharp.assemblies import HANDLERS, PACKAGE, Build, sources
from tests.csharp.rig import Rig


def test_the_engine_scripts_fit_the_stub(csharp: Rig, tmp_path: Path) -> None:
    build = Build(tmp_path)
    csharp.compile([build.core_job(), *(job for name in HANDLERS for job in build.engine_jobs(name))])


def test_no_script_allocates_by_habit_in_every_frame() -> None:
    """What is called for every picture makes no closures, lists or texts; a meter of the editor may."""
    habits = (".ToArray()", "=> {", "new List<", 'Debug.Log($"', "Find<", "FindObject")
    for path in sources(PACKAGE / "Runtime" / "Unity"):
        text = path.read_text(encoding="utf-8")
        for name in ("LateUpdate", "Sample", "Show", "Apply"):
            for body in re.findall(rf"(?:void|bool|Vector3) {name}\([^)]*\)\s*\{{(.*?)\n        \}}", text, re.DOTALL):
                assert [habit for habit in habits if habit in body] == [], f"{path.name}: {name}"
