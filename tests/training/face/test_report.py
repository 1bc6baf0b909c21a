"""The data report: coverage of known faces, and the command on the X2C layout."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from training.face.report import BINS, coverage, data_report, histogram  # noqa: E402
from training.face.train import ameca_sampler  # noqa: E402

SAMPLER = ameca_sampler()
SCHEMA = SAMPLER.schema
REPO = Path(__file__).resolve().parents[3]


def test_coverage_of_faces_that_are_known() -> None:
    low, high = SCHEMA.bounds("x2c")
    even = low + np.linspace(0, 1, 2000)[:, None] * (high - low)
    shares = histogram(even, SCHEMA, "x2c")
    assert shares.shape == (30, BINS)
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_allclose(coverage(shares), 1)
    rest = np.tile(SCHEMA.neutral, (2000, 1))
    np.testing.assert_allclose(coverage(histogram(rest, SCHEMA, "x2c")), 1 / BINS)
    found = data_report(SAMPLER, {"even": even, "rest": rest})
    # All controls together along one line: each is covered, pairs of them are not.
    assert found["even"]["mean"] == 1 and found["even"]["mouth_pairs"] < 0.2
    assert found["rest"]["mouth_pairs"] == pytest.approx(1 / 36) and found["rest"]["held_out_combinations"] == 0


def test_the_command_reports_a_data_set_in_the_x2c_layout(tmp_path: Path) -> None:
    root = tmp_path / "x2c"
    (root / "images0").mkdir(parents=True)
    rng = np.random.default_rng(0)
    values = np.concatenate([SAMPLER.clip(rng, "convex", 60, fps=20) for _ in range(6)])
    lines = []
    for number, row in enumerate(values):
        Image.new("RGB", (4, 4)).save(root / "images0" / f"{number}.png")
        lines.append(json.dumps({"file_name": f"{number}.png", "ctrl_value": row.tolist()}))
    (root / "metadata.jsonl").write_text("\n".join(lines))
    picture, results = tmp_path / "picture.png", tmp_path / "data.json"
    command = [sys.executable, "-m", "training.face.report", "--x2c", str(root), "--out", str(picture)]
    done = subprocess.run([*command, "--results", str(results)], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "X2C: 360 rows, rejected none" in done.stdout
    found = json.loads(results.read_text())
    assert found["sets"]["X2C"]["faces"] == 360 and found["splits"]["official80_20"]["adjacent"] > 0.9
    assert found["splits"]["clip"]["adjacent"] < 0.2
    with Image.open(picture) as drawn:
        assert drawn.width > 1000
