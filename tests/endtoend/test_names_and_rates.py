"""What exporters tell about themselves, and what settings say of them, in the files of a running collector."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.builders.netflow import Template, netflow9
from tests.builders.pcap import START, Packet, classic, frame
from tests.endtoend.running import Running, environment, wait_for

FLOWS = Template(400, [(8, 4), (10, 4), (14, 4), (1, 4), (2, 4)])
OPTIONS = Template(256, [(1, 4), (10, 4), (82, 32), (83, 64)], scopes=1)
TOLD = netflow9(OPTIONS.define9(), OPTIONS.data((0, 3, "eth0", "uplink")), domain=6)
FLOW = netflow9(FLOWS.define9(), FLOWS.data(("10.0.0.1", 3, 4, 100, 2)))
EXPECTED = {
    "flow.input_ifname": "eth0",
    "flow.input_ifalias": "uplink",
    "flow.output_ifname": "index: 4",
    "network.bytes": 1000,
    "flow.bytes_unscaled": 100,
    "flow.sampling_interval": 10,
    "flow.sampling_from": "setting",
}


def test_a_running_collector_stores_names_and_rates(tmp_path: Path) -> None:
    with Running(tmp_path, ["--sampling-default", "127.0.0.0/8=10"]) as running:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
            for payload in (TOLD, FLOW):
                exporter.sendto(payload, ("127.0.0.1", running.port))
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == 2, "both datagrams")
    (row,) = pl.read_parquet(tmp_path / "flows" / "date=*" / "*.parquet", hive_partitioning=True).to_dicts()
    assert {name: row[name] for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize(("flags", "expected"), [([], EXPECTED), (["--no-enrich"], {"flow.input_ifname": None})])
def test_so_does_decode(tmp_path: Path, flags: list[str], expected: dict[str, Any]) -> None:
    (tmp_path / "one.pcap").write_bytes(classic([Packet(START, frame(TOLD)), Packet(START, frame(FLOW))]))
    command = [sys.executable, "-m", "collector", "decode", "--sampling-override", "10", *flags, "one.pcap"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path, env=environment()).stdout
    document = json.loads(told)
    assert {name: found(document, name) for name in expected} == expected


def found(document: Any, name: str) -> Any:
    """A field of a document, None where it lacks it."""
    for step in name.split("."):
        document = document.get(step, {})
    return document or None
