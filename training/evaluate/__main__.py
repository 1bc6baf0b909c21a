"""`python -m training.evaluate BUNDLE --data DIR --out FOLDER`: how good a bundle is, beside real motion.

Writes report.md, report.json, summary.json and pictures into FOLDER, and keeps every clip and figure below FOLDER/cache
under the hash of bundle, plan and questions: a run that was interrupted goes on, a second one is fast.
"""

import json
from pathlib import Path
from typing import Any

import click

from sdk.errors import InvalidInput
from sdk.runtime.engine import Engine
from training.evaluate.judges import load_judges
from training.evaluate.measure import Setting, chosen_plans, evaluate_bundle
from training.evaluate.measure_cache import Cache
from training.evaluate.protocol import FULL, QUICK
from training.evaluate.report import draw, finish_report, write_report

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("bundle", type=FOLDER)
@click.option("--data", "folders", multiple=True, required=True, type=FOLDER, help="Prepared clips; may be repeated.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to fill.")
@click.option("--plan", "plans", multiple=True, help="Measure this plan in full; may be repeated. Unset: all plans, "
              "the default one in full.")  # fmt: skip
@click.option("--quick", is_flag=True, help="A few clips only: shows that everything works, proves nothing.")
@click.option("--judges", "judges_folder", type=FOLDER, help="Frozen judges; the shipped ones unless given.")
@click.option(
    "--twin", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON of `evaluate_motions` for the twin model that is told emotions by words.",
)  # fmt: skip
def command(
    bundle: Path, folders: tuple[Path, ...], out: Path, plans: tuple[str, ...], quick: bool, judges_folder: Path | None,
    twin: Path | None,
) -> None:  # fmt: skip
    """Measure the plans of BUNDLE: emotion in the final motion, quality beside real clips, physics, time."""
    rival = None if twin is None else read_twin(twin)
    judges = load_judges(judges_folder)
    engine = Engine.load(bundle)
    chosen_plans(engine.bundle, plans)
    cache = Cache(out / "cache")
    setting = Setting.of(folders, judges, size=QUICK if quick else FULL, cache=cache)
    report, answered = evaluate_bundle(engine, setting, plans=plans)
    report = finish_report(report, twin=rival)
    paths = write_report(report, out, draw(report, answered, setting, out))
    for plan, found in report["verdicts"].items():
        for verdict in found:
            mark = {True: "ok  ", False: "FAIL", None: "    "}[verdict["reached"]]
            click.echo(f"{mark} {plan}: {verdict['goal']}: {verdict['measured']} (wanted {verdict['wanted']})")
    click.echo(f"wrote {', '.join(path.name for path in paths)}: {out}")


def read_twin(path: Path) -> dict[str, Any]:
    """Figures of a twin. Raises InvalidInput for a file that does not hold any."""
    try:
        found = json.loads(path.read_text())
        for split in ("all", "unseen"):
            float(found["emotion"]["splits"][split]["value"])
    except (OSError, ValueError, KeyError, TypeError):
        message = f"{path} holds no figures of evaluate_motions (emotion.splits.all and .unseen)"
        raise InvalidInput(message, field="twin") from None
    return dict(found)


if __name__ == "__main__":
    from sdk.console import run

    run(command, name="python -m training.evaluate")
