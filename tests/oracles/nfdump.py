"""Flows as nfcapd (NetFlow, IPFIX) and sfcapd (sFlow) record them and nfdump prints them."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.datagram import Datagram
from tests.endtoend.running import PATIENCE, free_ports, wait_for
from tests.endtoend.test_exporters import _queue
from tests.endtoend.traffic import send
from tests.oracles.records import ICMP, Record

needs_nfdump = pytest.mark.skipif(
    not all(map(shutil.which, ("nfcapd", "sfcapd", "nfdump"))),
    reason="nfcapd or sfcapd is not installed (apt-get install nfdump nfdump-sflow)",
)
FIELDS = {
    "src4_addr": "source",
    "src6_addr": "source",
    "dst4_addr": "destination",
    "dst6_addr": "destination",
    "src_port": "source_port",
    "dst_port": "destination_port",
    "proto": "protocol",
    "in_bytes": "bytes",
    "in_packets": "packets",
    "src_tos": "tos",
    "input_snmp": "input",
    "output_snmp": "output",
    "src_as": "source_as",
    "dst_as": "destination_as",
    "src_mask": "source_mask",
    "dst_mask": "destination_mask",
    "ip4_next_hop": "next_hop",
    "ip6_next_hop": "next_hop",
    "src_vlan": "vlan",
    "dst_vlan": "post_vlan",
    "in_src_mac": "source_mac",
    "out_dst_mac": "destination_mac",
    "in_dst_mac": "destination_mac",
}

NO_MAC = "00:00:00:00:00:00"


def netflow(datagrams: Sequence[Datagram], folder: Path) -> list[Record]:
    """What nfcapd records."""
    return _recorded("nfcapd", datagrams, folder)


def sflow(datagrams: Sequence[Datagram], folder: Path) -> list[Record]:
    """What sfcapd records."""
    return _recorded("sfcapd", datagrams, folder)


def _recorded(tool: str, datagrams: Sequence[Datagram], folder: Path) -> list[Record]:
    (port,) = free_ports(1)
    files = folder / tool
    files.mkdir()
    command = [tool, "-w", str(files), "-b", "127.0.0.1", "-p", str(port), "-t", "3600"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _queue(port) is not None, f"{tool} to listen")
            send(datagrams, port)
            wait_for(lambda: _queue(port) == ("00000000", "0"), f"{tool} to read all datagrams")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
    environment = {**os.environ, "TZ": "UTC"}  # nfdump prints local time
    command = ["nfdump", "-R", str(files), "-o", "json"]
    text = subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, env=environment).stdout
    return [_record(row) for row in json.loads(text)]


def _record(row: dict[str, Any]) -> Record:
    out = {name: row[field] for field, name in FIELDS.items() if row.get(field, NO_MAC) != NO_MAC}
    if out["protocol"] not in ICMP:
        out["flags"] = sum(1 << bit for bit, letter in enumerate("FSRPAUEC") if letter in row["tcp_flags"])
    return out | {"start": _milliseconds(row["first"]), "end": _milliseconds(row["last"])}


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
