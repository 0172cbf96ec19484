"""Pages of column chunks as the store writes them: one of values behind one of a dictionary, where there is one.

Numbers of entries are packed into 1, 2, 4, 8, 16 or 32 bits and levels are of one run, so that hardly anything needs
unpacking: reading them so takes a third of what a reader takes that has to expect anything. Whatever is otherwise
raises OtherwiseError.

https://github.com/apache/parquet-format, README.md and Encodings.md there
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector.store.parquet.thrift import I32, STRUCT

Numbers = npt.NDArray[Any]
_DATA, _DICTIONARY = 0, 2
_TYPES = {8: "u1", 16: "<u2", 32: "<u4"}
_zstd = pa.Codec("zstd")


class OtherwiseError(Exception):
    """Not as the store writes it."""


@dataclass(frozen=True)
class Packed:
    """A page as it is stored."""

    data: memoryview
    codec: str
    size: int
    """Bytes before compression."""
    count: int
    """Values, nulls included, or entries of a dictionary."""
    encoding: int

    def unpacked(self) -> memoryview:
        """Before compression."""
        if self.codec == "UNCOMPRESSED":
            return self.data
        if self.codec != "ZSTD":
            raise OtherwiseError
        return memoryview(_zstd.decompress(self.data, self.size)).cast("B")


def pages(data: memoryview, codec: str) -> tuple[Packed | None, Packed]:
    """The page of the dictionary, if there is one, and that of the values of a chunk."""
    found: dict[int, Packed] = {}
    at = 0
    while at < len(data):
        head, at = _header(data, at)
        about = head.get(7 if head[1] == _DICTIONARY else 5, {})
        found[head[1]] = Packed(data[at : at + head[3]], codec, head[2], about[1], about[2])
        at += head[3]
    if list(found) not in ([_DATA], [_DICTIONARY, _DATA]):
        raise OtherwiseError
    return found.get(_DICTIONARY), found[_DATA]


def _header(data: memoryview, at: int) -> tuple[dict[int, Any], int]:
    """A struct of numbers and structs, and where it ends."""
    found: dict[int, Any] = {}
    number = 0
    while data[at]:
        number, kind = number + (data[at] >> 4), data[at] & 15
        if kind == I32:
            zigzag, at = _varint(data, at + 1)
            found[number] = zigzag >> 1
        elif kind == STRUCT:
            found[number], at = _header(data, at + 1)
        else:
            raise OtherwiseError
    return found, at + 1


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    number = shift = 0
    while data[at] > 0x7F:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1


def levels(data: memoryview, at: int, count: int, width: int) -> tuple[Numbers, int]:
    """Levels of `width` bits, which are one run, where all are the same as one; and where they end."""
    end = at + 4 + int.from_bytes(data[at : at + 4], "little")
    head, at = _varint(data, at + 4)
    if head & 1:
        return _packed(data[at:end], head >> 1, width, count), end
    if head >> 1 != count or at + 1 != end:
        raise OtherwiseError
    return np.broadcast_to(np.uint8(data[at]), count), end


def entries(data: memoryview, count: int) -> Numbers:
    """So many numbers of entries of a dictionary."""
    head, at = _varint(data, 1)
    if head & 1:
        return _packed(data[at:], head >> 1, data[0], count)
    if head >> 1 != count or len(data) != at + 1:
        raise OtherwiseError
    return np.full(count, data[at], np.uint8)


def _packed(data: memoryview, groups: int, width: int, count: int) -> Numbers:
    """The first of groups of eight numbers of so many bits each, the first in the lowest bits."""
    if len(data) != groups * width or groups * 8 < count:
        raise OtherwiseError
    if width in _TYPES:
        return np.frombuffer(data, _TYPES[width])[:count]
    whole = np.frombuffer(data, np.uint8)
    if width == 1:
        return np.unpackbits(whole, count=count, bitorder="little")
    if width not in (2, 4):
        raise OtherwiseError
    each = 8 // width
    numbers = np.empty(len(whole) * each, np.uint8)
    for place in range(each):
        numbers[place::each] = whole >> np.uint8(place * width) & np.uint8((1 << width) - 1)
    return numbers[:count]


def texts(data: memoryview, count: int) -> pa.Array:
    """The texts of a dictionary, each behind its length in four bytes.

    Three bytes of zero are looked for, which are in the lengths of short texts and nowhere else; if they are, each
    text ends where the next length is.
    """
    whole = np.frombuffer(data, np.uint8)
    begins = np.flatnonzero((whole[1:-2] | whole[2:-1] | whole[3:]) == 0)
    lengths = whole[begins].astype(np.int64)
    ends = begins + 4 + lengths
    if len(begins) != count or begins[0] or ends[-1] != len(whole) or (begins[1:] != ends[:-1]).any():
        raise OtherwiseError
    inside = np.ones(len(whole), np.bool_)
    for place in range(4):
        inside[begins + place] = False
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(whole[inside]))
