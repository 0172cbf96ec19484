"""Columns of files as tables."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from collector.datasets import Dataset
from collector.query.model import TIME, Range
from collector.query.parquet import fields
from collector.query.parquet.chunks import Chunks
from collector.query.parquet.listing import File
from collector.query.parquet.parts import Blank, Numbers, Part, Table, part
from collector.query.parquet.shelf import Shelf
from collector.schema import Field


def table(file: File, dataset: Dataset, groups: Sequence[int], wanted: set[str], shelf: Shelf) -> Table:
    """Columns of row groups. OSError, ArrowException."""
    there = stored(file, dataset, wanted)
    known = {(name, group): shelf.get((file.path, group, name)) for name in there for group in groups}
    missing = [name for name in there if any(known[name, group] is None for group in groups)]
    if missing:
        known |= _read(file, dataset, groups, missing, shelf)
    columns = {name: [found for group in groups if (found := known[name, group])] for name in there}
    return Table(columns, [file.groups[group].rows for group in groups])


def _read(
    file: File, dataset: Dataset, groups: Sequence[int], names: Sequence[str], shelf: Shelf
) -> dict[tuple[str, int], Part]:
    """Columns that are not kept yet; then they are."""
    made: dict[tuple[str, int], Part] = {}
    with pq.ParquetFile(file.path, read_dictionary=_texts(dataset, names)) as opened, file.path.open("rb") as source:
        chunks, numbering = Chunks(source.fileno(), opened, file.places), _Numbering(shelf)
        for name in names:
            field = dataset.fields[name]
            for group, column in _columns(file, opened, chunks, field, groups):
                made[name, group] = part(column, field, numbering.numbers)
                shelf.keep((file.path, group, name), made[name, group])
    return made


class _Numbering:
    """Numbers the texts of the dictionaries of a file, of which columns have the same."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[int, tuple[pa.Array, pl.Series]] = {}

    def numbers(self, dictionary: pa.Array) -> pl.Series:
        """Those of its texts, without null."""
        buffers = dictionary.buffers()
        key = buffers[-1].address if buffers[-1] else 0
        known, numbers = self._known.get(key, (None, None))
        if numbers is None or not dictionary.equals(known):
            found = self._shelf.texts.numbers(pl.Series(pl.from_arrow(dictionary), dtype=pl.String))
            numbers = self._shelf.shared(found.drop_nulls())
            self._known[key] = dictionary, numbers
        return numbers


def _columns(
    file: File, opened: pq.ParquetFile, chunks: Chunks, field: Field, groups: Iterable[int]
) -> Iterator[tuple[int, pa.Array]]:
    """A column of each row group: in the way of the store's files, else in that of any."""
    path = f"{field.name}.list.element" if field.kind == "keywords" else field.name
    for group in groups:
        column = None
        if not file.has(path, opened.metadata, [group]):
            column = pa.nulls(file.groups[group].rows)
        column = chunks.column(field.name, path, group) if column is None else column
        if column is None:
            column = opened.read_row_group(group, columns=[field.name]).column(0).combine_chunks()
        yield group, column


def picked(file: File, dataset: Dataset, group: int, wanted: set[str], places: Sequence[int], shelf: Shelf) -> Table:
    """Some rows of a row group."""
    there = stored(file, dataset, wanted)
    with pq.ParquetFile(file.path) as opened:
        rows = opened.read_row_group(group, columns=there or [TIME]).take(pa.array(places))
    named, number = zip(rows.column_names, rows.columns, strict=True), _Numbering(shelf).numbers
    columns = {name: [part(one.combine_chunks(), dataset.fields[name], number)] for name, one in named}
    return Table(columns, [len(places)])


def _texts(dataset: Dataset, names: Iterable[str]) -> list[str]:
    """Columns that Arrow can read as dictionaries."""
    several = (dataset.fields[name] for name in names)
    return [field.name for field in several if fields.is_text(field) and field.kind != "keywords"]


def stored(file: File, dataset: Dataset, wanted: set[str]) -> list[str]:
    """Which of these columns a file has."""
    return [name for name in dataset.fields if name in wanted and name in file.names]


def of_time(rows: Table, within: Range) -> Table:
    """The rows of a time range."""
    columns: dict[str, list[Part]] = {name: [] for name in rows.columns}
    counts = []
    for group, time in enumerate(rows.columns[TIME]):
        chosen = np.flatnonzero(_is_within(time, within))
        counts.append(len(chosen))
        for name, parts in rows.columns.items():
            columns[name].append(parts[group].take(chosen) if len(chosen) < rows.rows[group] else parts[group])
    return Table(columns, counts)


def _is_within(time: Part, within: Range) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if not isinstance(time, Numbers):
        return np.zeros(time.rows if isinstance(time, Blank) else 0, np.bool_)
    times = time.values
    inside = (times >= within.start) & (times < within.end)
    return inside if time.there is None else inside & time.there
