"""Records of one layout, seen as columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from collector.decode.layout import Layout, Structured

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[Any]
"""Unsigned integers, in whatever byte order they lie."""


@dataclass(frozen=True)
class Ragged:
    """A column of byte strings: where each lies in `buffer`."""

    buffer: Bytes
    starts: Ints
    lengths: Ints

    def packed(self) -> tuple[Ints, Bytes]:
        """All strings one after another, and the n + 1 offsets between them."""
        offsets = np.zeros(len(self.lengths) + 1, np.int64)
        np.cumsum(self.lengths, out=offsets[1:])
        place = np.repeat(self.starts - offsets[:-1], self.lengths) + np.arange(offsets[-1])
        return offsets, self.buffer[place]


@dataclass(frozen=True)
class Records:
    """So many records of one layout."""

    layout: Layout
    count: int
    segments: tuple[Structured, ...]
    """One structured array for each run of fixed fields (`Layout.segments`), `count` long."""
    ragged: dict[int, Ragged]
    """The variable fields by slot number."""

    def raw(self, place: int) -> Numbers:
        """The field of a fixed slot as numpy views it: big-endian integers of 1, 2, 4, 8 bytes, else `V<length>`."""
        runs = zip(self.layout.segments, self.segments, strict=True)
        return next(segment for (first, end), segment in runs if first <= place < end)[str(place)]

    def cells(self, place: int) -> npt.NDArray[np.void]:
        """The bytes of a fixed slot as a contiguous array of `V<length>`."""
        length = self.layout.slots[place].length
        return np.ascontiguousarray(self.raw(place)).view(f"V{length}")

    def matrix(self, place: int) -> Bytes:
        """The bytes of a fixed slot as an array of shape (count, length)."""
        return self.cells(place).view(np.uint8).reshape(self.count, -1)

    def numbers(self, place: int) -> Numbers:
        """Integers of any length as they lie there; of more than eight bytes the lowest eight."""
        if place in self.ragged:
            return _ragged_unsigned(self.ragged[place])
        raw = self.raw(place)
        return raw if raw.dtype.kind == "u" else _odd(self.matrix(place))

    def signed(self, place: int) -> Ints:
        """The same numbers, ready to be reckoned with."""
        return self.numbers(place).astype(np.int64)


def fixed(layout: Layout, body: bytes, count: int) -> Records:
    """`count` records of a layout without variable fields, one after another in `body`."""
    return Records(layout, count, (np.frombuffer(body, layout.dtypes[0], count),), {})


def _odd(matrix: Bytes) -> Numbers:
    """Big-endian integers of an unusual length (RFC 7011 section 6.2 allows any up to the type's own)."""
    out = np.zeros(len(matrix), np.uint64)
    for column in matrix[:, -8:].T:
        out = out << np.uint64(8) | column
    return out


def _ragged_unsigned(column: Ragged) -> Numbers:
    out = np.zeros(len(column.starts), np.uint64)
    last = len(column.buffer) - 1
    skipped = np.maximum(column.lengths - 8, 0)
    for step in range(min(8, int(column.lengths.max(initial=0)))):
        more = column.lengths > step
        value = column.buffer[np.minimum(column.starts + skipped + step, last)]
        out = np.where(more, out << np.uint64(8) | value, out)
    return out
