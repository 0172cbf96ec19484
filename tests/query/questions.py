"""Questions to both engines about the same flows, and the comparison of their answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
from polars.testing import assert_frame_equal

from collector.datasets import FLOWS
from collector.query.elastic.engine import ElasticEngine
from collector.query.filter import parse
from collector.query.measures import measure
from collector.query.model import Patience, Query, Range, Records
from collector.query.parquet.engine import ParquetEngine
from collector.store.access import Access
from collector.store.elasticsearch import ElasticsearchStore, Settings
from collector.store.parquet.store import ParquetStore
from tests.engines import Engine
from tests.query.traffic import DAYS, START, traffic

ZONE = "Europe/Prague"
"""Days begin an hour before those of UTC."""
HOUR = 3_600_000
EVERYTHING = Range(START - HOUR, START + (DAYS + 1) * 24 * HOUR)
PART = Range(START + 5 * HOUR + 1, START + 31 * HOUR)
EVENING = Range(START + 22 * HOUR, START + 25 * HOUR)


@dataclass(frozen=True)
class Both:
    parquet: ParquetEngine
    search: ElasticEngine


def fill_folder(folder: Path) -> None:
    """Stores the flows as Parquet files."""
    store = ParquetStore(folder, zone=ZONE)
    flows = traffic()
    for begin in range(0, len(flows), 700):
        store.write(flows.slice(begin, 700))
    store.close(60)


def fill_engine(engine: Engine, segments: Path, full: bool = True) -> None:
    """Stores the flows as documents."""
    engine.clear()
    store = ElasticsearchStore(Settings(access=Access((engine.url,)), folder=segments, zone=ZONE, full=full))
    store.write(traffic())
    assert store.flush(60)
    store.close(0)
    assert engine.call("POST", "/elastiflow-*/_refresh")[0] == 200


def question(
    by: str = "", measures: str = "bytes", filter_: str = "*", within: Range = EVERYTHING, **options: Any
) -> Query:
    asked = None if filter_ == "*" else parse(filter_, FLOWS.asked)
    return Query(within, tuple(map(measure, measures.split())), tuple(by.split()), asked, **options)


QUESTIONS = [
    question(measures="bytes bits packets flows bits/s flows/s"),
    question(measures="average:network.bytes min:network.bytes max:event.duration unique:source.ip"),
    question(measures="sum:destination.bytes average:destination.bytes unique:flow.id unique:source.mac"),
    question(measures="flows bytes", interval=HOUR),
    question(measures="bits/s unique:source.ip max:network.bytes", interval=6 * HOUR, within=PART),
    question(measures="flows", within=EVENING),
    question("source.ip", "bytes flows"),
    question("source.ip", "flows packets", top=25),
    question("source.ip", "packets", top=7, ascending=True),
    question("source.ip", "bytes flows bits/s", other=True, top=5),
    question("source.ip", "unique:destination.ip bytes", top=8, other=True),
    question("source.domain", "average:network.bytes max:network.bytes", other=True, top=5),
    question("network.iana_number", "flows"),
    question("network.transport", "flows bytes", other=True, top=1),
    question("network.application", "flows"),
    question("network.application", "bytes", "network.application:(web* OR d?s OR *\\\\*)"),
    question("flow.service_name", "bits/s", interval=3 * HOUR, top=2, other=True),
    question("flow.tcp_flags", "flows"),
    question("flow.mpls_labels", "bytes flows"),
    question("flow.id", "flows", top=5),
    question("flow.vni", "flows bytes"),
    question("source.as.number", "bytes", other=True, top=3),
    question("source.geo.country_iso_code", "bytes flows"),
    question("client.ip", "bytes flows", top=12),
    question("server.domain", "bytes", "client.geo.country_name:Norway"),
    question("as.organization.name", "flows"),
    question("related.ip", "flows", top=15),
    question("type", "flows"),
    question("flow.client_rep_tags", "flows bytes"),
    question("source.geo.location", "bytes"),
    question("client.ip server.ip", "bytes flows", top=20),
    question("client.domain server.domain flow.service_name", "bytes", other=True, top=20),
    question("source.ip source.port destination.ip destination.port", "packets bytes", top=30),
    question("source.network.name flow.tcp_flags", "flows", top=30),
    question("client.ip server.port", "bits/s", interval=12 * HOUR, top=4, other=True),
    question("host.name network.direction", "unique:client.ip flows", top=12),
    question("source.ip destination.ip", "bytes", 'source.ip:"2001:db8::/32" AND NOT destination.port:443'),
    question("client.ip", "flows", 'related.ip:"10.1.0.0/16" AND flow.tcp_flags:SYN'),
    question("client.port", "flows", "client.bytes:>=10000 AND event.kind:event", top=5),
    question("@timestamp", "flows", top=5),
    question("source.ip", "flows", "source.ip:10.9.9.9"),
    question(measures="flows bytes unique:source.ip average:network.bytes", filter_="source.ip:10.9.9.9"),
    question(measures="flows bytes", filter_="source.ip:10.9.9.9", interval=HOUR),
    question("client.ip", "flows", filter_='client.geo.location:"50.0804,14.4205" OR server.geo.location:"1,1"'),
    question("event.start", "flows", top=3),
    question("source.ip destination.ip", "bytes", within=Range(START - 100 * 24 * HOUR, START + 24 * HOUR)),
    question("source.ip", "bytes flows", within=Range(0, START + 48 * HOUR), other=True),
    question("source.ip", "bytes", within=Range(START - 90 * HOUR, START - 60 * HOUR), other=True),
    question("event.duration source.geo.location", "bytes", top=5, ascending=True),
    question("event.duration", "bytes", top=3, interval=HOUR),
    question("source.geo.location server.domain", "bytes", interval=24 * HOUR, top=3, other=True),
    question("source.ip", "min:network.bytes unique:network.bytes", top=5, other=True, interval=24 * HOUR),
    question("source.mac flow.dscp_name flow.input_ifspeed", "flows"),
    question("flow.ecn", "flows", "flow.extra:* AND flow.input_ifalias:*"),
    question("destination.port", "sum:destination.packets max:destination.bytes"),
]
LISTED = [
    question("flow.tcp_flags", "bytes flows", other=True, top=2),
    question("as.organization.name source.network.tags", "flows bits/s", other=True, top=2),
]
"""A row is in several groups, and among the others as often."""
PERCENTILES = [
    question(measures="p50:network.bytes p95:network.bytes p99:event.duration"),
    question("client.ip", "bytes p90:network.bytes", top=5, other=True),
    question("host.name", "flows p50:network.bytes", interval=24 * HOUR),
]


def records(filter_: str, fields: str = "", sort: str = "@timestamp", **options: Any) -> Records:
    asked = None if filter_ == "*" else parse(filter_, FLOWS.asked)
    return Records(EVERYTHING, asked, tuple(fields.split()), sort, **options)


RECORDS = [
    records("*", limit=20),
    records("NOT source.ip:* AND flow.extra:*", limit=50),
    records("*", "source.ip client.ip as.organization.name related.ip network.bytes flow.id flow.extra", limit=10),
    records("network.transport:udp", "@timestamp source.geo.location flow.tcp_flags", descending=False, offset=30),
    records("*", "event.duration @timestamp server.domain", "event.duration", limit=40),
    records("source.ip:10.9.9.9", "source.ip network.bytes flow.tcp_flags event.start as.organization.name"),
]
VALUES = [
    ("network.application", ""),
    ("network.application", "d"),
    ("network.application", 'quo"'),
    ("network.application", "wild*"),
    ("source.ip", "10.1."),
    ("client.ip", "2001:db8:1"),
    ("source.domain", "host-1"),
    ("destination.port", "4"),
    ("flow.tcp_flags", "S"),
    ("as.organization.name", "Ú"),
    ("flow.id", "18446"),
    ("type", ""),
]


def compare(both: Both, questions: list[Query], **options: Any) -> None:
    expected, found = both.parquet.ask(questions, Patience(300)), both.search.ask(questions, Patience(300))
    for asked, one, other in zip(questions, expected, found, strict=True):
        told = f"{asked.by} {[part.text for part in asked.measures]} {asked.filter and asked.filter.text}"
        assert one.total == other.total, told
        same(one.frame, other.frame, told, **options)


def same(one: pl.DataFrame, other: pl.DataFrame, told: str, **options: Any) -> None:
    try:
        assert_frame_equal(other, one, **options)
    except AssertionError as error:
        raise AssertionError(f"{told}\n{error}\n{one}\n{other}") from error


def compare_rows(both: Both, asked: Records) -> None:
    one, other = both.parquet.records(asked, Patience(300)), both.search.records(asked, Patience(300))
    assert one.total == other.total, asked
    same(without_empty_lists(one.frame), other.frame, str(asked))


def without_empty_lists(frame: pl.DataFrame) -> pl.DataFrame:
    """Documents have none."""
    lists = cs.by_dtype(pl.List(pl.String))
    return frame.with_columns(pl.when(lists.list.len() > 0).then(lists))
