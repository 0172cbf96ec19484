"""The store against real engines: what they make of the documents, and that crashes neither lose nor double a flow."""

import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from collector import registry, schema
from collector.decode.jsontext import MOST_NAMES
from collector.flows import Flows
from collector.schema import Field
from collector.store.access import Access
from collector.store.elasticsearch import ElasticsearchStore, Settings
from collector.store.retention import daily_indices
from collector.store.shipping import Patience
from tests.engines import KINDS, Engine
from tests.store.crash import FLOWS
from tests.store.parquet_flows import is_constant
from tests.store.sample import flows

pytestmark = pytest.mark.engine

PATIENCE = Patience(first=0.05, longest=0.5, mending=0.1)


@pytest.fixture
def empty(engine: Engine) -> Engine:
    engine.clear()
    return engine


@pytest.fixture
def opened(tmp_path: Path, empty: Engine) -> Iterator[Callable[..., ElasticsearchStore]]:
    """Opens stores on one folder, and closes them in the end."""
    stores: list[ElasticsearchStore] = []

    def open_store(**options: Any) -> ElasticsearchStore:
        chosen: dict[str, Any] = {"access": Access((empty.url,)), "folder": tmp_path, "patience": PATIENCE} | options
        stores.append(ElasticsearchStore(Settings(**chosen)))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close(0)


def search(engine: Engine, **body: Any) -> Any:
    assert engine.call("POST", "/elastiflow-1-*/_refresh")[0] == 200
    status, answer = engine.call("POST", "/elastiflow-1-*/_search", {"size": 0, "track_total_hits": True, **body})
    assert status == 200, answer
    return answer


def held(engine: Engine) -> tuple[int, int]:
    """Number of flows, and the sum of their bytes."""
    answer = search(engine, aggs={"bytes": {"sum": {"field": "network.bytes"}}})
    return answer["hits"]["total"]["value"], int(answer["aggregations"]["bytes"]["value"])


def expected(batches: list[Flows]) -> tuple[int, int]:
    return sum(map(len, batches)), sum(int(batch.frame["network.bytes"].sum()) for batch in batches)


def until(true: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def says(store: ElasticsearchStore, text: str) -> Callable[[], bool]:
    return lambda: text in store.status


def setting(engine: Engine, name: str, value: Any) -> None:
    assert engine.call("PUT", "/_cluster/settings", {"transient": {name: value}})[0] == 200


VALUES: dict[str, Any] = {
    "geo_point": "50.08,14.42",
    "mac": "02:00:00:00:00:01",
    "keyword": "word",
    "keywords": ["one", "two"],
    "ip": "2001:db8::1",
    "bool": True,
    "f64": 0.5,
    "object": '{"word":"word"}',
}
NUMBERS = {"u8": 2**8, "u16": 2**16, "u32": 2**32, "u64": 2**63, "id": 2**64, "counter": 2**63}


def cell(field: Field) -> pl.Series:
    """One value; numbers are as large as their type, or as the engines' long, allows."""
    value = NUMBERS[field.kind] - 1 if field.kind in NUMBERS else VALUES[field.kind]
    return pl.Series([value], dtype=field.dtype)


def whole_flow() -> Flows:
    """One flow with every field of the schema."""
    frame: dict[str, pl.Series] = {}
    tables: defaultdict[str, dict[str, pl.Series]] = defaultdict(dict)
    for field in schema.fields().values():
        if field.code is not None and field.attribute is not None:
            if not is_constant(table := schema.table_of(field.code) or ""):
                tables[table][field.attribute] = cell(field)
        elif field.table and is_constant(field.table):
            # The first row of some constant tables is a name for nothing.
            whole = registry.table(field.table).with_row_index("row").drop_nulls()
            frame[field.name] = whole["row"][-1:]
        elif field.table:
            tables[field.table]["value"] = cell(field)
            frame[field.name] = pl.Series([0], dtype=pl.UInt32)
        elif field.kind == "time":
            frame[field.name] = pl.Series([datetime(2026, 3, 1, 12)], dtype=pl.Datetime("ms"))  # noqa: DTZ001
        else:
            frame[field.name] = cell(field)
    return Flows(pl.DataFrame(frame), {name: pl.DataFrame(table) for name, table in tables.items()})


def types(level: dict[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, body in level.items():
        if "properties" in body and prefix + name not in schema.fields():
            found |= types(body["properties"], f"{prefix}{name}.")
        else:
            found[prefix + name] = body.get("type", "object") + ("" if body.get("index", True) else ", not indexed")
    return found


def test_every_field_arrives_under_its_type(opened: Callable[..., ElasticsearchStore], empty: Engine) -> None:
    batch = whole_flow()
    assert set(batch.names()) == set(schema.fields())
    known = {**schema.fields(), **schema.copies()}
    store = opened(message=True)
    store.write(batch)
    assert store.flush(60)
    assert store.counters.failed == {}
    (hit,) = search(empty, size=1)["hits"]["hits"]
    assert "2001:db8::1" in hit["_source"]["message"]
    mapping = empty.call("GET", "/elastiflow-1-2026.03.01/_mapping")[1]["elastiflow-1-2026.03.01"]["mappings"]
    assert types(mapping["properties"]) == {
        name: field.elasticsearch["type"] + ("" if field.elasticsearch.get("index", True) else ", not indexed")
        for name, field in known.items()
    }
    kept = {name: field for name, field in known.items() if field.kind != "line"}
    found = values(empty, kept)
    assert set(found) == set(kept)
    assert found["source.ip"] == found["client.ip"] == ["2001:db8::1"]
    assert found["source.bytes"] == [2**63 - 1]
    assert found["@timestamp"] == ["2026-03-01T12:00:00.000Z"]


def values(engine: Engine, known: Mapping[str, Field]) -> dict[str, Any]:
    """What the only document has in each field's doc values, of which engines give a hundred at once."""
    found: dict[str, Any] = {}
    leaves = {name: f"{name}.word" if field.kind == "object" else name for name, field in known.items()}
    names = list(leaves)
    for begin in range(0, len(names), 50):
        some = {leaves[name]: name for name in names[begin : begin + 50]}
        wanted = [{"field": leaf} for leaf in some]
        (hit,) = search(engine, size=1, docvalue_fields=wanted, _source=False)["hits"]["hits"]
        found |= {some[leaf]: value for leaf, value in hit["fields"].items()}
    return found


def test_names_within_an_object_get_a_type_and_cost_no_document(
    opened: Callable[..., ElasticsearchStore], empty: Engine
) -> None:
    texts = [
        {"word": "2026-03-01", "number": 2**63 - 1, "real": 1.0, "flag": True, "9_list": [1, 2]},
        {"word": "no date", "number": -5, "real": 1e300, "flag": False, "9_list": [3], "long": "x" * 40_000},
        {"word": ["a", "b"], "number": 1.5, "real": 7, "httpX-Name": "y"},
        {"number": "a word", "real": "a word"},
        None,
    ]
    extra = pl.Series("flow.extra", [text and json.dumps(text) for text in texts], dtype=pl.String)
    batch = flows(len(texts))
    store = opened()
    store.write(Flows(batch.frame.with_columns(extra), batch.tables))
    assert store.flush(60)
    assert (store.counters.failed, held(empty)[0]) == ({}, len(texts))
    mapping = empty.call("GET", "/elastiflow-1-2026.03.01/_mapping")[1]["elastiflow-1-2026.03.01"]["mappings"]
    assert types(mapping["properties"]["flow"]["properties"]["extra"]["properties"]) == {
        "word": "keyword",
        "number": "long",
        "real": "double",
        "flag": "boolean",
        "9_list": "long",
        "long": "keyword",
        "httpX-Name": "keyword",
    }
    for name, value in (("word", "2026-03-01"), ("word", "b"), ("number", 2**63 - 1), ("9_list", 2), ("flag", True)):
        found = search(empty, query={"term": {f"flow.extra.{name}": value}})
        assert found["hits"]["total"]["value"] == 1, name


def test_as_many_names_as_there_may_be_cost_no_document(
    opened: Callable[..., ElasticsearchStore], empty: Engine
) -> None:
    extra = [json.dumps({f"{owner}_{number}": "00" for number in range(MOST_NAMES)}) for owner in range(4)]
    batch = flows(4)
    store = opened()
    store.write(Flows(batch.frame.with_columns(pl.Series("flow.extra", extra)), batch.tables))
    assert store.flush(60)
    assert (store.counters.failed, held(empty)[0]) == ({}, 4)
    assert search(empty, query={"exists": {"field": f"flow.extra.3_{MOST_NAMES - 1}"}})["hits"]["total"]["value"] == 1


def test_counts_sums_and_searches(opened: Callable[..., ElasticsearchStore], empty: Engine) -> None:
    batches = [flows(3000, seed=seed) for seed in range(4)]
    store = opened(request_bytes=200_000)
    for batch in batches:
        store.write(batch)
    assert store.flush(60)
    assert held(empty) == expected(batches)
    assert (store.counts().stored, store.counts().waiting, store.counts().lost) == (12_000, 0, {})
    network = {"term": {"source.ip": "198.51.100.0/24"}}
    odd = sum(int((batch.frame["source.ip"] % 2 == 1).sum()) for batch in batches)
    assert search(empty, query=network)["hits"]["total"]["value"] == odd
    top = search(empty, aggs={"top": {"terms": {"field": "host.name"}}})["aggregations"]["top"]["buckets"]
    assert {bucket["key"]: bucket["doc_count"] for bucket in top} == {"edge": 6000, "core": 6000}


def test_a_single_node_is_green_and_settings_hold(opened: Callable[..., ElasticsearchStore], empty: Engine) -> None:
    store = opened()
    store.write(flows(1))
    assert store.flush(60)
    assert (
        empty.call("GET", "/_cluster/health/elastiflow-1-*?wait_for_status=green&timeout=30s")[1]["status"] == "green"
    )
    index = empty.call("GET", "/elastiflow-1-2026.03.01/_settings")[1]["elastiflow-1-2026.03.01"]["settings"]["index"]
    assert (index["number_of_shards"], index["refresh_interval"], index["codec"]) == ("1", "30s", "default")


def test_the_engine_is_known(opened: Callable[..., ElasticsearchStore], empty: Engine) -> None:
    store = opened()
    until(lambda: store.engine)
    assert store.engine is not None
    assert store.engine.name == KINDS[empty.name].title.split()[0]
    assert KINDS[empty.name].version.startswith(store.engine.version)


def test_each_day_has_its_index(opened: Callable[..., ElasticsearchStore], empty: Engine) -> None:
    batch = flows(48, begin=datetime(2026, 3, 1, 12), step=timedelta(hours=1))  # noqa: DTZ001
    store = opened(zone="Europe/Prague")
    store.write(batch)
    assert store.flush(60)
    days = {row["index"]: row["docs.count"] for row in _indices(empty)}
    assert days == {f"elastiflow-1-2026.03.0{day}": count for day, count in ((1, "11"), (2, "24"), (3, "13"))}


def _indices(engine: Engine) -> Any:
    search(engine)
    return engine.call("GET", "/_cat/indices/elastiflow-1-*?format=json")[1]


def test_documents_of_the_wrong_kind_are_lost_alone(
    opened: Callable[..., ElasticsearchStore], empty: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    batch = flows(500)
    wrong = batch.tables["addresses"].with_columns(pl.col("value").replace("198.51.100.7", "nonsense"))
    hit = ((batch.frame["source.ip"] == 7) | (batch.frame["destination.ip"] == 7)).sum()
    store = opened()
    store.write(Flows(batch.frame, {**batch.tables, "addresses": wrong}))
    assert store.flush(60)
    (kind,) = store.counters.failed
    assert store.counters.failed[kind] == hit > 0
    assert held(empty)[0] == 500 - hit
    assert "'nonsense' is not an IP string literal" in caplog.text


def test_an_index_that_is_full_or_closed_is_waited_for(
    opened: Callable[..., ElasticsearchStore], empty: Engine
) -> None:
    store = opened()
    store.write(flows(10))
    assert store.flush(60)
    index = "/elastiflow-1-2026.03.01"
    for begin, end, text in (
        ({"index.blocks.read_only_allow_delete": True}, {"index.blocks.read_only_allow_delete": None}, "flood-stage"),
        ({"index.blocks.write": True}, {"index.blocks.write": None}, "index write"),
    ):
        assert empty.call("PUT", f"{index}/_settings", begin)[0] == 200
        store.write(flows(10))
        until(says(store, text))
        assert empty.call("PUT", f"{index}/_settings", end)[0] == 200
        assert store.flush(60)
    assert empty.call("POST", f"{index}/_close")[0] == 200
    store.write(flows(10))
    until(says(store, "index_closed_exception"))
    assert empty.call("POST", f"{index}/_open")[0] == 200
    assert store.flush(60)
    assert (held(empty)[0], store.status, store.counts().lost) == (40, "ok", {})


def test_a_cluster_that_allows_no_more_indices_is_waited_for(
    opened: Callable[..., ElasticsearchStore], empty: Engine
) -> None:
    store = opened()
    until(lambda: store.engine)
    for name, value, text in (
        ("cluster.max_shards_per_node", 1, "maximum"),
        ("action.auto_create_index", "false", "index_not_found_exception"),
    ):
        empty.call("PUT", "/elsewhere", {"settings": {"number_of_replicas": 0}})
        setting(empty, name, value)
        store.write(flows(10, begin=datetime(2026, 3, 1 if value == 1 else 2)))  # noqa: DTZ001
        until(says(store, text))
        setting(empty, name, None)
        assert store.flush(60)
    assert (held(empty)[0], store.counts().lost) == (20, {})


def test_nothing_is_indexed_while_another_template_wins(
    opened: Callable[..., ElasticsearchStore], empty: Engine
) -> None:
    mine = {"index_patterns": ["elastiflow-*"], "priority": 10_000, "template": {"settings": {}}}
    assert empty.call("PUT", "/_index_template/mine", mine)[0] == 200
    store = opened()
    store.write(flows(10))
    until(
        lambda: re.search(
            r"@timestamp would be unknown instead of date.* other templates .*: .*elastiflow-1", store.status
        )
    )
    assert empty.call("GET", "/elastiflow-1-2026.03.01")[0] == 404
    assert empty.call("DELETE", "/_index_template/mine")[0] == 200
    assert store.flush(60)
    assert held(empty)[0] == 10


def test_old_days_are_deleted_and_nothing_else(opened: Callable[..., ElasticsearchStore], empty: Engine) -> None:
    today = datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    store = opened()
    for age in (0, 5, 40):
        store.write(flows(10, begin=today - timedelta(days=age)))
    assert store.flush(60)
    for name in ("elastiflow-1-2020.01.01-copy", "elastiflow-2-2020.01.01", "elastiflow-1-mine"):
        assert empty.call("PUT", f"/{name}")[0] == 200
    assert len(daily_indices(store._client, "elastiflow-1-")) == 3
    opened(keep_days=30)
    until(lambda: len(daily_indices(store._client, "elastiflow-1-")) == 2)
    names = {row["index"] for row in empty.call("GET", "/_cat/indices/elastiflow-*?format=json")[1]}
    assert names == {
        f"elastiflow-1-{today:%Y.%m.%d}",
        f"elastiflow-1-{today - timedelta(days=5):%Y.%m.%d}",
        "elastiflow-1-2020.01.01-copy",
        "elastiflow-2-2020.01.01",
        "elastiflow-1-mine",
    }


@pytest.mark.parametrize("engine", ["opensearch3"], indirect=True)
def test_an_engine_killed_under_way_has_each_flow_once(
    opened: Callable[..., ElasticsearchStore], empty: Engine
) -> None:
    batches = [flows(500, seed=seed) for seed in range(60)]
    store = opened(request_bytes=50_000)
    for batch in batches[:30]:
        store.write(batch)
    until(lambda: store.counts().stored > 2000)
    empty.kill()
    for batch in batches[30:]:
        store.write(batch)
    until(says(store, "connection refused"))
    assert store.counts().waiting > 0
    empty.restart()
    assert store.flush(120)
    assert held(empty) == expected(batches)
    assert (store.status, store.counts().lost) == ("ok", {})


@pytest.mark.parametrize("engine", ["elasticsearch7"], indirect=True)
def test_a_collector_killed_under_way_has_each_written_flow_once(
    tmp_path: Path, opened: Callable[..., ElasticsearchStore], empty: Engine
) -> None:
    first = 0
    for turn in range(3):
        command = [sys.executable, "-m", "tests.store.crash", empty.url, str(tmp_path), str(first)]
        with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                seed, stored = map(int, line.split())
                if stored > FLOWS and seed >= first + 10 * (turn + 1):
                    process.kill()
            first = seed + 1
    store = opened()
    assert store.flush(120)
    # A segment may be written and its process killed before it could say so.
    count, total = held(empty)
    batches = [flows(FLOWS, seed=seed) for seed in range(first)]
    assert count == expected(batches)[0]
    assert total == expected(batches)[1]
    assert store.counts().lost == {}
