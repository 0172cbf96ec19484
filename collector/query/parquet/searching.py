"""Rows of sorted frames found by their values, in all columns at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.query.columns import Mask
from collector.query.parquet.coding import BLOCK, Places, blocks, taken

Columns = Sequence[npt.NDArray[Any]]
"""Of whole numbers, as many in each."""


def columns(frame: pl.DataFrame, names: Sequence[str]) -> Columns:
    """Columns that have a value in each row."""
    return [frame.get_column(name).to_numpy() for name in names]


def are_sorted(several: Columns) -> bool:
    """Whether each row is above the one before it, by the first column in which they differ."""
    count = len(several[0])
    return all(_rises([column[part.start : part.stop + 1] for column in several]) for part in blocks(count, BLOCK))


def _rises(several: Columns) -> bool:
    rises = np.zeros(len(several[0]) - 1, np.bool_)
    for column in reversed(several):
        before, after = column[:-1], column[1:]
        rises = (before < after) | ((before == after) & rises)
    return bool(rises.all())


def bounds(several: Columns, wanted: Columns) -> tuple[Places, Places]:
    """Where the rows that equal each of the wanted ones begin and end, in sorted columns."""
    return _searched(several, wanted, after=False), _searched(several, wanted, after=True)


def _searched(several: Columns, wanted: Columns, *, after: bool) -> Places:
    """How many rows are before each of the wanted ones, or also equal to it."""
    count = len(several[0])
    low, high = np.zeros(len(wanted[0]), np.intp), np.full(len(wanted[0]), count)
    for _ in range(count.bit_length()):
        middle = (low + high) >> 1
        before = _before(several, wanted, middle, equal=after) & (low < high)
        high = np.where(before | (low == high), high, middle)
        low = np.where(before, middle + 1, low)
    return low


def _before(several: Columns, wanted: Columns, rows: Places, *, equal: bool) -> Mask:
    before = np.full(len(rows), equal)
    for column, one in zip(reversed(several), reversed(wanted), strict=True):
        found = taken(column, rows)
        before = (found < one) | ((found == one) & before)
    return before


def spans(begins: Places, ends: Places) -> Places:
    """All rows from each begin to before its end."""
    lengths = ends - begins
    rows: Places = np.arange(int(lengths.sum())) + np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
    return rows
