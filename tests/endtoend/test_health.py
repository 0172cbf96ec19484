"""The collector's own state over time: from UDP to where it can be asked for."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from collector.datasets import HEALTH
from tests.builders import sflow
from tests.builders.netflow import netflow9, sent
from tests.decode.templates_used import ONE, V4
from tests.endtoend.running import Running, wait_for
from tests.endtoend.traffic import send
from tests.engines.engine import Engine

ROUTER, SWITCH = "127.0.0.2", "127.0.0.3"
TOTALS = """
select "host.ip" as exporter, sum("health.datagrams") as datagrams, sum("health.flows") as flows,
       sum("health.lost") as lost, sum("health.expected") as expected
from read_parquet('{}/flows/health/date=*/*.parquet', hive_partitioning = true)
group by all order by exporter nulls last
"""


def datagrams(first: int, *sequences: int) -> list[bytes]:
    return [netflow9(V4.define9(), V4.data(ONE, ONE), sequence=first + sequence) for sequence in sequences]


def take(running: Running, payloads: list[bytes], so_far: int) -> None:
    """Send some of a router's, and a switch's sample, and wait until all that came so far is decoded."""
    sample = sent(sflow.payload(sflow.flow_sample(), agent="192.0.2.77"), SWITCH)
    send([*(sent(one, ROUTER) for one in payloads), sample], running.port)
    wait_for(lambda: running.metric("flow_collector_flows_total") == so_far, f"{so_far} flows; {running.told()}")


def rows(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "flows" / "health" / "date=*" / "*.parquet", hive_partitioning=False)


def test_rows_come_while_it_runs_and_add_up_to_what_was_sent(tmp_path: Path) -> None:
    with Running(tmp_path, module="tests.endtoend.every_second") as running:
        take(running, datagrams(0, 0, 1, 5), 7)
        wait_for(lambda: running.metric("flow_collector_stored_health_rows_total") > 3, f"rows; {running.told()}")
        take(running, datagrams(6, 0, 2), 12)
    totals = duckdb.connect().execute(TOTALS.format(tmp_path)).fetchall()
    assert totals == [(ROUTER, 5, 10, 4, 9), (SWITCH, 2, 2, 0, 2), (None, 7, 12, None, None)]
    kept = rows(tmp_path)
    assert kept.columns == list(HEALTH.fields)
    times = kept["@timestamp"].dt.replace_time_zone(None)
    assert times.n_unique() > 1
    assert times.dt.truncate("1s").equals(times)
    whole = kept.filter(pl.col("health.scope") == "collector")
    assert whole["health.stored"].sum() <= 12
    assert whole["health.memory_bytes"].min() > 1 << 24  # type: ignore[operator]
    assert whole["health.cpu_percent"].max() > 0  # type: ignore[operator]


def test_a_run_of_less_than_a_minute_has_rows_in_the_end(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        take(running, datagrams(0, 0, 2), 5)
        assert not (tmp_path / "flows" / "health").exists()
    totals = duckdb.connect().execute(TOTALS.format(tmp_path)).fetchall()
    assert totals == [(ROUTER, 2, 4, 1, 3), (SWITCH, 1, 1, 0, 1), (None, 3, 5, None, None)]


@pytest.mark.engine
def test_a_search_engine_adds_them_up(engine: Engine, tmp_path: Path) -> None:
    engine.clear()
    arguments = ["--elasticsearch", engine.url, "--elasticsearch-refresh", "1"]
    with Running(tmp_path, arguments, module="tests.endtoend.every_second") as running:
        take(running, [*datagrams(0, 0, 1, 5), netflow9(V4.data(ONE), domain=9), b"?"], 7)
        wait_for(lambda: running.metric("flow_collector_stored_health_rows_total") > 3, f"rows; {running.told()}")
    assert "store: " not in running.told()
    engine.call("POST", f"/{HEALTH.prefix}*/_refresh", None)
    names = {"lost": "sum", "expected": "sum", "flows": "sum", "missing_templates": "max"}
    query = {
        "size": 0,
        "query": {"bool": {"filter": [{"term": {"host.ip": ROUTER}}, {"term": {"health.scope": "exporter"}}]}},
        "aggs": {name: {kind: {"field": f"health.{name}"}} for name, kind in names.items()}
        | {"reasons": {"terms": {"field": "health.reasons"}}},
    }
    status, answer = engine.call("POST", f"/{HEALTH.prefix}*/_search", query)
    assert status == 200
    found = {name: answer["aggregations"][name]["value"] for name in names}
    assert found == {"lost": 3, "expected": 7, "flows": 6, "missing_templates": 1}
    reasons = {one["key"] for one in answer["aggregations"]["reasons"]["buckets"]}
    assert reasons == {"clock-skew", "unknown-version"}
