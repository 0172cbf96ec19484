"""`run`: the main job."""

import typer

from collector.app import Collector
from collector.commands.logs import configure_logging
from collector.commands.options import with_settings
from collector.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `run`."""
    app.command("run")(with_settings(run))


def run(settings: Settings) -> None:
    """Receive flows and store them, until SIGTERM or Ctrl-C."""
    configure_logging(settings.log_level)
    Collector(settings).run()
