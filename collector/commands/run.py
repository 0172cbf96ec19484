"""`run`: the main job."""

import logging
from importlib import metadata
from typing import Annotated

import typer

from collector.app import Collector
from collector.commands.options import with_settings
from collector.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `run`, which is also what the bare command does."""
    both = with_settings(run)
    app.command("run")(both)
    app.callback(invoke_without_command=True)(with_settings(_bare))


def run(settings: Settings) -> None:
    """Receive flows and store them, until SIGTERM or Ctrl-C."""
    configure_logging(settings.log_level)
    Collector(settings).run()


def _bare(
    context: typer.Context,
    settings: Settings,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        print(f"flow-collector {metadata.version('flow-collector')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        run(settings)


def configure_logging(level: str) -> None:
    """One line an event on stderr, with time and level."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(message)s", force=True)
