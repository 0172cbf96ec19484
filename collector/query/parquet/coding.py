"""Columns as row numbers of their different values, by which rows are grouped without comparing values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

Codes = npt.NDArray[np.intp]
Number = TypeVar("Number", bound=np.generic)
MOST_DENSE = 1 << 22
"""Numbers up to which different values are told apart by a table of all numbers."""
BLOCK = 1 << 16
"""Rows that are worked on at a time, so that all of them are in the fast memory."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A value for each row: `values` at the row's code, null at the code behind the last one."""

    codes: Codes
    values: pl.Series

    def take(self, rows: Codes | None) -> "Coded":
        """Of some rows."""
        return self if rows is None else Coded(taken(self.codes, rows), self.values)

    @property
    def size(self) -> int:
        """How many codes there are, that of null included."""
        return len(self.values) + 1


@dataclass(frozen=True, eq=False)
class CodedLists:
    """Any number of values for each row."""

    starts: Codes
    lengths: Codes
    elements: Coded

    def apart(self, rows: Codes | None) -> tuple[Codes, Coded]:
        """Of the elements of these rows: where in `rows` theirs is, and the elements."""
        starts, lengths = (self.starts, self.lengths) if rows is None else (self.starts[rows], self.lengths[rows])
        where = np.repeat(np.arange(len(lengths)), lengths)
        before = np.cumsum(lengths) - lengths
        places = np.arange(len(where)) + np.repeat(starts - before, lengths)
        return where, self.elements.take(places)


def taken(numbers: npt.NDArray[Number], rows: npt.NDArray[Any]) -> npt.NDArray[Number]:
    """Those of some rows, which are all there: not looking at that takes half the time."""
    return numbers.take(rows, mode="clip")


def either(mask: npt.NDArray[np.bool_], one: Codes, other: Codes) -> Codes:
    """`one` where the mask holds, else `other`: by bits, as a branch for each row takes three times as long."""
    chosen = np.empty(len(mask), np.intp)
    for part in blocks(len(mask), BLOCK):
        changed = -mask[part].astype(np.intp)
        changed &= one[part] ^ other[part]
        np.bitwise_xor(changed, other[part], out=chosen[part])
    return chosen


def blocks(rows: int, step: int) -> Iterator[slice]:
    """All rows, so many at a time."""
    return (slice(begin, begin + step) for begin in range(0, rows, max(step, 1)))


def coded(values: pl.Series) -> Coded:
    """A column of numbers or truth values."""
    there = values.null_count() == 0
    plain = values if there else values.fill_null(False if values.dtype == pl.Boolean else 0)
    numbers = plain.to_numpy()
    different, codes = _dense(numbers) if _is_dense(numbers) else _ranked(plain)
    if not there:
        codes = np.where(values.is_null().to_numpy(), len(different), codes)
    return Coded(codes, pl.Series(different, dtype=values.dtype))


def lists(values: pl.Series, *, once: bool) -> CodedLists:
    """A column of lists of numbers; with `once` they have none twice already."""
    values = values if once else values.list.unique()
    lengths = values.list.len().fill_null(0).to_numpy().astype(np.intp)
    elements = coded(values.explode(empty_as_null=False, keep_nulls=False))
    return CodedLists(np.cumsum(lengths) - lengths, lengths, elements)


def _is_dense(numbers: npt.NDArray[Any]) -> bool:
    if numbers.dtype == np.bool_:
        return True
    return numbers.dtype.kind in "iu" and bool(len(numbers)) and numbers.min() >= 0 and int(numbers.max()) < MOST_DENSE


def _dense(numbers: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Codes]:
    """Different numbers in order, and the place of each among them, by a table of all numbers."""
    indices = numbers.astype(np.intp)
    there = np.zeros(int(indices.max()) + 1, np.bool_)
    there[indices] = True
    return np.flatnonzero(there).astype(numbers.dtype), taken(np.cumsum(there) - 1, indices)


def _ranked(values: pl.Series) -> tuple[npt.NDArray[Any], Codes]:
    """The same for any numbers."""
    different = values.unique().sort()
    return different.to_numpy(), different.search_sorted(values).to_numpy().astype(np.intp)


def in_common(dictionaries: Sequence[pl.Series]) -> tuple[pl.Series, list[Codes]]:
    """The different texts of several dictionaries, and the code of each entry, that of null behind the last."""
    words = [one.to_numpy() for one in dictionaries]
    there = np.zeros(1 + max((int(one.max()) for one in words if len(one)), default=-1), np.bool_)
    for one in words:
        there[one] = True
    different, places = np.flatnonzero(there), np.cumsum(there) - 1
    tables = [np.append(places[one], len(different)) for one in words]
    return pl.Series(different, dtype=pl.UInt32), tables
