"""The console command `emomotion`: one verb per `python -m sdk.<verb>`, and the same command object."""

import importlib
from typing import NoReturn

import click

from sdk import __version__
from sdk.console import run

VERBS = {
    "batch": "Many clips from one list into a folder, resumed where it stopped.",
    "bench": "How fast a server answers.",
    "clip": "Words and an emotion to a clip file.",
    "compose": "A written composition to a clip file.",
    "deploy": "Serve from several processes or machines, by Ray Serve.",
    "edit": "Change a clip: redo a part, go on, loop, other arms.",
    "express": "A feeling on a robot's face, or as blendshapes.",
    "info": "What a bundle or a server holds.",
    "post": "Smooth a clip file, put it on the ground, hold its feet still.",
    "relay": "A live character for other programs: VMC, Live Link Face, OSC.",
    "retarget": "A clip onto your own rig: Mixamo, Unreal, VRM, any GLB, FBX or BVH.",
    "serve": "Serve motion and faces over gRPC.",
    "studio": "A page for animators in the browser.",
}
"""Verb -> what the list of verbs says about it. The verb `x` is `command` of the module `sdk.x`."""


class VerbGroup(click.Group):
    """Loads a verb's module only when it is called, so that --help is quick and a client needs no ONNX Runtime."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        name = f"sdk.{cmd_name}"
        try:
            command = importlib.import_module(name).command
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise click.ClickException(f"the verb {cmd_name!r} is not part of this installation") from None
        assert isinstance(command, click.Command), f"{name}.command is no click command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(sorted(VERBS.items()))


@click.group("emomotion", cls=VerbGroup)
@click.version_option(__version__)
def group() -> None:
    """Words and an emotion in, a moving, feeling character out."""


def main() -> NoReturn:
    """Entry point of the console command."""
    run(group, name="emomotion")


if __name__ == "__main__":
    main()
