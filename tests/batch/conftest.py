"""The command over a maker without a model, in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.batch.fakes import MODULE, FakeMaker

LIST = """
seconds: 0.6
clips:
  - prompt: [a person walks, a person runs]
    emotion: [joy, anger]
    intensity: 1
    seed: 1..2
"""
"""Eight clips."""


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> FakeMaker:
    made = FakeMaker()
    monkeypatch.setattr(MODULE, "EngineMaker", lambda bundle: made)
    return made


@pytest.fixture
def run(maker: FakeMaker, tmp_path: Path) -> Callable[..., Result]:
    """Run the command on a list's text; the folder is `out`, errors that users see are raised."""

    def running(*options: str, text: str = LIST, name: str = "clips.yaml") -> Result:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        arguments = [str(path), "--out", str(tmp_path / "out"), *options]
        return CliRunner().invoke(MODULE.command, arguments, standalone_mode=False)

    return running
