"""Integers as columns of a row group.

Where few are distinct, and where they follow from those of another column as bytes do from what was sampled, they are
numbered: two bytes each are compressed in a third of the time that eight take, and take less room.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from collector.store.parquet.encoding import Column, Dictionary, Mask, Order, Values, levels, run
from collector.store.parquet.numbering import numbered

_SMALL = 256
_RUN, _BEGINNING = 8, 4096
"""Length of runs of one value that compress as fast without numbers, and the values that are looked at to tell."""


@dataclass(frozen=True, eq=False)
class _Given:
    """Values, at least one, and where the least and the largest of them are."""

    values: Values
    least: int
    largest: int

    @classmethod
    def of(cls, values: Values) -> Self:
        return cls(values, int(values.argmin()), int(values.argmax()))

    @property
    def ends(self) -> tuple[int, int]:
        return int(self.values[self.least]), int(self.values[self.largest])

    def may_tell(self, other: Self) -> bool:
        """Whether other values may grow with these, by the ends of both."""
        there = other.values
        return len(there) == len(self.values) and (int(there[self.least]), int(there[self.largest])) == other.ends


@dataclass(frozen=True, eq=False)
class _Known:
    """A column with numbers."""

    given: _Given
    column: Column
    entries: int

    def tells(self, other: _Given, blank: Column, order: Order) -> Column | None:
        """Other values by the same numbers, where these are the same or each number stands for one of its own.

        `blank` is their column without any yet.
        """
        if blank.levels != self.column.levels or not self.given.may_tell(other):
            return None
        values, codes = other.values, self.column.values
        if values.dtype == self.given.values.dtype and np.array_equal(values, self.given.values):
            return self.column
        told = np.zeros(self.entries, values.dtype)
        told[codes] = values
        if not np.array_equal(told.take(codes), values) or not _distinct(told):
            return None
        return replace(self.column, dictionary=_dictionary(told, order), low=blank.low, high=blank.high)


class Integers:
    """Makes the columns of one row group."""

    def __init__(self) -> None:
        self._known: list[_Known] = []

    def column(self, values: Values, order: Order, present: Mask | None, count: int) -> Column:
        """A column of unsigned integers or times, of any width in native order; `values` are those present.

        `present` tells the rows that have one; None: all `count` rows.
        """
        head, nulls = levels(present, count), count - len(values)
        if not len(values):
            return Column(count, run(0, count), nulls, values)
        given = _Given.of(values)
        low, high = given.ends
        bounds = _stored(low, order), _stored(high, order)
        if low == high:
            return Column(count, head, nulls, np.zeros(len(values), np.uint8), Dictionary(bounds[0], 1), *bounds)
        if low >= 0 and high < _SMALL:
            counting = Dictionary(np.arange(high + 1, dtype=order).tobytes(), high + 1)
            return Column(count, head, nulls, values.astype(np.uint8), counting, *bounds)
        blank = Column(count, head, nulls, values[:0], None, *bounds)
        found = None if _in_runs(values) else self._numbered(given, blank, order)
        return found or replace(blank, values=_as_stored(values, order))

    def _numbered(self, given: _Given, blank: Column, order: Order) -> Column | None:
        """With the numbers of a column before or with its own, where few values are distinct."""
        told = (known.tells(given, blank, order) for known in reversed(self._known))
        found = next(filter(None, told), None) or _coded(given.values, blank, order)
        if found is not None and found.dictionary:
            self._known.append(_Known(given, found, found.dictionary.entries))
        return found


def _coded(values: Values, blank: Column, order: Order) -> Column | None:
    """With numbers of its own, where few are distinct."""
    found = numbered(values)
    return found and replace(blank, values=found[0], dictionary=_dictionary(found[1], order))


def _in_runs(values: Values) -> bool:
    """Whether a value mostly stays for some rows, by those at the beginning."""
    some = values[:_BEGINNING]
    return bool(np.count_nonzero(some[1:] != some[:-1]) * _RUN < len(some))


def _distinct(values: Values) -> bool:
    ordered = np.sort(values)
    return bool((ordered[1:] != ordered[:-1]).all())


def _dictionary(distinct: Values, order: Order) -> Dictionary:
    return Dictionary(_as_stored(distinct, order).tobytes(), len(distinct))


def _as_stored(values: Values, order: Order) -> Values:
    """Unsigned values keep their bits where the stored type is signed: the column's type says that they are not."""
    width = int(order[-1])
    if values.dtype.itemsize != width:
        values = values.astype(f"<u{width}")
    return values.view(order)


def _stored(value: int, order: Order) -> bytes:
    return value.to_bytes(int(order[-1]), "little", signed=value < 0)
