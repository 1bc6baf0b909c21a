"""`python -m sdk.deploy`, the same as `emomotion deploy`."""

from sdk.console import run
from sdk.deploy import command

if __name__ == "__main__":
    run(command, name="python -m sdk.deploy")
