"""Columns of files are the same whether they are read page by page or by Arrow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector.datasets import FLOWS
from collector.flows import Flows
from collector.query.measures import measure
from collector.query.model import Query, Range
from collector.query.parquet import ParquetEngine
from collector.query.parquet.chunks import Chunks
from collector.query.parquet.listing import File
from tests.query.parquet_folder import BEGIN, COUNT, STEP, flows, store
from tests.store.parquet_flows import write_file

ALL = Range(BEGIN, BEGIN + COUNT * STEP)


def path_of(field: pa.Field) -> str:
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


@contextmanager
def chunks(path: Path) -> Iterator[Chunks]:
    texts = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
    with pq.ParquetFile(path, read_dictionary=texts) as opened, path.open("rb") as source:
        yield Chunks(source.fileno(), opened, File(path, FLOWS).places)


def read(path: Path, name: str) -> list[pa.Array] | None:
    """A part for each row group; None where any is not as the store writes it."""
    field = pq.read_schema(path).field(name)
    with chunks(path) as found:
        groups = range(pq.read_metadata(path).num_row_groups)
        parts = [found.column(name, path_of(field), group) for group in groups]
    return None if any(part is None for part in parts) else parts


def shown(parts: list[pa.Array]) -> list[object]:
    return [value for part in parts for value in part.to_pylist()]


@pytest.mark.parametrize("sizes", [(COUNT,), (1, 7, 300), (8, 64)])
def test_every_column_of_the_store_is_what_arrow_reads(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    path = write_file(tmp_path / "a.parquet", *(flows(size, seed=size) for size in sizes))
    whole = pq.read_table(path, partitioning=None)
    for field in whole.schema:
        column = read(path, field.name)
        assert column is not None, field.name
        assert shown(column) == whole.column(field.name).to_pylist(), field.name
        kinds = {part.type.value_type if pa.types.is_dictionary(part.type) else part.type for part in column}
        assert pa.types.is_list(field.type) or kinds == {field.type}


@pytest.mark.parametrize("most", [255, 256, 257, 70_000])
def test_dictionaries_of_different_sizes(tmp_path: Path, most: int) -> None:
    """In row groups of one file."""
    texts = [f"host-{n}" for n in range(most)]
    addresses = pl.DataFrame({"value": texts, "domain": texts, "rep_tags": [[text] for text in texts]})
    some = flows(most + 1)
    ends = pl.Series([*range(most), None], dtype=pl.UInt32)
    large = Flows(
        some.frame.with_columns(ends.alias("source.ip"), ends.alias("destination.ip")), {"addresses": addresses}
    )
    path = write_file(tmp_path / "a.parquet", large.slice(0, 20), large)
    whole = pq.read_table(path, partitioning=None)
    for name in ("source.domain", "flow.src_rep_tags"):
        column = read(path, name)
        assert column is not None
        assert shown(column) == whole.column(name).to_pylist()


def test_both_ends_share_a_dictionary(tmp_path: Path) -> None:
    one = flows()
    path = write_file(tmp_path / "a.parquet", one.over(one.frame.with_columns(pl.col("source.ip").fill_null(0))))
    with chunks(path) as found:
        ends = [found.column(f"{end}.domain", f"{end}.domain", 0) for end in ("source", "destination")]
    first, second = (column.dictionary.buffers()[2].address for column in ends if column is not None)
    assert first == second


def text_of(words: list[str | None]) -> Flows:
    one = flows(len(words))
    codes = pl.Series(range(len(words)), dtype=pl.UInt32)
    addresses = one.tables["addresses"].head(len(words)).with_columns(domain=pl.Series(words))
    frame = one.frame.with_columns(codes.alias("source.ip"), codes.alias("destination.ip"))
    return Flows(frame, {**one.tables, "addresses": addresses})


@pytest.mark.parametrize("word", ["", "x" * 256, "a\0\0\0b", "x" * 70_000])
def test_texts_whose_length_could_be_mistaken_are_left_to_arrow(tmp_path: Path, word: str) -> None:
    words = ["first", word, None, "last"]
    path = write_file(tmp_path / "a.parquet", text_of(words))
    assert read(path, "source.domain") is None
    assert pq.read_table(path, partitioning=None).column("source.domain").to_pylist() == words


@pytest.mark.parametrize("words", [["ä€𝄞", "b"], ["x" * 255, "y" * 128], ["a"]])
def test_other_texts_are_not(tmp_path: Path, words: list[str | None]) -> None:
    column = read(write_file(tmp_path / "a.parquet", text_of(words)), "source.domain")
    assert column is not None
    assert shown(column) == words


def questions() -> list[Query]:
    by = ("source.domain", "flow.tcp_flags", "destination.port", "network.transport")
    measures = tuple(map(measure, ("bytes", "flows", "unique:destination.ip", "average:network.bytes")))
    return [Query(ALL, measures, (name,), top=30) for name in by]


@pytest.mark.parametrize("options", [{"compression": "snappy"}, {"use_dictionary": False}, {"data_page_size": 100}])
def test_files_of_others_give_the_same_answers(tmp_path: Path, options: dict[str, object]) -> None:
    folder = store(tmp_path, flows(), files=2)
    engine = ParquetEngine(folder)
    expected = [answer.frame for answer in engine.ask(questions())]
    for path in folder.rglob("*.parquet"):
        pq.write_table(pq.read_table(path, partitioning=None), path, **options)
    other = ParquetEngine(folder)
    found = other.ask(questions())
    assert [answer.notes for answer in found] == [()] * len(found)
    assert all(answer.frame.equals(one) for answer, one in zip(found, expected, strict=True))
    engine.close()
    other.close()


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_damaged_pages_raise_nothing(tmp_path: Path, place: int) -> None:
    path = write_file(tmp_path / "a.parquet", flows())
    chunk = pq.read_metadata(path).row_group(0).column(File(path, FLOWS).places["source.domain"])
    data = bytearray(path.read_bytes())
    at = (chunk.dictionary_page_offset or chunk.data_page_offset) + place
    data[at : at + 3] = b"\xff\x7f\x1c"
    path.write_bytes(data)
    column = read(path, "source.domain")
    assert column is None or sum(map(len, column)) == COUNT
