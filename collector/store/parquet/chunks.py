"""Column chunks of a Parquet file: one data page each, behind a dictionary page where there is a dictionary.

https://github.com/apache/parquet-format, README.md and src/main/thrift/parquet.thrift there
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from collector.store.parquet import thrift
from collector.store.parquet.encoding import Column, Dictionary, entries, width_of

Buffer = bytes | memoryview

PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
UNCOMPRESSED, ZSTD = 0, 6
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_TINY = 128
"""Bytes up to which zstd would only add to them."""

_zstd = pa.Codec("zstd", compression_level=1)


@dataclass(frozen=True)
class Chunk:
    """A column of a row group as it lies in a file; places are counted from its own beginning."""

    data: list[Buffer]
    size: int
    """Bytes of `data`, headers of pages included."""
    unpacked: int
    """The same before compression."""
    codec: int
    slots: int
    data_page: int
    """Where the data page begins; a dictionary page is in front of it where that is above 0."""
    statistics: thrift.Value

    def without_data(self) -> "Chunk":
        """The same for a footer, which needs to know only where things lie."""
        return replace(self, data=[])


@dataclass(frozen=True)
class _Page:
    data: list[Buffer]
    size: int
    unpacked: int


_NO_PAGE = _Page([], 0, 0)


@dataclass
class Encoder:
    """Makes the chunks of one row group. What comes again is compressed once: dictionaries, and equal columns."""

    _empty: dict[tuple[bytes, int], Chunk] = field(default_factory=dict)
    _dictionaries: dict[tuple[Dictionary, int], _Page] = field(default_factory=dict)
    _coded: dict[tuple[int, int, int, int], tuple[Column, _Page]] = field(default_factory=dict)
    _plain: dict[tuple[object, ...], tuple[Column, _Page]] = field(default_factory=dict)

    def chunk(self, column: Column) -> Chunk:
        """The column's pages."""
        if len(column.values):
            return self._made(column)
        key = column.levels, column.slots
        if key not in self._empty:
            self._empty[key] = self._made(column)
        return self._empty[key]

    def _made(self, column: Column) -> Chunk:
        codec = UNCOMPRESSED if _raw_size(column) <= _TINY else ZSTD
        front, back = self._dictionary_page(column.dictionary, codec), self._data_page(column, codec)
        return Chunk(
            data=front.data + back.data,
            size=front.size + back.size,
            unpacked=front.unpacked + back.unpacked,
            codec=codec,
            slots=column.slots,
            data_page=front.size,
            statistics=statistics(column.nulls, column.low, column.high),
        )

    def _dictionary_page(self, dictionary: Dictionary | None, codec: int) -> _Page:
        if dictionary is None:
            return _NO_PAGE
        key = dictionary, codec
        if key not in self._dictionaries:
            header = thrift.struct({1: thrift.i32(dictionary.entries), 2: thrift.i32(PLAIN)})
            self._dictionaries[key] = _page(_DICTIONARY_PAGE, dictionary.data, codec, {7: header})
        return self._dictionaries[key]

    def _data_page(self, column: Column, codec: int) -> _Page:
        if column.dictionary is not None:
            return self._coded_page(column, column.dictionary, codec)
        # @timestamp and event.end, network.bytes and source.bytes are often the same.
        key = column.low, column.high, column.levels, len(column.values), column.values.dtype
        known = self._plain.get(key)
        if known is not None and np.array_equal(known[0].values, column.values):
            return known[1]
        page = _data_page(column.slots, PLAIN, b"".join((column.levels, column.values.data)), codec)
        self._plain[key] = column, page
        return page

    def _coded_page(self, column: Column, dictionary: Dictionary, codec: int) -> _Page:
        """Numbers of entries; columns with the very same ones have one page."""
        key = id(column.values), id(column.levels), width_of(dictionary), codec
        if key not in self._coded:
            raw = column.levels + entries(column.values, dictionary)
            self._coded[key] = column, _data_page(column.slots, RLE_DICTIONARY, raw, codec)
        return self._coded[key][1]


def _raw_size(column: Column) -> int:
    if column.dictionary is None:
        return len(column.levels) + column.values.nbytes
    values = column.values.nbytes if column.dictionary.entries > 1 else 0
    return len(column.levels) + len(column.dictionary.data) + values


def _data_page(slots: int, encoding: int, raw: bytes, codec: int) -> _Page:
    header = {1: thrift.i32(slots), 2: thrift.i32(encoding), 3: thrift.i32(RLE), 4: thrift.i32(RLE)}
    return _page(_DATA_PAGE, raw, codec, {5: thrift.struct(header)})


def _page(kind: int, raw: bytes, codec: int, header: dict[int, thrift.Value]) -> _Page:
    data = memoryview(_zstd.compress(raw)) if codec == ZSTD else memoryview(raw)
    sizes = {1: thrift.i32(kind), 2: thrift.i32(len(raw)), 3: thrift.i32(data.nbytes)}
    _, head = thrift.struct({**sizes, **header})
    return _Page([head, data], len(head) + data.nbytes, len(head) + len(raw))


def statistics(nulls: int, low: bytes | None, high: bytes | None) -> thrift.Value:
    """What the footer tells of a chunk: its nulls and, where known, the least and the largest value as stored."""
    least = None if low is None else thrift.binary(low)
    largest = None if high is None else thrift.binary(high)
    return thrift.struct({3: thrift.i64(nulls), 5: largest, 6: least})
