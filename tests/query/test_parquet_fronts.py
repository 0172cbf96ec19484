"""What is known of the groups that come first gives the answers that all groups give, whatever comes and goes."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collector.query.columns import packed
from collector.query.filter import parse
from collector.query.measures import measure
from collector.query.model import Query, Range
from collector.query.parquet import ParquetEngine, fronts
from collector.query.parquet.searching import are_sorted, found, found_among, rise_within, spans
from collector.query.parquet.states import States
from collector.schema import fields
from collector.store.parquet.folder import Folder
from tests.query.parquet_folder import BEGIN, COUNT, STEP, flows, store
from tests.store.parquet_flows import add_file, expected

ALL = Range(BEGIN, BEGIN + COUNT * STEP)
PART = Range(BEGIN + 100 * STEP + 7, BEGIN + 700 * STEP)
PAIR = ("source.ip", "destination.ip")


def query(*measures: str, within: Range = ALL, text: str | None = None, **options: Any) -> Query:
    known = None if text is None else parse(text, fields())
    return Query(within, tuple(map(measure, measures)), filter=known, **options)


FRONTS = [
    query("unique:source.port", "flows", by=PAIR, top=5),
    query("unique:source.port", "p90:network.bytes", by=(PAIR[1], PAIR[0]), top=7),
    query("unique:destination.port", "unique:source.port", "bytes/s", by=("client.domain", "server.domain"), top=2),
    query("unique:flow.id", by=("source.ip",), top=3, text="destination.port:>1"),
    query("unique:source.port", by=PAIR, top=3, within=PART),
    query("average:network.bytes", by=PAIR, top=4),
    query("min:network.packets", "flows", by=PAIR, top=4, text="NOT network.transport:udp"),
    query("flows", "unique:source.ip", by=("flow.rep_tags", "destination.port"), top=3),
]
WHOLE = [
    query("unique:source.port", "flows", by=PAIR, top=5, other=True),
    query("unique:source.port", by=PAIR, top=5, ascending=True),
    query("unique:source.port", by=PAIR, top=5, interval=3_600_000),
    query("p90:network.bytes", by=PAIR, top=5),
    query("flows/s", by=("flow.rep_tags", "destination.port"), top=3),
    query("unique:flow.vlan", by=PAIR, top=5),
    query("unique:source.port", by=PAIR, top=1000),
]
"""Of these all groups are looked at."""


@pytest.fixture(autouse=True)
def fronted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether something was found, each time; however few groups there are."""
    monkeypatch.setattr(fronts, "MANY", 0)
    monkeypatch.setattr(fronts, "FEW", 1)
    made, front = [], fronts.Whole.front

    def noted(whole: fronts.Whole, query: Query, news: States) -> States | None:
        states = front(whole, query, news)
        made.append(states is not None)
        return states

    monkeypatch.setattr(fronts.Whole, "front", noted)
    return made


def plainly(root: Path, questions: list[Query]) -> list[pl.DataFrame]:
    """What is found where all groups are looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fronts.Whole, "front", lambda *_: None)
        return [answer.frame for answer in ParquetEngine(root).ask(questions)]


def check(one: ParquetEngine, root: Path, questions: list[Query]) -> None:
    for frame, answer in zip(plainly(root, questions), one.ask(questions), strict=True):
        assert_frame_equal(answer.frame, frame, rel_tol=1e-12)


def test_the_same_groups_come_first(tmp_path: Path, fronted: list[bool]) -> None:
    root = store(tmp_path, flows())
    one = ParquetEngine(root)
    for _ in range(2):
        check(one, root, FRONTS[:4])
    assert all(fronted)
    assert fronted
    check(one, root, FRONTS + WHOLE)


def test_they_are_those_of_the_flows(tmp_path: Path, fronted: list[bool]) -> None:
    root = store(tmp_path, flows())
    one, asked = ParquetEngine(root), query("unique:source.port", "flows", by=PAIR, top=6)
    one.ask([asked])
    for day, part in flows(9, seed=1).days():
        add_file(Folder(root), day, part)
    whole = pl.concat([expected(flows()).select(*PAIR, "source.port"), expected(flows(9, seed=1))], how="diagonal")
    counted = whole.drop_nulls(PAIR).group_by(PAIR).agg(pl.col("source.port").n_unique().cast(pl.Int64), flows=pl.len())
    assert one.ask([asked])[0].frame.select(*PAIR, "unique:source.port").rows() == ranked(counted).rows()
    assert all(fronted)


def ranked(counted: pl.DataFrame) -> pl.DataFrame:
    """IPv4 before IPv6, and each by its number."""

    def place(name: str) -> pl.Expr:
        return pl.col(name).map_elements(packed, pl.Binary)

    best = counted.sort(pl.col("source.port"), *map(place, PAIR), descending=[True, False, False])
    return best.head(6).select(*PAIR, "source.port")


def test_what_comes_is_seen(tmp_path: Path, fronted: list[bool]) -> None:
    """In few flows, which are added to what came since, and in many, which are added to the whole."""
    root = store(tmp_path, flows())
    one = ParquetEngine(root)
    check(one, root, FRONTS + WHOLE)
    for seed, count in enumerate((3, 9, 1, 60, 5, 300, 8)):
        for day, part in flows(count, seed=seed).days():
            add_file(Folder(root), day, part)
        check(one, root, FRONTS)
        check(one, root, (FRONTS + WHOLE)[seed::3])
    assert sum(fronted) > len(fronted) // 2


def test_what_is_gone_does_not_count(tmp_path: Path) -> None:
    """First of what came since, then of the whole."""
    root = store(tmp_path, flows())
    known = sorted(root.glob("*/*.parquet"))
    one = ParquetEngine(root)
    check(one, root, FRONTS)
    for seed in (1, 2):
        for day, part in flows(7, seed=seed).days():
            add_file(Folder(root), day, part)
        check(one, root, FRONTS)
    for path in (*sorted(set(root.glob("*/*.parquet")) - set(known))[:1], *known[-2:]):
        path.unlink()
        check(one, root, FRONTS)


def test_one_that_falls_makes_room_for_others(tmp_path: Path) -> None:
    """An average may be less with new flows: then all groups are looked at."""
    root = store(tmp_path, flows())
    one, asked = ParquetEngine(root), [query("average:network.bytes", by=PAIR, top=1)]
    first = one.ask(asked)[0].frame
    some = flows(COUNT)
    frame = some.frame.with_columns(pl.lit(1, pl.UInt64).alias("network.bytes"))
    known = expected(some).with_row_index("row").join(first.select(PAIR), on=PAIR, how="semi")
    for day, part in some.over(frame[known.get_column("row").to_list()][:2]).days():
        add_file(Folder(root), day, part)
    assert one.ask(asked)[0].frame.row(0)[:2] != first.row(0)[:2]
    check(one, root, asked)


@pytest.mark.parametrize("least", [0, -1, 1 << 40])
def test_rows_are_found_by_all_columns(least: int) -> None:
    """Also where they make no one number, as some is negative or they are too large together."""
    draw = np.random.default_rng(3)
    rows = sorted({(int(a), int(b)) for a, b in draw.integers(least, least + 9, (40, 2))})
    several = [np.array(column) for column in zip(*rows, strict=True)]
    wanted = [draw.integers(least, least + 11, 200) for _ in range(2)]
    each = list(zip(*(one.tolist() for one in wanted), strict=True))
    assert found(several, wanted).tolist() == [rows.index(one) if one in rows else -1 for one in each]
    assert found(several, [one[:0] for one in wanted]).tolist() == []
    assert found([one[:0] for one in several], wanted).tolist() == [-1] * 200


def test_values_are_found_within_their_groups() -> None:
    values, low, high = np.array([3, 5, 1, 3, 9]), np.array([0, 0, 2, 2, 5]), np.array([2, 2, 5, 5, 5])
    assert found_among([values], [np.array([5, 1, 1, 9, 9])], low, high).tolist() == [1, -1, 2, 4, -1]


def test_numbers_rise_within_groups() -> None:
    assert rise_within(np.array([3, 5, 1, 3]), np.array([0, 2, 2, 4]))
    assert not rise_within(np.array([3, 5, 1, 1]), np.array([0, 2]))
    assert rise_within(np.array([], np.int64), np.array([0]))


def test_sorted_rows_are_told() -> None:
    one = np.array([1, 1, 2, 2])
    assert are_sorted([one, np.array([1, 2, 0, 1])])
    assert not are_sorted([one, np.array([1, 2, 1, 1])])
    assert not are_sorted([one[::-1], one])
    assert are_sorted([one[:0], one[:0]])


def test_spans_follow_one_another() -> None:
    assert spans(np.array([3, 9, 1]), np.array([5, 9, 2])).tolist() == [3, 4, 1]
