"""`geo update`: databases of places and autonomous systems, fetched and kept current."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from collector.commands.options import with_settings
from collector.enrich.mmdb import Database
from collector.geoip.sources import Source, maxmind
from collector.geoip.update import Outcome
from collector.geoip.update import update as updated
from collector.settings import Settings, SettingsError, flag, plain

OPTIONS = ("geo_urls", "maxmind_account", "maxmind_key", "maxmind_editions", "folder")


def register(app: typer.Typer) -> None:
    """Add `geo`."""
    geo = typer.Typer(help="Databases of places and autonomous systems.", no_args_is_help=True)
    geo.command("update")(with_settings(update, OPTIONS))
    # A command of its own would make `geo` one without subcommands.
    geo.callback()(_group)
    app.add_typer(geo, name="geo")


def _group() -> None:
    """Databases of places and autonomous systems."""


def update(
    settings: Settings,
    into: Annotated[Path | None, typer.Option(help="Folder for the databases [default: that of --folder]")] = None,
) -> None:
    """Fetch databases of places and autonomous systems that have changed; a running collector takes them by itself.

    One that cannot be had, or is damaged, leaves the one that is there.
    """
    chosen = sources(settings)
    failed = False
    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("databases")
        today = datetime.now(UTC).date()
        for outcome in updated(
            chosen, into or settings.folder, today, lambda size, total: bar.update(task, completed=size, total=total)
        ):
            failed |= outcome.error is not None
            _tell(outcome)
    if failed:
        raise typer.Exit(1)


def sources(settings: Settings) -> Sequence[Source]:
    """What is fetched. SettingsError where there is nothing, or half of an account."""
    account, key = settings.maxmind_account, plain(settings.maxmind_key)
    if (account is None) != (key is None):
        raise SettingsError(f"{flag('maxmind_account')} and {flag('maxmind_key')} go together")
    of_maxmind = [maxmind(one, account, key) for one in settings.maxmind_editions] if account and key else []
    found = [*of_maxmind, *settings.geo_urls]
    if not found:
        raise SettingsError(
            f"no database to fetch: give {flag('geo_urls')}, or {flag('maxmind_account')} and {flag('maxmind_key')};"
            " docs/geoip.md names free ones"
        )
    return found


def _tell(outcome: Outcome) -> None:
    if outcome.error is not None:
        print(f"flow-collector: {outcome.error}", file=sys.stderr)
    elif not outcome.files:
        print(f"{outcome.source.name}: up to date")
    for path in outcome.files:
        print(f"{path}: {Database(path).title}")
