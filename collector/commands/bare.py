"""The program without a command, which is `run`."""

from importlib import metadata
from typing import Annotated

import typer

from collector.commands.options import with_settings
from collector.settings import Settings


def register(app: typer.Typer) -> None:
    """Have the program take the settings of `run`."""
    app.callback(invoke_without_command=True)(with_settings(_bare))


def _bare(
    context: typer.Context,
    settings: Settings,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        print(f"flow-collector {metadata.version('flow-collector')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from collector.commands.run import run  # noqa: PLC0415 - other commands need nothing of it

        run(settings)
