"""`python -m sdk VERB` is the console command `emomotion VERB`."""

from sdk.cli import group
from sdk.console import run

if __name__ == "__main__":
    run(group, name="python -m sdk")
