"""Lean documents answer questions for what they leave out like full ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.datasets import FLOWS
from collector.query.elastic.engine import ElasticEngine
from collector.query.elastic.view import View
from collector.query.parquet.engine import ParquetEngine
from collector.store.access import Access
from tests.engines import Engine
from tests.query.questions import (
    EVERYTHING,
    LISTED,
    QUESTIONS,
    RECORDS,
    ZONE,
    Both,
    compare,
    compare_rows,
    fill_engine,
    fill_folder,
    question,
    records,
)

pytestmark = [
    pytest.mark.engine,
    # It takes scripts, for which the Elasticsearch 9 of the tests lacks the module.
    pytest.mark.parametrize("engine", ["opensearch3", "elasticsearch7"], indirect=True),
]

VIEW = View(FLOWS, lean=True)
LACKING = [
    one
    for one in (*QUESTIONS, *LISTED)
    if not all(VIEW.plain(name) for name in (*one.by, *filter(None, (part.field for part in one.measures))))
]
"""Questions for what lean documents have not."""
MORE = [
    question(measures="sum:client.bytes sum:server.bytes sum:source.packets unique:client.domain max:event.duration"),
    question("source.ip", "sum:client.packets flows", top=5, other=True),
    question("event.kind type", "flows"),
    question("event.end", "bytes", top=4),
    question(measures="flows", filter_="client.domain:10.1.* OR server.domain:2001\\:db8\\:1\\:\\:1"),
    question(measures="flows", filter_="source.domain:* AND NOT destination.domain:10.0.2.20"),
    question(measures="flows", filter_="server.bytes:>=10000 OR source.bytes:<100"),
    question(measures="flows", filter_="event.kind:(NOT event) OR flow.client_rep_tags:sp* OR geo.city_name:Oslo"),
    question("client.geo.location", "bytes", interval=3_600_000),
    question(measures="flows", filter_='client.geo.location:"59.91,-10.75" AND NOT server.geo.location:"50,14"'),
    question("geo.country_name", "bytes", other=True, top=1),
]


@pytest.fixture
def both(engine: Engine, tmp_path: Path) -> Iterator[Both]:
    folder = tmp_path / "parquet"
    fill_folder(folder)
    fill_engine(engine, tmp_path, full=False)
    opened = Both(ParquetEngine(folder, ZONE), ElasticEngine(Access((engine.url,)), ZONE, lean=True))
    yield opened
    opened.parquet.close()
    opened.search.close()


def test_lean_documents_answer_like_full_ones(both: Both) -> None:
    assert len(LACKING) > 10
    compare(both, [*LACKING, *MORE])
    for asked in RECORDS:
        if asked.fields:
            compare_rows(both, asked)
    for name, beginning in (("client.domain", "host-1"), ("server.ip", "2001:"), ("related.ip", "10.1."), ("type", "")):
        expected = both.parquet.values(name, beginning, EVERYTHING, 100)
        assert sorted(both.search.values(name, beginning, EVERYTHING, 100)) == sorted(expected), name
    whole = both.search.records(records("*", limit=20)).frame
    assert {"client.ip", "server.domain", "as.organization.name", "event.end"} <= set(whole.columns)
