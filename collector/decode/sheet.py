"""The columns of a batch's flows while they are being filled.

The records of each layout take a span of rows, and a column is filled span by span; what concerns all flows alike is
done over the whole sheet at once. In the end numpy arrays with masks become one Arrow record batch and with it a polars
frame: polars column by column would cost a small batch more than its decoding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from collector.decode import columns
from collector.decode.columns import Mask
from collector.schema import fields

Values = npt.NDArray[Any]
Column = tuple[Values, Mask]
"""Values, and which of them are there."""
CODES = {"exporters": np.uint32}
"""Types of coded columns whose tables may have more than 256 entries."""
STORED: Mapping[str, np.dtype[Any]] = {
    "u8": np.dtype(np.uint8),
    "u16": np.dtype(np.uint16),
    "u32": np.dtype(np.uint32),
    "u64": np.dtype(np.uint64),
    "id": np.dtype(np.uint64),
    "counter": np.dtype(np.uint64),
    "time": np.dtype(np.int64),
    "mac": np.dtype("V6"),
}
"""How the kinds of fields are kept here."""
INTERNAL: Mapping[str, np.dtype[Any]] = {
    "_rate": np.dtype(np.uint64),  # sampling rate that the record itself tells, 0 where it tells none
    "_sampler": np.dtype(np.int64),  # id of the sampler that the record names, 0 where it names none
    "_template": np.dtype(np.int64),  # id of the record's template
    "_totals": np.dtype(np.uint8),  # which counters are totals, and what the record is for them (totals.py)
    "_start": np.dtype(np.uint64),  # start of a flow with totals as the exporter writes it
}
"""Columns that never leave the sheet."""


@cache
def stored(name: str) -> np.dtype[Any]:
    """Numpy type of a column; KeyError for a field that is kept as text."""
    if name in INTERNAL:
        return INTERNAL[name]
    base, _, half = name.rpartition(".")
    if half in ("hi", "lo") and base in fields():
        return np.dtype(np.uint64)
    one = fields()[name]
    if one.table is not None:
        return np.dtype(CODES.get(one.table, np.uint8))
    return STORED[one.kind]


@dataclass(slots=True)
class Numbers:
    """A column of numbers or opaque cells."""

    values: Values
    valid: Mask


class Sheet:
    """Columns of `rows` rows."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._numbers: dict[str, Numbers] = {}
        self._texts: dict[str, list[tuple[int, pl.Series]]] = {}

    def part(self, first: int, end: int) -> "Part":
        """The rows from `first` to before `end`."""
        return Part(self, slice(first, end))

    def whole(self) -> "Part":
        """All rows."""
        return self.part(0, self.rows)

    def numbers(self, name: str) -> Numbers | None:
        """A column, None where nothing has been put there."""
        return self._numbers.get(name)

    def numbers_of(self, name: str) -> Numbers:
        """A column, new where nothing has been put there."""
        column = self._numbers.get(name)
        if column is None:
            column = Numbers(np.zeros(self.rows, stored(name)), np.zeros(self.rows, np.bool_))
            self._numbers[name] = column
        return column

    def has_text(self, name: str, first: int) -> bool:
        """Whether a text column has a piece that begins at row `first`."""
        return any(row == first for row, _ in self._texts.get(name, [])[-1:])

    def add_text(self, name: str, first: int, column: pl.Series) -> None:
        """A piece of a text column, from row `first` on; pieces come in the order of the rows."""
        self._texts.setdefault(name, []).append((first, column))

    def frame(self) -> pl.DataFrame:
        """All columns but the internal ones; columns without any value are left out."""
        some = {name: c for name, c in self._numbers.items() if name not in INTERNAL and c.valid.any()}
        arrays = {name: _array(c) for name, c in some.items() if c.values.dtype.kind != "V"}
        macs = [columns.texts(name, c.values, _mac) for name, c in some.items() if name not in arrays]
        texts = [_joined(name, pieces, self.rows) for name, pieces in self._texts.items()]
        frame = pl.DataFrame(pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays)))
        return frame.hstack([column for column in (*macs, *texts) if column.null_count() < self.rows])


class Part:
    """Some successive rows of a sheet. All arrays given and returned are as long as there are rows in it."""

    def __init__(self, sheet: Sheet, span: slice) -> None:
        self.rows: int = span.stop - span.start
        self._sheet = sheet
        self._span = span

    def put(self, name: str, values: Values, valid: Mask | None = None) -> Values:
        """Set a column, in any byte order and width; what does not fit its type is no value.

        Returns the values as kept, to be looked at or changed in place.
        """
        column = self._sheet.numbers_of(name)
        here = column.values[self._span]
        here[...] = values
        column.valid[self._span] = True if valid is None else valid
        if values.dtype.itemsize > here.dtype.itemsize:
            column.valid[self._span] &= values <= np.iinfo(here.dtype).max
        return here

    def fill(self, name: str, values: Values, valid: Mask) -> None:
        """As `put`, but only for rows that have no value yet."""
        column = self._sheet.numbers_of(name)
        free = valid & ~column.valid[self._span]
        column.values[self._span][free] = values[free]
        column.valid[self._span][free] = True

    def limit(self, name: str, valid: Mask) -> None:
        """Take values away where not `valid`."""
        column = self._sheet.numbers(name)
        if column is not None:
            column.valid[self._span] &= valid

    def get(self, name: str) -> Column | None:
        """A column, None where it has no value in these rows."""
        column = self._sheet.numbers(name)
        if column is None:
            return None
        valid = column.valid[self._span]
        return (column.values[self._span], valid) if valid.any() else None

    def has_text(self, name: str) -> bool:
        """Whether a text column has been put in, be it without any value."""
        return self._sheet.has_text(name, self._span.start)

    def text(self, column: pl.Series) -> None:
        """A text column under the name of the series."""
        self._sheet.add_text(column.name, self._span.start, column)


def _array(column: Numbers) -> pa.Array:
    bits = None if column.valid.all() else pa.py_buffer(np.packbits(column.valid, bitorder="little"))
    kind = pa.from_numpy_dtype(column.values.dtype)
    if kind == pa.int64():  # only times are signed
        kind = pa.timestamp("ms")
    return pa.Array.from_buffers(kind, len(column.values), [bits, pa.py_buffer(column.values)])


def _mac(cell: bytes) -> str | None:
    """Zeros, also of rows without a value: the exporter has the field but not the address."""
    return columns.mac(cell) if any(cell) else None


def _joined(name: str, pieces: list[tuple[int, pl.Series]], rows: int) -> pl.Series:
    """The pieces one after another, null between them."""
    out, row = [], 0
    dtype = pieces[0][1].dtype
    for first, column in pieces:
        if first > row:
            out.append(pl.Series(name, [None], dtype=dtype).new_from_index(0, first - row))
        out.append(column)
        row = first + len(column)
    if row < rows:
        out.append(pl.Series(name, [None], dtype=dtype).new_from_index(0, rows - row))
    return out[0] if len(out) == 1 else pl.concat(out)
