"""The leading groups are those that are found when all groups are told apart, also where buckets have many of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collector.flows import Flows
from collector.query.filter import parse
from collector.query.measures import measure
from collector.query.model import TIME, Query, Range
from collector.query.parquet import ParquetEngine, buckets, engine, leading, leads, rounds
from collector.query.parquet.coding import coded
from collector.query.parquet.states import ask_of
from collector.schema import fields
from collector.store.parquet.folder import Folder
from tests.query.parquet_folder import BEGIN, COUNT, STEP, flows, store
from tests.store.parquet_flows import add_file, expected

ALL = Range(BEGIN, BEGIN + COUNT * STEP)
PART = Range(BEGIN + 100 * STEP + 7, BEGIN + 700 * STEP)
HOUR = 3_600_000


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that groups share buckets, and few buckets are looked at."""
    for name, value in (("FEW", 0), ("FEW_PLAIN", 0), ("BUCKETS", 64)):
        monkeypatch.setattr(leading, name, value)
    monkeypatch.setattr(leads, "SPARE", 1)
    monkeypatch.setattr(buckets, "BUCKETS", 64)
    nothing, everything = (leading.Watch(np.full(65, value)) for value in (False, True))
    for module in (leading, rounds):
        monkeypatch.setattr(module, "NOTHING", nothing)
    monkeypatch.setattr(leading, "EVERYTHING", everything)


def query(*measures: str, within: Range = ALL, text: str | None = None, **options: Any) -> Query:
    known = None if text is None else parse(text, fields())
    return Query(within, tuple(map(measure, measures)), filter=known, **options)


QUESTIONS = [
    query("bytes", "bits/s", "packets/s", "flows", by=("source.ip", "destination.ip"), top=5),
    query("bytes", by=("destination.ip", "source.ip"), top=5, other=True, within=PART),
    query("flows", "unique:source.ip", by=("client.domain", "destination.port"), top=3),
    query("max:event.duration", "bytes", "average:network.packets", by=("source.domain", "destination.domain"), top=4),
    query("packets", "p90:network.packets", by=("server.domain",), top=3, text="destination.port:>1"),
    query("bytes", "flows", "average:network.bytes", by=("client.domain",), interval=HOUR, top=3, other=True),
    query("bytes", by=("client.domain", "server.domain"), interval=HOUR, top=2, other=True, within=PART),
    query("bytes", by=("source.ip", "network.transport", "destination.port"), top=1000, other=True),
    query("bytes", by=("source.ip",), text="network.transport:gre"),
    query("flows", by=("flow.id",), top=3),
    query("sum:flow.vlan", by=("source.ip", "destination.ip"), top=5),
    query("max:destination.port", "bytes", by=("source.ip", "destination.ip"), top=4),
    query(
        "max:destination.port", by=("destination.ip", "source.ip"), interval=HOUR, top=4, text="network.packets:>500"
    ),
    query("max:network.bytes", "bytes", by=("flow.id",), top=3, within=PART),
    query("max:flow.vlan", by=("source.ip", "destination.ip"), top=5),
]
"""Of some all groups are equal, or many of the first ones, and of some there is nothing in any group."""


def told_apart(root: Path, questions: list[Query]) -> list[pl.DataFrame]:
    """What is found where all groups are told apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "lead_of", lambda *_: None)
        return [answer.frame for answer in ParquetEngine(root).ask(questions)]


def check(one: ParquetEngine, root: Path) -> None:
    for frame, answer in zip(told_apart(root, QUESTIONS), one.ask(QUESTIONS), strict=True):
        assert_frame_equal(answer.frame, frame, rel_tol=1e-12)


def test_all_questions_are_about_leading_groups() -> None:
    assert all(leads.lead_of(one, ask_of(one)) for one in QUESTIONS)


@pytest.mark.parametrize("room", [0, 30_000, rounds.MOST_HELD])
def test_the_same_groups_lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Whether or not columns stay for the next round."""
    monkeypatch.setattr("collector.query.parquet.gathering.MOST_HELD", room)
    root = store(tmp_path, flows())
    one = ParquetEngine(root)
    for _ in range(2):
        check(one, root)


def test_they_are_those_of_the_flows(tmp_path: Path) -> None:
    root = store(tmp_path, flows())
    by = ("source.ip", "destination.ip")
    found = ParquetEngine(root).ask([query("bytes", "flows", by=by, top=7)])[0].frame
    whole = expected(flows()).drop_nulls(by).group_by(by).agg(bytes=pl.col("network.bytes").sum(), flows=pl.len())
    wanted = whole.sort("bytes", descending=True).head(7)
    assert found.select(by).rows() == wanted.select(by).rows()
    assert found.select("bytes", "flows").rows() == wanted.select("bytes", "flows").rows()


def test_new_leaders_are_seen(tmp_path: Path) -> None:
    """In files that come, beside others that are known; also when these are gone."""
    root = store(tmp_path, flows(300), files=3)
    one = ParquetEngine(root)
    check(one, root)
    for seed in (6, 7, 8):
        for day, part in grown(flows(300, seed=seed), 10**seed).days():
            add_file(Folder(root), day, part)
        check(one, root)
    for path in sorted(root.glob("*/*.parquet"))[:3]:
        path.unlink()
    check(one, root)


def test_equal_groups_of_new_files_have_none_read_again(tmp_path: Path) -> None:
    """Where the largest value is ranked by: only those that come first by their names count."""
    root = store(tmp_path, flows())
    one, asked = (
        ParquetEngine(root),
        [query("max:destination.port", "bytes", by=("source.ip", "destination.ip"), top=4)],
    )
    one.ask(asked)
    known = sorted(root.glob("*/*.parquet"))
    for seed in (6, 7, 8):
        for day, part in flows(20, seed=seed).days():
            add_file(Folder(root), day, part)
    wanted = told_apart(root, asked)[0]
    for path in known:
        path.write_bytes(b"nothing")
    found = one.ask(asked)[0]
    assert_frame_equal(found.frame, wanted)
    assert not [note for note in found.notes if "skipped" in note]


def grown(some: Flows, factor: int) -> Flows:
    """One pair of addresses has very much."""
    frame = some.frame
    large = (pl.col("source.ip") == factor % 20) & (pl.col("destination.ip") == 3)
    number = pl.when(large).then(pl.col("network.bytes") * factor).otherwise("network.bytes")
    return some.over(frame.with_columns(number.alias("network.bytes")))


def test_files_without_a_column_and_damaged_ones(tmp_path: Path) -> None:
    root = store(tmp_path, flows())
    paths = sorted(root.glob("*/*.parquet"))
    pl.read_parquet(paths[1]).drop("source.ip", "event.duration").write_parquet(paths[1])
    pl.read_parquet(paths[2]).clear().write_parquet(paths[2])
    paths[3].write_bytes(b"nothing")
    one = ParquetEngine(root)
    check(one, root)
    assert len([note for note in one.ask(QUESTIONS[:1])[0].notes if "skipped" in note]) == 1


def test_what_was_prepared_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.query.parquet.gathering.LARGE", 10)
    root = store(tmp_path, flows())
    one, some = ParquetEngine(root), [each for each in QUESTIONS if each.range == ALL]
    assert list(one.prepare(some))
    wanted = told_apart(root, some)
    for path in root.glob("*/*.parquet"):
        path.write_bytes(b"nothing")
    for frame, answer in zip(wanted, one.ask(some), strict=True):
        assert_frame_equal(answer.frame, frame, rel_tol=1e-12)
        assert not [note for note in answer.notes if "skipped" in note]


def columns() -> Iterator[pl.Series]:
    yield pl.Series([1, 2, None, 2, 1], dtype=pl.UInt32)
    yield pl.Series([0.5, -1.0, 0.5, -1.0, 0.5])
    yield pl.Series([True, False, None, False, True])


def test_equal_keys_share_a_bucket_in_any_file() -> None:
    several = [coded(one) for one in columns()]
    found = buckets.bucketed(several)
    assert found[0] == found[4]
    assert found[1] == found[3]
    assert found[2] == buckets.BUCKETS
    others = [coded(one[3:]) for one in columns()]
    assert buckets.bucketed(others).tolist() == found[3:].tolist()


def test_series_lack_no_interval(tmp_path: Path) -> None:
    """The others are there wherever any group is."""
    root = store(tmp_path, flows())
    one = query("bytes", by=("source.ip", "destination.ip"), interval=HOUR, top=1, other=True)
    found = ParquetEngine(root).ask([one])[0].frame
    times = expected(flows()).drop_nulls(["source.ip", "destination.ip"]).get_column(TIME)
    assert found.get_column(TIME).n_unique() == (times.dt.epoch("ms") // HOUR).n_unique()
