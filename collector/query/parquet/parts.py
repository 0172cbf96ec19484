"""Columns of row groups in memory: in as few bytes as hold them, since they are kept for the next question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from collector.query.columns import Mask
from collector.query.parquet import fields
from collector.query.parquet.coding import Coded, CodedLists, Floats, Places, listed, looked_up, narrow, taken
from collector.schema import Field

NUMBER = pl.UInt32()
"""Type of a text's number."""
_NO_TEXTS = pl.Series([], dtype=NUMBER)
_WIDE = 1 << 32
"""Numbers that differ by so much stay as they are."""
Number = Callable[[pa.Array], pl.Series]
"""The numbers of the texts of a dictionary."""


@dataclass(frozen=True, eq=False)
class Blank:
    """Null in each row."""

    rows: int

    nbytes = 0

    def take(self, rows: Places) -> "Blank":
        """Of some rows."""
        return Blank(len(rows))


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers, truth values, or times in milliseconds: as they are, less the least of them, or as places."""

    codes: npt.NDArray[Any]
    there: Mask | None
    """The rows that have one; None: all."""
    kind: np.dtype[Any]
    """Of the values."""
    least: int = 0
    table: npt.NDArray[Any] | None = None
    """The values that codes are places of."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(one.nbytes for one in (self.codes, self.there, self.table) if one is not None)

    def take(self, rows: Places) -> "Numbers":
        """Of some rows."""
        there = None if self.there is None else taken(self.there, rows)
        return replace(self, codes=taken(self.codes, rows), there=there)

    @property
    def values(self) -> npt.NDArray[Any]:
        """Any number where there is none."""
        if self.table is not None:
            return looked_up(self.table, self.codes)
        values = self.codes.astype(self.kind, copy=False)
        return values + self.kind.type(self.least) if self.least else values

    def floats(self, out: Floats, nothing: float) -> None:
        """Into an array, `nothing` where there is none."""
        if self.table is not None:
            out[:] = looked_up(self.table.astype(np.float64), self.codes)
        else:
            out[:] = self.values if self.least else self.codes
        if self.there is not None:
            out[~self.there] = nothing

    @property
    def series(self) -> pl.Series:
        """Null where there is none."""
        values = pl.Series(self.values)
        return values if self.there is None else values.set(pl.Series(~self.there), None)


@dataclass(frozen=True, eq=False)
class Lists:
    """Lists of texts."""

    coded: CodedLists
    there: Mask
    """The rows that have one, which may be empty."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        coded = self.coded
        return self.there.nbytes + coded.starts.nbytes + coded.lengths.nbytes + coded.elements.nbytes

    def take(self, rows: Places) -> "Lists":
        """Of some rows."""
        _, elements = self.coded.apart(rows)
        return Lists(listed(taken(self.coded.lengths, rows), elements), taken(self.there, rows))

    @property
    def series(self) -> pl.Series:
        """Null where there is none."""
        elements = self.coded.elements
        numbers = elements.values.extend_constant(None, 1).gather(pl.Series(elements.codes)).to_arrow()
        offsets = pa.array(np.append(self.coded.starts, len(elements.codes)).astype(np.int32))
        return pl.Series(pl.from_arrow(pa.ListArray.from_arrays(offsets, numbers, mask=pa.array(~self.there))))


Part = Blank | Numbers | Coded | Lists


def part(column: pa.Array, field: Field, number: Number) -> Part:
    """A column of Arrow, of texts by the numbers that `number` gives."""
    if column.null_count == len(column):
        return Blank(len(column))
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        lengths = pc.list_value_length(column).fill_null(0).to_numpy().astype(np.intp)
        there = column.is_valid().to_numpy(zero_copy_only=False)
        return Lists(listed(lengths, _texts(column.flatten(), number)), there)
    return _texts(column, number) if fields.is_text(field) else _numbers(column)


def _texts(column: pa.Array, number: Number) -> Coded:
    """Places among the numbers of different texts; behind them for null."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    values = number(coded.dictionary)
    places = coded.indices.fill_null(len(values)) if coded.indices.null_count else coded.indices
    return Coded(places.to_numpy().astype(narrow(len(values) + 1), copy=False), values)


def _numbers(column: pa.Array) -> Numbers:
    there = column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None
    if pa.types.is_dictionary(column.type):
        table = _physical(column.dictionary)
        return Numbers(_filled(column.indices), there, table.dtype, table=table)
    return _less(_filled(_integers(column)), there)


def _physical(column: pa.Array) -> npt.NDArray[Any]:
    physical: npt.NDArray[Any] = _integers(column).to_numpy(zero_copy_only=False)
    return physical


def _integers(column: pa.Array) -> pa.Array:
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def _filled(column: pa.Array) -> npt.NDArray[Any]:
    """With any number for null."""
    filled = column.fill_null(pa.scalar(0).cast(column.type)) if column.null_count else column
    numbers: npt.NDArray[Any] = filled.to_numpy(zero_copy_only=False)
    return numbers


def _less(values: npt.NDArray[Any], there: Mask | None) -> Numbers:
    """Whole numbers in fewer bytes."""
    if values.dtype.kind not in "iu":
        return Numbers(values, there, values.dtype)
    low, high = int(values.min()), int(values.max())
    least = low if low < 0 or narrow(high - low + 1).itemsize < narrow(high + 1).itemsize else 0
    kind = narrow(high - least + 1)
    if high - least >= _WIDE or kind.itemsize >= values.dtype.itemsize:
        return Numbers(values, there, values.dtype)
    less = values - values.dtype.type(least) if least else values
    return Numbers(less.astype(kind), there, values.dtype, least)


def series(part: Part, kind: pl.DataType) -> pl.Series:
    """Numbers, or lists of the numbers of texts, as polars has them."""
    if isinstance(part, Numbers | Lists):
        return part.series.cast(kind)
    return pl.Series([None], dtype=kind).new_from_index(0, _rows(part))


def texts_of(part: Part) -> Coded:
    """Of a column of texts."""
    return part if isinstance(part, Coded) else Coded(np.zeros(_rows(part), np.uint8), _NO_TEXTS)


def lists_of(part: Part) -> CodedLists:
    """Of a column of lists."""
    if isinstance(part, Lists):
        return part.coded
    return listed(np.zeros(_rows(part), np.intp), Coded(np.zeros(0, np.uint8), _NO_TEXTS))


def floats(parts: Sequence[Part], count: int, nothing: float) -> Floats:
    """Numbers of so many rows, `nothing` where there is none."""
    found, begin = np.empty(count) if parts else np.full(count, nothing), 0
    for part in parts:
        if isinstance(part, Numbers):
            part.floats(found[begin : begin + len(part.codes)], nothing)
            begin += len(part.codes)
        else:
            found[begin : begin + _rows(part)] = nothing
            begin += _rows(part)
    return found


def _rows(part: Part) -> int:
    """Of a column that has nothing."""
    return part.rows if isinstance(part, Blank) else 0


@dataclass(frozen=True)
class Table:
    """Columns of some row groups: of each, a part for each of these; and how many rows they have."""

    columns: Mapping[str, Sequence[Part]]
    rows: Sequence[int]
