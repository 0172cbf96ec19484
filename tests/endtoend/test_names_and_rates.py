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


FILES = {
    "exporters": ("exporter,name,site,role,tags", "127.0.0.0/8,edge-1,Bergen,router,core", "192.0.2.0/24,edge-1,,,"),
    "interfaces": ("exporter,ifindex,name,role", "127.0.0.1,4,wan0,transit", "192.0.2.1,4,wan0,transit"),
    "services": ("address,port,protocol,name", "10.0.0.0/8,8080,tcp,intranet"),
}
SERVED = Template(401, [(8, 4), (12, 4), (11, 2), (4, 1), (5, 1), (10, 4), (14, 4), (1, 4), (2, 4)])
TO_SERVICE = netflow9(SERVED.define9(), SERVED.data(("192.0.2.7", "10.0.0.1", 8080, 6, 0xB8, 3, 4, 100, 2), padding=0))
NAMED = {
    "host.name": "edge-1",
    "network.application": "intranet",
    "flow.dscp_name": "EF",
    "flow.output_ifname": "wan0",
    "flow.output_ifrole": "transit",
}


def write(folder: Path) -> list[str]:
    """The operator's files, and the flags that name them."""
    for name, lines in FILES.items():
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    return [part for name in FILES for part in (f"--{name}-file", str(folder / f"{name}.csv"))]


def test_a_running_collector_takes_the_operator_s_files(tmp_path: Path) -> None:
    with Running(tmp_path, write(tmp_path)) as running:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
            exporter.sendto(TO_SERVICE, ("127.0.0.1", running.port))
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == 1, "the datagram")
    (row,) = pl.read_parquet(tmp_path / "flows" / "date=*" / "*.parquet", hive_partitioning=True).to_dicts()
    assert {name: row[name] for name in NAMED} == NAMED
    assert (row["host.geo.name"], row["host.type"], row["tags"]) == ("Bergen", "router", ["core"])


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "collector", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment())


def test_decode_takes_them_too(tmp_path: Path) -> None:
    (tmp_path / "one.pcap").write_bytes(classic([Packet(START, frame(TO_SERVICE))]))
    document = json.loads(call(tmp_path, "decode", *write(tmp_path), "one.pcap").stdout)
    assert {name: found(document, name) for name in NAMED} == NAMED


def test_check_names_the_damaged_one(tmp_path: Path) -> None:
    arguments = ["check", "--udp", "off", "--tcp", "off", "--web", "off", *write(tmp_path)]
    good = call(tmp_path, *arguments)
    (tmp_path / "services.csv").write_text("port,name\nhttp,web\n", encoding="utf-8")
    bad = call(tmp_path, *arguments)
    assert (good.returncode, bad.returncode) == (0, 1)
    assert "services.csv can be used" in good.stdout
    assert "services.csv, line 2: 'http' is not a whole number from 1 to 65535" in bad.stdout


def test_a_running_collector_asks_the_agent_of_an_exporter(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.settimeout(60)
        flags = ["--snmp-community", "hush", "--snmp-port", str(agent.getsockname()[1])]
        with Running(tmp_path, flags) as running, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
            exporter.sendto(FLOW, ("127.0.0.1", running.port))
            assert b"hush" in agent.recv(2048)
        assert "hush" not in running.told()
