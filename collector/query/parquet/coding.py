"""Columns as row numbers of their different values, by which rows are grouped without comparing values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.query.columns import Mask

Codes = npt.NDArray[np.unsignedinteger[Any]]
"""A code for each row, in as few bytes as hold all of them: memory is what most of the time is spent on."""
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
"""Numbers of rows."""
Number = TypeVar("Number", bound=np.generic)
MOST_DENSE = 1 << 22
"""Numbers up to which different values are told apart by a table of all numbers."""
BLOCK = 1 << 17
"""Rows that are worked on at a time, so that all of them are in the fast memory."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A value for each row: `values` at the row's code, null at the code behind the last one."""

    codes: Codes
    values: pl.Series

    def take(self, rows: Places | None) -> "Coded":
        """Of some rows."""
        return self if rows is None else Coded(taken(self.codes, rows), self.values)

    @property
    def size(self) -> int:
        """How many codes there are, that of null included."""
        return len(self.values) + 1

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.codes.nbytes + int(self.values.estimated_size())


@dataclass(frozen=True, eq=False)
class CodedLists:
    """Any number of values for each row."""

    starts: Places
    lengths: Places
    elements: Coded

    def apart(self, rows: Places | None) -> tuple[Places, Coded]:
        """Of the elements of these rows: where in `rows` theirs is, and the elements."""
        if rows is None:
            return np.repeat(np.arange(len(self.lengths)), self.lengths), self.elements
        starts, lengths = taken(self.starts, rows), taken(self.lengths, rows)
        where = np.repeat(np.arange(len(lengths)), lengths)
        before = np.cumsum(lengths) - lengths
        places = np.arange(len(where)) + np.repeat(starts - before, lengths)
        return where, self.elements.take(places)

    def having(self, matching: Mask) -> Mask:
        """The rows of which an element is one of these values, which are a truth value for each code."""
        found, there = np.zeros(len(self.lengths), np.bool_), np.flatnonzero(self.lengths)
        if len(there):
            elements = looked_up(matching, self.elements.codes)
            found[there] = np.logical_or.reduceat(elements, taken(self.starts, there))
        return found


def taken(numbers: npt.NDArray[Number], rows: npt.NDArray[Any]) -> npt.NDArray[Number]:
    """Those of some rows, which are all there: not looking at that takes half the time."""
    return numbers.take(rows, mode="clip")


def looked_up(table: npt.NDArray[Number], codes: npt.NDArray[Any]) -> npt.NDArray[Number]:
    """The same for codes, which would be widened all at once."""
    found = np.empty(len(codes), table.dtype)
    for part in blocks(len(codes), BLOCK):
        table.take(codes[part], mode="clip", out=found[part])
    return found


def narrow(size: int) -> np.dtype[np.unsignedinteger[Any]]:
    """The smallest type of so many codes."""
    return np.min_scalar_type(max(size - 1, 0))


def blocks(rows: int, step: int) -> Iterator[slice]:
    """All rows, so many at a time."""
    return (slice(begin, begin + step) for begin in range(0, rows, max(step, 1)))


def coded(values: pl.Series) -> Coded:
    """A column of numbers or truth values."""
    there = values.null_count() == 0
    plain = values if there else values.fill_null(False if values.dtype == pl.Boolean else 0)
    numbers = plain.to_numpy()
    different, codes = _dense(numbers) if _is_dense(numbers) else _in_units(numbers) or _ranked(plain)
    if not there:
        codes[values.is_null().to_numpy()] = len(different)
    return Coded(codes, pl.Series(different, dtype=values.dtype))


def lists(values: pl.Series, *, once: bool) -> CodedLists:
    """A column of lists of numbers; with `once` they have none twice already."""
    values = values if once else values.list.unique()
    lengths = values.list.len().fill_null(0).to_numpy().astype(np.intp)
    return listed(lengths, coded(values.explode(empty_as_null=False, keep_nulls=False)))


def listed(lengths: Places, elements: Coded) -> CodedLists:
    """Lists whose elements follow one another."""
    return CodedLists(np.cumsum(lengths) - lengths, lengths, elements)


def _is_dense(numbers: npt.NDArray[Any]) -> bool:
    if numbers.dtype == np.bool_:
        return True
    return numbers.dtype.kind in "iu" and bool(len(numbers)) and numbers.min() >= 0 and int(numbers.max()) < MOST_DENSE


def _dense(numbers: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Codes]:
    """Different numbers in order, and the place of each among them, by a table of all numbers."""
    whole = numbers.view(np.uint8) if numbers.dtype == np.bool_ else numbers
    there = np.zeros(int(whole.max(initial=0)) + 1, np.bool_)
    for part in blocks(len(whole), BLOCK):
        there[whole[part]] = True
    different = np.flatnonzero(there).astype(numbers.dtype)
    return different, looked_up(_places(there, len(different)), whole)


def _places(there: Mask, count: int) -> Codes:
    """Which of those that are there each is."""
    places: Codes = (np.cumsum(there, dtype=np.uint32) - 1).astype(narrow(count + 1))
    return places


_UNITS = (1000, 1_000_000, 1_000_000_000)
"""Durations are in nanoseconds, and mostly whole milliseconds or seconds."""


def _in_units(numbers: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Codes] | None:
    """The same where all are multiples of the smallest unit in which they are small; None elsewhere."""
    if numbers.dtype.kind not in "iu" or not len(numbers) or numbers.min() < 0:
        return None
    unit = next((one for one in _UNITS if int(numbers.max()) // one < MOST_DENSE), None)
    if unit is None or int(numbers.max()) < unit:
        return None
    in_units = numbers // numbers.dtype.type(unit)
    if not np.array_equal(in_units * numbers.dtype.type(unit), numbers):
        return None
    different, codes = _dense(in_units)
    return different * numbers.dtype.type(unit), codes


def _ranked(values: pl.Series) -> tuple[npt.NDArray[Any], Codes]:
    """The same for any numbers."""
    different = values.unique().sort()
    return different.to_numpy(), different.search_sorted(values).to_numpy().astype(narrow(len(different) + 1))


def in_common(dictionaries: Sequence[pl.Series]) -> tuple[pl.Series, list[Codes]]:
    """The different texts of several dictionaries, and the code of each entry, that of null behind the last."""
    words = [one.to_numpy() for one in dictionaries]
    there = np.zeros(1 + max((int(one.max()) for one in words if len(one)), default=-1), np.bool_)
    for one in words:
        there[one] = True
    different = np.flatnonzero(there)
    places = _places(there, len(different))
    last = places.dtype.type(len(different))
    return pl.Series(different, dtype=pl.UInt32), [np.append(places[one], last) for one in words]


def are_same(dictionaries: Sequence[pl.Series]) -> bool:
    """Whether all are one, that has nothing twice: then its places are codes."""
    first = dictionaries[0] if dictionaries else None
    if first is None or any(one is not first for one in dictionaries):
        return False
    return len(np.unique(first.to_numpy())) == len(first)


def joined(parts: Sequence[npt.NDArray[Any]], size: int) -> Codes:
    """Codes below `size` that follow one another."""
    return np.concatenate(parts, dtype=narrow(size), casting="unsafe")


def translated(parts: Iterable[tuple[Codes, Any]], count: int, size: int) -> Codes:
    """The codes of all rows, below `size`, by a table of those of each part's entries."""
    codes, begin = np.empty(count, narrow(size)), 0
    for table, indices in parts:
        for part in blocks(len(indices), BLOCK):
            some = indices[part]
            table.take(some, mode="clip", out=codes[begin : begin + len(some)])
            begin += len(some)
    return codes
