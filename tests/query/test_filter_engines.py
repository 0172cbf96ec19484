"""A filter finds the flows that a search engine finds: with the same text, and with the query that is made of it."""

import time
from pathlib import Path

import pytest

from collector.query.elastic.dsl import Look, dsl
from collector.query.elastic.search import LearntError, Search, Searcher
from collector.query.filter import parse
from collector.query.model import Patience
from collector.store.access import Access
from collector.store.client import Client
from collector.store.elasticsearch import ElasticsearchStore, Settings
from tests.engines import Engine
from tests.query.sample import FILTERS, UNINDEXED, sample

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
    expected |= {text: int(parse(text).mask(flows).sum()) for text in UNINDEXED}
    assert found(engine, list(expected)) == expected


def count(engine: Engine, text: str) -> int | str:
    query = {"query_string": {"query": text}}
    status, answer = engine.call("POST", "/elastiflow-1-*/_count", {"query": query})
    return int(answer["count"]) if status == 200 else str(answer)[:300]


def found(engine: Engine, texts: list[str]) -> dict[str, int]:
    """How many documents the query of each filter holds for."""
    searcher = Searcher(Client(Access((engine.url,))))
    now = time.time_ns() // 1_000_000
    try:
        while True:
            look = Look(now, searcher.abilities.unindexed)
            queries = [{"size": 0, "query": dsl(parse(text).tree, look)} for text in texts]
            try:
                replies = searcher.ask([Search(("elastiflow-1-*",), query) for query in queries], Patience())
            except LearntError:
                continue
            return {text: reply.total for text, reply in zip(texts, replies, strict=True)}
    finally:
        searcher.close()
