"""A real exporter over TCP: softflowd says the same over TCP as over UDP."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from tests.builders import packets
from tests.builders.pcap import START, Packet, classic
from tests.receive.sending import Receiving, run
from tests.receive.sessions import Serving

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not shutil.which("softflowd"), reason="apt-get install softflowd: softflowd not found"),
]
CONVERSATIONS = 300


def conversations() -> Iterator[Packet]:
    """TCP and UDP both ways, over IPv4 and IPv6."""
    for number in range(CONVERSATIONS):
        for way in (0, 1):
            source, destination = (40_000 + number, 53 if number % 2 else 443)[:: -1 if way else 1]
            if number % 2:
                inner, protocol = packets.udp(source, destination, bytes(number)), packets.UDP
            else:
                inner, protocol = packets.tcp(source, destination, inner=bytes(number)), packets.TCP
            time = START + (2 * number + way) * 1_000_000
            yield Packet(time, _frame(inner, protocol, number, way))


def _frame(inner: bytes, protocol: int, number: int, way: int) -> bytes:
    if number % 3:
        source, destination = (f"10.1.{number // 250}.{number % 250 + 1}", "192.0.2.80")[:: -1 if way else 1]
        return packets.ethernet(packets.ipv4(inner, protocol, source, destination))
    source, destination = (f"2001:db8::{number + 1:x}", "2001:db8:1::80")[:: -1 if way else 1]
    return packets.ethernet(packets.ipv6(inner, protocol, source, destination), packets.IPV6)


async def export(transport: str, port: int, folder: Path) -> None:
    """Run softflowd on the conversations until it has sent them."""
    capture = folder / "traffic.pcap"
    capture.write_bytes(classic(conversations()))
    command = ["softflowd", "-d", "-a", "-r", str(capture), "-n", f"127.0.0.1:{port}", "-v", "10", "-P", transport]
    command += ["-p", str(folder / "pid"), "-c", "none"]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=60, cwd=folder)


def flows(datagrams: Sequence[Datagram]) -> pl.DataFrame:
    """What is decoded of them, whoever sent them."""
    frame = Decoder().decode([one for one in datagrams if one.payload]).flows
    told = [name for name in frame.columns if name.startswith(("source.", "destination.", "network.", "flow."))]
    frame = frame.select(sorted(told))
    return frame.sort(frame.columns)


def test_softflowd_says_the_same_over_tcp_as_over_udp(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Serving() as serving, Receiving() as receiving:
            await export("tcp", serving.receiver.port, tmp_path)
            await export("udp", receiving.receiver.port, tmp_path)
            await serving.sessions(0)
            await asyncio.sleep(0.2)
            expected, found = flows(receiving.datagrams), flows(serving.datagrams)
            assert found.height == 2 * CONVERSATIONS
            assert found.equals(expected)
            assert serving.datagrams[-1].payload == b""
            assert (serving.receiver.total, serving.receiver.failed) == (1, 0)

    run(scenario)
