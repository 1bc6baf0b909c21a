"""Figures of the emotion: what `training.evaluate` says of the shipped bundle, the ablation, the collapse study.

Training takes hours, so its tables are read from docs/results; each file names the command that made it. The report of
the shipped bundle is measured again with --prepared (recorded clips first, then the stylist's), in about ten minutes.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sdk.bundle import Bundle
from tests.figures.report import REPO, Report
from training.ablate import table

RESULTS = REPO / "docs" / "results"
REPORT, ABLATION, COLLAPSE = (RESULTS / f"{name}.json" for name in ("emotion", "ablation", "collapse"))
TWIN = RESULTS / "twin.json"
COMMAND = "python -m training.evaluate sdk/bundle/default --data DIR --data DIR --twin docs/results/twin.json --out OUT"
COLUMNS = {
    "emotion, seen pairs": "accuracy_seen", "unseen pairs": "accuracy_unseen", "FID": "fid",
    "R-precision top 3": "r_precision_3", "diversity": "diversity", "foot skate": "foot_skate", "energy": "energy",
}  # fmt: skip


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Measure what the issue of the emotion asks for."""
    bundle = Bundle.load()
    found = measured_again(prepared, bundle) if prepared else read(REPORT)
    same = found.get("bundle_sha256") == bundle.sha256
    report.holds("the report is about the shipped bundle", "yes" if same else "no", "yes", same)
    verdicts = found.get("verdicts", {}).get(bundle.manifest.default_plan, [])
    report.holds("goals measured", f"{len(verdicts)}", "all", bool(verdicts))
    for verdict in verdicts:
        report.holds(verdict["goal"], verdict["measured"], verdict["wanted"], verdict["reached"] is True)
    report.table(generators_table(bundle, found))
    ablation, collapse = read(ABLATION), read(COLLAPSE)
    report.holds("ablation over seeds", f"{ablation.get('seeds', 0)} seeds", ">= 3", ablation.get("seeds", 0) >= 3)
    if ablation:
        report.table(f"Ablation, {ablation['steps']} steps each:\n\n" + table(ablation["rows"], list(COLUMNS.values())))
    report.holds("collapse of MMM reproduced and cured", "yes" if collapse else "not run", "yes", bool(collapse))
    if collapse:
        report.table(collapse["table"])


def read(path: Path) -> dict[str, Any]:
    """A results file; empty where it was never made."""
    return dict(json.loads(path.read_text())) if path.exists() else {}


def measured_again(prepared: tuple[Path, ...], bundle: Bundle) -> dict[str, Any]:
    """Run the evaluation and keep what this page shows in docs/results/emotion.json."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "training.evaluate", str(bundle.path), "--out", out]
        command += [part for folder in prepared for part in ("--data", str(folder))]
        command += ["--twin", str(TWIN)] if TWIN.exists() else []
        subprocess.run(command, check=True, cwd=REPO)
        whole = json.loads((Path(out) / "report.json").read_text())
    plans = {name: {"headline": figures["headline"], "ms": figures["ms"]} for name, figures in whole["plans"].items()}
    found = {
        "command": COMMAND, "bundle_sha256": bundle.sha256, "judges_sha256": whole["judges"]["sha256"],
        "verdicts": whole["verdicts"], "plans": plans, "real": whole["real"],
    }  # fmt: skip
    RESULTS.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(found, indent=1) + "\n")
    return found


def generators_table(bundle: Bundle, found: dict[str, Any]) -> str:
    """Quality and time of every plan that was measured, side by side."""
    head = f"| plan | generator | {' | '.join(COLUMNS)} | ms for 4 s |"
    lines = [head, "| --- | --- |" + " --: |" * (len(COLUMNS) + 1)]
    for plan in bundle.manifest.plans:
        if plan.name in found.get("plans", {}):
            figures = found["plans"][plan.name]
            cells = [f"{figures['headline'][name]:.3g}" for name in COLUMNS.values()]
            lines.append(f"| {plan.name} | {plan.generator} | {' | '.join(cells)} | {figures['ms']['p50']:.0f} |")
    return "\n".join(lines)
