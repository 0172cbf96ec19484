"""The commands, a module each."""

import typer

from collector.commands import captures, check, dashboards, demo, exporters, geo, query, report, run, setup, web


def register(app: typer.Typer) -> None:
    """Add all commands."""
    for module in (run, web, query, report, captures, exporters, demo, setup, dashboards, geo, check):
        module.register(app)
