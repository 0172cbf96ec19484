"""Rules in a running collector: what they drop is told, what they tag is stored."""

from pathlib import Path

import polars as pl

from tests.builders.netflow import sent
from tests.endtoend.running import Running, wait_for
from tests.endtoend.traffic import send
from tests.sample import FLOWS, netflow5

RULES = """
[[rules]]
name = "noise"
when = "source.ip:198.51.100.2"
drop = true

[[rules]]
when = "destination.port:443"
tag = ["https"]
"""


def test_flows_are_dropped_and_tagged(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(RULES, encoding="utf-8")
    with Running(tmp_path, ["--config", str(tmp_path / "settings.toml")]) as running:
        send([sent(netflow5(), "127.0.0.5")], running.port)
        dropped = b'flow_collector_dropped_total{reason="by rule noise"} 1.0'
        wait_for(lambda: dropped in running.get("/metrics"), "a flow to be dropped")
        assert running.metric("flow_collector_flows_total") == FLOWS
    assert "dropped or flawed: 1 by rule noise" in running.told()
    stored = pl.read_parquet(f"{tmp_path}/flows/date=*/*.parquet")
    assert stored["tags"].to_list() == [["https"]] * (FLOWS - 1)
