"""The main job without any server: from UDP to a folder that any tool reads."""

import signal
from pathlib import Path

import polars as pl
import pytest

from tests.corpus import needs_corpus
from tests.endtoend.running import PATIENCE, Running, wait_for
from tests.endtoend.traffic import corpus, flows, send, total


def stored(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "flows" / "date=*" / "*.parquet", hive_partitioning=True)


@needs_corpus
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_corpus_arrives_in_the_folder(tmp_path: Path, number: int) -> None:
    expected = flows(corpus())
    with Running(tmp_path) as running:
        send(corpus(), running.port)
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == len(corpus()), "all datagrams")
        running.process.send_signal(number)
        assert running.process.wait(PATIENCE) == 0
    assert total(stored(tmp_path)) == total(expected)
    assert "ended: " in running.told()


def test_a_collector_without_traffic_ends_quietly(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        assert running.health() == {"status": "ok", "stored": 0, "waiting": 0}
    assert not list(tmp_path.glob("flows/date=*"))
