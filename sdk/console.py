"""What all console commands share: one clear line for what a user can mend, and exit codes.

0: done. 2: refused, with `error: ...` on stderr. 130: interrupted by Ctrl-C.
"""

import sys
from typing import NoReturn

import click

from sdk.errors import EmoMotionError

REFUSED = 2
INTERRUPTED = 130


def run(command: click.Command, args: list[str] | None = None, *, name: str | None = None) -> NoReturn:
    """Run a click command (with `args`, or with this process's own) and exit.

    Errors a user can mend become one line on stderr and exit code 2; anything else is a fault of ours and keeps its
    traceback. `name` is what usage lines call the command, e.g. "python -m sdk.serve".
    """
    try:
        result = command.main(args=args, prog_name=name, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as wanted:
        click.echo(wanted.format_message(), err=True)
        sys.exit(REFUSED)
    except click.UsageError as error:
        where = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
        refuse(f"{error.format_message()}{where}")
    except click.ClickException as error:
        refuse(error.format_message())
    except EmoMotionError as error:
        refuse(str(error))
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    # Without standalone mode click hands back the code of ctx.exit() (--help gives 0) or the command's own value.
    sys.exit(result if isinstance(result, int) else 0)


def refuse(message: str) -> NoReturn:
    """Print `error: message` as one line on stderr and exit with code 2."""
    click.echo(f"error: {' '.join(message.split())}", err=True)
    sys.exit(REFUSED)
