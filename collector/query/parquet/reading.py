"""Reads the rows of files."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collector.datasets import Dataset
from collector.query.model import TIME, Range
from collector.query.parquet import fields
from collector.query.parquet.listing import File
from collector.query.parquet.rows import PLACE, Rows
from collector.query.parquet.tables import stored, table
from collector.query.parquet.texts import Texts


def read(
    file: File, dataset: Dataset, texts: Texts, names: Iterable[str], within: Range, *, placed: bool = False
) -> Rows:
    """The rows of a time range, with what these fields need, and with `places` where they are wanted. OSError, or what
    pyarrow raises, where it is damaged.
    """
    groups = [group for group in file.groups if group.touches(within)]
    whole = file.within(within)
    wanted = {column for name in names for column in fields.columns(dataset, name)} | ({TIME} if not whole else set())
    found = table(file, dataset, [group.number for group in groups], wanted)
    if placed:
        places = np.concatenate([np.arange(group.first_row, group.first_row + group.rows) for group in groups])
        found = found.append_column(PLACE, pa.array(places))
    return Rows(dataset, texts, found, None if whole else within)


def picked(file: File, dataset: Dataset, texts: Texts, names: Iterable[str], places: Sequence[int]) -> Rows:
    """Some rows of a file, in the order of their places in it."""
    wanted = {column for name in names for column in fields.columns(dataset, name)}
    parts = []
    for group in file.groups:
        inside = [place - group.first_row for place in places if 0 <= place - group.first_row < group.rows]
        if inside:
            with pq.ParquetFile(file.path) as opened:
                group_rows = opened.read_row_group(group.number, columns=stored(file, dataset, wanted) or [TIME])
            parts.append(group_rows.take(pa.array(inside)))
    return Rows(dataset, texts, pa.concat_tables(parts).append_column(PLACE, pa.array(places)), None)


def empty(dataset: Dataset, texts: Texts) -> Rows:
    """No rows."""
    return Rows(dataset, texts, pa.table({TIME: pa.array([], pa.timestamp("ms", "UTC"))}), None)
