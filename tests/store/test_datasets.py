"""Counter samples, dropped packets and health beside flows, in stores that keep them apart."""

import json
import threading
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from collector.datasets import COUNTERS, DATASETS, DISCARDS, FLOWS, HEALTH, Dataset
from collector.decode.decoder import Decoder
from collector.enrich.enricher import Enricher
from collector.flows import Flows
from collector.store.access import Access
from collector.store.counts import Counts
from collector.store.elasticsearch import ElasticsearchStore, Settings
from collector.store.parquet.compaction import FAN_IN, Compactor
from collector.store.parquet.folder import Folder
from collector.store.parquet.retention import delete_old_days
from collector.store.parquet.store import ParquetStore
from collector.store.segments import Segments
from collector.store.shipping import Patience
from collector.store.writers import ParquetWriter
from tests.builders.counters import dropped, sample, temperature
from tests.builders.health import health
from tests.store.parquet_flows import add_file
from tests.store.sample import flows
from tests.store.server import Reply, Server

DAY = "2025-01-01"


def made() -> list[Flows]:
    """Flows, two batches of counter samples with different structures, a dropped packet, and the collector's health."""
    decoder, enricher = Decoder(), Enricher()
    samples = [decoder.decode(batch).counters for batch in ([sample(0), sample(20, 2500)], [temperature()])]
    counters = [enricher.counters(frame, decoder.exporters) for frame in samples]
    discards = enricher.discards(decoder.decode([dropped()]).discards, decoder.exporters)
    return [flows(5), *counters, discards, health()]


def files(folder: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(folder)) for path in folder.rglob("*.parquet"))


def test_each_has_a_folder_of_its_own(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    for rows in made():
        store.write(rows)
    store.close(60)
    days = ["counters/date=2025-01-01", "date=2026-03-01", "discards/date=2025-01-01", "health/date=2025-01-01"]
    assert files(tmp_path) == days
    assert store.counts() == Counts(stored=5, others={"counters": 3, "discards": 1, "health": 2})
    for dataset in DATASETS.values():
        frame = pl.read_parquet(tmp_path / dataset.folder / "date=*" / "*.parquet", hive_partitioning=False)
        assert frame.columns == list(dataset.fields)
    counters = pl.read_parquet(tmp_path / "counters" / "date=*" / "*.parquet")
    assert counters["interface.in.bits_per_second"].to_list() == [None, 1000, None]
    assert counters["temperature.maximum"].to_list() == [None, None, 250]


def test_a_fault_in_one_costs_no_rows_of_another(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.write(flows(5))
    for values in ([1], ["1"]):
        frame = pl.DataFrame({"@timestamp": [datetime(2026, 3, 1)], "sflow.sequence": values})  # noqa: DTZ001
        store.write(Flows(frame.cast({"@timestamp": pl.Datetime("ms")}), {}, COUNTERS))
    store.close(60)
    assert store.counts() == Counts(stored=5, lost={"fault": 2})


def test_a_folder_is_made_with_its_first_rows(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.write(flows(5))
    store.close(60)
    assert not (tmp_path / "counters").exists()


def test_small_files_of_counters_are_merged(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for _ in range(FAN_IN // 2):
        for rows in made()[1:3]:
            add_file(folder, DAY, rows)
    before = pl.read_parquet(tmp_path / "date=*" / "*.parquet")
    assert Compactor(folder, threading.Event(), COUNTERS).compact(folder.day(DAY), time.time()) == FAN_IN - 1
    after = pl.read_parquet(tmp_path / "date=*" / "*.parquet")
    assert after.equals(before)


def test_days_of_all_folders_count_together(tmp_path: Path) -> None:
    folders = [Folder(tmp_path / one.folder) for one in (FLOWS, COUNTERS)]
    for folder in folders:
        for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
            folder.day(day).mkdir(parents=True)
            (folder.day(day) / "a.parquet").write_bytes(bytes(1000))
    now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert [day.day for day in delete_old_days(folders, None, 3500, ZoneInfo("UTC"), now)] == [1, 1, 2]
    assert len(files(tmp_path)) == 3


def test_segments_of_an_earlier_run_are_still_of_their_kind(tmp_path: Path) -> None:
    earlier = Segments(tmp_path)
    for rows in made():
        earlier.write(rows)
    segments = Segments(tmp_path)
    read = [segments.read(segment) for segment in segments.pending()]
    assert [rows.dataset for rows in read if rows] == [FLOWS, COUNTERS, COUNTERS, DISCARDS, HEALTH]


def test_each_has_daily_indices_of_its_own(tmp_path: Path) -> None:
    with Server() as server:
        settings = Settings(Access((server.url,)), tmp_path, patience=Patience(0.001, 0.01, 0.002))
        store = ElasticsearchStore(settings)
        for rows in made():
            store.write(rows)
        assert store.flush(60)
        assert store.counts() == Counts(stored=5, others={"counters": 3, "discards": 1, "health": 2})
        store.close(0)
        found = {index: len(documents) for index, documents in server.documents.items()}
        assert found == {
            "elastiflow-1-2026.03.01": 5,
            "elastiflow-counters-1-2025.01.01": 3,
            "elastiflow-discards-1-2025.01.01": 1,
            "elastiflow-health-1-2025.01.01": 2,
        }
        puts = {asked.path: json.loads(asked.body) for asked in server.asked if asked.method == "PUT"}
        assert list(puts) == [f"/_index_template/{dataset.index}" for dataset in DATASETS.values()]
        patterns = [body["index_patterns"] for body in puts.values()]
        kinds = ("", "counters-", "discards-", "health-")
        assert patterns == [[f"elastiflow-{kind}1-*"] for kind in kinds]


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_old_indices_of_all_are_deleted(tmp_path: Path, dataset: Dataset) -> None:
    prefix = dataset.prefix
    with Server() as server:
        server.fixed[f"/_cat/indices/{prefix}*"] = Reply(body=[{"index": f"{prefix}2020.01.01", "store.size": "1"}])
        server.fixed[f"/{prefix}"] = Reply()
        store = ElasticsearchStore(Settings(Access((server.url,)), tmp_path, keep_days=30))
        deadline = time.monotonic() + 60
        while not any(asked.method == "DELETE" for asked in server.asked):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        store.close(0)
        assert [asked.path for asked in server.asked if asked.method == "DELETE"] == [f"/{prefix}2020.01.01"]


def test_a_file_that_is_asked_for_has_the_columns_of_its_rows() -> None:
    out = BytesIO()
    writer = ParquetWriter(out)
    for rows in made()[1:3]:
        writer.write(rows)
    writer.close()
    frame = pl.read_parquet(out.getvalue())
    assert (frame.height, frame.columns) == (3, list(COUNTERS.fields))
