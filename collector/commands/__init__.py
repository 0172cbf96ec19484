"""The commands, a module each."""

import typer

from collector.commands import captures, check, run


def register(app: typer.Typer) -> None:
    """Add all commands."""
    for module in (run, captures, check):
        module.register(app)
