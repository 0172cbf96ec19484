"""`report`: a dashboard as a document."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from collector.commands.options import with_settings
from collector.commands.web import SETTINGS as READING
from collector.errors import CollectorError
from collector.explore.report.plans import ENDINGS
from collector.query.engines import check_there
from collector.query.model import Range
from collector.query.ranges import EXAMPLES, since, within
from collector.settings import Settings

LAST = "24h"
SETTINGS = tuple(name for name in READING if name not in ("web", "reports") and not name.startswith("smtp_"))


def register(app: typer.Typer) -> None:
    """Add `report`."""
    app.command("report")(with_settings(report, SETTINGS))


def report(
    settings: Settings,
    dashboard: Annotated[str, typer.Argument(help="Its name, such as overview, or the path of a file (YAML).")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File that is written: .pdf, .html or .png.")],
    last: Annotated[str, typer.Option(help="How long before now: 15m, 24h, 7d, 4w.")] = LAST,
    begin: Annotated[str | None, typer.Option("--from", help=f"Instead of --last: {EXAMPLES}.")] = None,
    end: Annotated[str, typer.Option("--to", help="The end; a day is meant with all of it.")] = "now",
    filter_: Annotated[str, typer.Option("--filter", help="Only what it holds for: see filter.md.")] = "",
) -> None:
    """Draw a dashboard of what is stored: PDF, HTML or PNG, without a browser."""
    ending = output.suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        raise CollectorError(f"{output}: its name must end with {', '.join(f'.{one}' for one in ENDINGS)}")
    zone = ZoneInfo(settings.timezone)
    asked: Range = within(begin or since(last), end, datetime.now(UTC), zone)
    check_there(settings)
    # Matplotlib takes a second to load, which no other command should wait for.
    from collector.explore.report.making import make  # noqa: PLC0415
    from collector.explore.report.saving import save  # noqa: PLC0415

    save(make(settings, dashboard, asked, filter_, ending), output)
    print(f"{output}: {output.stat().st_size:,} bytes", file=sys.stderr)
