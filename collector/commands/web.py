"""`web`: the page alone, for what is stored already."""

import typer

from collector.commands.logs import configure_logging
from collector.commands.options import with_settings
from collector.query.engines import check_folder
from collector.settings import Settings, SettingsError
from collector.web import serve

SETTINGS = tuple(
    name
    for name in Settings.model_fields
    if name in ("folder", "web", "dashboards", "timezone", "log_level", "elasticsearch", "document", "reports")
    or name.startswith(("elasticsearch_", "smtp_"))
)
"""Those that reading needs."""


def register(app: typer.Typer) -> None:
    """Add `web`."""
    app.command("web")(with_settings(web, SETTINGS))


def web(settings: Settings) -> None:
    """Show the page for what is stored, without receiving anything, until SIGTERM or Ctrl-C."""
    if settings.web is None:
        raise SettingsError("--web: it is off, and there is nothing else to do")
    check_folder(settings)
    configure_logging(settings.log_level)
    serve(settings)
