"""A real exporter: what softflowd exports is stored as nfcapd, which got the very same datagrams, recorded it."""

import csv
import io
import random
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.builders import packets
from tests.builders.pcap import Packet, classic
from tests.endtoend.running import Running, free_ports, wait_for

TOOLS = ("softflowd", "nfcapd", "nfdump")
missing = [tool for tool in TOOLS if not shutil.which(tool)]
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(missing), reason=f"apt-get install nfdump softflowd: {', '.join(missing)} not found"),
]
VERSIONS = {"5": 5, "9": 9, "10": 10}
ICMP = (1, 58)
START = 1_767_000_000_000_000_000
Row = tuple[str | int, ...]


def conversations(six: bool) -> bytes:
    """A capture of some hundred conversations in both directions, in pcap."""
    draw = random.Random(7)
    out: list[Packet] = []
    for number in range(200):
        kind = draw.choice(("tcp", "udp", "icmp"))
        for way in (0, 1):
            for _ in range(draw.randrange(1, 6)):
                frame = _frame(draw, kind, number, way, six and number % 4 == 0)
                out.append(Packet(START + len(out) * 3_000_000, frame))
    return classic(out)


def _frame(draw: random.Random, kind: str, number: int, way: int, six: bool) -> bytes:
    near, far = (40_000 + number, 443 if kind == "tcp" else 53)[:: -1 if way else 1]
    ends = (f"2001:db8::{number + 1:x}", "2001:db8:1::5") if six else (f"10.0.{number}.9", "192.0.2.77")
    source, destination = ends[:: -1 if way else 1]
    body = bytes(draw.randrange(4, 900))
    if kind == "icmp":
        inner, protocol = packets.icmp(128 if six else 8, 0) + body, 58 if six else 1
    elif kind == "tcp":
        inner, protocol = packets.tcp(near, far, flags=draw.choice((0x02, 0x12, 0x10, 0x18, 0x11)), inner=body), 6
    else:
        inner, protocol = packets.udp(near, far, inner=body), 17
    if six:
        packet = packets.ipv6(inner, protocol, source, destination)
        return packets.ethernet(packet, packets.IPV6)
    return packets.ethernet(packets.ipv4(inner, protocol, source, destination, tos=draw.choice((0, 0x28))))


@pytest.fixture
def export(request: pytest.FixtureRequest, tmp_path: Path) -> list[bytes]:
    """The datagrams that softflowd exports of the conversations."""
    version: str = request.param
    capture = tmp_path / "traffic.pcap"
    capture.write_bytes(conversations(six=version != "5"))
    with socket.socket(type=socket.SOCK_DGRAM) as relay:
        relay.bind(("127.0.0.1", 0))
        relay.settimeout(0.5)
        place = f"127.0.0.1:{relay.getsockname()[1]}"
        command = ["softflowd", "-d", "-a", "-r", capture.name, "-n", place, "-v", version, "-p", "pid", "-c", "none"]
        subprocess.run(command, check=True, capture_output=True, timeout=20, cwd=tmp_path)
        return list(_received(relay))


def _received(relay: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield relay.recv(65_535)
        except TimeoutError:
            return


def send(datagrams: list[bytes], port: int) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        for payload in datagrams:
            out.sendto(payload, ("127.0.0.1", port))
            time.sleep(0.002)


def recorded(datagrams: list[bytes], folder: Path) -> str:
    """What nfcapd records of them, as CSV of nfdump."""
    (port,) = free_ports(1)
    folder.mkdir()
    command = ["nfcapd", "-w", str(folder), "-b", "127.0.0.1", "-p", str(port), "-t", "3600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        wait_for(lambda: f":{port:04X} " in Path("/proc/net/udp").read_text(encoding="utf-8"), "nfcapd to listen")
        send(datagrams, port)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    answer = subprocess.run(["nfdump", "-R", str(folder), "-o", "csv"], check=True, capture_output=True, timeout=60)
    return answer.stdout.decode()


def theirs(text: str) -> Counter[Row]:
    """The rows of nfdump."""
    rows = csv.DictReader(io.StringIO(text))
    return Counter(_row_of_nfdump(row) for row in rows if row["ibyt"])


def _row_of_nfdump(row: dict[str, str]) -> Row:
    protocol = PROTOCOLS[row["pr"].strip()]
    ports = (0, 0) if protocol in ICMP else (int(row["sp"]), int(row["dp"]))
    flags = 0 if protocol != 6 else sum(1 << bit for bit, name in enumerate("FSRPAU") if name in row["flg"])
    counts = int(row["ibyt"]), int(row["ipkt"])
    times = sorted((row["ts"], row["te"]))  # of softflowd's IPFIX nfdump 1.7.1 takes the start for the end
    return (row["sa"], row["da"], *ports, protocol, *counts, times[0], times[1], flags, int(row["stos"]))


PROTOCOLS = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMP6": 58}
BITS = {name: 1 << bit for bit, name in enumerate(("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"))}


def ours(folder: Path) -> Counter[Row]:
    frame = pl.read_parquet(folder / "flows" / "date=*" / "*.parquet", hive_partitioning=False)
    return Counter(_row_of_ours(row) for row in frame.iter_rows(named=True))


def _row_of_ours(row: dict[str, object]) -> Row:
    protocol = int(str(row["network.iana_number"]))
    ports = (0, 0) if protocol in ICMP else (int(str(row["source.port"])), int(str(row["destination.port"])))
    names = row["flow.tcp_flags"]
    flags = sum(BITS[name] for name in names) if isinstance(names, list) else 0
    counts = int(str(row["network.bytes"])), int(str(row["network.packets"]))
    ends = str(row["source.ip"]), str(row["destination.ip"])
    times = [f"{row[edge]:%Y-%m-%d %H:%M:%S}" for edge in ("event.start", "event.end")]
    return (*ends, *ports, protocol, *counts, *times, flags, int(str(row["flow.tos"] or 0)))


@pytest.mark.parametrize("export", VERSIONS, indirect=True)
def test_flows_of_softflowd_are_those_that_nfcapd_records(export: list[bytes], tmp_path: Path) -> None:
    expected = theirs(recorded(export, tmp_path / "nfcapd"))
    with Running(tmp_path / "ours") as running:
        send(export, running.port)
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == len(export), "all datagrams")
    assert expected.total() > 200
    stored = ours(tmp_path / "ours")
    assert (stored - expected, expected - stored) == (Counter(), Counter())
