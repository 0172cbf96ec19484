"""Answers from Parquet files are those that polars gives on the flows themselves."""

import json
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from collector import schema
from collector.datasets import COUNTERS, FLOWS
from collector.flows import Flows
from collector.query.engines import open_engine
from collector.query.filter import parse
from collector.query.measures import measure
from collector.query.model import (
    MOST_RECORDS,
    OTHER,
    TIME,
    Answer,
    Patience,
    Query,
    QueryError,
    QueryStoppedError,
    Range,
    Records,
)
from collector.query.parquet import ParquetEngine
from collector.query.parquet.listing import paths
from collector.settings import Settings
from collector.store.documents import documents
from collector.store.parquet.compaction import REST, Compactor
from collector.store.parquet.folder import Folder
from tests.query.parquet_folder import BEGIN, COUNT, STEP, flows, store
from tests.query.sample import FILTERS, sample
from tests.store.parquet_flows import add_file, expected

ALL = Range(BEGIN, BEGIN + COUNT * STEP)
PART = Range(BEGIN + 100 * STEP + 7, BEGIN + 700 * STEP)
HOUR = 3_600_000
WHOLE = expected(flows()).with_columns(pl.col(pl.Datetime("ms", "UTC")).dt.replace_time_zone(None))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(tmp_path_factory.mktemp("flows"), flows())


@pytest.fixture(scope="module")
def engine(folder: Path) -> ParquetEngine:
    return ParquetEngine(folder)


def of(within: Range) -> pl.DataFrame:
    at = pl.col(TIME).to_physical()
    return WHOLE.filter(at >= within.start, at < within.end)


def query(*measures: str, within: Range = PART, text: str | None = None, **options: Any) -> Query:
    given = None if text is None else parse(text, FLOWS.asked)
    return Query(within, tuple(map(measure, measures)), filter=given, **options)


def asked(engine: ParquetEngine, *measures: str, **options: Any) -> Answer:
    return engine.ask([query(*measures, **options)])[0]


def ranked(frame: pl.DataFrame, by: Sequence[str], name: str, top: int) -> pl.DataFrame:
    return frame.sort(name, *by, descending=[True, *[False] * len(by)]).head(top)


@pytest.mark.parametrize("within", [ALL, PART])
def test_measures_of_all_rows(engine: ParquetEngine, within: Range) -> None:
    rows, port, octets = of(within), pl.col("source.port"), pl.col("network.bytes")
    made = {
        "bytes": octets.sum().cast(pl.Float64),
        "bits": octets.sum().cast(pl.Float64) * 8,
        "packets/s": pl.col("network.packets").sum() / within.seconds,
        "flows": pl.len().cast(pl.Int64),
        "average:network.bytes": octets.mean(),
        "min:source.port": port.min().cast(pl.Float64),
        "max:network.bytes": octets.max().cast(pl.Float64),
        "unique:source.ip": pl.col("source.ip").drop_nulls().n_unique().cast(pl.Int64),
        "unique:destination.port": pl.col("destination.port").drop_nulls().n_unique().cast(pl.Int64),
        "p95:network.bytes": octets.quantile(0.95, "linear"),
        "p50:source.port": port.quantile(0.5, "linear"),
    }
    answer = asked(engine, *made, within=within)
    assert_frame_equal(answer.frame, rows.select(one.alias(name) for name, one in made.items()))
    assert answer.total == rows.height


@pytest.mark.parametrize(
    "by",
    [("source.domain",), ("destination.port",), ("network.transport", "source.domain"), ("flow.id", "source.port")],
)
@pytest.mark.parametrize("order", ["bytes", "flows", "unique:destination.ip", "p90:network.bytes"])
def test_top_groups(engine: ParquetEngine, by: tuple[str, ...], order: str) -> None:
    sums = {
        "bytes": pl.col("network.bytes").sum().cast(pl.Float64),
        "flows": pl.len().cast(pl.Int64),
        "unique:destination.ip": pl.col("destination.ip").n_unique().cast(pl.Int64),
        "p90:network.bytes": pl.col("network.bytes").quantile(0.9, "linear"),
    }
    direct = of(PART).drop_nulls(by).group_by(by).agg(**sums)
    keys = [pl.col(name).cast(pl.String) if name == "flow.id" else pl.col(name) for name in by]
    wanted = direct.sort(order, *keys, descending=[True, *[False] * len(by)], nulls_last=True).head(7)
    answer = asked(engine, *sums, by=by, top=7, order=list(sums).index(order))
    assert_frame_equal(answer.frame, wanted.with_columns(pl.lit(False).alias(OTHER)))


def test_the_order_of_fields_changes_only_the_order_of_columns(engine: ParquetEngine) -> None:
    by, turned = ("source.domain", "destination.port", "client.ip"), ("client.ip", "source.domain", "destination.port")
    one, other = engine.ask([query("bytes", "unique:source.ip", by=fields, top=1000) for fields in (by, turned)])
    assert_frame_equal(
        one.frame.sort(by), other.frame.select(one.frame.columns).sort(by), check_exact=False, check_row_order=True
    )
    assert one.frame.columns != other.frame.columns


def test_least_groups(engine: ParquetEngine) -> None:
    direct = of(ALL).group_by("source.domain").agg(bytes=pl.col("network.bytes").sum().cast(pl.Float64)).drop_nulls()
    answer = asked(engine, "bytes", within=ALL, by=("source.domain",), top=3, ascending=True)
    assert answer.frame.drop(OTHER).rows() == direct.sort("bytes").head(3).rows()


def test_addresses_of_equal_rank_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    add_file_of_days(tmp_path, sample())
    answer = ParquetEngine(tmp_path).ask(
        [query("flows", within=Range(0, 2**42), text="source.ip:*", by=("source.ip",), top=20)]
    )[0]
    assert answer.frame.get_column("source.ip").to_list() == [
        "10.0.0.0", "10.255.255.255", "::", "0.0.0.0", "11.0.0.0", "192.0.2.1", "255.255.255.255",
        "2001:db8::", "2001:db8:0:ffff::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::",
    ]  # fmt: skip


def add_file_of_days(root: Path, some: Any) -> None:

    for day, part in some.days():
        add_file(Folder(root), day, part)


def test_the_others_are_what_is_beyond_the_top(engine: ParquetEngine) -> None:
    answer = asked(engine, "bytes", "flows", "unique:source.port", by=("source.domain",), top=4, other=True)
    rows = of(PART).drop_nulls("source.domain")
    last = answer.frame.row(-1, named=True)
    rest = rows.filter(~pl.col("source.domain").is_in(answer.frame.get_column("source.domain")[:-1].to_list()))
    assert answer.frame.get_column(OTHER).to_list() == [False] * 4 + [True]
    assert last == {
        "source.domain": None,
        "bytes": rest["network.bytes"].sum(),
        "flows": rest.height,
        "unique:source.port": rest["source.port"].n_unique(),
        OTHER: True,
    }


def test_a_list_puts_its_row_into_each_group(engine: ParquetEngine) -> None:
    direct = of(PART).select("flow.tcp_flags").explode("flow.tcp_flags").drop_nulls()
    counts = direct.group_by("flow.tcp_flags").agg(flows=pl.len().cast(pl.Int64))
    answer = asked(engine, "flows", by=("flow.tcp_flags",), top=9)
    assert answer.frame.drop(OTHER).rows() == ranked(counts, ["flow.tcp_flags"], "flows", 9).rows()


def test_a_series_has_the_top_groups_of_the_whole_range(engine: ParquetEngine) -> None:
    rows = of(PART).drop_nulls("source.domain").with_columns(pl.col(TIME).dt.truncate("6h"))
    begin = pl.col(TIME).first().to_physical()
    inside = pl.min_horizontal(begin + 6 * HOUR, PART.end) - pl.max_horizontal(begin, PART.start)
    sums = {"bytes": pl.col("network.bytes").sum().cast(pl.Float64), "flows/s": 1000 * pl.len() / inside}
    top = ranked(rows.group_by("source.domain").agg(**sums), ["source.domain"], "bytes", 3).get_column("source.domain")
    answer = asked(engine, *sums, by=("source.domain",), top=3, other=True, interval=6 * HOUR)
    named = rows.filter(pl.col("source.domain").is_in(top.to_list())).group_by("source.domain", TIME).agg(**sums)
    ranks = pl.DataFrame([top, pl.Series("place", range(3))])
    wanted = named.join(ranks, on="source.domain").sort("place", TIME).drop("place")
    assert_frame_equal(answer.frame.filter(~pl.col(OTHER)).drop(OTHER), wanted, check_column_order=False)
    rest = rows.filter(~pl.col("source.domain").is_in(top.to_list())).group_by(TIME).agg(**sums).sort(TIME)
    others = answer.frame.filter(OTHER)
    assert_frame_equal(others.select(TIME, *sums), rest)
    assert answer.frame.tail(others.height).equals(others, null_equal=True)


def test_spread_sums_are_equal_in_sum_and_lie_where_the_flow_was(engine: ParquetEngine) -> None:
    at_end, spread = engine.ask([query("bytes", "flows", interval=HOUR, spread=one) for one in (False, True)])
    assert spread.frame["bytes"].sum() == pytest.approx(at_end.frame["bytes"].sum())
    assert spread.frame["flows"].sum() == at_end.frame["flows"].sum()
    assert at_end.notes != spread.notes
    assert not spread.frame.equals(at_end.frame)
    wanted = dict.fromkeys(range(PART.start // HOUR, PART.end // HOUR + 1), 0.0)
    for row in of(PART).iter_rows(named=True):
        end = min(row["event.end"] or row[TIME], moment(PART.end - 1))
        begin = min(max(row["event.start"] or row[TIME], moment(PART.start)), end)
        _share(wanted, _ms(begin), _ms(end), row["network.bytes"] or 0)
    found = {_ms(at) // HOUR: octets for at, octets in spread.frame.select(TIME, "bytes").rows()}
    assert found == pytest.approx({hour: octets for hour, octets in wanted.items() if hour in found})
    assert sum(octets for hour, octets in wanted.items() if hour not in found) == 0


def moment(milliseconds: int) -> Any:
    return pl.Series([milliseconds]).cast(pl.Datetime("ms")).item()


def _ms(at: Any) -> int:
    return int(pl.Series([at], dtype=pl.Datetime("ms")).to_physical().item())


def _share(hours: dict[int, float], begin: int, end: int, octets: int) -> None:
    if begin == end:
        hours[begin // HOUR] += octets
    for hour in hours:
        inside = max(0, min(end, (hour + 1) * HOUR) - max(begin, hour * HOUR))
        hours[hour] += octets * inside / (end - begin) if inside else 0


@pytest.mark.parametrize("text", FILTERS)
def test_filters_hold_for_the_same_rows_as_for_flows_under_way(sampled: ParquetEngine, text: str) -> None:
    found = sampled.records(Records(Range(0, 2**42), parse(text), fields=("flow.id",), descending=False))
    wanted = sample().filter(parse(text).mask(sample())).column("flow.id").to_list()
    assert found.frame.get_column("flow.id").to_list() == wanted
    assert found.total == len(wanted)


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> ParquetEngine:
    root = tmp_path_factory.mktemp("sample")
    add_file_of_days(root, sample())
    return ParquetEngine(root)


def test_fields_that_only_documents_have(engine: ParquetEngine) -> None:
    """Each is in each row what it is in the row's document."""
    some, names = flows().slice(0, 60), tuple(name for name in schema.copies() if name in FLOWS.asked)
    frame = engine.records(Records(ALL, fields=names, descending=False, limit=60)).frame
    for name in names:
        wanted = [_values(json.loads(line), name.split(".")) for line in documents(some)]
        found = [_listed(value) for value in frame.get_column(name).to_list()]
        assert [set(one) for one in found] == [set(one) for one in wanted], name


def _values(document: Any, path: list[str]) -> list[Any]:
    """All that is under a dotted name, as a search engine would read it."""
    if document is None:
        return []
    if isinstance(document, list):
        return [value for one in document for value in _values(one, path)]
    return _values(document.get(path[0]), path[1:]) if path else [document]


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("client.ip:10.0.0.0/16 AND server.port:[1 TO 3]", None),
        ("geo.country_iso_code:DE AND NOT as.organization.name:*", None),
        ("flow.client_rep_tags:bad OR related.ip:10.0.1.7", None),
        ("type:ipfix AND event.kind:event", pl.col("event.dataset") == "ipfix"),
        ("event.kind:alert", pl.lit(False)),
    ],
)
def test_filters_on_such_fields(engine: ParquetEngine, text: str, condition: pl.Expr | None) -> None:
    found = engine.records(Records(ALL, parse(text, FLOWS.asked), ("flow.id",), limit=COUNT, descending=False))
    wanted = WHOLE.filter(CONDITIONS[text] if condition is None else condition)
    assert (found.total, found.frame.get_column("flow.id").to_list()) == (
        wanted.height,
        wanted["flow.id"].to_list(),
    )


def _role(field: str, *, server: bool = False) -> pl.Expr:
    straight = (pl.col("flow.client_end") == "source") != server
    return pl.when(straight).then(pl.col(f"source.{field}")).otherwise(pl.col(f"destination.{field}"))


CONDITIONS = {
    "client.ip:10.0.0.0/16 AND server.port:[1 TO 3]": _role("ip").str.starts_with("10.0.")
    & _role("port", server=True).is_between(1, 3),
    "geo.country_iso_code:DE AND NOT as.organization.name:*": pl.any_horizontal(
        (pl.col(f"{end}.geo.country_iso_code") == "DE").fill_null(False) for end in ("source", "destination")
    )
    & pl.all_horizontal(pl.col(f"{end}.as.organization.name").is_null() for end in ("source", "destination")),
    "flow.client_rep_tags:bad OR related.ip:10.0.1.7": pl.when(pl.col("flow.client_end") == "source")
    .then(pl.col("flow.src_rep_tags"))
    .otherwise(pl.col("flow.dst_rep_tags"))
    .list.contains("bad")
    .fill_null(False)
    | (pl.col("source.ip") == "10.0.1.7").fill_null(False)
    | (pl.col("destination.ip") == "10.0.1.7"),
}


def test_records_are_sorted_and_paged(engine: ParquetEngine) -> None:
    names = ("network.bytes", "source.ip", "flow.tcp_flags", TIME)
    direct = of(PART).sort("network.bytes", descending=True, nulls_last=True)
    answer = engine.records(Records(PART, fields=names, sort="network.bytes", offset=35, limit=40))
    assert_frame_equal(answer.frame, direct.select(names).slice(35, 40))
    assert answer.total == direct.height
    last = engine.records(Records(PART, fields=names, sort="network.bytes", offset=answer.total - 3, limit=40))
    assert last.frame.height == 3


def test_records_of_all_fields_have_those_with_values(engine: ParquetEngine) -> None:
    frame = engine.records(Records(ALL, limit=5)).frame
    assert frame.get_column("flow.id").to_list() == [COUNT - 1 - row for row in range(5)]
    assert {"client.ip", "network.transport"} < set(frame.columns)
    assert "flow.vlan" not in frame.columns


def test_values_for_completion_are_the_most_frequent(engine: ParquetEngine) -> None:
    counts = of(PART).group_by("source.domain").agg(count=pl.len()).drop_nulls()
    wanted = counts.filter(pl.col("source.domain").str.starts_with("host-1"))
    ordered = wanted.sort("count", "source.domain", descending=[True, False])["source.domain"].to_list()
    assert engine.values("source.domain", "host-1", PART, 2) == ordered[:2]
    assert engine.values("destination.port", "4", PART) == ["4"]


def test_the_newest_row(engine: ParquetEngine, tmp_path: Path) -> None:
    assert engine.newest() == BEGIN + (COUNT - 1) * STEP
    assert ParquetEngine(tmp_path / "none").newest() is None


def test_days_are_those_of_the_time_zone(tmp_path: Path) -> None:
    root = store(tmp_path, flows(), zone="Asia/Tokyo")
    night = Range(BEGIN, BEGIN + 8 * HOUR)
    assert asked(ParquetEngine(root, "Asia/Tokyo"), "flows", within=night).total == of(night).height


@pytest.mark.parametrize("root", ["", "none"])
def test_nothing_is_answered_with_no_rows_of_the_right_types(tmp_path: Path, root: str) -> None:
    engine = ParquetEngine(tmp_path / root)
    answer = asked(engine, "bytes", "flows", by=("source.ip", "source.port"), interval=HOUR, within=PART, other=True)
    assert answer.total == 0
    assert answer.frame.schema == {
        "source.ip": pl.String,
        "source.port": pl.UInt16,
        TIME: pl.Datetime("ms"),
        "bytes": pl.Float64,
        "flows": pl.Int64,
        OTHER: pl.Boolean,
    }
    assert engine.records(Records(PART, fields=("source.ip", "flow.tcp_flags"))).frame.schema == {
        "source.ip": pl.String,
        "flow.tcp_flags": pl.List(pl.String),
    }


def test_files_without_a_column_have_nothing_there(folder: Path, tmp_path: Path) -> None:
    day = tmp_path / "date=2026-03-01"
    day.mkdir()
    for number, drop in enumerate(([], ["source.domain"])):
        part = WHOLE.filter(pl.col(TIME).dt.date() == pl.date(2026, 3, 1)).slice(number * 9, 9)
        part.drop(drop).write_parquet(day / f"{number}.parquet")
    answer = asked(ParquetEngine(tmp_path), "flows", within=ALL, text="NOT source.domain:*")
    assert (
        answer.total
        == WHOLE.filter(pl.col(TIME).dt.date() == pl.date(2026, 3, 1))[:9]["source.domain"].null_count() + 9
    )


def test_a_damaged_file_is_skipped_and_named(tmp_path: Path) -> None:
    root = store(tmp_path, flows())
    paths = sorted(root.glob("date=2026-03-01/*.parquet"))
    lost = pl.read_parquet(paths[-1], columns=[TIME]).height + pl.read_parquet(paths[-2], columns=[TIME]).height
    paths[-1].write_bytes(b"PAR1 no more")
    data = bytearray(paths[-2].read_bytes())
    data[4:2000] = bytes(1996)
    paths[-2].write_bytes(data)
    answer = asked(ParquetEngine(root), "flows", "unique:@timestamp", within=ALL)
    assert answer.total == COUNT - lost
    assert [path.name in note for path, note in zip(paths[-2:], sorted(answer.notes), strict=True)] == [True, True]


TIMES = pl.Series(TIME, [BEGIN], dtype=pl.Datetime("ms", "UTC"))
FOREIGN: dict[str, dict[str, Any]] = {
    "its column @timestamp is int64, and not timestamp[ms, tz=UTC]": {TIME: [BEGIN]},
    "its column @timestamp is large_string, and not timestamp[ms, tz=UTC]": {TIME: ["2026-03-01"]},
    "its column @timestamp is timestamp[us, tz=UTC], and not": {TIME: TIMES.cast(pl.Datetime("us", "UTC"))},
    "its column @timestamp is date32[day], and not": {TIME: TIMES.cast(pl.Date)},
    "it has no column @timestamp": {"source.ip": ["10.0.0.1"]},
    "its column network.bytes is double, and not uint64": {TIME: TIMES, "network.bytes": [1.5]},
    "its column source.port is int64, and not uint16": {TIME: TIMES, "source.port": [443]},
    "its column source.ip is uint32, and not string": {TIME: TIMES, "source.ip": pl.Series([1], dtype=pl.UInt32)},
    "its column flow.tcp_flags is large_string, and not list": {TIME: TIMES, "flow.tcp_flags": ["SYN"]},
    "its column flow.tcp_flags is large_list<element: int64>, and not list": {TIME: TIMES, "flow.tcp_flags": [[2]]},
    "its column event.start is int64, and not": {TIME: TIMES, "event.start": [BEGIN]},
}
"""What is said of a file with these columns."""


@pytest.mark.parametrize("said", FOREIGN)
def test_a_file_of_something_else_is_skipped_and_named(folder: Path, tmp_path: Path, said: str) -> None:
    day = tmp_path / "date=2026-02-28"
    day.mkdir()
    good = max((folder / day.name).glob("*.parquet"))
    shutil.copy(good, day)
    pl.DataFrame(FOREIGN[said]).write_parquet(day / "other.parquet")
    engine = ParquetEngine(tmp_path)
    rows = engine.records(Records(ALL))
    for answer in (asked(engine, "bytes", by=("source.ip",), within=ALL), rows):
        (note,) = answer.notes
        assert f"The file {day / 'other.parquet'} is skipped, as it cannot be read: {said}" in note
        assert answer.total == pl.read_parquet(good, columns=[TIME]).height
    assert engine.newest() is not None


def test_a_link_to_nothing_is_skipped_and_named(tmp_path: Path) -> None:
    day = tmp_path / "date=2026-02-28"
    day.mkdir()
    (day / "lost.parquet").symlink_to(tmp_path / "gone.parquet")
    engine = ParquetEngine(tmp_path)
    assert engine.newest() is None
    for answer in (asked(engine, "flows", within=ALL), engine.records(Records(ALL))):
        (note,) = answer.notes
        assert note == f"The file {day / 'lost.parquet'} is skipped, as it cannot be read: it is a link to nothing"


def test_a_file_with_two_columns_of_a_name_is_skipped(tmp_path: Path) -> None:
    day = tmp_path / "date=2026-03-01"
    day.mkdir()
    twice = pa.table([TIMES.to_arrow(), TIMES.to_arrow()], names=[TIME, TIME])
    pq.write_table(twice, day / "other.parquet")
    assert "it has more than one column @timestamp" in asked(ParquetEngine(tmp_path), "flows", within=ALL).notes[0]


def test_rows_without_a_time_or_beyond_all_years_are_of_no_range(tmp_path: Path) -> None:
    day = tmp_path / "date=2026-02-28"
    day.mkdir()
    times = pa.array([BEGIN, None, 1 << 60], pa.timestamp("ms", "UTC"))
    for number, some in enumerate((times[:2], times[2:])):
        pq.write_table(pa.table({TIME: some}), day / f"{number}.parquet")
    engine = ParquetEngine(tmp_path)
    answer = asked(engine, "flows", interval=HOUR, within=ALL)
    assert (answer.total, answer.notes, answer.frame.height) == (1, (), 1)
    assert engine.records(Records(ALL)).total == 1


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    for question in (lambda engine: asked(engine, "flows"), ParquetEngine.newest):
        with pytest.raises(QueryError, match="file: Not a directory"):
            question(ParquetEngine(place))


def test_files_that_vanish_are_listed_again(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed = [[tmp_path / "gone.parquet"], None]
    monkeypatch.setattr("collector.query.parquet.store.paths", lambda *given: listed.pop(0) or paths(*given))
    assert asked(ParquetEngine(folder), "flows", within=ALL).total == COUNT


def test_who_gives_up_gets_no_answer(engine: ParquetEngine) -> None:
    patience = Patience()
    patience.stop()
    with pytest.raises(QueryStoppedError):
        engine.ask([query("flows")], patience)
    with pytest.raises(QueryStoppedError, match="0 s"):
        engine.records(Records(ALL), Patience(0))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: query("sum:source.ip"), "no number"),
        (lambda: query("p95:@timestamp"), "p95:@timestamp: @timestamp is no number"),
        (lambda: query("max:event.start"), "no number"),
        (lambda: query("average:flow.id"), "no number"),
        (lambda: query("sum:source.prot"), "did you mean source.port"),
        (lambda: query("flows", by=("ip",)), "there is no field ip"),
        (lambda: query("flows", interval=10), "intervals"),
        (lambda: query("flows", by=("source.ip",), top=5000), "groups"),
        (lambda: query("flows", by=("source.ip",) * 5), "at most 4"),
    ],
)
def test_questions_that_make_no_sense(engine: ParquetEngine, made: Any, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        engine.ask([made()])


def test_records_are_paged_so_far(engine: ParquetEngine) -> None:
    with pytest.raises(QueryError, match="10000"):
        engine.records(Records(ALL, offset=MOST_RECORDS - 99))
    with pytest.raises(QueryError, match="list"):
        engine.records(Records(ALL, sort="flow.tcp_flags"))


def test_new_files_are_seen(tmp_path: Path) -> None:
    root = store(tmp_path, flows())
    engine = ParquetEngine(root)
    assert asked(engine, "flows", within=ALL).total == COUNT
    for path in sorted((root / "date=2026-03-01").iterdir()):
        path.unlink()
    assert (
        asked(engine, "flows", within=ALL).total == WHOLE.filter(pl.col(TIME).dt.date() != pl.date(2026, 3, 1)).height
    )


QUESTIONS = [
    query("bytes", "flows", "unique:source.ip", within=within, by=by, interval=interval, spread=spread, other=True)
    for within in (ALL, PART)
    for by, interval, spread in (
        (("source.domain",), None, False),
        (("client.domain", "destination.port"), HOUR, False),
        (("flow.tcp_flags",), HOUR, True),
    )
]


def test_answers_do_not_depend_on_what_was_asked_before(tmp_path: Path) -> None:
    """Files are added and merged between the questions."""
    root = store(tmp_path, flows(300), files=3)
    engine = ParquetEngine(root)
    for change in (_nothing, _nothing, _add, _merge, _lose):
        change(root)
        fresh = ParquetEngine(root)
        for found, wanted in zip(engine.ask(QUESTIONS), fresh.ask(QUESTIONS), strict=True):
            assert found.total == wanted.total
            assert_frame_equal(found.frame, wanted.frame, check_exact=False)


@pytest.mark.parametrize(("name", "order"), [("sum", "bytes"), ("len", "flows"), ("max", "max:network.bytes")])
def test_leading_groups_of_very_many(tmp_path: Path, name: str, order: str) -> None:
    """Pairs of thousands of addresses, some of which are much more frequent."""
    draw, count, texts = np.random.default_rng(1), 20_000, [f"10.1.{n // 250}.{n % 250}" for n in range(3000)]
    addresses = pl.DataFrame({"value": texts, "domain": texts})
    for part in range(3):
        ends = [pl.Series((3000 * draw.random(count) ** 4).astype(np.uint32)) for _ in range(2)]
        sizes = pl.Series((10 ** (1 + 8 * draw.random(count))).astype(np.uint64)).alias("network.bytes")
        frame = flows(count, seed=part).frame.with_columns(
            ends[0].alias("source.ip"), ends[1].alias("destination.ip"), sizes
        )
        for day, some in Flows(frame, {"addresses": addresses}).days():
            add_file(Folder(tmp_path), day, some)
    by = ("source.domain", "destination.domain")
    within = Range(BEGIN, BEGIN + 20_000 * STEP)
    found = asked(ParquetEngine(tmp_path), order, "packets", within=within, by=by, top=30, other=name != "max").frame
    rows = pl.read_parquet(tmp_path / "*/*.parquet", hive_partitioning=False)
    ways = {"sum": pl.col("network.bytes").sum(), "len": pl.len(), "max": pl.col("network.bytes").max()}
    groups = rows.group_by(by).agg(ways[name].alias("order"), pl.col("network.packets").sum())
    wanted = groups.sort("order", *by, descending=[True, False, False])
    assert found.get_column(order)[:30].to_list() == wanted.get_column("order")[:30].to_list()
    named = found.head(30).join(groups, on=by)
    assert named.height == 30
    assert named.get_column("packets").to_list() == named.get_column("network.packets").to_list()
    if name != "max":
        packets = rows.get_column("network.packets").to_numpy().sum() - named.get_column("packets").to_numpy().sum()
        assert found.item(30, "packets") == packets


TOGETHER = [
    query("bytes", "flows"),
    query("bytes", by=("network.transport",), other=True),
    query("max:network.packets", "min:network.bytes", by=("event.dataset", "network.transport")),
    query("bytes", by=("source.geo.country_iso_code",), interval=HOUR),
    query("average:network.bytes", "max:event.duration", by=("source.geo.country_iso_code", "event.dataset")),
    query("flows", by=("flow.client_end",), interval=HOUR),
    query("bytes", by=("network.transport",), text="destination.port:>2"),
    query("packets", by=("event.dataset",), text="destination.port:>2"),
    query("flows", by=("flow.tcp_flags",)),
    query("unique:source.ip", by=("network.transport",)),
]


def test_questions_are_answered_together_as_alone(folder: Path) -> None:
    for found, one in zip(ParquetEngine(folder).ask(TOGETHER), TOGETHER, strict=True):
        alone = ParquetEngine(folder).ask([one])[0]
        assert found.total == alone.total
        assert_frame_equal(found.frame, alone.frame, rel_tol=1e-12)


def _nothing(root: Path) -> None:
    """All stays as it is."""


def _add(root: Path) -> None:
    for day, part in flows(300, seed=6).days():
        add_file(Folder(root), day, part)


def _merge(root: Path) -> None:
    for _, day in Folder(root).days():
        assert Compactor(Folder(root), threading.Event()).compact(day, time.time() + 2 * REST)


def _lose(root: Path) -> None:
    for path in (root / "date=2026-03-01").iterdir():
        path.unlink()


def test_other_rows_than_flows(tmp_path: Path) -> None:
    times = pl.Series("@timestamp", [BEGIN, BEGIN + STEP]).cast(pl.Datetime("ms"))
    names = schema.counters()
    number = next(name for name, field in names.items() if field.kind == "u64")
    some = Flows(pl.DataFrame([times, pl.Series(number, [3, 4], dtype=pl.UInt64)]), {}, COUNTERS)
    for day, part in some.days():
        add_file(Folder(tmp_path / "counters"), day, part)
    engine = ParquetEngine(tmp_path)
    asked_of = Query(ALL, (measure("rows"), measure(f"max:{number}")), (number,), dataset=COUNTERS)
    assert engine.ask([asked_of])[0].frame.rows() == [(3, 1, 3.0, False), (4, 1, 4.0, False)]
    assert engine.newest(COUNTERS) == BEGIN + STEP
    assert engine.newest() is None
    rows = engine.records(Records(ALL, fields=(number,), dataset=COUNTERS)).frame
    assert rows.get_column(number).to_list() == [4, 3]


def test_the_engine_of_the_settings_answers_from_their_folder(folder: Path) -> None:
    engine = open_engine(Settings(folder=folder))
    assert engine.newest() == BEGIN + (COUNT - 1) * STEP
    engine.close()
