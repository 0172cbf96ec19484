"""A frame under construction: columns that are filled row by row set, each with the rows that have a value.

Numpy arrays with masks become one Arrow record batch and with it a polars frame at once; a column at a time through
polars would cost a small batch more than its decoding.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from collector.decode.columns import MAPPED, Mask
from collector.decode.octets import Cells, Octets, Places

Values = npt.NDArray[Any]

SPAN = np.dtype([("at", np.int64), ("size", np.int64)])
"""A text: where it lies in the buffer and how many bytes it has."""
STACK = np.dtype([("at", np.int64), ("depth", np.int64)])
"""An MPLS label stack: where its first entry lies in the buffer, and how many entries of four bytes it has."""
PATH = np.dtype([("at", np.int64), ("path", np.int64)])
"""An AS path: where its segments lie in the buffer, and how many words of four bytes they have."""
COMMUNITIES = np.dtype([("at", np.int64), ("communities", np.int64)])
"""BGP communities: where they lie in the buffer, and how many there are."""
ADDRESS = np.dtype([("hi", np.uint64), ("lo", np.uint64)])
"""An address: the halves of the IPv6 address, IPv4 in its mapped form."""
HALVES = np.dtype([("hi", ">u8"), ("lo", ">u8")])
"""An IPv6 address as it is sent."""


def ipv4(words: Values) -> Cells:
    """Addresses from IPv4 addresses as 32-bit numbers."""
    out = np.zeros(len(words), ADDRESS)
    out["lo"] = words
    out["lo"] |= MAPPED
    return out


def ipv6(cells: Cells) -> Cells:
    """Addresses from cells of `HALVES`."""
    return cells.astype(ADDRESS)


FEW = 64
"""Cells that are rendered faster one by one than by way of a dictionary."""


class Table:
    """Columns of `rows` rows over the bytes of `octets`.

    Row numbers given to `put` and `fill` are ascending and distinct. Values may be big-endian; a column has the type of
    the values that it is first given, in native order.
    """

    def __init__(self, rows: int, octets: Octets) -> None:
        self.rows = rows
        self._octets = octets
        self._columns: dict[str, tuple[Values, Mask | None]] = {}

    def put(self, name: str, rows: Places, values: Values, valid: Mask | None = None) -> None:
        """Set the column at some rows, where `valid`; an address becomes the two columns NAME.hi and NAME.lo."""
        if valid is not None and not valid.all():
            rows, values = rows[valid], values[valid]
        if not rows.size:
            return
        if values.dtype == ADDRESS:
            self.put(f"{name}.hi", rows, values["hi"])
            self.put(f"{name}.lo", rows, values["lo"])
            return
        if rows.size == self.rows:
            self._columns[name] = values.astype(_native(values.dtype)), None
            return
        column, have = self._columns.get(name) or self._new(name, values.dtype)
        column[rows] = values
        if have is not None:
            have[rows] = True

    def fill(self, name: str, rows: Places, values: Values, valid: Mask | None = None) -> None:
        """As `put`, but only for rows that have no value yet."""
        column = self._columns.get(f"{name}.hi" if values.dtype == ADDRESS else name)
        if column is not None:
            have = column[1]
            if have is None:
                return
            free = ~have[rows]
            valid = free if valid is None else valid & free
        self.put(name, rows, values, valid)

    def drop(self, name: str) -> None:
        """Forget a column, if there is one."""
        self._columns.pop(name, None)

    def columns(self) -> Iterator[tuple[str, Values, Mask]]:
        """All columns, with which rows have a value."""
        for name, (values, valid) in self._columns.items():
            yield name, values, np.ones(self.rows, np.bool_) if valid is None else valid

    def series(self, name: str) -> pl.Series:
        """A column as `frame` has it; KeyError where there is none."""
        return pl.Series(name, self._array(*self._columns[name]))

    def frame(self) -> pl.DataFrame:
        """All columns; rows without a value are null, and columns without any are not there."""
        if not self._columns:
            return pl.DataFrame()
        arrays = [self._array(values, valid) for values, valid in self._columns.values()]
        return pl.DataFrame(pa.RecordBatch.from_arrays(arrays, names=list(self._columns)))

    def _new(self, name: str, dtype: np.dtype[np.generic]) -> tuple[Values, Mask]:
        column = np.zeros(self.rows, _native(dtype)), np.zeros(self.rows, np.bool_)
        self._columns[name] = column
        return column

    def _array(self, values: Values, valid: Mask | None) -> pa.Array:
        bits = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
        kind = _TYPES.get(values.dtype)
        if kind is not None:
            return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(values)])
        if values.dtype == SPAN:
            return _texts(self._octets, values, bits)
        if values.dtype == STACK:
            return _labels(self._octets, values, bits)
        if values.dtype in (PATH, COMMUNITIES):
            return _lists(self._octets, values, bits)
        return _cells(values, bits)


_NUMBERS = ("u1", "u2", "u4", "u8", "i4", "i8", "f4", "M8[ms]")
_TYPES: Mapping[np.dtype[np.generic], pa.DataType] = {
    np.dtype(name): pa.from_numpy_dtype(np.dtype(name)) for name in _NUMBERS
}


def _native(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def _mac(cell: bytes) -> str | None:
    return cell.hex(":") if any(cell) else None


def _uuid(cell: bytes) -> str | None:
    text = cell.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])) if any(cell) else None


_RENDER: Mapping[int, Callable[[bytes], str | None]] = {6: _mac, 16: _uuid}
"""What opaque cells are, by their width; others are shown in hexadecimal."""


def _cells(values: Values, bits: pa.Buffer | None) -> pa.Array:
    width = values.dtype.itemsize
    packed = pa.Array.from_buffers(pa.binary(width), len(values), [bits, pa.py_buffer(values.view(np.uint8))])
    return _interned(packed, _RENDER.get(width, bytes.hex), pa.large_string())


def _texts(octets: Octets, spans: Values, bits: pa.Buffer | None) -> pa.Array:
    return _interned(_runs(octets, spans["at"], spans["size"], 1, bits), _text, pa.large_string())


def _runs(octets: Octets, at: Values, counts: Values, width: int, bits: pa.Buffer | None) -> pa.Array:
    """Runs of so many items of a width, as they lie in the buffer."""
    offsets, place = _spread(at, counts, width)
    data = octets.bytes[place] if width == 1 else octets.cells(place, np.dtype([("item", f"V{width}")]))
    buffers = [bits, pa.py_buffer(offsets * width), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_binary(), len(at), buffers)


def _lists(octets: Octets, values: Values, bits: pa.Buffer | None) -> pa.Array:
    """Lists of words, each distinct one rendered once: routes are few."""
    name, render = ("path", _systems) if values.dtype == PATH else ("communities", _communities)
    return _interned(_runs(octets, values["at"], values[name], 4, bits), render, pa.large_list(pa.large_string()))


def _systems(path: bytes) -> list[str]:
    """The AS numbers of all segments, each of which has a type, a count and so many numbers."""
    words, out = struct.unpack(f">{len(path) // 4}I", path), list[str]()
    place = 0
    while place < len(words):
        begin, place = place + 2, place + 2 + words[place + 1]
        out += map(str, words[begin:place])
    return out


def _communities(cell: bytes) -> list[str]:
    """By the halves of each (RFC 1997)."""
    return [f"{high}:{low}" for high, low in struct.iter_unpack(">HH", cell)]


def _text(cell: bytes) -> str | None:
    return cell.rstrip(b"\0").decode("utf-8", "replace") or None


def _interned(packed: pa.Array, render: Callable[[bytes], Any], kind: pa.DataType) -> pa.Array:
    """Strings or lists of them, each distinct one rendered once."""
    if len(packed) < FEW:
        return pa.array([None if cell is None else render(cell) for cell in packed.to_pylist()], kind)
    coded = packed.dictionary_encode()
    words = pa.array([render(cell) for cell in coded.dictionary.to_pylist()], kind)
    return words.take(coded.indices)


def _labels(octets: Octets, stacks: Values, bits: pa.Buffer | None) -> pa.Array:
    """Lists of labels as text, outermost first: the upper 20 bits of each entry (RFC 3032 section 2.1)."""
    offsets, place = _spread(stacks["at"], stacks["depth"], 4)
    entries = octets.cells(place, np.dtype([("entry", ">u4")]))["entry"].astype(np.uint32)
    labels = pa.array(entries >> 12).cast(pa.large_string())
    kind = pa.large_list(pa.large_string())
    return pa.Array.from_buffers(kind, len(stacks), [bits, pa.py_buffer(offsets)], children=[labels])


def _spread(at: Values, counts: Values, width: int) -> tuple[npt.NDArray[np.int64], Places]:
    """Offsets of the items of runs: the n + 1 bounds of the runs, and the place of every item."""
    bounds = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=bounds[1:])
    first = np.repeat(at - bounds[:-1] * width, counts)
    return bounds, first + np.arange(bounds[-1]) * width
