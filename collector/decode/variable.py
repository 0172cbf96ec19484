"""Records whose fields have lengths of their own (RFC 7011 section 7), found in their sets.

The sets of a layout are walked in step, the first record of every set, then the second, …, each step a vector over the
sets, so that no record costs a Python call; when few sets go on, their records are walked one after another.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from collector.decode.layout import Layout, Structured
from collector.decode.records import Bytes, Ints, Ragged, Records

FEW = 24
"""Sets that are walked faster record by record. It also bounds the cost of a set with very many tiny records."""
LONG = 255
"""A length byte that says: two bytes with the length follow."""
MARGIN = 3
"""Bytes that a length takes at most; so many lie behind the last set, for a step to read."""


def variable(layout: Layout, bodies: Sequence[bytes]) -> tuple[Records, Ints, Ints]:
    """The records of sets with variable fields.

    Returns the records in the order of the sets, the number of records of each set, and the bytes left over in each
    (padding, or the start of a record that the set cuts off).
    """
    data = b"".join(bodies) + bytes(MARGIN)
    lengths = np.fromiter(map(len, bodies), np.int64, len(bodies))
    ends = np.cumsum(lengths)
    walk = _Walk(layout, data, ends)
    sets, table = walk.records(ends - lengths)
    order = np.argsort(sets, kind="stable")
    counts = np.bincount(sets, minlength=len(bodies)).astype(np.int64)
    return _view(layout, np.frombuffer(data, np.uint8), table[:, order]), counts, ends - walk.reached


class _Walk:
    """Finds the records of a layout.

    A record is described by a row of numbers: the start of its first run of fixed fields, then for each variable field
    the start and length of its value and the start of the run behind it.
    """

    def __init__(self, layout: Layout, data: bytes, ends: Ints) -> None:
        self.ends = ends
        self.reached = ends.copy()
        self._data = data
        self._buffer = np.frombuffer(data, np.uint8)
        self._sizes = _sizes(layout)

    def records(self, starts: Ints) -> tuple[Ints, Ints]:
        """The set of each record, and a table with a column a record; records of a set in order."""
        cursor, active = starts, np.arange(len(starts))
        sets, tables = [np.zeros(0, np.int64)], [np.zeros((3 * len(self._sizes) - 2, 0), np.int64)]
        while len(active) > FEW:
            rows, after = self._step(cursor)
            whole = (after <= self.ends[active]) & (after > cursor)
            self.reached[active] = np.where(whole, after, cursor)
            if not whole.all():
                active, after, rows = active[whole], after[whole], [row[whole] for row in rows]
            sets.append(active)
            tables.append(np.stack(rows))
            cursor = after
        for one, start in zip(active.tolist(), cursor.tolist(), strict=True):
            found = list(self._chain(start, one))
            sets.append(np.full(len(found), one))
            tables.append(np.array(found, np.int64).reshape(len(found), -1).T if found else tables[0])
        return np.concatenate(sets), np.concatenate(tables, axis=1)

    def _step(self, cursor: Ints) -> tuple[list[Ints], Ints]:
        """The records that start at `cursor`, and where they end."""
        rows = [cursor]
        last = len(self._buffer) - MARGIN
        for size in self._sizes[:-1]:
            prefix = np.minimum(cursor + size, last)
            short = self._buffer[prefix].astype(np.int64)
            long = self._buffer[prefix + 1].astype(np.int64) << 8 | self._buffer[prefix + 2]
            wide = short == LONG
            length = np.where(wide, long, short)
            start = cursor + size + np.where(wide, 3, 1)
            cursor = start + length
            rows += [start, length, cursor]
        return rows, cursor + self._sizes[-1]

    def _chain(self, at: int, number: int) -> Iterator[list[int]]:
        """The records of one set from `at` on."""
        end = int(self.ends[number])
        while True:
            self.reached[number] = at
            row, after = self._one(at, end)
            if after > end or after == at:
                return
            yield row
            at = after

    def _one(self, at: int, end: int) -> tuple[list[int], int]:
        """The record at `at`, and where it ends: behind `end` where it is not whole."""
        row, cursor, data = [at], at, self._data
        for size in self._sizes[:-1]:
            cursor += size
            if cursor >= end:
                return row, end + 1
            length = data[cursor]
            cursor += 1
            if length == LONG:
                length = data[cursor] << 8 | data[cursor + 1]
                cursor += 2
            row += (cursor, length, cursor + length)
            cursor += length
        return row, cursor + self._sizes[-1]


def _sizes(layout: Layout) -> list[int]:
    """Bytes of each run of fixed fields."""
    return [sum(slot.length for slot in layout.slots[first:end]) for first, end in layout.segments]


def _view(layout: Layout, buffer: Bytes, table: Ints) -> Records:
    """The records that a table of `_Walk` describes."""
    segments, ragged = [], {}
    for number, size in enumerate(_sizes(layout)):
        segments.append(_gather(layout, number, buffer, table[3 * number], size))
        if number + 1 < len(layout.segments):
            place = layout.segments[number][1]
            ragged[place] = Ragged(buffer, table[3 * number + 1], table[3 * number + 2])
    return Records(layout, table.shape[1], tuple(segments), ragged)


def _gather(layout: Layout, number: int, buffer: Bytes, starts: Ints, size: int) -> Structured:
    dtype = layout.dtypes[number]
    if not size or not len(starts):
        return np.zeros(len(starts), dtype)
    # Opaque cells are gathered with a memcpy each.
    cells = np.ndarray((len(buffer) - size + 1,), f"V{size}", buffer, strides=(1,))
    return cells[starts].view(dtype)
