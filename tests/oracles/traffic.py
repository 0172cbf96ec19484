"""Exports for decoders to agree about: of the benchmarks, of softflowd and pmacct, and of an nProbe built here."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.decode import MAKER
from collector.datagram import Datagram
from collector.receive.pcap import read_capture
from tests.builders.netflow import VARIABLE, Template, ipfix, netflow9, sent
from tests.builders.pcap import START, Packet, classic
from tests.endtoend.running import PATIENCE
from tests.endtoend.test_exporters import conversations, exported

EXPORTER = "127.0.0.1"
NTOP, NTOP_V9 = 35632, 57472
TOOLS = {"softflowd": "softflowd", "pmacct": "pmacctd"}
QUIET = 1.5
"""Seconds without a datagram after which pmacctd has said all: it flushes once a second."""
PLUGINS = {"5": "nfprobe", "9": "nfprobe", "10": "nfprobe", "sflow": "sfprobe"}
AGGREGATE = "src_host,dst_host,src_port,dst_port,proto,tos,tcpflags,src_mac,dst_mac,vlan,in_iface,out_iface"


BENCHMARKS = ("netflow5", "netflow9", "ipfix", "ipfix-varlen", "sflow")
SOFTFLOWD = ("softflowd -v 5", "softflowd -v 9", "softflowd -v 10", "softflowd -v 10 -A milli")
PMACCT = ("pmacct 5", "pmacct 9", "pmacct 10", "pmacct sflow")
NPROBE = ("nprobe 9", "nprobe 10")
NETFLOW = tuple(name for name in (*BENCHMARKS, *SOFTFLOWD, *PMACCT, *NPROBE) if "sflow" not in name)
SFLOW = ("sflow", "pmacct sflow")


@cache
def exports(name: str) -> list[Datagram]:
    """The exports of that name, made once; skips the test where the exporter is not installed."""
    tool, _, version = name.partition(" ")
    if tool == "nprobe":
        return nprobe(int(version))
    if tool in TOOLS and not shutil.which(TOOLS[tool]):
        pytest.skip(f"{TOOLS[tool]} is not installed (apt-get install {tool})")
    if tool == "pmacct":
        return _pmacct()[version]
    with TemporaryDirectory() as folder:
        return softflowd(version, Path(folder)) if tool == "softflowd" else benchmark(name, Path(folder))


@cache
def _pmacct() -> dict[str, list[Datagram]]:
    """All versions at once: each waits for its flows to time out."""
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        folders = [Path(stack.enter_context(TemporaryDirectory())) for _ in PLUGINS]
        return dict(zip(PLUGINS, pool.map(pmacct, PLUGINS, folders), strict=True))


def benchmark(profile: str, folder: Path, flows: int = 300) -> list[Datagram]:
    """What benchmarks/traffic makes of a profile: two exporters, templates and options data first."""
    path = folder / f"{profile}.pcap"
    command = [sys.executable, str(MAKER), profile, str(path), "--flows", str(flows), "--exporters", "2"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return list(read_capture(path))


def softflowd(options: str, folder: Path) -> list[Datagram]:
    """What softflowd exports of 300 conversations."""
    return [sent(payload, EXPORTER) for payload in exported(options.split(), folder)]


def pmacct(version: str, folder: Path) -> list[Datagram]:
    """What pmacctd exports of the same conversations, had just now: uptimes begin when it starts."""
    shift = time.time_ns() - START
    path = folder / "now.pcap"
    path.write_bytes(classic(Packet(one.time + shift, one.frame) for one in conversations()))
    with socket.socket(type=socket.SOCK_DGRAM) as relay:
        relay.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        relay.bind(("127.0.0.1", 0))
        settings = folder / "pmacctd.conf"
        settings.write_text("\n".join(_settings(version, path, relay.getsockname()[1])) + "\n")
        with subprocess.Popen(
            ["pmacctd", "-f", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            payloads = list(_until_quiet(relay))
            process.terminate()
            process.wait(PATIENCE)
    return [Datagram(payload, EXPORTER, 50_000, time.time_ns()) for payload in payloads]


def _settings(version: str, path: Path, port: int) -> Iterator[str]:
    plugin = PLUGINS[version]
    yield from ("daemonize: false", f"pcap_savefile: {path}", "pcap_savefile_wait: 1", f"plugins: {plugin}")
    yield from (f"aggregate: {AGGREGATE}", f"{plugin}_receiver: 127.0.0.1:{port}")
    if plugin == "sfprobe":
        yield from ("sampling_rate: 1", "sfprobe_agentip: 192.0.2.9")
        return
    yield from (f"nfprobe_version: {version}", "nfprobe_direction: in", "nfprobe_ifindex: 7")
    yield "nfprobe_timeouts: tcp=1:tcp.rst=1:tcp.fin=1:udp=1:icmp=1:general=1:maxlife=2:expint=1"


def _until_quiet(relay: socket.socket) -> Iterator[bytes]:
    """Datagrams from the first one on, until none has come for a while."""
    relay.settimeout(PATIENCE)
    try:
        while True:
            yield relay.recv(65_535)
            relay.settimeout(QUIET)
    except TimeoutError:
        return


def nprobe(version: int) -> list[Datagram]:
    """Flows with ntop's own elements: of variable length in IPFIX, of fixed length and other numbers in NetFlow v9."""
    head = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (5, 1), (1, 4), (2, 4), (10, 4), (14, 4), (16, 4)]
    head += [(17, 4), (9, 1), (13, 1), (15, 4), (58, 2), (59, 2), (56, 6), (80, 6), (152, 8), (153, 8)]
    own = ((118, 2, 2), (119, VARIABLE, 16), (187, VARIABLE, 32), (205, VARIABLE, 32))
    if version == 9:
        template = Template(260, [*head, *((NTOP_V9 + number, fixed) for number, _, fixed in own)])
        return [sent(netflow9(template.define9(), template.data(*_of_nprobe()), count=5), EXPORTER)]
    template = Template(260, [*head, *((number, length, NTOP) for number, length, _ in own)])
    return [sent(ipfix(template.define(), template.data(*_of_nprobe())), EXPORTER)]


def _of_nprobe() -> Iterator[Sequence[int | str]]:
    for n in range(1, 5):
        ends = f"10.1.0.{n}", f"192.0.2.{n}", 40_000 + n, 80, 6, 0x1B, 8 * n
        route = 1000 * n, n, n, n + 1, 64_500 + n, 4_200_000_000 + n, 24, 16, "10.0.0.254", 100 + n, 200 + n
        times = 1_735_732_790_000 + n, 1_735_732_795_000 + n
        yield (
            *(*ends, *route, f"02:00:00:00:00:0{n}", f"02:00:00:00:01:0{n}", *times),
            *(n, "HTTP" + "." * n, f"www{n}.example.net", f"query{n}.example.net"),
        )
