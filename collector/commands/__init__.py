"""The commands, a module each."""

import typer

from collector.commands import captures, check, exporters, geo, run


def register(app: typer.Typer) -> None:
    """Add all commands."""
    for module in (run, captures, exporters, geo, check):
        module.register(app)
