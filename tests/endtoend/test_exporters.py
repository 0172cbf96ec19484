"""Flow by flow, to the millisecond: softflowd's export as stored by the collector and as recorded by nfcapd."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from tests.builders import packets
from tests.builders.pcap import START, Packet, classic
from tests.endtoend.running import PATIENCE, Running, free_ports, wait_for

missing = [tool for tool in ("softflowd", "nfcapd", "nfdump") if not shutil.which(tool)]
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(missing), reason=f"apt-get install nfdump softflowd: {', '.join(missing)} not found"),
]
CONVERSATIONS = 300
ICMP = (packets.ICMP, packets.ICMPV6)
FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


class Flow(NamedTuple):
    """A flow as both tell it; times in ms since 1970."""

    source: str
    destination: str
    ports: tuple[int, int] | None
    protocol: int
    bytes: int
    packets: int
    start: int
    end: int
    flags: int
    tos: int


def conversations() -> Iterator[Packet]:
    """TCP, UDP and ICMP both ways, every third conversation over IPv6."""
    draw = random.Random(7)
    time = START
    for number in range(CONVERSATIONS):
        for way in (1, -1):
            for _ in range(draw.randrange(1, 6)):
                time += draw.randrange(1, 9) * 1_000_000
                yield Packet(time, _frame(draw, number, way))


def _frame(draw: random.Random, number: int, way: int) -> bytes:
    """A packet of a conversation, there (1) or back (-1)."""
    six, body, tos = number % 3 == 0, bytes(draw.randrange(900)), draw.choice((0, 0x28, 0xB8))
    near, far = (40_000 + number, 443)[::way]
    match number // 3 % 3:
        case 0:
            flags = draw.choice((0xC2, 0x12, 0x18, 0x11, 0x30))
            inner, protocol = packets.tcp(near, far, flags, body), packets.TCP
        case 1:
            inner, protocol = packets.udp(near, far, body), packets.UDP
        case _:
            inner, protocol = packets.icmp(128 if six else 8, 0) + body, ICMP[six]
    if six:
        source, destination = (f"2001:db8::{number + 1:x}", "2001:db8:1::5")[::way]
        return packets.ethernet(packets.ipv6(inner, protocol, source, destination, tos), packets.IPV6)
    source, destination = (f"10.0.{number // 9}.{number % 9}", "192.0.2.77")[::way]
    return packets.ethernet(packets.ipv4(inner, protocol, source, destination, tos))


def exported(options: Sequence[str], folder: Path) -> list[bytes]:
    """The datagrams that softflowd exports of the conversations."""
    (folder / "traffic.pcap").write_bytes(classic(conversations()))
    with socket.socket(type=socket.SOCK_DGRAM) as relay:
        relay.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{relay.getsockname()[1]}"
        command = ["softflowd", "-d", "-a", "-r", "traffic.pcap", "-n", target, "-p", "pid", "-c", "none", *options]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, cwd=folder)
        relay.setblocking(False)  # over loopback all that was sent is here
        return list(_received(relay))


def _received(relay: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield relay.recv(65_535)
        except BlockingIOError:
            return


def send(datagrams: Sequence[bytes], port: int) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        for payload in datagrams:
            out.sendto(payload, ("127.0.0.1", port))


def recorded(datagrams: Sequence[bytes], folder: Path) -> Counter[Flow]:
    """What nfcapd records of them. JSON of nfdump has milliseconds, its CSV has not."""
    folder.mkdir()
    (port,) = free_ports(1)
    command = ["nfcapd", "-w", str(folder), "-b", "127.0.0.1", "-p", str(port), "-t", "3600"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _queue(port) is not None, "nfcapd to listen")
            send(datagrams, port)
            wait_for(lambda: _queue(port) == ("00000000", "0"), "nfcapd to read all datagrams")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
    command = ["nfdump", "-R", str(folder), "-o", "json"]
    environment = {**os.environ, "TZ": "UTC"}  # nfdump prints local time
    text = subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, env=environment).stdout
    return Counter(_of_nfdump(row) for row in json.loads(text))


def _queue(port: int) -> tuple[str, str] | None:
    """Bytes that wait (in hex) and datagrams lost at a UDP port of 127.0.0.1; None where nobody listens."""
    for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines():
        words = line.split()
        if words[1] == f"0100007F:{port:04X}":
            return words[4].partition(":")[2], words[-1]
    return None


def _of_nfdump(row: dict[str, Any]) -> Flow:
    family = 6 if "src6_addr" in row else 4
    protocol = row["proto"]
    ports = None if protocol in ICMP else (row["src_port"], row["dst_port"])  # ICMP: each has its own convention
    # nfcapd 1.7.1 takes flowStartSysUpTime (22) of IPFIX for the end and flowEndSysUpTime (21) for the start.
    start, end = sorted(_milliseconds(row[edge]) for edge in ("first", "last"))
    flags = sum(1 << bit for bit, letter in enumerate("FSRPAUEC") if letter in row.get("tcp_flags", ""))
    counts = row["in_bytes"], row["in_packets"]
    ends = row[f"src{family}_addr"], row[f"dst{family}_addr"]
    return Flow(*ends, ports, protocol, *counts, start, end, flags, row["src_tos"])


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def stored(folder: Path) -> Counter[Flow]:
    """What the collector stored."""
    frame = pl.read_parquet(folder / "flows" / "date=*" / "*.parquet", hive_partitioning=False)
    frame = frame.with_columns(pl.col("event.start", "event.end").dt.epoch("ms"))
    return Counter(_of_collector(row) for row in frame.iter_rows(named=True))


def _of_collector(row: dict[str, Any]) -> Flow:
    protocol = row["network.iana_number"]
    ports = None if protocol in ICMP else (row["source.port"], row["destination.port"])
    flags = sum(1 << FLAGS.index(name) for name in row["flow.tcp_flags"] or ())
    counts = row["network.bytes"], row["network.packets"]
    ends = row["source.ip"], row["destination.ip"]
    return Flow(*ends, ports, protocol, *counts, row["event.start"], row["event.end"], flags, row["flow.tos"])


@pytest.mark.parametrize("options", ["-v 5", "-v 9", "-v 10", "-v 10 -A milli"])
def test_what_softflowd_exports_is_stored_as_nfcapd_records_it(options: str, tmp_path: Path) -> None:
    datagrams = exported(options.split(), tmp_path)
    expected = recorded(datagrams, tmp_path / "nfcapd")
    with Running(tmp_path / "ours") as running:
        send(datagrams, running.port)
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == len(datagrams), "all datagrams")
    found = stored(tmp_path / "ours")
    assert (found - expected, expected - found) == (Counter(), Counter())
    # NetFlow v5 has no IPv6.
    assert found.total() == 2 * (CONVERSATIONS * 2 // 3 if options == "-v 5" else CONVERSATIONS)
