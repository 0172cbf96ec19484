"""What is sent to a search engine, and what is made of an engine that does not answer as it should."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from collector.datasets import COUNTERS, FLOWS
from collector.query.elastic.dsl import wildcards
from collector.query.elastic.engine import ElasticEngine
from collector.query.elastic.indices import indices
from collector.query.elastic.question import DOUBTFUL
from collector.query.filter import parse
from collector.query.measures import measure
from collector.query.model import Patience, Query, QueryError, QueryStoppedError, Range, Records
from collector.query.tree import Has
from collector.store.access import Access
from tests.store.server import Asked, Reply, Server

HOUR, DAY = 3_600_000, 86_400_000
START = 1_772_323_200_000
"""2026-03-01 in UTC."""
HOURS = Range(START, START + HOUR)


def query(by: str = "", measures: str = "bytes", **options: Any) -> Query:
    return Query(HOURS, tuple(map(measure, measures.split())), tuple(by.split()), **options)


class Searches(Server):
    """Answers searches one by one as told."""

    def __init__(self, *replies: dict[str, Any]) -> None:
        super().__init__()
        self.replies = list(replies)
        self.searched: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/_msearch":
            return super().answer(asked)
        self.asked.append(asked)
        bodies = [json.loads(line) for line in asked.body.splitlines()]
        self.searched += bodies[1::2]
        return Reply(body={"responses": [whole(self.replies.pop(0)) for _ in bodies[1::2]]})


def whole(reply: dict[str, Any]) -> dict[str, Any]:
    if "error" in reply:
        return reply
    return {"_shards": {"total": 2, "failed": 0}, "hits": {"total": {"value": 9}, "hits": []}, "status": 200, **reply}


def refusal(kind: str, reason: str) -> dict[str, Any]:
    shard = {"reason": {"type": kind, "reason": reason}}
    return {"error": {"type": "search_phase_execution_exception", "reason": "all", "failed_shards": [shard]}}


def told(server: Server, ask: Callable[[ElasticEngine], Any]) -> str:
    """The error that an engine at this server makes."""
    with server:
        engine = ElasticEngine(Access((server.url,)))
        with pytest.raises(QueryError) as caught:
            ask(engine)
        engine.close()
    return str(caught.value)


def test_the_indices_of_a_range_are_those_of_its_days_in_the_time_zone() -> None:
    prague, utc = ZoneInfo("Europe/Prague"), ZoneInfo("UTC")
    assert indices(FLOWS, Range(START, START + DAY), utc) == ["elastiflow-1-2026.03.01"]
    assert indices(FLOWS, Range(START, START + DAY), prague) == ["elastiflow-1-2026.03.01", "elastiflow-1-2026.03.02"]
    assert indices(COUNTERS, Range(START - 1, START + 1), utc) == [
        "elastiflow-counters-1-2026.02.28",
        "elastiflow-counters-1-2026.03.01",
    ]
    long = indices(FLOWS, Range(START - 80 * DAY, START + DAY), utc)
    assert long == [f"elastiflow-1-{month}.*" for month in ("2025.12", "2026.01", "2026.02", "2026.03")]
    assert indices(FLOWS, Range(0, START), utc) == ["elastiflow-1-*"]
    assert indices(FLOWS, Range(0, 10**18), utc) == ["elastiflow-1-*"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("a*", "a*"), ("?b.c", "?b.c"), (r"x\*y*", r"x\*y*"), (r"\\*", r"\\*"), ("a+(b)-[c]|*", "a+(b)-[c]|*")],
)
def test_wildcards_are_those_that_were_written(written: str, expected: str) -> None:
    signs = "".join(f"\\{sign}" if sign in "+()[]|-" else sign for sign in written)
    tree = parse(f"host.name:{signs}").tree
    assert isinstance(tree, Has)
    assert wildcards(tree.condition.expression) == expected  # type: ignore[attr-defined]


def test_no_index_is_an_empty_answer() -> None:
    questions = [query(), query("source.ip server.port", "bytes flows", other=True, interval=60_000)]
    nothing = {"hits": {"total": {"value": 0}, "hits": []}}
    with Searches(nothing, nothing, nothing, nothing) as server:
        engine = ElasticEngine(Access((server.url,)))
        whole_range, grouped = (answer.frame for answer in engine.ask(questions))
        assert engine.records(Records(HOURS, fields=("source.ip",))).frame.schema == {"source.ip": pl.String()}
        engine.close()
    assert whole_range.schema == {"bytes": pl.Float64()}
    assert grouped.schema == {
        "source.ip": pl.String(),
        "server.port": pl.UInt16(),
        "@timestamp": pl.Datetime("ms"),
        "bytes": pl.Float64(),
        "flows": pl.Int64(),
        "other": pl.Boolean(),
    }
    assert grouped.is_empty()


def test_rates_are_of_what_lies_in_the_range_of_a_bucket() -> None:
    keys = range(START - 1_000_000, START + 3_600_000, 2_000_000)
    buckets = [{"key": key, "doc_count": 300, "m0": {"value": 6000.0}} for key in keys]
    with Searches({"aggregations": {"buckets": {"buckets": buckets}}}) as server:
        engine = ElasticEngine(Access((server.url,)))
        (answer,) = engine.ask([query("", "bytes/s flows/s", interval=2_000_000)])
        engine.close()
    assert answer.frame.get_column("bytes/s").to_list() == [6.0, 3.0, 10.0]
    assert answer.frame.get_column("flows/s").to_list() == [0.3, 0.15, 0.5]


def test_groups_that_shards_may_not_have_told_are_asked_for_by_name() -> None:
    bucket = {"key": "192.0.2.1", "doc_count": 1, "m0": {"value": 5.0}}
    first = {"aggregations": {"groups": {"doc_count_error_upper_bound": -1, "buckets": [bucket]}}}
    second = {"aggregations": {"groups": {"buckets": {"0": {"doc_count": 3, "m0": {"value": 8.0}}}}}}
    with Searches(first, second) as server:
        engine = ElasticEngine(Access((server.url,)))
        (answer,) = engine.ask([query("source.ip")])
        engine.close()
    assert answer.frame.rows() == [("192.0.2.1", 8.0, False)]
    assert answer.notes == (DOUBTFUL,)


def test_many_groups_by_time_are_asked_for_in_several_searches() -> None:
    buckets = [{"key": number, "doc_count": 1, "m0": {"value": 5.0}} for number in range(40)]
    first = {"aggregations": {"groups": {"buckets": buckets}}}
    part = {"doc_count": 1, "buckets": {"buckets": []}}
    others = [{"aggregations": {"groups": {"buckets": {str(place): part for place in range(40)}}}}] * 2
    with Searches(first, *others) as server:
        engine = ElasticEngine(Access((server.url,)))
        engine.ask([query("source.port", top=40, interval=1800)])
        filters = [search["aggs"]["groups"]["filters"]["filters"] for search in server.searched[1:]]
        engine.close()
    assert [len(part) for part in filters] == [24, 16]


def test_what_an_engine_refuses_is_asked_in_another_way() -> None:
    unknown = {"error": {"type": "parsing_exception", "reason": "Unknown aggregation type [multi_terms] did you mean"}}
    refused = refusal("illegal_argument_exception", "cannot execute [inline] scripts")
    page = {"aggregations": {"groups": {"buckets": [{"key": {"0": "::1", "1": 80}, "doc_count": 2}]}}}
    with Searches(unknown, refused, page, page) as server:
        engine = ElasticEngine(Access((server.url,)))
        for _ in range(2):
            (answer,) = engine.ask([query("source.ip source.port", "flows")])
            assert answer.frame.rows() == [("::1", 80, 2, False)]
        ways = [next(iter(search["aggs"]["groups"])) for search in server.searched]
        engine.close()
    assert ways == ["multi_terms", "terms", "composite", "composite"]


def test_lean_documents_on_an_engine_without_scripts_are_told_of() -> None:
    total = {"aggregations": {"m0": {"value": 5.0}}}
    with Searches(total, refusal("illegal_argument_exception", "cannot execute [inline] scripts"), total) as server:
        engine = ElasticEngine(Access((server.url,)), lean=True)
        first, second = engine.ask([query(), query("client.ip")])
        engine.close()
    assert (first.frame.rows(), first.notes) == ([(5.0,)], ())
    assert second.frame.is_empty()
    assert "lean documents have no client.ip" in second.notes[0]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refusal("too_many_buckets_exception", "Trying to create too many buckets"), "choose a longer interval"),
        (refusal("circuit_breaking_exception", "[parent] Data too large"), "has not enough memory"),
        (refusal("security_exception", "no permissions"), "may not read these indices (security_exception: no perm"),
        (refusal("query_shard_exception", "odd"), "the engine refuses the question: query_shard_exception: odd"),
    ],
)
def test_what_a_search_is_refused_for_is_told(reply: dict[str, Any], expected: str) -> None:
    assert expected in told(Searches(reply), lambda engine: engine.ask([query()]))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            Reply(401, {"error": {"type": "security_exception", "reason": "no"}}),
            "password, API key or token is missing",
        ),
        (Reply(403, {"error": {"type": "security_exception", "reason": "no"}}), "takes the privilege read on elasti"),
        (Reply(200, "<html>", "text/html"), "neither Elasticsearch nor OpenSearch"),
    ],
)
def test_what_an_answer_is_refused_for_is_told(reply: Reply, expected: str) -> None:
    server = Server()
    server.fixed["/_msearch"] = reply
    assert expected in told(server, lambda engine: engine.ask([query()]))


def test_an_engine_that_is_away_is_told() -> None:
    engine = ElasticEngine(Access(("http://127.0.0.1:1",)))
    for ask in (lambda: engine.ask([query()]), engine.newest):
        with pytest.raises(QueryError, match="connection refused"):
            ask()
    engine.close()


def test_time_that_is_over_is_told() -> None:
    server = Searches({"timed_out": True})
    with server:
        engine = ElasticEngine(Access((server.url,)))
        with pytest.raises(QueryStoppedError, match="no answer within 7 s"):
            engine.ask([query()], Patience(7))
        engine.close()
    assert 5000 < int(server.searched[0]["timeout"].removesuffix("ms")) <= 7000


def test_shards_that_did_not_answer_are_told() -> None:
    failure = {"reason": {"type": "io", "reason": "disk"}}
    reply = {"_shards": {"total": 3, "failed": 1, "failures": [failure]}, "aggregations": {"m0": {"value": 1.0}}}
    with Searches(reply) as server:
        engine = ElasticEngine(Access((server.url,)))
        (answer,) = engine.ask([query()])
        engine.close()
    assert answer.notes == ("1 of 3 shards did not answer (io: disk): figures are too low.",)


class Slow(Server):
    """Answers a search when it is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.searching, self.cancelled = threading.Event(), threading.Event()
        self.tag = ""

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/_msearch":
            self.tag = {name.lower(): value for name, value in asked.headers.items()}["x-opaque-id"]
            self.searching.set()
            self.cancelled.wait(20)
            return Reply(400)
        if asked.path.startswith("/_tasks?"):
            ours, other = ({"cancellable": True, "headers": {"X-Opaque-Id": tag}} for tag in (self.tag, "other"))
            return Reply(body={"nodes": {"n": {"tasks": {"n:1": other, "n:2": ours}}}})
        if asked.path == "/_tasks/n:2/_cancel":
            self.cancelled.set()
            return Reply(body={"nodes": {}})
        return super().answer(asked)


def test_an_asker_that_gives_up_gets_away_and_ends_the_search() -> None:
    patience = Patience(60)

    def stop() -> None:
        server.searching.wait(20)
        patience.stop()

    with Slow() as server:
        engine = ElasticEngine(Access((server.url,)))
        stopper = threading.Thread(target=stop)
        stopper.start()
        begin = time.monotonic()
        with pytest.raises(QueryStoppedError, match="given up"):
            engine.ask([query()], patience)
        assert time.monotonic() - begin < 20
        assert server.cancelled.wait(20)
        stopper.join()
        engine.close()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (query("source.ipp"), "no field source.ipp; did you mean source.ip"),
        (query(measures="sum:source.ip"), "sum:source.ip: source.ip is of the kind ip"),
        (query(measures="unique:source.geo.location"), "makes no such measure"),
        (query("flow.extra"), "no single value"),
        (query(interval=1000), "more than 2000 intervals"),
        (query("source.ip", top=5000), "at most 1000"),
    ],
)
def test_a_question_that_makes_no_sense_is_not_asked(asked: Query, expected: str) -> None:
    engine = ElasticEngine(Access(("http://127.0.0.1:1",)))
    with pytest.raises(QueryError, match=expected):
        engine.ask([asked])
    engine.close()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Records(HOURS, fields=("nothing",)), "no field nothing"),
        (Records(HOURS, sort="source.geo.location"), "no order"),
        (Records(HOURS, sort="flow.tcp_flags"), "is a list"),
        (Records(HOURS, offset=9950, limit=100), "first 10,000 rows"),
    ],
)
def test_rows_that_cannot_be_had_are_not_asked_for(asked: Records, expected: str) -> None:
    engine = ElasticEngine(Access(("http://127.0.0.1:1",)))
    with pytest.raises(QueryError, match=expected):
        engine.records(asked)
    engine.close()
