"""Reads the rows of files."""

from collections.abc import Iterable, Sequence

import numpy as np

from collector.datasets import Dataset
from collector.query.model import TIME, Range
from collector.query.parquet import fields, tables
from collector.query.parquet.coding import Places
from collector.query.parquet.listing import File
from collector.query.parquet.parts import Numbers, Table
from collector.query.parquet.rows import PLACE, Rows
from collector.query.parquet.shelf import Shelf
from collector.query.parquet.texts import Texts


def read(
    file: File, dataset: Dataset, shelf: Shelf, names: Iterable[str], within: Range, *, placed: bool = False
) -> Rows:
    """The rows of a time range, with what these fields need, and with `places` where they are wanted. OSError, or what
    pyarrow raises, where it is damaged.
    """
    groups = [group for group in file.groups if group.touches(within)]
    whole = file.within(within)
    wanted = {column for name in names for column in fields.columns(dataset, name)} | ({TIME} if not whole else set())
    found = tables.table(file, dataset, [group.number for group in groups], wanted, shelf)
    if placed:
        places = [_places(np.arange(group.first_row, group.first_row + group.rows)) for group in groups]
        found = Table({**found.columns, PLACE: places}, found.rows)
    return Rows(dataset, shelf.texts, found if whole else tables.of_time(found, within))


def _places(rows: Places) -> Numbers:
    return Numbers(rows, None, rows.dtype)


def picked(file: File, dataset: Dataset, shelf: Shelf, names: Iterable[str], places: Sequence[int]) -> Rows:
    """Some rows of a file, in the order of their places in it."""
    wanted = {column for name in names for column in fields.columns(dataset, name)}
    parts = []
    for group in file.groups:
        inside = [place - group.first_row for place in places if 0 <= place - group.first_row < group.rows]
        if inside:
            parts.append(tables.picked(file, dataset, group.number, wanted, inside, shelf))
    columns = {name: [column for part in parts for column in part.columns[name]] for name in parts[0].columns}
    return Rows(dataset, shelf.texts, Table(columns, [rows for part in parts for rows in part.rows]))


def empty(dataset: Dataset, texts: Texts) -> Rows:
    """No rows."""
    return Rows(dataset, texts, Table({}, []))
