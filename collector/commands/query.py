"""`query`: the questions that the page asks, in a terminal."""

from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Annotated

import typer

from collector.commands.options import with_settings
from collector.commands.questions import Groups, Question, Rows, dataset_of, filter_of, grouped, known, measured
from collector.commands.showing import Form, Show
from collector.commands.span import span
from collector.datasets import DATASETS
from collector.query.engines import check_there, open_engine
from collector.query.model import MOST_GROUPS, MOST_TOP, TIME
from collector.query.ranges import length
from collector.settings import Settings, SettingsError

STORE = tuple(name for name in Settings.model_fields if name in ("folder", "timezone", "document")) + tuple(
    name for name in Settings.model_fields if name.startswith("elasticsearch")
)
TOP = 10


def register(app: typer.Typer) -> None:
    """Add `query`."""
    app.command("query")(with_settings(query, STORE))


def query(  # noqa: PLR0913, PLR0917 - an option each
    settings: Settings,
    filter: Annotated[str, typer.Argument(help="Which flows, in Lucene syntax (docs/filter.md).")] = "*",  # noqa: A002
    by: Annotated[list[str] | None, typer.Option(help=f"Field to group by; up to {MOST_GROUPS} times.")] = None,
    measures: Annotated[
        list[str] | None,
        typer.Option("--measure", help="bytes, bits/s, packets, flows, unique:FIELD, average:FIELD, p95:FIELD, ..."),
    ] = None,
    last: Annotated[str | None, typer.Option(help="The time until now: 15m, 24h, 7d. [default: 24h]")] = None,
    begin: Annotated[str | None, typer.Option("--from", help="Begin instead: 2026-03-01T08:00, now-2h.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="End of what begins with --from. [default: now]")] = None,
    top: Annotated[
        int | None, typer.Option(min=1, max=MOST_TOP, help="Groups, or records, that are shown. [default: 10]")
    ] = None,
    other: Annotated[bool, typer.Option("--other", help="Sum up the groups beyond them in one more.")] = False,
    interval: Annotated[str | None, typer.Option(help="Split by time: 1m, 1h, 1d.")] = None,
    records: Annotated[bool, typer.Option("--records", help="Show flows as they are, the newest first.")] = False,
    fields: Annotated[list[str] | None, typer.Option("--field", help="Column of --records; several times.")] = None,
    sort: Annotated[str | None, typer.Option(help=f"Field that --records are sorted by. [default: {TIME}]")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Rows of --records to leave out before: the next page.")] = 0,
    ascending: Annotated[bool, typer.Option("--ascending", help="The least groups, or oldest records, first.")] = False,
    dataset: Annotated[str, typer.Option(help=f"Kind of rows: {', '.join(DATASETS)}.")] = "flows",
    spread: Annotated[
        bool, typer.Option("--spread", help="Spread sums of --interval over each flow's time (Parquet).")
    ] = False,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TABLE,
    watch: Annotated[float | None, typer.Option(min=1, help="Ask again every so many seconds, until Ctrl-C.")] = None,
) -> None:
    """Ask the store: who, what and how much, from Parquet files or a search engine."""
    if records:
        groups = {"--by": by, "--measure": measures, "--interval": interval, "--other": other, "--spread": spread}
        _refuse(groups, "makes no sense with --records, which shows rows as they are")
    else:
        _refuse({"--field": fields, "--sort": sort, "--offset": offset}, "makes sense only with --records")
        _refuse({"--other": other and not by, "--top": top and not by}, "makes sense only with --by")
    _refuse({"--spread": spread and not interval}, "makes sense only with --interval")
    kind = dataset_of(dataset)
    asked = span(last, begin, end, settings.timezone)
    read = filter_of(filter, kind)
    question: Question
    if records:
        (key,) = known([sort or TIME], kind)
        question = Rows(kind, read, known(fields or (), kind), key, ascending, top or TOP, offset)
    else:
        step = length(interval) if interval else None
        chosen = measured(measures or (), kind)
        question = Groups(kind, read, grouped(by or (), kind), chosen, top or TOP, ascending, other, step, spread)
    check_there(settings)
    with closing(open_engine(settings)) as engine:
        show = Show(engine, question, form, settings.timezone)
        if watch is None:
            show.once(asked())
        else:
            with suppress(KeyboardInterrupt):
                show.again(asked, watch)


def _refuse(given: Mapping[str, object], why: str) -> None:
    """SettingsError where an option is given that would do nothing."""
    for option, value in given.items():
        if value:
            raise SettingsError(f"{option} {why}")
