"""`python -m sdk.relay`, the same as `emomotion relay`."""

from sdk.console import run
from sdk.relay import command

if __name__ == "__main__":
    run(command, name="python -m sdk.relay")
