"""The main job into real search engines: from UDP to documents, through crashes of either side."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import needs_corpus
from tests.endtoend.running import Running, wait_for
from tests.endtoend.traffic import corpus, flows, send, total
from tests.engines.engine import Engine

pytestmark = [pytest.mark.engine, needs_corpus]
INDICES = "/elastiflow-1-*"
TYPES = {
    "@timestamp": "date",
    "source.ip": "ip",
    "destination.port": "long",
    "network.bytes": "long",
    "network.transport": "keyword",
    "source.geo.location": "geo_point",
    "flow.tcp_flags": "keyword",
}


def answer(engine: Engine, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    status, content = engine.call(method, path, body)
    assert status == 200, content
    return content


def stored(engine: Engine) -> tuple[int, int]:
    """Documents, and the sum of network.bytes."""
    engine.call("POST", f"{INDICES}/_refresh", None)
    query = {"size": 0, "track_total_hits": True, "aggs": {"bytes": {"sum": {"field": "network.bytes"}}}}
    content = answer(engine, "POST", f"{INDICES}/_search", query)
    return content["hits"]["total"]["value"], int(content.get("aggregations", {}).get("bytes", {"value": 0})["value"])


def exporters(engine: Engine) -> int:
    query = {"size": 0, "aggs": {"n": {"cardinality": {"field": "host.ip"}}}}
    return int(answer(engine, "POST", f"{INDICES}/_search", query)["aggregations"]["n"]["value"])


def types(engine: Engine) -> dict[str, str]:
    """The types in force, of the fields in `TYPES`."""
    mappings = answer(engine, "GET", f"{INDICES}/_mapping").values()
    out = {}
    for name in TYPES:
        for mapping in mappings:
            node = {"properties": mapping["mappings"]["properties"]}
            for step in name.split("."):
                node = node["properties"][step]
            out[name] = node["type"]
    return out


def collector(folder: Path, engine: Engine) -> Running:
    return Running(folder, ["--elasticsearch", engine.url, "--elasticsearch-refresh", "1"])


def until_stored(engine: Engine, expected: tuple[int, int], told: Callable[[], str]) -> None:
    """Wait until all flows are there; once each, since their number cannot shrink again."""

    def there() -> bool:
        try:
            return stored(engine)[0] >= expected[0]
        except (AssertionError, OSError):
            return False

    wait_for(there, f"{expected[0]} documents; {told()}", 90)
    assert stored(engine) == expected


@pytest.fixture
def empty(engine: Engine) -> Engine:
    engine.clear()
    return engine


def test_the_corpus_arrives_as_documents_with_the_right_types(empty: Engine, tmp_path: Path) -> None:
    expected = total(flows(corpus()))
    with collector(tmp_path, empty) as running:
        send(corpus(), running.port)
        until_stored(empty, expected, running.told)
        assert types(empty) == TYPES
        assert exporters(empty) == flows(corpus())["host.ip"].n_unique()
        wait_for(
            lambda: running.metric("flow_collector_stored_flows_total") == expected[0], "the count of the collector"
        )


@pytest.mark.parametrize("engine", ["elasticsearch9"], indirect=True)
def test_an_engine_that_dies_in_mid_stream_gets_every_flow_once(empty: Engine, tmp_path: Path) -> None:
    datagrams, expected = corpus(), total(flows(corpus()))
    third = len(datagrams) // 3
    with collector(tmp_path, empty) as running:
        send(datagrams[:third], running.port)
        wait_for(lambda: running.metric("flow_collector_stored_flows_total") > 0, "the first documents")
        send(datagrams[third : 2 * third], running.port)
        empty.kill()
        send(datagrams[2 * third :], running.port)
        wait_for(lambda: running.health()["status"] != "ok", "the collector to notice")
        empty.restart()
        until_stored(empty, expected, running.told)


@pytest.mark.parametrize("engine", ["opensearch3"], indirect=True)
def test_a_collector_that_dies_in_mid_stream_ships_the_rest_after_its_start(empty: Engine, tmp_path: Path) -> None:
    datagrams = corpus()
    expected = total(flows(datagrams))
    running = collector(tmp_path, empty)
    running.start()
    send(datagrams[: len(datagrams) // 2], running.port)
    wait_for(lambda: running.metric("flow_collector_stored_flows_total") > 0, "the first documents")
    empty.kill()
    send(datagrams[len(datagrams) // 2 :], running.port)
    wait_for(lambda: running.metric("flow_collector_flows_total") == expected[0], "all flows to be in segments")
    time.sleep(0.5)
    running.kill()
    assert list((tmp_path / "flows" / "segments").iterdir())
    empty.restart()
    with running:
        until_stored(empty, expected, running.told)
