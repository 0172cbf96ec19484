"""Counter samples and dropped packets of sFlow: from UDP and from captures to where they can be asked for."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from collector.datagram import Datagram
from collector.datasets import COUNTERS, DATASETS
from tests.builders import pcap
from tests.builders.counters import dropped, every_structure, sample, temperature
from tests.endtoend.running import Running, environment, wait_for
from tests.endtoend.traffic import send
from tests.engines.engine import Engine

QUERY = """
select "interface.index" as index, "interface.in.bits_per_second" as bits
from read_parquet('{}/flows/counters/date=*/*.parquet', hive_partitioning = true)
where "interface.interval" > 0
"""


def local(datagrams: Iterable[Datagram]) -> list[Datagram]:
    return [one._replace(exporter="127.0.0.1") for one in datagrams]


def sent() -> list[Datagram]:
    """Four counter samples, the second of an interface among them, and a dropped packet."""
    return local([sample(0), sample(20, 2500), sample(20, 2500, source=4), temperature(), dropped()])


def until(running: Running, what: str, samples: int) -> None:
    """Wait until so many counter samples and a dropped packet are counted by metrics that begin so."""

    def there() -> bool:
        kinds = ("counter_samples", "dropped_packets")
        return [running.metric(f"flow_collector_{what}{kind}_total") for kind in kinds] == [samples, 1]

    wait_for(there, f"{what}{samples} counter samples; {running.told()}")


def rated(folder: Path) -> list[tuple[int, float]]:
    rows: list[tuple[int, float]] = duckdb.connect().execute(QUERY.format(folder)).fetchall()
    return rows


def test_a_running_collector_stores_them_beside_the_flows(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        send(sent(), running.port)
        until(running, "", 4)
    assert not list(tmp_path.glob("flows/date=*"))
    assert rated(tmp_path) == [(3, 1000)]
    (packet,) = pl.read_parquet(tmp_path / "flows" / "discards" / "date=*" / "*.parquet").to_dicts()
    assert (packet["flow.drop_reason_name"], packet["destination.port"]) == ("acl", 53)
    assert "4 counter samples, 4 stored; 1 dropped packets, 1 stored" in running.told()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap.classic([pcap.Packet(one.received, pcap.frame(one.payload, port=6343)) for one in sent()]))
    return path


def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "collector", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), check=False)


def test_decode_shows_them_as_they_are_stored(capture: Path) -> None:
    answer = call("decode", "--records", "counters,discards", capture)
    documents = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [one["event"]["dataset"] for one in documents] == ["sflow-counters"] * 4 + ["sflow-discards"]
    assert documents[1]["interface"]["in"]["bits_per_second"] == 1000
    assert documents[1]["if_counters"]["ifInOctets"] == 2500


def test_decode_makes_a_file_of_counters(capture: Path, tmp_path: Path) -> None:
    out = tmp_path / "counters.parquet"
    assert call("decode", "--records", "counters", "--format", "parquet", "-o", out, capture).returncode == 0
    frame = pl.read_parquet(out)
    assert (frame.height, frame.columns) == (4, list(COUNTERS.fields))


def test_a_format_that_cannot_have_them_is_refused(capture: Path) -> None:
    answer = call("decode", "--records", "flows,counters", "--format", "parquet", capture)
    assert answer.returncode == 2
    assert "only --format ndjson has options, or records of several kinds together" in answer.stderr


def test_import_takes_them_from_a_capture(capture: Path, tmp_path: Path) -> None:
    answer = call("import", "--folder", tmp_path / "flows", capture)
    assert answer.returncode == 0, answer.stderr
    assert "0 flows decoded, 0 stored, 4 counter samples, 1 dropped packets in" in " ".join(answer.stderr.split())
    assert rated(tmp_path) == [(3, 1000)]


@pytest.mark.engine
def test_a_search_engine_takes_every_structure(engine: Engine, tmp_path: Path) -> None:
    engine.clear()
    samples = local(every_structure())
    with Running(tmp_path, ["--elasticsearch", engine.url]) as running:
        send([*sent(), *samples], running.port)
        until(running, "stored_", 4 + len(samples))
        assert running.health()["status"] == "ok"
    assert "store: " not in running.told()
    engine.call("POST", "/elastiflow-*/_refresh", None)
    counts = [engine.call("GET", f"/{one.prefix}*/_count", None)[1]["count"] for one in DATASETS.values()]
    assert counts[:3] == [0, 4 + len(samples), 1]
    query = {
        "size": 0,
        "query": {"term": {"interface.index": 3}},
        "aggs": {"most": {"max": {"field": "interface.in.bits_per_second"}}},
    }
    status, answer = engine.call("POST", f"/{COUNTERS.prefix}*/_search", query)
    assert (status, answer["aggregations"]["most"]["value"]) == (200, 1000)
