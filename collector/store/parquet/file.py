"""Parquet files: row groups of column chunks, and the footer that says where they lie.

https://github.com/apache/parquet-format, README.md and src/main/thrift/parquet.thrift there
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import BinaryIO

from collector.datasets import FLOWS, Dataset
from collector.flows import Flows
from collector.schema import Field
from collector.store.parquet import batch, thrift
from collector.store.parquet.chunks import PLAIN, RLE, RLE_DICTIONARY, Buffer, Chunk, Encoder
from collector.store.parquet.columns import is_list
from collector.store.parquet.encoding import Column

MAGIC = b"PAR1"

_BOOLEAN, _INT32, _INT64, _DOUBLE, _BYTE_ARRAY = 0, 1, 2, 5, 6
_PHYSICAL = {"bool": _BOOLEAN, "u8": _INT32, "u16": _INT32, "u32": _INT32, "f64": _DOUBLE}
_INT64_KINDS = {"time", "u64", "id", "counter"}
_BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64, "id": 64, "counter": 64}
_OPTIONAL, _REPEATED = 1, 2
_NOTHING = thrift.struct({})


@dataclass(frozen=True)
class RowGroup:
    """The chunks of all columns for some rows, and where the first begins in the file."""

    rows: int
    begin: int
    chunks: Sequence[Chunk]


class ParquetFile:
    """Writes one file to `out` from its beginning to its end: never seeks, so `out` may be a pipe.

    All its rows are of one dataset. Raises OSError where `out` does.
    """

    def __init__(self, out: BinaryIO, dataset: Dataset = FLOWS) -> None:
        self.dataset = dataset
        self._out = out
        self._groups: list[RowGroup] = []
        self.size = 0
        self._write(MAGIC)

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return sum(group.rows for group in self._groups)

    def write(self, flows: Flows) -> None:
        """Adds a batch as one row group."""
        if len(flows):
            self.add(len(flows), batch.columns(flows))

    def add(self, rows: int, columns: Iterable[Column]) -> None:
        """Adds a row group: a column for each field of the dataset, in its order."""
        encoder = Encoder()
        self.copy(rows, [encoder.chunk(column) for column in columns])

    def copy(self, rows: int, chunks: Sequence[Chunk]) -> None:
        """Adds a row group of chunks that are ready."""
        begin = self.size
        for chunk in chunks:
            for part in chunk.data:
                self._write(part)
        self._groups.append(RowGroup(rows, begin, [chunk.without_data() for chunk in chunks]))

    def close(self) -> None:
        """Writes the footer; `out` stays open."""
        footer = _footer(self._groups, self.dataset)
        self._write(footer + len(footer).to_bytes(4, "little") + MAGIC)

    def _write(self, data: Buffer) -> None:
        self._out.write(data)
        self.size += memoryview(data).nbytes


def _footer(groups: Sequence[RowGroup], dataset: Dataset) -> bytes:
    order = thrift.struct({1: _NOTHING})  # by the type of the column, the only order that is defined
    leaves = len(dataset.fields)
    return thrift.struct(
        {
            1: thrift.i32(1),
            2: _schema(dataset),
            3: thrift.i64(sum(group.rows for group in groups)),
            4: thrift.array([_row_group(group, dataset) for group in groups], thrift.STRUCT),
            6: thrift.binary(_created_by()),
            7: thrift.array([order] * leaves, thrift.STRUCT),
        }
    )[1]


def _row_group(group: RowGroup, dataset: Dataset) -> thrift.Value:
    begin, chunks = group.begin, []
    for field, chunk in zip(dataset.fields.values(), group.chunks, strict=True):
        chunks.append(_chunk(field, chunk, begin))
        begin += chunk.size
    return thrift.struct(
        {
            1: thrift.array(chunks, thrift.STRUCT),
            2: thrift.i64(sum(chunk.unpacked for chunk in group.chunks)),
            3: thrift.i64(group.rows),
            5: thrift.i64(group.begin),
            6: thrift.i64(begin - group.begin),
        }
    )


def _chunk(field: Field, chunk: Chunk, begin: int) -> thrift.Value:
    physical, path, encodings = _constant(field)
    column = {
        1: physical,
        2: encodings[chunk.data_page > 0],
        3: path,
        4: thrift.i32(chunk.codec),
        5: thrift.i64(chunk.slots),
        6: thrift.i64(chunk.unpacked),
        7: thrift.i64(chunk.size),
        9: thrift.i64(begin + chunk.data_page),
        11: thrift.i64(begin) if chunk.data_page else None,
        12: chunk.statistics,
    }
    # 0, as readers are told to ignore a place of metadata outside the footer.
    return thrift.struct({2: thrift.i64(0), 3: thrift.struct(column)})


@cache
def _constant(field: Field) -> tuple[thrift.Value, thrift.Value, tuple[thrift.Value, thrift.Value]]:
    """What is the same in all chunks of a field: type, path, and the encodings without and with a dictionary."""
    names = [field.name, "list", "element"] if is_list(field) else [field.name]
    path = thrift.array([thrift.binary(name.encode()) for name in names], thrift.BINARY)
    plain = thrift.array([thrift.i32(PLAIN), thrift.i32(RLE)], thrift.I32)
    coded = thrift.array([thrift.i32(PLAIN), thrift.i32(RLE), thrift.i32(RLE_DICTIONARY)], thrift.I32)
    return thrift.i32(_physical(field)), path, (plain, coded)


@cache
def _schema(dataset: Dataset) -> thrift.Value:
    """The schema tree, its root first: fields are optional, each the same in all files."""
    elements = [thrift.struct({4: thrift.binary(b"flow"), 5: thrift.i32(len(dataset.fields))})]
    for field in dataset.fields.values():
        elements += _list_elements(field) if is_list(field) else [_leaf(field, field.name)]
    return thrift.array(elements, thrift.STRUCT)


def _list_elements(field: Field) -> list[thrift.Value]:
    """A list in three levels, as LogicalTypes.md of the format says."""
    outer = {3: thrift.i32(_OPTIONAL), 4: thrift.binary(field.name.encode()), 5: thrift.i32(1), 6: thrift.i32(3)}
    outer[10] = thrift.struct({3: _NOTHING})
    middle = {3: thrift.i32(_REPEATED), 4: thrift.binary(b"list"), 5: thrift.i32(1)}
    return [thrift.struct(outer), thrift.struct(middle), _leaf(field, "element")]


def _leaf(field: Field, name: str) -> thrift.Value:
    converted, logical = _annotation(field)
    return thrift.struct(
        {
            1: thrift.i32(_physical(field)),
            3: thrift.i32(_OPTIONAL),
            4: thrift.binary(name.encode()),
            6: converted,
            10: logical,
        }
    )


def _annotation(field: Field) -> tuple[thrift.Value | None, thrift.Value | None]:
    """What the stored type means, in the old form (ConvertedType) and the new one (LogicalType)."""
    if field.kind == "time":
        milliseconds = thrift.struct({1: _NOTHING})
        return thrift.i32(9), thrift.struct({8: thrift.struct({1: thrift.TRUE, 2: milliseconds})})
    if field.kind in _BITS:
        bits = _BITS[field.kind]
        unsigned = thrift.struct({1: thrift.byte(bits), 2: thrift.FALSE})
        return thrift.i32({8: 11, 16: 12, 32: 13, 64: 14}[bits]), thrift.struct({10: unsigned})
    if _physical(field) == _BYTE_ARRAY:
        return thrift.i32(0), thrift.struct({1: _NOTHING})
    return None, None


def _physical(field: Field) -> int:
    return _INT64 if field.kind in _INT64_KINDS else _PHYSICAL.get(field.kind, _BYTE_ARRAY)


@cache
def _created_by() -> bytes:
    try:
        return f"flow-collector version {version('flow-collector')}".encode()
    except PackageNotFoundError:
        return b"flow-collector"
