"""Columns of a row group in the encodings of Parquet: levels, packed numbers, dictionaries.

What general writers do for any data is left out for speed; what comes of it is plain Parquet that any reader takes:

* Numbers of dictionary entries are packed into 1, 2, 4, 8, 16 or 32 bits: from 8 on, packing is a copy.
* Small integers count as entries of a dictionary of all integers up to the largest: a byte each, nothing looked up.
  Larger ones are numbered where few are distinct: two bytes each (see integers.py).
* Text comes with its dictionary (see columns.py): nothing is hashed for each flow.
* Levels that say "all there" or "all null" are one run: a field that no flow has costs next to nothing.

https://github.com/apache/parquet-format, Encodings.md there
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from collector.store.parquet.thrift import varint

Values = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Order = Literal["<i4", "<i8", "<f8"]
"""How a number is stored."""


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Distinct values one after another in encoding PLAIN."""

    data: bytes
    entries: int


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one column of a row group."""

    slots: int
    """Values, nulls and empty lists: what the levels count."""
    levels: bytes
    """Repetition levels (of lists) and definition levels, encoded, each with its length in front."""
    nulls: int
    values: Values
    """What is there, without nulls: entries of the dictionary, or little-endian values as they are stored."""
    dictionary: Dictionary | None = None
    low: bytes | None = None
    """Least value as stored, where known."""
    high: bytes | None = None


def run(level: int, count: int) -> bytes:
    """The same level `count` times, with its length in front."""
    return _sized(varint(count << 1) + bytes([level]))


def levels(present: Mask | None, count: int) -> bytes:
    """Definition levels of an optional column: 1 where a value is there. None: everywhere."""
    return run(1, count) if present is None else mixed(present, 1)


def mixed(values: Values, width: int) -> bytes:
    """Levels of `width` bits (1 or 2) that differ, with their length in front."""
    return _sized(bit_packed(values, width))


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


def bit_packed(values: Values, width: int) -> bytes:
    """One run of `values` in `width` bits each, filled up to a multiple of eight values."""
    groups = -(-len(values) // 8)
    data = _narrowed(values, width)
    return b"".join([varint(groups << 1 | 1), data, bytes(groups * width - len(data))])


def _narrowed(values: Values, width: int) -> bytes:
    """Numbers of `width` bits one after another, the first in the lowest bits."""
    if width >= 8:
        return values.tobytes()
    if width == 1:
        return np.packbits(values.view(np.uint8), bitorder="little").tobytes()
    each = 8 // width
    cells = np.zeros(-(-len(values) // each) * each, np.uint8)
    cells[: len(values)] = values
    packed = cells[::each].copy()
    for place in range(1, each):
        packed |= cells[place::each] << np.uint8(place * width)
    return packed.tobytes()


def width_of(dictionary: Dictionary) -> int:
    """Bits of the number of an entry; 0 where there is but one."""
    return next(width for width in (0, 1, 2, 4, 8, 16, 32) if dictionary.entries <= 1 << width)


def entries(values: Values, dictionary: Dictionary) -> bytes:
    """Numbers of dictionary entries, as they follow the levels in encoding RLE_DICTIONARY."""
    width = width_of(dictionary)
    if not width:
        return b"\1" + varint(len(values) << 1) + b"\0"
    return bytes([width]) + bit_packed(values, width)


def index_type(count: int) -> type[np.uint8] | type[np.uint16] | type[np.uint32]:
    """The type in which `Column.values` numbers so many entries of a dictionary."""
    if count <= 1 << 8:
        return np.uint8
    return np.uint16 if count <= 1 << 16 else np.uint32
