"""`python -m training.evaluate.twin RUN --data DIR --out FILE`: figures of the model that is told emotions by words.

RUN was trained like the bundle's EMo-Mask, but with `--emotion-as words`: "a person walks sadly", and no embedder. It
answers the questions of `python -m training.evaluate`, which takes FILE as its --twin.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from sdk.clips import files
from sdk.errors import InvalidInput
from training.ablate import PLAN
from training.evaluate.judges import file_sha256, load_judges
from training.evaluate.measure import Setting, evaluate_motions
from training.evaluate.measure_cache import Cache
from training.evaluate.protocol import FULL, QUICK
from training.evaluate.report import without_nan
from training.generator import Generator
from training.sampling import TorchSampler

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def checked(generator: Generator, run: Path) -> Generator:
    """Raises InvalidInput for a run that was told emotions otherwise than by words."""
    told = {stage: generator.meta[stage]["meta"]["loss"]["words"] for stage in ("masked", "residual")}
    if not all(told.values()):
        typed = ", ".join(stage for stage, words in told.items() if not words)
        raise InvalidInput(f"{run}: {typed} not trained with --emotion-as words; this is no twin", field="run")
    return generator


@click.command()
@click.argument("run", type=FOLDER)
@click.option("--data", "folders", multiple=True, required=True, type=FOLDER, help="Prepared clips; may be repeated.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="JSON to write.")
@click.option("--text-guidance", default=PLAN.text_guidance, show_default=True, type=click.FloatRange(0, 20))
@click.option("--quick", is_flag=True, help="A few clips only: shows that everything works, proves nothing.")
def command(run: Path, folders: tuple[Path, ...], out: Path, text_guidance: float, quick: bool) -> None:
    """Measure the twin in RUN."""
    generator = checked(Generator.load(run), run)
    plan = replace(PLAN, text_guidance=text_guidance)
    sampler = TorchSampler(generator.rvq, generator.masked, generator.residual, plan, words=True)
    hashes = {stage: file_sha256((run / f"{stage}.pt").read_bytes()) for stage in ("rvq", "masked", "residual")}
    cache = Cache(out.with_suffix(".cache"))
    setting = Setting.of(folders, load_judges(), size=QUICK if quick else FULL, cache=cache)
    figures = evaluate_motions(sampler, setting, key=[hashes, asdict(plan)], label="twin")
    facts: dict[str, Any] = {
        "command": "python -m training.evaluate.twin RUN --data DIR --data DIR --out FILE",
        "weights": hashes, "plan": asdict(plan), "judges_sha256": setting.judges.sha256,
        "protocol_sha256": setting.protocol.digest,
    }  # fmt: skip
    files.publish({out: (json.dumps(without_nan(facts | figures), indent=1) + "\n").encode()})
    splits = figures["emotion"]["splits"]
    click.echo(", ".join(f"{name} {x['value']:.3f} (n = {x['n']})" for name, x in splits.items()))
    click.echo(f"wrote {out}")


if __name__ == "__main__":
    from sdk.console import run as run_command

    run_command(command, name="python -m training.evaluate.twin")
