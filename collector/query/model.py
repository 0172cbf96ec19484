"""What is asked of a store, and what it answers: the same for Parquet files and for search engines."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from collector.datasets import FLOWS, Dataset
from collector.errors import CollectorError
from collector.query.filter import Filter
from collector.query.measures import Measure

TIME = "@timestamp"
OTHER = "other"
"""Column of a grouped answer: whether a row sums up the groups beyond the top ones."""
MOST_GROUPS = 4
"""Fields that an answer can be grouped by."""
MOST_TOP = 1000
"""Groups that an answer can have."""
MOST_BUCKETS = 2000
"""Intervals that an answer can have."""
MOST_RECORDS = 10_000
"""How far records can be paged, which is what search engines allow unless told otherwise."""
SECONDS = 30.0
"""What a question may take."""


class QueryError(CollectorError):
    """A question that makes no sense, or that the store cannot answer; the message is one line for an analyst."""


class QueryStoppedError(QueryError):
    """The asker gave up, or the time is over."""


@dataclass(frozen=True)
class Range:
    """A time from `start` to before `end`, in milliseconds since 1970. QueryError where it has no length."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise QueryError("the time range ends before it begins")

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start) / 1000


@dataclass(frozen=True)
class Query:
    """Measures of the rows of a time range, in groups.

    Rows that lack a field of `by` are in no group, and not among the others. A field that is a list puts its row into
    the group of each element. The top groups are those of the whole range, also where the answer is by interval.
    """

    range: Range
    measures: tuple[Measure, ...]
    by: tuple[str, ...] = ()
    """Names of fields, at most `MOST_GROUPS`."""
    filter: Filter | None = None
    interval: int | None = None
    """Milliseconds of the buckets of a time series, counted from 1970; None: one answer for the whole range."""
    top: int = 10
    """Groups that are named, the first by the measure `order`."""
    other: bool = False
    """Whether the groups beyond them are summed up in one more."""
    order: int = 0
    """Position of the measure that groups are ranked by."""
    ascending: bool = False
    spread: bool = False
    """Whether sums of a series are spread over each flow's time from start to end, where the store can."""
    dataset: Dataset = FLOWS

    def seconds(self, begin: int | None) -> float:
        """Of the bucket that begins then, what lies in the range; None: of the whole range."""
        if begin is None or self.interval is None:
            return self.range.seconds
        return (min(begin + self.interval, self.range.end) - max(begin, self.range.start)) / 1000


@dataclass(frozen=True)
class Records:
    """Rows as they are, of a time range, sorted by a field, a page of them."""

    range: Range
    filter: Filter | None = None
    fields: tuple[str, ...] = ()
    """Names of those that are wanted; empty: all."""
    sort: str = TIME
    descending: bool = True
    limit: int = 100
    offset: int = 0
    """Rows left out before; `offset + limit` is at most `MOST_RECORDS`."""
    dataset: Dataset = FLOWS


@dataclass(frozen=True)
class Answer:
    """Rows, and what to know about them.

    Of a `Query`: a column for each field of `by` in the schema's type, `@timestamp` (the begin of the bucket, in
    milliseconds UTC) where there is an interval, a Float64 or Int64 column for each measure under its text, and the
    Boolean column `other`; groups in order of rank (nulls in `by` for the others, which come last), buckets in order
    of time. Buckets without rows are left out. Of `Records`: a column for each field that was wanted (of all: each
    that any of the rows has).
    """

    frame: pl.DataFrame
    total: int | None = None
    """Rows that the filter and the range hold for, where the store knows."""
    notes: tuple[str, ...] = ()
    """Sentences for the analyst: a file that was skipped, which way bytes of long flows count, a limit that was met."""


@dataclass
class Patience:
    """How long an asker waits. Another thread may call `stop`."""

    seconds: float = SECONDS
    _stopped: threading.Event = field(default_factory=threading.Event)
    _begin: float = field(default_factory=time.monotonic)

    def stop(self) -> None:
        """Give up."""
        self._stopped.set()

    @property
    def left(self) -> float:
        """Seconds until the end, at least 0."""
        return 0.0 if self._stopped.is_set() else max(0.0, self._begin + self.seconds - time.monotonic())

    def check(self) -> None:
        """QueryStoppedError when it is over."""
        if self._stopped.is_set():
            raise QueryStoppedError("the question was given up")
        if self.left <= 0:
            raise QueryStoppedError(
                f"no answer within {self.seconds:g} s: choose a shorter time range or a narrower filter"
            )


class Engine(Protocol):
    """Answers questions about a store. Any thread may ask."""

    def ask(self, queries: Sequence[Query], patience: Patience | None = None) -> list[Answer]:
        """The answers to questions of one dashboard, which a store may answer together. QueryError."""

    def records(self, records: Records, patience: Patience | None = None) -> Answer:
        """Rows as they are. QueryError."""

    def values(self, name: str, prefix: str, within: Range, limit: int = 20, dataset: Dataset = FLOWS) -> list[str]:
        """The most frequent values of a field that begin so, as a filter would have them."""

    def newest(self, dataset: Dataset = FLOWS) -> int | None:
        """`@timestamp` of the newest row, in milliseconds since 1970; None where there is none."""

    def close(self) -> None:
        """End."""
