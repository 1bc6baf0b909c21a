"""Figures of the emotion: what `training.evaluate` says of the shipped bundle, the ablation, the collapse study.

Training takes hours, so its tables are read from docs/results; each file names the command that made it. The report of
the shipped bundle is measured again with --prepared (recorded clips first, then the stylist's), in about ten minutes.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sdk.bundle import Bundle
from tests.figures.report import REPO, Report
from training.ablate import table
from training.collapse.report import PUBLISHED, rows_table, verdict
from training.collapse.study import causes_name
from training.guards import ENERGY_FLOOR

RESULTS = REPO / "docs" / "results"
REPORT, ABLATION, COLLAPSE = (RESULTS / f"{name}.json" for name in ("emotion", "ablation", "collapse"))
TWIN = RESULTS / "twin.json"
COMMAND = "python -m training.evaluate sdk/bundle/default --data DIR --data DIR --twin docs/results/twin.json --out OUT"
COLLAPSED = 0.3
"""At most so much motion is left, of recorded clips, where a model has collapsed."""
COLUMNS = {
    "emotion, seen pairs": "accuracy_seen", "unseen pairs": "accuracy_unseen", "FID": "fid",
    "R-precision top 3": "r_precision_3", "diversity": "diversity", "foot skate": "foot_skate", "energy": "energy",
}  # fmt: skip


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Measure what the issue of the emotion asks for."""
    bundle = Bundle.load()
    found = measured_again(prepared, bundle) if prepared else read(REPORT)
    same = found.get("content_sha256") == content_sha256(bundle)
    report.holds("the report is about the shipped bundle", "yes" if same else "no", "yes", same)
    verdicts = found.get("verdicts", {}).get(bundle.manifest.default_plan, [])
    report.holds("goals measured", f"{len(verdicts)}", "all", bool(verdicts))
    for goal in verdicts:
        report.holds(goal["goal"], goal["measured"], goal["wanted"], goal["reached"] is True)
    report.table(generators_table(bundle, found))
    ablation, collapse = read(ABLATION), read(COLLAPSE)
    report.holds("ablation over seeds", f"{ablation.get('seeds', 0)} seeds", ">= 3", ablation.get("seeds", 0) >= 3)
    if ablation:
        report.table(f"Ablation, {ablation['steps']} steps each:\n\n" + table(ablation["rows"], list(COLUMNS.values())))
    energy = {name: v["energy"] for name, v in collapse.get("variants", {}).items()}
    for name, title, low, high in (
        (causes_name(PUBLISHED), "MMM fine-tuned as published collapses: motion energy, of recorded", 0.0, COLLAPSED),
        ("cure", "MMM fine-tuned without the causes moves: motion energy, of recorded", ENERGY_FLOOR, 1.25),
    ):
        value = energy.get(name, float("nan"))
        report.holds(title, f"{value:.0%}" if energy else "not run", f"{low:.0%} to {high:.0%}", low <= value <= high)
    if collapse:
        report.table("\n".join([*rows_table(collapse), "", *(f"- {line}" for line in verdict(collapse))]))


def read(path: Path) -> dict[str, Any]:
    """A results file; empty where it was never made."""
    return dict(json.loads(path.read_text())) if path.exists() else {}


def measured_again(prepared: tuple[Path, ...], bundle: Bundle) -> dict[str, Any]:
    """Run the evaluation and keep what this page shows of it."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "training.evaluate", str(bundle.path), "--out", out]
        command += [part for folder in prepared for part in ("--data", str(folder))]
        command += ["--twin", str(TWIN)] if TWIN.exists() else []
        subprocess.run(command, check=True, cwd=REPO)
        return kept(Path(out), bundle)


def kept(out: Path, bundle: Bundle) -> dict[str, Any]:
    """Keep in docs/results what this page shows of an evaluation's folder."""
    whole = json.loads((out / "report.json").read_text())
    plans = {name: {"headline": figures["headline"], "ms": figures["ms"]} for name, figures in whole["plans"].items()}
    found = {
        "command": COMMAND, "content_sha256": content_sha256(bundle), "judges_sha256": whole["judges"]["sha256"],
        "verdicts": whole["verdicts"], "plans": plans, "real": whole["real"],
    }  # fmt: skip
    RESULTS.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(found, indent=1) + "\n")
    return found


def content_sha256(bundle: Bundle) -> str:
    """Hash of what decides a bundle's motion: its graphs and plans. The manifest's own hash changes when the figures
    measured here are written into it.
    """
    graphs = {name: digest for name, digest in bundle.manifest.files.items() if name.endswith((".onnx", ".json"))}
    plans = [{k: v for k, v in asdict(plan).items() if k != "quality"} for plan in bundle.manifest.plans]
    return hashlib.sha256(json.dumps([graphs, plans], sort_keys=True).encode()).hexdigest()


def generators_table(bundle: Bundle, found: dict[str, Any]) -> str:
    """Quality and time of every plan that was measured, side by side, those that were not shipped among them."""
    head = f"| plan | generator | {' | '.join(COLUMNS)} | ms for 4 s |"
    lines = [head, "| --- | --- |" + " --: |" * (len(COLUMNS) + 1)]
    shipped = {plan.name: plan.generator for plan in bundle.manifest.plans}
    for name, figures in found.get("plans", {}).items():
        cells = [f"{figures['headline'][column]:.3g}" for column in COLUMNS.values()]
        where = shipped.get(name, "not in the bundle")
        lines.append(f"| {name} | {where} | {' | '.join(cells)} | {figures['ms']['p50']:.0f} |")
    return "\n".join(lines)
