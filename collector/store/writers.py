"""Flows as NDJSON, CSV, Parquet or a table, into a file or to standard output."""

import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO, StringIO
from math import isfinite
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, BinaryIO

import polars as pl
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from collector import schema
from collector.errors import CollectorError
from collector.flows import Flows
from collector.store.documents import lines
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.joining import joined

_ROW_GROUP = 200_000
"""Flows that are gathered for a row group of a Parquet file."""
_MOST_ROWS = 1000
"""Rows of a table, which is laid out as a whole."""
_WIDE = 200
"""Columns of text of a table that does not go to a terminal."""
_SHOWN = {
    "@timestamp": "time (UTC)",
    "host.ip": "exporter",
    "source.ip": "source",
    "source.port": "port",
    "destination.ip": "destination",
    "destination.port": "port",
    "network.transport": "transport",
    "network.bytes": "bytes",
    "network.packets": "packets",
    "flow.extra": "extra",
}


class Writer(ABC):
    """Takes batches of flows. Raises OSError where its output does."""

    @abstractmethod
    def write(self, flows: Flows) -> None:
        """Adds a batch."""

    def rows(self, documents: Iterable[Mapping[str, Any]]) -> None:  # noqa: ARG002
        """Adds what is no flow. CollectorError where the format has columns, which such documents do not share."""
        raise CollectorError(f"{type(self).__name__}: only flows have the columns of this format; NDJSON takes all")

    def close(self) -> None:
        """Adds what belongs at the end; the output stays open."""
        return


class NdjsonWriter(Writer):
    """One JSON document a line."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, flows: Flows) -> None:
        """Adds a line a flow."""
        for some in lines(flows):
            self._out.write(some.data)

    def rows(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Adds a line for each; what JSON does not know is written as text."""
        for document in documents:
            self._out.write(_json(document).encode() + b"\n")


def _json(document: Mapping[str, Any]) -> str:
    try:
        return json.dumps(document, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(document), ensure_ascii=False, default=str)


def _finite(value: Any) -> Any:
    """The same with NaN and the infinities as text: JSON has no number for them (RFC 8259 section 6)."""
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


class CsvWriter(Writer):
    """A header, then a line a flow.

    The columns are always the same, all fields of the schema in its order or those asked for: a header has to be
    written before it is known what flows will come, and a script should find a column in the same place whatever the
    exporter sends. What a flow lacks is empty, an empty text is "". Times are in UTC as in the documents, lists joined
    by |.
    """

    def __init__(self, out: BinaryIO, names: Sequence[str] | None = None) -> None:
        self._out = out
        self._fields = [schema.field(name) for name in (schema.fields() if names is None else names)]
        self._write(pl.DataFrame(schema=[field.name for field in self._fields]), header=True)

    def write(self, flows: Flows) -> None:
        """Adds a line a flow."""
        there = set(flows.names())
        columns = [
            _flat(flows.column(field.name)) if field.name in there else pl.lit(None).alias(field.name)
            for field in self._fields
        ]
        self._write(flows.frame.select(columns))

    def _write(self, frame: pl.DataFrame, header: bool = False) -> None:
        # Polars would turn an OSError of the output into one of its own.
        text = BytesIO()
        frame.write_csv(text, include_header=header, datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ")
        self._out.write(text.getbuffer())


class ParquetWriter(Writer):
    """One Parquet file, with the columns and types of the Parquet store."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._file: ParquetFile | None = None
        self._parts: list[Flows] = []

    def write(self, flows: Flows) -> None:
        """Gathers flows for a row group, and adds it when there are enough."""
        self._parts.append(flows)
        if sum(map(len, self._parts)) >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Adds the last row group and the footer."""
        self._flush()
        (self._file or ParquetFile(self._out)).close()

    def _flush(self) -> None:
        if self._parts:
            whole = joined(self._parts)
            self._file = self._file or ParquetFile(self._out, whole.dataset)
            self._file.write(whole)
        self._parts = []


class TableWriter(Writer):
    """A table for reading, of the fields that most flows have and of the first thousand flows."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._frames: list[pl.DataFrame] = []
        self._rows = 0

    def write(self, flows: Flows) -> None:
        """Keeps what will be shown."""
        room = max(0, _MOST_ROWS - self._rows)
        self._rows += len(flows)
        if room:
            first = flows.slice(0, room)
            there = set(first.names())
            self._frames.append(first.wide([name for name in _SHOWN if name in there]))

    def close(self) -> None:
        """Lays the table out and writes it."""
        # Written by ourselves, as the console would end the process where the reader of a pipe has gone.
        width = get_terminal_size().columns if self._out.isatty() else _WIDE
        console = Console(file=StringIO(), width=width, color_system=None)
        with console.capture() as text:
            if self._frames:
                console.print(_table(pl.concat(self._frames, how="diagonal")))
            if self._rows > _MOST_ROWS:
                console.print(f"and {self._rows - _MOST_ROWS} flows more")
        self._out.write(text.get().encode())


WRITERS: Mapping[str, Callable[[BinaryIO], Writer]] = {
    "ndjson": NdjsonWriter,
    "csv": CsvWriter,
    "parquet": ParquetWriter,
    "table": TableWriter,
}
"""The formats by name."""


class _Named(Writer):
    """A writer whose errors say what could not be written. It begins with the first flow, or at the end."""

    def __init__(self, form: str, out: BinaryIO, where: str) -> None:
        self._form = form
        self._out = out
        self._where = where
        self._made: Writer | None = None

    def write(self, flows: Flows) -> None:
        with self._writer() as writer:
            writer.write(flows)

    def rows(self, documents: Iterable[Mapping[str, Any]]) -> None:
        with self._writer() as writer:
            writer.rows(documents)

    def close(self) -> None:
        with self._writer() as writer:
            writer.close()
            self._out.flush()

    @contextmanager
    def _writer(self) -> Iterator[Writer]:
        try:
            if self._made is None:
                self._made = WRITERS[self._form](self._out)
            yield self._made
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CollectorError(f"cannot write {self._where}: {error.strerror or error}") from error


@contextmanager
def opened(form: str, path: Path | None) -> Iterator[Writer]:
    """A writer of one of `WRITERS` into a file, or to standard output; closed at the end.

    Where the reader of a pipe has gone (`| head`), the body of the `with` ends early and quietly. Raises CollectorError
    where the output cannot be written, or binary data would go to a terminal.
    """
    if path is None and form == "parquet" and sys.stdout.isatty():
        raise CollectorError("Parquet is not for reading on a terminal: name a file (-o FILE) or redirect the output")
    with _output(path) as out:
        try:
            writer = _Named(form, out, "to standard output" if path is None else str(path))
            yield writer
            writer.close()
        except BrokenPipeError:
            _give_up_stdout()


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """The file for writing; what it still holds after an error is given up."""
    if path is None:
        yield sys.stdout.buffer
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise CollectorError(f"cannot write {path}: {error.strerror}") from error
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


def _give_up_stdout() -> None:
    """What is still buffered goes nowhere: else Python complains of the broken pipe when it exits."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _flat(series: pl.Series) -> pl.Series:
    """Lists as text: CSV has no lists."""
    return series.list.join("|") if series.dtype == pl.List else series


def _table(frame: pl.DataFrame) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in frame.columns:
        justify: JustifyMethod = "right" if frame.schema[name].is_numeric() else "left"
        # Where there is no room for all, columns that might be wrapped give way first; but the cells are not wrapped.
        table.add_column(_SHOWN[name], justify=justify, no_wrap=schema.field(name).kind != "object")
    shown = frame.with_columns(pl.col(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S%.3f"))
    for row in shown.cast(pl.String).fill_null("").iter_rows():
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row))
    return table
