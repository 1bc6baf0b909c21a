"""`python -m sdk.batch`, the same as `emomotion batch`."""

from sdk.batch import command
from sdk.console import run

if __name__ == "__main__":
    run(command, name="python -m sdk.batch")
