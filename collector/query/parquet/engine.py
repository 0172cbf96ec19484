"""Answers questions from a folder of Parquet files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from collector.datasets import FLOWS, Dataset
from collector.memory import share
from collector.query.conditions import Pattern
from collector.query.filter import Filter
from collector.query.measures import measure
from collector.query.model import (
    MOST_BUCKETS,
    MOST_GROUPS,
    MOST_TOP,
    Answer,
    Patience,
    Query,
    QueryError,
    Range,
    Records,
)
from collector.query.parquet import fields
from collector.query.parquet.answers import Told, answer, leading, plainly
from collector.query.parquet.gathering import Gathering
from collector.query.parquet.keeping import MOST_BYTES as STATES
from collector.query.parquet.keeping import Kept
from collector.query.parquet.leads import lead_of
from collector.query.parquet.listing import newest
from collector.query.parquet.records import page
from collector.query.parquet.shelf import MOST_BYTES as COLUMNS
from collector.query.parquet.shelf import Shelf
from collector.query.parquet.states import ask_of
from collector.query.parquet.store import Files
from collector.query.parquet.texts import Texts
from collector.query.tree import Has

MOST_TEXTS = 10_000_000
"""Different texts that are remembered."""


class _Memory(NamedTuple):
    """What is kept of files. Numbers of texts are those of one shelf, which an answer begins and ends with."""

    shelf: Shelf
    kept: Kept


class ParquetEngine:
    """Answers questions from a folder as docs/parquet.md describes it; the days are those of the time zone.

    Any thread may ask. The folder need not be there.
    """

    def __init__(self, folder: Path, zone: str = "UTC") -> None:
        self._folder = folder
        self._files = Files(folder, ZoneInfo(zone))
        self._waiting: list[None] = []
        """One for each answer that somebody waits for: lists are added to without a lock."""
        self._begin()

    def _begin(self) -> None:
        """With nothing in memory."""
        self._memory = _Memory(Shelf(Texts(), share(COLUMNS, 8)), Kept(share(STATES, 8)))

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._waiting)

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._waiting.append(None)
        try:
            yield
        finally:
            self._waiting.pop()

    def ask(self, queries: Sequence[Query], patience: Patience | None = None) -> list[Answer]:
        """The answers, each file being read once for all questions about the same time. QueryError."""
        with self._working():
            return self._answers(queries, patience or Patience())

    def _answers(self, queries: Sequence[Query], patience: Patience) -> list[Answer]:
        asks = [ask_of(_checked(query)) for query in queries]
        leads = [lead_of(query, ask) for query, ask in zip(queries, asks, strict=True)]
        self._forget()
        memory = self._memory
        told: dict[int, Callable[[], Told]] = {}
        skipped: dict[int, tuple[str, ...]] = {}
        for within, dataset in dict.fromkeys((query.range, query.dataset) for query in queries):
            places = [n for n, query in enumerate(queries) if (query.range, query.dataset) == (within, dataset)]
            plain = [asks[n] for n in places if leads[n] is None]
            led = [lead for n in places if (lead := leads[n])]
            found, first, notes = self._gathering(memory, within, patience).states(dataset, plain, led)
            for n in places:
                lead = leads[n]
                ask = asks[n]
                told[n] = partial(leading, first[lead], ask) if lead else partial(plainly, queries[n], found, ask)
                skipped[n] = tuple(notes)

        def made(n: int) -> Answer:
            patience.check()
            return answer(queries[n], replace(told[n](), notes=skipped[n]), memory.shelf.texts)

        return self._files.mapped(made, range(len(queries)))

    def prepare(self, queries: Sequence[Query]) -> Iterator[None]:
        """Reads large files for questions that will be asked together, one at each step, until little memory is left
        for what is kept. QueryError.
        """
        asks = [ask_of(_checked(query)) for query in queries]
        asked = [(query, ask, lead_of(query, ask)) for query, ask in zip(queries, asks, strict=True)]
        for within, dataset in dict.fromkeys((query.range, query.dataset) for query in queries):
            some = [one for one in asked if (one[0].range, one[0].dataset) == (within, dataset)]
            leads = [lead for _, _, lead in some if lead]
            plain = [ask for _, ask, lead in some if not lead]
            yield from self._gathering(self._memory, within, Patience(inf)).prepared(dataset, plain, leads)

    def _forget(self) -> None:
        """Begin anew before all the texts that were ever read fill the memory."""
        if len(self._memory.shelf.texts) > MOST_TEXTS:
            self._begin()

    def forget(self, seconds: float) -> None:
        """The columns in memory that nobody has asked for in so long."""
        self._memory.shelf.forget(seconds)

    def records(self, records: Records, patience: Patience | None = None) -> Answer:
        """Rows as they are. QueryError."""
        with self._working():
            return page(self._gathering(self._memory, records.range, patience or Patience()), records)

    def _gathering(self, memory: _Memory, within: Range, patience: Patience) -> Gathering:
        return Gathering(self._files, memory.kept, memory.shelf, within, patience)

    def values(self, name: str, prefix: str, within: Range, limit: int = 20, dataset: Dataset = FLOWS) -> list[str]:
        """The most frequent values of a field that begin so, as a filter would have them."""
        field = fields.known(dataset, name)
        begins = Filter("", Has(name, Pattern(rf"\A{pl.escape_regex(prefix)}"))) if fields.is_text(field) else None
        top = limit if begins and not fields.is_list(dataset, name) else MOST_TOP
        query = Query(within, (measure("rows"),), (name,), begins, top=min(top, MOST_TOP), dataset=dataset)
        found = self.ask([query])[0].frame.get_column(name).cast(pl.String)
        return found.filter(found.str.starts_with(prefix)).head(limit).to_list()

    def newest(self, dataset: Dataset = FLOWS) -> int | None:
        """`@timestamp` of the newest row, in milliseconds since 1970; None where there is none."""
        return newest(self._folder / dataset.folder, dataset)

    def close(self) -> None:
        """End."""
        self._files.close()


def _checked(query: Query) -> Query:
    """QueryError where a question is too large."""
    if len(query.by) > MOST_GROUPS:
        raise QueryError(f"an answer can be grouped by at most {MOST_GROUPS} fields")
    if not 1 <= query.top <= MOST_TOP:
        raise QueryError(f"an answer can have 1 to {MOST_TOP} groups")
    if query.interval is not None and not 0 < query.range.seconds * 1000 / query.interval <= MOST_BUCKETS:
        raise QueryError(f"an answer can have at most {MOST_BUCKETS} intervals: choose longer ones")
    return query
