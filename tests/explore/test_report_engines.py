"""A report says the same whatever the store is."""

from pathlib import Path

import pytest

from collector.explore.report.contents import ask, chosen
from collector.explore.report.pages import sheets
from collector.query.elastic.engine import ElasticEngine
from collector.query.model import Engine as Asked
from collector.query.parquet.engine import ParquetEngine
from collector.store.access import Access
from tests.engines import Engine
from tests.explore.reports import written
from tests.query.questions import EVERYTHING, ZONE, fill_engine, fill_folder

pytestmark = pytest.mark.engine


def told(engine: Asked, name: str) -> list[list[str]]:
    """What is written on each page, but for the notes at the foot of the last one and the time."""
    made = ask(engine, chosen(name), EVERYTHING, ZONE, "network.bytes:>0")
    pages = [written(sheet.figure) for sheet in sheets(made)]
    left_out = {" ".join(made.notes)}
    return [[text for text in page if text not in left_out and "made" not in text] for page in pages]


def test_the_same_texts(opensearch3: Engine, tmp_path: Path) -> None:
    fill_folder(tmp_path / "flows")
    fill_engine(opensearch3, tmp_path / "segments")
    parquet, search = ParquetEngine(tmp_path / "flows", ZONE), ElasticEngine(Access((opensearch3.url,)), ZONE)
    try:
        for name in ("overview", "traffic-types"):
            assert told(search, name) == told(parquet, name), name
    finally:
        parquet.close()
        search.close()
