"""`make docs`: gathers the pages, makes those that come from code, and builds the site; a warning is an error."""

import shutil
import sys
from pathlib import Path

import click

from sdk.console import refuse, run
from tools.docs.pages import gather

REPO = Path(__file__).resolve().parents[2]


@click.command("docs")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=REPO / "build" / "site",
    help="Folder of the site; it is replaced.",
)
def command(out: Path) -> None:
    """Build the site from docs/, examples/, the docstrings of sdk/ and the comments of protos/."""
    try:
        from sphinx.cmd.build import build_main
    except ModuleNotFoundError:
        refuse("Sphinx is missing; install the extra: pip install -e '.[docs]'")
    source = out.with_name(out.name + "-source")
    for stale in (out, source):
        shutil.rmtree(stale, ignore_errors=True)
    gather(REPO, source)
    code = build_main(
        ["-b", "html", "-W", "--keep-going", "-q", "-d", str(source / ".doctrees"), "-c", str(Path(__file__).parent),
         str(source), str(out)]
    )  # fmt: skip
    if code:
        sys.exit(code)
    shutil.rmtree(source)
    click.echo(f"open {out / 'index.html'}")


if __name__ == "__main__":
    run(command, name="python -m tools.docs")
