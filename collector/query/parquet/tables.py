"""Columns of files as tables of Arrow."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collector.datasets import Dataset
from collector.query.model import TIME, Range
from collector.query.parquet import fields
from collector.query.parquet.chunks import Chunks
from collector.query.parquet.listing import File
from collector.schema import Field


def table(file: File, dataset: Dataset, groups: Sequence[int], wanted: set[str]) -> pa.Table:
    """Columns with any value, texts and the elements of lists as places in dictionaries. OSError, ArrowException."""
    there = stored(file, dataset, wanted)
    texts = [name for name in there if fields.is_text(dataset.fields[name]) and dataset.fields[name].kind != "keywords"]
    with pq.ParquetFile(file.path, read_dictionary=texts, pre_buffer=True) as opened, file.path.open("rb") as source:
        columns = {name: _path(dataset.fields[name]) for name in there}
        columns = {
            name: path for name, path in columns.items() if name == TIME or file.has(path, opened.metadata, groups)
        }
        chunks = Chunks(source.fileno(), opened, file.places)
        read = {name: chunks.column(name, path, groups) for name, path in columns.items()}
        known = {name: column for name, column in read.items() if column is not None}
        left = [name for name in columns if name not in known]
        if left or not known:
            others = opened.read_row_groups(groups, columns=left or [TIME])
            known |= dict(zip(others.column_names, others.columns, strict=True))
    return pa.table(known)


def _path(field: Field) -> str:
    """What a column is called in the footer."""
    return f"{field.name}.list.element" if field.kind == "keywords" else field.name


def stored(file: File, dataset: Dataset, wanted: set[str]) -> list[str]:
    """Which of these columns a file has."""
    return [name for name in dataset.fields if name in wanted and name in file.names]


def of_time(rows: pa.Table, within: Range) -> pa.Table:
    """The rows of a time range."""
    times = rows.column(TIME).cast(pa.int64())
    return rows.filter(pc.and_(pc.greater_equal(times, within.start), pc.less(times, within.end)))
