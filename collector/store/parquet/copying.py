"""Copies row groups from files of ours into another: large ones as they are, small ones joined and written anew."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collector.datasets import Dataset
from collector.store.parquet.chunks import UNCOMPRESSED, ZSTD, Chunk, statistics
from collector.store.parquet.columns import of_table, text_columns
from collector.store.parquet.file import ParquetFile

_SMALL = 50_000
"""Rows up to which a row group is written anew, together with its neighbours."""
_ENOUGH = 100_000
"""Rows for which small row groups are collected; what is held in memory is less than twice as much."""
_CODECS = {"UNCOMPRESSED": UNCOMPRESSED, "ZSTD": ZSTD}
_WIDTHS = {"INT32": 4, "INT64": 8}


class UnreadableError(Exception):
    """A file is not what was written; the text says why."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path


class ForeignError(Exception):
    """A file is not written by this version of ours: its fields are others."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class StoppedError(Exception):
    """Copying was ended before it was done."""


class Copier:
    """Copies files into one, in one thread, until `stop` is set."""

    def __init__(self, out: ParquetFile, stop: threading.Event) -> None:
        self._out = out
        self._stop = stop
        self._texts = text_columns(out.dataset)
        self._small: list[pa.Table] = []
        self._rows = 0

    def copy(self, paths: Sequence[Path]) -> None:
        """All rows in their order. Raises UnreadableError, ForeignError or StoppedError, and OSError from writing."""
        for path in paths:
            with path.open("rb") as file, _blamed(path):
                plain = pq.ParquetFile(file)
                if not plain.schema_arrow.equals(_our_schema(self._out.dataset)):
                    raise ForeignError(path)
                source = pq.ParquetFile(file, metadata=plain.metadata, read_dictionary=self._texts)
                for number in range(source.num_row_groups):
                    self._row_group(path, source, number)
        self._flush()

    def _row_group(self, path: Path, source: pq.ParquetFile, number: int) -> None:
        if self._stop.is_set():
            raise StoppedError
        group = source.metadata.row_group(number)
        if group.num_rows > _SMALL:
            self._flush()
            self._out.copy(group.num_rows, _chunks(path, group))
            return
        self._small.append(source.read_row_group(number, use_threads=False))
        self._rows += group.num_rows
        if self._rows >= _ENOUGH:
            self._flush()

    def _flush(self) -> None:
        """Writes the small row groups collected so far as one."""
        if self._rows:
            self._out.add(self._rows, of_table(pa.concat_tables(self._small), self._out.dataset))
        self._small, self._rows = [], 0


@contextmanager
def _blamed(path: Path) -> Iterator[None]:
    """Errors of the reader name the file. Those of the disk have a number and pass."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableError(path, str(error).partition("\n")[0]) from error


def _chunks(path: Path, group: Any) -> list[Chunk]:
    """The chunks of a row group, which lie one after another, as they are in the file."""
    columns = [group.column(number) for number in range(group.num_columns)]
    begin = _begin(columns[0])
    with path.open("rb") as file:
        file.seek(begin)
        data = memoryview(file.read(sum(column.total_compressed_size for column in columns)))
    return [_chunk(column, data, begin) for column in columns]


def _chunk(column: Any, data: memoryview, begin: int) -> Chunk:
    at, size = _begin(column), column.total_compressed_size
    return Chunk(
        data=[data[at - begin : at - begin + size]],
        size=size,
        unpacked=column.total_uncompressed_size,
        codec=_CODECS[column.compression],
        slots=column.num_values,
        data_page=column.data_page_offset - at,
        statistics=_statistics(column),
    )


def _begin(column: Any) -> int:
    return int(column.data_page_offset if column.dictionary_page_offset is None else column.dictionary_page_offset)


def _statistics(column: Any) -> Any:
    known = column.statistics
    if not known.has_min_max:
        return statistics(known.null_count, None, None)
    width = _WIDTHS[column.physical_type]
    low, high = (value.to_bytes(width, "little", signed=True) for value in (known.min_raw, known.max_raw))
    return statistics(known.null_count, low, high)


@cache
def _our_schema(dataset: Dataset) -> pa.Schema:
    """What pyarrow makes of the fields as we write them."""
    out = BytesIO()
    ParquetFile(out, dataset).close()
    return pq.ParquetFile(out).schema_arrow
