"""A filter finds the flows that a search engine finds with the same text."""

from pathlib import Path

import pytest

from collector.query.filter import parse
from collector.store.access import Access
from collector.store.elasticsearch import ElasticsearchStore, Settings
from tests.engines import Engine
from tests.query.sample import FILTERS, sample

pytestmark = pytest.mark.engine


def test_a_search_engine_finds_the_same_flows(engine: Engine, tmp_path: Path) -> None:
    engine.clear()
    flows = sample()
    store = ElasticsearchStore(Settings(access=Access((engine.url,)), folder=tmp_path))
    store.write(flows)
    assert store.flush(60)
    store.close(0)
    assert engine.call("POST", "/elastiflow-1-*/_refresh")[0] == 200
    expected = {text: int(parse(text).mask(flows).sum()) for text in FILTERS}
    assert {text: count(engine, text) for text in FILTERS} == expected


def count(engine: Engine, text: str) -> int | str:
    query = {"query_string": {"query": text}}
    status, answer = engine.call("POST", "/elastiflow-1-*/_count", {"query": query})
    return int(answer["count"]) if status == 200 else str(answer)[:300]
