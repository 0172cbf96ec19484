"""`query`: the questions that the page asks, in a terminal."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.live import Live

from collector.commands.answers import csv_text, json_text, local, table
from collector.commands.options import with_settings
from collector.datasets import DATASETS, Dataset
from collector.query.engines import open_engine
from collector.query.filter import Filter, parse
from collector.query.measures import measure
from collector.query.model import MOST_GROUPS, MOST_TOP, Answer, Engine, Query, QueryError, Range, Records
from collector.query.ranges import length, within
from collector.query.syntax import unknown
from collector.settings import Settings

STORE = tuple(name for name in Settings.model_fields if name in ("folder", "timezone")) + tuple(
    name for name in Settings.model_fields if name.startswith("elasticsearch")
)
MEASURES = ("bytes", "packets", "flows")
COLUMNS = (
    "@timestamp",
    "host.name",
    "source.ip",
    "source.port",
    "destination.ip",
    "destination.port",
    "flow.service_name",
    "network.bytes",
    "network.packets",
)
"""Of `--records`, where none are named."""
WIDE = 1000
"""Columns of what is no terminal: lines are not broken there."""
DAY = "24h"


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


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
    end: Annotated[str, typer.Option("--to", help="End of what begins with --from.")] = "now",
    top: Annotated[int, typer.Option(min=1, max=MOST_TOP, help="Groups, or records, that are shown.")] = 10,
    other: Annotated[bool, typer.Option("--other", help="Sum up the groups beyond them in one more.")] = False,
    interval: Annotated[str | None, typer.Option(help="Split by time: 1m, 1h, 1d.")] = None,
    records: Annotated[bool, typer.Option("--records", help="Show flows as they are, the newest first.")] = False,
    fields: Annotated[list[str] | None, typer.Option("--field", help="Column of --records; several times.")] = None,
    dataset: Annotated[str, typer.Option(help=f"Kind of rows: {', '.join(DATASETS)}.")] = "flows",
    spread: Annotated[
        bool, typer.Option("--spread", help="Spread sums of --interval over each flow's time (Parquet).")
    ] = False,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TABLE,
    watch: Annotated[float | None, typer.Option(min=1, help="Ask again every so many seconds, until Ctrl-C.")] = None,
) -> None:
    """Ask the store: who, what and how much, from Parquet files or a search engine."""
    kind = _dataset(dataset)
    span = _span(last, begin, end, settings.timezone)
    read = _filter(filter, kind)
    step = length(interval) if interval else None
    question: Question
    if records:
        question = _Rows(read, _known(fields or COLUMNS, kind), top, kind)
    else:
        chosen = measures or (MEASURES if kind.name == "flows" else ("rows",))
        question = _Groups(read, _grouped(by or (), kind), _measured(chosen, kind), top, other, step, spread, kind)
    with closing(open_engine(settings)) as engine:
        if watch is None:
            _once(engine, question, span(), form, settings.timezone)
        else:
            with suppress(KeyboardInterrupt):
                _again(engine, question, span, watch, settings.timezone)


@dataclass(frozen=True)
class _Groups:
    """A question for groups."""

    filter: Filter | None
    by: tuple[str, ...]
    measures: tuple[str, ...]
    top: int
    other: bool
    interval: int | None
    spread: bool
    dataset: Dataset

    def ask(self, engine: Engine, within: Range) -> Answer:
        """The answer for that time."""
        parts = tuple(measure(text) for text in self.measures)
        whole = Query(within, parts, self.by, self.filter, self.interval, self.top, self.other, dataset=self.dataset)
        return engine.ask([replace(whole, spread=self.spread)])[0]


@dataclass(frozen=True)
class _Rows:
    """A question for rows as they are."""

    filter: Filter | None
    fields: tuple[str, ...]
    top: int
    dataset: Dataset

    def ask(self, engine: Engine, within: Range) -> Answer:
        """The answer for that time."""
        return engine.records(Records(within, self.filter, self.fields, limit=self.top, dataset=self.dataset))


Question = _Groups | _Rows


def _once(engine: Engine, question: Question, within: Range, form: Form, zone: str) -> None:
    answer = question.ask(engine, within)
    if form is Form.TABLE and answer.frame.is_empty():
        print(_nothing(engine, question.dataset, within, zone), file=sys.stderr)
    elif form is Form.TABLE:
        _console().print(table(answer, _measures(question), zone))
    else:
        sys.stdout.write(json_text(answer) if form is Form.JSON else csv_text(answer))
    for note in answer.notes:
        print(f"flow-collector: {note}", file=sys.stderr)


def _nothing(engine: Engine, dataset: Dataset, within: Range, zone: str) -> str:
    """Why there is no row."""
    newest = engine.newest(dataset)
    begin, end = local(within.start, zone), local(within.end, zone)
    if newest is None:
        return f"There are no {dataset.title} in this store."
    return f"No {dataset.title} match from {begin} to {end} ({zone}); the newest of all are of {local(newest, zone)}."


def _again(engine: Engine, question: Question, span: Callable[[], Range], seconds: float, zone: str) -> None:
    """A table that is made anew until Ctrl-C."""
    console = _console()
    with Live(console=console, auto_refresh=False, screen=True) if console.is_terminal else nullcontext() as live:
        while True:
            made = table(question.ask(engine, span()), _measures(question), zone)
            if live is None:
                console.print(made)
                sys.stdout.flush()
            else:
                live.update(made, refresh=True)
            time.sleep(seconds)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, emoji=False, markup=False)


def _measures(question: Question) -> tuple[str, ...]:
    return question.measures if isinstance(question, _Groups) else ()


def _span(length_: str | None, begin: str | None, end: str, zone: str) -> Callable[[], Range]:
    """The range that is meant, at each moment that it is asked for."""
    if begin is not None and length_ is not None:
        raise QueryError("--last and --from exclude each other")
    if begin is None:
        length(length_ or DAY)
    start = f"now-{length_ or DAY}" if begin is None else begin
    return lambda: within(start, end, datetime.now(UTC), ZoneInfo(zone))


def _dataset(name: str) -> Dataset:
    if name not in DATASETS:
        raise QueryError(f"--dataset: {name!r} is none of {', '.join(DATASETS)}")
    return DATASETS[name]


def _filter(text: str, dataset: Dataset) -> Filter | None:
    return None if text.strip() == "*" else parse(text, dataset.asked)


def _measured(texts: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    _known([name for name in (measure(text).field for text in texts) if name is not None], dataset)
    return tuple(dict.fromkeys(texts))


def _known(names: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The names, each once. QueryError where the dataset has one of them not."""
    for name in names:
        if name not in dataset.asked:
            raise QueryError(unknown(name, dataset.asked))
    return tuple(dict.fromkeys(names))


def _grouped(names: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    if len(names) > MOST_GROUPS:
        raise QueryError(f"--by: at most {MOST_GROUPS} fields, and these are {len(names)}")
    return _known(names, dataset)
