"""The commands, a module each."""

import typer

from collector.commands import captures, check, demo, exporters, geo, run, web


def register(app: typer.Typer) -> None:
    """Add all commands."""
    for module in (run, captures, demo, exporters, web, geo, check):
        module.register(app)
