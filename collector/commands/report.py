"""`report`: a dashboard as a document."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from collector.commands.options import with_settings
from collector.commands.span import LAST, span
from collector.commands.web import SETTINGS as READING
from collector.errors import CollectorError
from collector.explore.report.mail import Letter, MailError, Post, send
from collector.explore.report.order import Order
from collector.explore.report.plans import ENDINGS, address
from collector.explore.report.post import letter, open_post
from collector.explore.report.saving import save
from collector.query.ranges import EXAMPLES
from collector.settings import Settings, SettingsError

SETTINGS = tuple(name for name in READING if name not in ("web", "reports"))


def register(app: typer.Typer) -> None:
    """Add `report`."""
    app.command("report")(with_settings(report, SETTINGS))


def report(  # noqa: PLR0913, PLR0917 - an option each
    settings: Settings,
    dashboard: Annotated[str, typer.Argument(help="Its name, such as overview, or the path of a file (YAML).")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File that is written: .pdf, .html or .png.")
    ] = None,
    mail: Annotated[
        list[str] | None, typer.Option("--mail", help="Address that it is sent to, by --smtp-host; several times.")
    ] = None,
    last: Annotated[str | None, typer.Option(help=f"How long before now: 15m, 24h, 7d, 4w. [default: {LAST}]")] = None,
    begin: Annotated[str | None, typer.Option("--from", help=f"Instead of --last: {EXAMPLES}.")] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Its end; a day is meant with all of it. [default: now]")
    ] = None,
    filter_: Annotated[str, typer.Option("--filter", help="Only what it holds for: see filter.md.")] = "",
    spread: Annotated[bool, typer.Option("--spread", help="Spread flows over their time in series (Parquet).")] = False,
) -> None:
    """Draw a dashboard of what is stored: PDF, HTML or PNG, without a browser; as a file, or by mail."""
    if output is None and not mail:
        raise SettingsError("the report goes nowhere: give -o FILE, --mail ADDRESS, or both")
    order = Order(dashboard, span(last, begin, end, settings.timezone)(), filter_, _format(output), spread)
    recipients = tuple(map(_recipient, mail or ()))
    post = open_post(settings) if recipients else None
    data = _made(settings, order)
    if output:
        save(data, output)
        print(f"{output}: {output.stat().st_size:,} bytes", file=sys.stderr)
    if post:
        _send(post, letter(settings, order, f"{Path(dashboard).stem}.{order.format}", data), recipients)


def _format(output: Path | None) -> str:
    ending = output.suffix.lower().removeprefix(".") if output else ENDINGS[0]
    if ending not in ENDINGS:
        *first, last = (f".{one}" for one in ENDINGS)
        raise CollectorError(f"{output}: its name must end with {', '.join(first)} or {last}")
    return ending


def _recipient(text: str) -> str:
    try:
        return address(text)
    except ValueError as error:
        raise SettingsError(f"--mail: {error}") from error


def _made(settings: Settings, order: Order) -> bytes:
    """The document; what the store had to say goes to stderr."""
    # Matplotlib takes a second to load, which no other command should wait for.
    from collector.explore.report.making import make  # noqa: PLC0415

    made = make(settings, order)
    for note in made.notes:
        print(f"flow-collector: {note}", file=sys.stderr)
    return made.data


def _send(post: Post, written: Letter, recipients: tuple[str, ...]) -> None:
    """MailError also where some recipients are refused: the others have it."""
    if refused := send(post, written, recipients):
        raise MailError(refused)
    print(f"{written.name}: sent to {', '.join(recipients)} by {post.place}", file=sys.stderr)
