"""Host names in the files of a running collector."""

import socket
from pathlib import Path

import polars as pl

from tests.builders.dns import NameServer
from tests.builders.netflow import Template, netflow9
from tests.endtoend.running import Running, wait_for

FLOWS = Template(400, [(8, 4), (12, 4), (1, 4), (2, 4)])
FLOW = netflow9(FLOWS.define9(), FLOWS.data(("10.0.0.1", "10.0.0.2", 100, 2)))


def test_later_flows_have_the_names_of_exporter_and_ends(tmp_path: Path) -> None:
    with NameServer() as server:
        server.name("127.0.0.1", "router.example.net")
        server.name("10.0.0.1", "host.example.net")
        networks = f"127.0.0.0/8={server.place},10.0.0.0/8={server.place}"
        with Running(tmp_path, ["--dns-servers", networks]) as running:
            send(running.port)
            wait_for(lambda: answers(running) == {"name": 2, "none": 1, "failed": 0}, "three answers")
            send(running.port)
            wait_for(lambda: running.metric("flow_collector_datagrams_total") == 2, "both datagrams")
            assert running.metric("flow_collector_dns_queries_total") == 3
            assert running.metric("flow_collector_dns_waiting") == 0
        with Running(tmp_path, ["--dns-servers", networks]) as running:
            send(running.port)
            wait_for(lambda: running.metric("flow_collector_datagrams_total") == 1, "the third datagram")
            assert running.metric("flow_collector_dns_queries_total") == 0
    rows = pl.read_parquet(tmp_path / "flows" / "date=*" / "*.parquet", hive_partitioning=True).sort("event.ingested")
    named = ("router.example.net", "host.example.net", "10.0.0.2")
    assert rows["host.name", "source.domain", "destination.domain"].rows() == [
        ("127.0.0.1", "10.0.0.1", "10.0.0.2"),
        named,
        named,
    ]


def send(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
        exporter.sendto(FLOW, ("127.0.0.1", port))


def answers(running: Running) -> dict[str, int]:
    results = ("name", "none", "failed")
    return {one: int(running.metric(f'flow_collector_dns_answers_total{{result="{one}"}}')) for one in results}
