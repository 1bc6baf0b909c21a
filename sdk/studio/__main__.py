"""`python -m sdk.studio`, the same as `emomotion studio`."""

from sdk.console import run
from sdk.studio import command

if __name__ == "__main__":
    run(command, name="python -m sdk.studio")
