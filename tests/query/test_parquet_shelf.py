"""Columns of files stay in memory for the next question, in few bytes, and are what the files hold."""

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from collector.datasets import FLOWS
from collector.query.filter import parse
from collector.query.measures import measure
from collector.query.model import Answer, Patience, Query, Range, Records
from collector.query.parquet import ParquetEngine
from collector.query.parquet.parts import Blank, Numbers, Part, part
from collector.query.parquet.shelf import Shelf
from collector.query.parquet.texts import Texts
from tests.query.parquet_folder import BEGIN, COUNT, STEP, flows, store

ALL = Range(BEGIN, BEGIN + COUNT * STEP)
SOME = Range(BEGIN + 100 * STEP + 1, BEGIN + 700 * STEP)
FIELD = FLOWS.fields["network.bytes"]


def numbers(column: pa.Array) -> Numbers:
    found = part(column, FIELD, lambda _: pl.Series(dtype=pl.UInt32))
    assert isinstance(found, Numbers)
    return found


@pytest.mark.parametrize(
    ("values", "kind", "width"),
    [
        ([0, 255], pa.uint64(), 1),
        ([1, 256, None], pa.uint64(), 2),
        ([5, 2**32 - 1], pa.uint64(), 4),
        ([5, 2**32], pa.uint64(), 4),
        ([0, 2**32], pa.uint64(), 8),
        ([2**64 - 2, 2**64 - 1], pa.uint64(), 1),
        ([0, 2**64 - 1], pa.uint64(), 8),
        ([None, -(2**63), 2**63 - 1], pa.int64(), 8),
        ([-5, 5, None], pa.int64(), 1),
        ([BEGIN, BEGIN + 86_400_000], pa.timestamp("ms", "UTC"), 4),
        ([BEGIN, None], pa.timestamp("ms", "UTC"), 8),
        ([7, 7], pa.uint8(), 1),
        ([1.5, None, float("inf")], pa.float64(), 8),
        ([True, None, False], pa.bool_(), 1),
    ],
)
def test_numbers_take_few_bytes_and_are_the_same(values: list[float | None], kind: pa.DataType, width: int) -> None:
    column = pa.array(values, kind)
    found = numbers(column)
    physical = column.cast(pa.int64()).to_pylist() if pa.types.is_timestamp(kind) else values
    assert found.series.to_list() == physical
    assert found.codes.itemsize == width
    places = np.array([len(values) - 1, 0])
    assert found.take(places).series.to_list() == [physical[-1], physical[0]]
    floats = np.empty(len(values))
    found.floats(floats, -1.0)
    assert floats.tolist() == [-1.0 if one is None else float(one) for one in physical]


def test_numbered_numbers_stay_numbered() -> None:
    values = [3, None, 2**40, 3]
    found = numbers(pa.array(values, pa.uint64()).dictionary_encode())
    assert found.series.to_list() == values
    floats = np.empty(4)
    found.floats(floats, 0.0)
    assert floats.tolist() == [3, 0, 2**40, 3]


def question(name: str, text: str | None, within: Range) -> Query:
    read = None if text is None else parse(text, FLOWS.asked)
    return Query(within, (measure("bytes"), measure("flows"), measure("unique:destination.ip")), (name,), read, top=30)


QUESTIONS = [
    question(name, text, within)
    for name in ("source.domain", "client.domain", "destination.port", "flow.tcp_flags", "network.transport")
    for text in (None, "network.bytes:[1000 TO 500000]", "source.domain:host-1* OR NOT destination.port:3")
    for within in (ALL, SOME)
]


def damage(folder: Path) -> None:
    """Whoever reads the files now finds no columns."""
    for path in folder.rglob("*.parquet"):
        data = path.read_bytes()
        path.write_bytes(data[:4] + bytes(len(data) - 8) + data[-4:])


def same(found: list[Answer], expected: list[Answer]) -> bool:
    return all(one.frame.equals(other.frame) and not one.notes for one, other in zip(found, expected, strict=True))


NAMES = ("source.ip", "source.domain", "network.transport", "destination.port", "flow.tcp_flags", "client.domain")


@pytest.mark.parametrize("files", [1, 3])
def test_columns_that_were_read_are_not_read_again(tmp_path: Path, files: int) -> None:
    folder = store(tmp_path, flows(), files=files)
    expected = [ParquetEngine(folder).ask([one])[0] for one in QUESTIONS]
    engine = ParquetEngine(folder)
    engine.ask([question(name, "NOT network.bytes:77", within) for name in NAMES for within in (ALL, SOME)])
    damage(folder)
    assert same([engine.ask([one])[0] for one in QUESTIONS], expected)
    engine.forget(0)
    assert engine.ask([question("source.ip", "network.bytes:78", ALL)])[0].notes
    engine.close()


def a_column(rows: int) -> Part:
    return numbers(pa.array(np.arange(rows) % 200, pa.uint8()))


def test_no_more_than_fits_is_kept() -> None:
    shelf = Shelf(Texts(), most=10_000, at_least=0.0)
    keys = [(Path("a"), group, "network.bytes") for group in range(4)]
    for key in keys[:3]:
        shelf.keep(key, a_column(2000))
    assert shelf.get(keys[0]) is not None
    shelf.keep(keys[3], a_column(2000))
    assert [shelf.get(key) is not None for key in keys] == [True, False, True, True]
    shelf.keep(keys[1], a_column(10_000))
    assert shelf.get(keys[1]) is None
    assert 0 < shelf.size <= 10_000
    shelf.forget(0.0)
    assert [shelf.get(key) for key in keys] == [None] * 4
    assert shelf.size == 0


def test_what_was_just_looked_at_stays() -> None:
    """Else a question about more than fits would throw out what it needs itself when it is asked anew."""
    shelf = Shelf(Texts(), most=10_000)
    keys = [(Path("a"), group, "network.bytes") for group in range(9)]
    for key in keys:
        shelf.keep(key, a_column(2000))
    assert [shelf.get(key) is not None for key in keys] == [True] * 3 + [False] * 6


def test_equal_dictionaries_are_one() -> None:
    shelf = Shelf(Texts())
    one, other = pl.Series([1, 2], dtype=pl.UInt32), pl.Series([1, 2], dtype=pl.UInt32)
    assert shelf.shared(one) is one
    assert shelf.shared(other) is one
    assert shelf.shared(pl.Series([2, 1], dtype=pl.UInt32)) is not one


def test_nothing_takes_no_room() -> None:
    found = part(pa.nulls(5), FIELD, lambda _: pl.Series(dtype=pl.UInt32))
    assert isinstance(found, Blank)
    assert (found.rows, found.nbytes, found.take(np.array([1, 2])).rows) == (5, 0, 2)


def test_an_answer_keeps_its_texts_while_another_question_begins_anew(tmp_path: Path) -> None:
    """What is known of texts is thrown away when they are too many, perhaps while somebody else waits."""

    class Meanwhile(Patience):
        def check(self) -> None:
            engine._begin()

    folder = store(tmp_path, flows())
    engine = ParquetEngine(folder)
    for one in QUESTIONS:
        engine.ask([question("network.transport", None, ALL)])
        expected = ParquetEngine(folder).ask([one])
        assert same(engine.ask([one], Meanwhile()), expected)


def test_an_engine_is_busy_while_it_looks_for_records(tmp_path: Path) -> None:
    class Watching(Patience):
        seen = False

        def check(self) -> None:
            self.seen = self.seen or engine.is_busy

    engine, patience = ParquetEngine(store(tmp_path, flows())), Watching()
    assert engine.records(Records(ALL, None, ("source.ip",)), patience).total == COUNT
    assert patience.seen
    assert not engine.is_busy
