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
MANY = 64
"""Many are wanted where there are at most so many times as many rows."""
_BITS = 63
"""Bits that the columns of a row may take as one number."""


def columns(frame: pl.DataFrame, names: Sequence[str]) -> Columns:
    """Columns that have a value in each row."""
    return [frame.get_column(name).to_numpy() for name in names]


def are_sorted(several: Columns) -> bool:
    """Whether each row is above the one before it, by the first column in which they differ."""
    count = len(several[0])
    return all(_rise([column[part.start : part.stop + 1] for column in several]).all() for part in blocks(count, BLOCK))


def run_begins(several: Columns) -> Places:
    """Where rows begin that differ from the one before them."""
    begins = np.ones(len(several[0]), np.bool_)
    begins[1:] = False
    for column in several:
        begins[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(begins)


def rise_within(column: npt.NDArray[Any], begins: npt.NDArray[Any]) -> bool:
    """Whether each number is above the one before it, beside those where another group begins."""
    rises = np.append(True, _rise([column]))
    rises[begins[begins < len(rises)]] = True
    return bool(rises[: len(column)].all())


def _rise(several: Columns) -> Mask:
    """Whether each row but the first is above the one before it."""
    rises = np.zeros(max(len(several[0]) - 1, 0), np.bool_)
    for column in reversed(several):
        before, after = column[:-1], column[1:]
        rises = (before < after) | ((before == after) & rises)
    return rises


def found(several: Columns, wanted: Columns) -> Places:
    """The row that equals each of the wanted ones, in sorted columns; -1 where there is none.

    To make one number of all columns pays where many are wanted.
    """
    count, rows = len(wanted[0]), len(several[0])
    if count * MANY > rows > 0 and (numbers := _as_numbers(several, wanted)):
        whole, some = numbers
        places = np.searchsorted(whole, some)
        return np.where(taken(whole, places) == some, places, -1)
    return found_among(several, wanted, np.zeros(count, np.intp), np.full(count, rows))


def _as_numbers(*several: Columns) -> list[Places] | None:
    """One number for the columns of each row, in the same order; None where that takes too many bits."""
    places = range(len(several[0]))
    if any(one[place].min(initial=0) < 0 for one in several for place in places):
        return None
    bits = [max(int(one[place].max(initial=0)) for one in several).bit_length() for place in places]
    return [_as_one(one, bits) for one in several] if sum(bits) < _BITS else None


def _as_one(several: Columns, bits: Sequence[int]) -> Places:
    made = several[0].astype(np.intp)
    for column, count in zip(several[1:], bits[1:], strict=True):
        if count:
            made <<= count
            made |= column.astype(np.intp)
    return made


def found_in_order(several: Columns, wanted: Columns) -> Places | None:
    """The rows that equal the wanted ones, where each is to be found behind the one before it; else None."""
    if any(column.dtype.kind not in "iu" for column in (*several, *wanted)) or not are_sorted(several):
        return None
    rows = found(several, wanted)
    return rows if (rows >= 0).all() and (rows[1:] > rows[:-1]).all() else None


def found_among(several: Columns, wanted: Columns, low: Places, high: Places) -> Places:
    """The same where for each of them the rows from `low` to before `high` are looked at, which are sorted."""
    if not len(several[0]):
        return np.full(len(low), -1)
    end = high
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        before = _before(several, wanted, middle) & (low < high)
        high = np.where(before | (low == high), high, middle)
        low = np.where(before, middle + 1, low)
    return np.where((low < end) & _equal(several, wanted, low), low, -1)


def _before(several: Columns, wanted: Columns, rows: Places) -> Mask:
    before = np.zeros(len(rows), np.bool_)
    for column, one in zip(reversed(several), reversed(wanted), strict=True):
        there = taken(column, rows)
        before = (there < one) | ((there == one) & before)
    return before


def _equal(several: Columns, wanted: Columns, rows: Places) -> Mask:
    equal = np.ones(len(rows), np.bool_)
    for column, one in zip(several, wanted, strict=True):
        equal &= taken(column, rows) == one
    return equal


def spans(begins: Places, ends: Places) -> Places:
    """All rows from each begin to before its end."""
    lengths = ends - begins
    rows: Places = np.arange(int(lengths.sum())) + np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
    return rows
