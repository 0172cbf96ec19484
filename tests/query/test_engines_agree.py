"""The same questions about the same flows are answered alike by Parquet files and by each search engine."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from collector.datasets import COUNTERS
from collector.query.elastic.engine import ElasticEngine
from collector.query.parquet.engine import ParquetEngine
from collector.store.access import Access
from tests.engines import Engine
from tests.query.questions import (
    EVERYTHING,
    LISTED,
    PERCENTILES,
    QUESTIONS,
    RECORDS,
    VALUES,
    ZONE,
    Both,
    compare,
    compare_rows,
    fill_engine,
    fill_folder,
    records,
    same,
)

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flows in Parquet files."""
    folder = tmp_path_factory.mktemp("parquet")
    fill_folder(folder)
    return folder


@pytest.fixture(scope="module")
def both(engine: Engine, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    fill_engine(engine, tmp_path_factory.mktemp("segments"))
    opened = Both(ParquetEngine(folder, ZONE), ElasticEngine(Access((engine.url,)), ZONE))
    yield opened
    opened.parquet.close()
    opened.search.close()


def test_measures_of_groups(both: Both) -> None:
    compare(both, QUESTIONS)
    compare(both, PERCENTILES, rel_tol=0.05)
    compare(both, LISTED)


def test_rows_as_they_are(both: Both) -> None:
    for asked in RECORDS:
        compare_rows(both, asked)
    fields = "source.ip network.bytes"
    pages = [
        both.search.records(records("*", fields, limit=700, offset=offset)).frame for offset in range(0, 2000, 700)
    ]
    same(both.search.records(records("*", fields, limit=2000)).frame, pl.concat(pages), "pages")


def test_values_and_the_newest_row(both: Both) -> None:
    for name, beginning in VALUES:
        expected = both.parquet.values(name, beginning, EVERYTHING, 50)
        assert sorted(both.search.values(name, beginning, EVERYTHING, 50)) == sorted(expected), name
        assert expected, name
    assert both.search.values("network.application", "", EVERYTHING, 3)[0] in ("dns", "DNS")
    assert both.search.newest() == both.parquet.newest()
    assert both.search.newest(COUNTERS) is None
