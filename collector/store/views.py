"""Texts as string views, and many of them made one text after another in one go.

A view (Arrow's columnar format, "variable-size binary view layout") is 16 bytes: the length of a text, its first four
bytes, and in which buffer and where it is; a text of up to 12 bytes is in the view itself. So texts can be looked up,
chosen and put in order by moving 16 bytes each, and are copied once, where they belong in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

TEXT, VIEW = pa.large_string(), pa.string_view()
CELL = np.dtype(np.complex128)
"""A view, as numpy's one type of 16 bytes that it moves as a whole; never computed with."""
INLINE = 12
"""Bytes of a text that has room in its view."""
Cells: TypeAlias = npt.NDArray[np.complex128]
Rows: TypeAlias = npt.NDArray[np.integer[Any]]
Offsets: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Views:
    """Texts, none of them null."""

    cells: Cells
    buffers: tuple[pa.Buffer, ...]
    """Where the texts are that have no room in their views."""

    @classmethod
    def of(cls, texts: pl.Series) -> Self:
        """The texts of a column; those that are null are empty."""
        whole = texts.fill_null("").rechunk() if texts.null_count() else texts.rechunk()
        array = whole.to_arrow(compat_level=pl.CompatLevel.newest())
        _, cells, *buffers = array.buffers()
        return cls(np.frombuffer(cells, CELL)[array.offset : array.offset + len(array)], tuple(buffers))

    def __len__(self) -> int:
        return len(self.cells)

    def texts(self) -> pl.Series:
        """As a column."""
        cells = pa.py_buffer(np.ascontiguousarray(self.cells))
        return pl.Series(pl.from_arrow(pa.Array.from_buffers(VIEW, len(self), [None, cells, *self.buffers])))

    @cached_property
    def inline(self) -> bool:
        """Whether all texts have room in their views."""
        return not self.buffers or bool((self.cells.view(np.uint32)[::4] <= INLINE).all())

    def behind(self, buffers: int) -> Cells:
        """The views where their buffers come behind so many others."""
        return self.cells if self.inline or not buffers else moved(self.cells.copy(), buffers)


def even(letters: npt.NDArray[np.uint8], length: int) -> Views:
    """Texts of one length, more than `INLINE`: at the beginning of a row of letters each."""
    rows, width = letters.shape
    cells = np.empty((rows, 4), np.uint32)
    cells[:, 0], cells[:, 1], cells[:, 2] = length, letters[:, :4].view(np.uint32)[:, 0], 0
    cells[:, 3] = np.arange(rows) * width
    return Views(cells.view(CELL).ravel(), (pa.py_buffer(letters),))


def moved(cells: Cells, buffers: int) -> Cells:
    """The same views, changed to those of texts whose buffers come behind so many others."""
    words = cells.view(np.uint64).reshape(-1, 2)
    words[:, 1] += (words[:, 0] & 0xFFFFFFFF > INLINE) * np.uint64(buffers)
    return cells


def between(data: pa.Buffer, offsets: Offsets, buffers: int) -> Views:
    """Texts one after another, from each offset to the next, to be made contiguous and for nothing else; their buffer
    comes behind so many others.
    """
    lengths = np.diff(offsets)
    if not len(lengths) or lengths.min() <= INLINE:
        views = Views.of(texts(data, offsets))
        return Views(views.behind(buffers), views.buffers)
    # The first bytes, by which views are compared, are left out.
    cells = np.zeros((len(lengths), 4), np.uint32)
    cells[:, 0], cells[:, 2], cells[:, 3] = lengths, buffers, offsets[:-1]
    return Views(cells.view(CELL).ravel(), (data,))


def contiguous(cells: Cells, buffers: Sequence[pa.Buffer]) -> tuple[pa.Buffer, Offsets]:
    """The texts of each column of `cells` (pieces by rows) one behind the other, as data and where each row begins
    and the last one ends.
    """
    pieces, rows = cells.shape
    views = pa.py_buffer(np.ascontiguousarray(cells.T))
    array = pa.Array.from_buffers(VIEW, pieces * rows, [None, views, *buffers]).cast(TEXT)
    _, offsets, data = array.buffers()
    return data, np.frombuffer(offsets, np.int64)[: pieces * rows + 1 : pieces]


def texts(data: pa.Buffer, offsets: Offsets) -> pl.Series:
    """Texts one after another as a column."""
    ends = pa.py_buffer(np.ascontiguousarray(offsets))
    return pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(len(offsets) - 1, ends, data)))
