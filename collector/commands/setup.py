"""`setup`: index templates, and dashboards in Kibana or OpenSearch Dashboards."""

import time
from typing import Annotated

import typer

from collector.commands.options import with_settings
from collector.explore.setup.importing import Imported
from collector.explore.setup.server import SetupError
from collector.explore.setup.steps import dashboards, retention, sensible, templates
from collector.settings import Settings, SettingsError

NAMES = ("elasticsearch", "kibana")
OPTIONS = (
    *(name for name in Settings.model_fields if name.startswith(NAMES)),
    "folder",
    "dashboards",
    "keep_days",
    "keep_gib",
)


def register(app: typer.Typer) -> None:
    """Add `setup`."""
    app.command("setup")(with_settings(setup, OPTIONS))


def setup(
    settings: Settings,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds that the servers have to come up.")] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name each object that was imported.")] = False,
) -> None:
    """Prepare a search engine and its Kibana or OpenSearch Dashboards; to be repeated at will."""
    if not (settings.elasticsearch or settings.kibana):
        raise SettingsError("nothing to set up: give --elasticsearch, --kibana, or both")
    sensible(settings, "elasticsearch", settings.elasticsearch)
    sensible(settings, "kibana", (settings.kibana,) if settings.kibana else ())
    until = time.monotonic() + wait
    if settings.elasticsearch:
        for line in templates(settings, until, dry=dry_run):
            print(line)
        print(retention(settings))
    if not settings.kibana:
        print("no dashboards: --kibana gives the place of Kibana or OpenSearch Dashboards")
        return
    failed = [_told(one, verbose) for one in dashboards(settings, until, dry=dry_run)].count(False)
    if failed:
        raise SetupError(f"{failed} object{'s were' if failed > 1 else ' was'} not imported")


def _told(one: str | Imported, verbose: bool) -> bool:
    """Whether it is as it should be."""
    if isinstance(one, str):
        print(one)
        return True
    if one.trouble:
        print(f"failed   {one.type} {one.title} ({one.id}): {one.trouble}")
    elif verbose:
        print(f"imported {one.type} {one.title} ({one.id})")
    return not one.trouble
