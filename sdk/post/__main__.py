"""`python -m sdk.post`, the same as `emomotion post`."""

from sdk.console import run
from sdk.post.files import command

if __name__ == "__main__":
    run(command, name="python -m sdk.post")
