"""The files that a time range needs, and what their footers say."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from collector.datasets import Dataset
from collector.query.model import TIME, QueryError, Range
from collector.query.parquet.fitting import UnfitError, check
from collector.store.parquet.folder import Folder, live_files

SPAN = ("event.start", "event.end")
ALWAYS = 1 << 62
"""Milliseconds beyond all times."""
UNREADABLE = (OSError, pa.ArrowException, UnfitError)
"""What is raised where a file cannot be read."""


@dataclass(frozen=True)
class Group:
    """A row group: the first and the last time in it, None where the footer does not say."""

    number: int
    first_row: int
    """How many rows are before it in the file."""
    rows: int
    first: int | None
    last: int | None

    def touches(self, within: Range) -> bool:
        """Whether it may have rows of a time range."""
        if self.first is None or self.last is None:
            return True
        return self.first < within.end and self.last >= within.start


class File:
    """A file of a dataset, which never changes. UNREADABLE where it cannot be read, or is of something else."""

    def __init__(self, path: Path, dataset: Dataset) -> None:
        self.path = path
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        check(schema, dataset)
        self.names = _shared(frozenset(schema.names))
        """The columns that it has."""
        places = _places(tuple(metadata.schema.column(place).path for place in range(len(metadata.schema))))
        self.places = places
        """The number of each column in the footer."""
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        firsts = accumulate((group.num_rows for group in groups), initial=0)
        self.groups = [
            Group(number, first, group.num_rows, *_ends(group, places[TIME], whole=True))
            for number, (first, group) in enumerate(zip(firsts, groups, strict=False))
        ]
        self._spans = [_ends(group, places[name]) for group in groups for name in SPAN if name in places]

    @property
    def rows(self) -> int:
        """How many it has."""
        return sum(group.rows for group in self.groups)

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the largest time in it, as far as is known; else as if it were of all times."""
        firsts, lasts = [group.first for group in self.groups], [group.last for group in self.groups]
        return (
            min((-ALWAYS if first is None else first for first in firsts), default=-ALWAYS),
            max((ALWAYS if last is None else last for last in lasts), default=ALWAYS),
        )

    def has(self, path: str, metadata: Any, groups: Iterable[int]) -> bool:
        """Whether these row groups may have a value in a column, by the footer."""
        place = self.places.get(path)
        if place is None:
            return True
        return any(not _is_empty(metadata.row_group(group).column(place)) for group in groups)

    def within(self, time: Range, *, spread: bool = False) -> bool:
        """Whether all its rows are of a time range; with `spread`, whether flows began and ended in it too."""
        ends = [(group.first, group.last) for group in self.groups] + (self._spans if spread else [])
        return all(
            first is not None and last is not None and time.start <= first and last < time.end for first, last in ends
        )


@cache
def _shared(names: frozenset[str]) -> frozenset[str]:
    """The same object for equal ones, of which there are few."""
    return names


@cache
def _places(paths: tuple[str, ...]) -> Mapping[str, int]:
    """The numbers of columns, which are the same in most files."""
    return {path: place for place, path in enumerate(paths)}


def _is_empty(chunk: Any) -> bool:
    """Whether a column has null alone in a row group."""
    return chunk.statistics is not None and chunk.statistics.null_count == chunk.num_values


def _ends(group: Any, place: int, *, whole: bool = False) -> tuple[int | None, int | None]:
    """The least and the largest time of a column in a row group, in milliseconds since 1970.

    `whole`: None where any row has no time, or may have none.
    """
    statistics = group.column(place).statistics
    if statistics is None or not statistics.has_min_max or (whole and statistics.null_count != 0):
        return None, None
    # As they are stored: what comes after the year 9999 is no time of Python's.
    return statistics.min_raw, statistics.max_raw


def paths(root: Path, zone: ZoneInfo, within: Range) -> Iterator[Path]:
    """The files of the days that a time range touches, oldest first. QueryError where a folder cannot be read."""
    first, last = (
        datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date() for at in (within.start, within.end - 1)
    )
    with _told():
        for day, folder in Folder(root).days():
            if first <= day <= last:
                yield from live_files(folder)


def newest(root: Path, dataset: Dataset) -> int | None:
    """The newest `@timestamp` of a folder, by the footers of its last day that can be read. QueryError."""
    with _told():
        for _, folder in reversed(Folder(root).days()):
            lasts = [last for path in live_files(folder) for last in _lasts(path, dataset)]
            if lasts:
                return max(lasts)
    return None


@contextmanager
def _told() -> Iterator[None]:
    """QueryError where a folder cannot be read."""
    try:
        yield
    except OSError as error:
        raise QueryError(f"cannot read {error.filename}: {error.strerror}") from error


def _lasts(path: Path, dataset: Dataset) -> list[int]:
    try:
        return [group.last for group in File(path, dataset).groups if group.last is not None]
    except UNREADABLE:
        return []
