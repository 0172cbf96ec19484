"""The same captures read by tshark, and the corpus by its own count."""

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from collector.receive.pcap import read_capture
from tests.builders import packets, pcap
from tests.corpus import capture, manifest, needs_corpus
from tests.receive.test_fragments import PAYLOAD, fragments4, fragments6

TSHARK = shutil.which("tshark")
FIELDS = ("frame.time_epoch", "ip.src", "ipv6.src", "udp.srcport", "udp.dstport", "udp.length", "udp.payload")
OPTIONS = ("ip.defragment:TRUE", "ipv6.defragment:TRUE", "ip.check_checksum:FALSE", "udp.check_checksum:FALSE")
needs_tshark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")


class Seen(NamedTuple):
    """A datagram as both programs tell it."""

    nanoseconds: int
    exporter: str
    source_port: int
    destination_port: int
    payload: str


def by_tshark(path: Path) -> list[Seen]:
    command = [str(TSHARK), "-r", str(path), "-n", "-T", "fields", "-E", "occurrence=l", "-Y", "udp.length"]
    command += ["--disable-protocol", "sflow"]  # the sampled headers in it are UDP too
    command += [word for option in OPTIONS for word in ("-o", option)]
    command += [word for name in FIELDS for word in ("-e", name)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return [_seen(*line.split("\t")) for line in run.stdout.splitlines()]


def _seen(time: str, v4: str, v6: str, source: str, destination: str, _: str, payload: str) -> Seen:
    seconds, _, fraction = time.partition(".")
    nanoseconds = int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
    return Seen(nanoseconds, v4 or v6, int(source), int(destination), payload.replace(":", ""))


def by_us(path: Path) -> list[Seen]:
    return [
        Seen(one.received, one.exporter, one.port, port, one.payload.hex())
        for one, port in read_capture(path).addressed()
    ]


def _captured(*frames: bytes) -> list[pcap.Packet]:
    return [pcap.Packet(pcap.START + number * 1_000_123_000, frame) for number, frame in enumerate(frames)]


def _sections() -> bytes:
    little, big = pcap.Blocks("<"), pcap.Blocks(">")
    packet = pcap.Packet(pcap.START, pcap.frame(b"first"))
    raw = pcap.Packet(pcap.START, pcap.datagram(b"second", packets.SOURCE6))
    data = little.section() + little.interface(resolution=9) + little.interface(pcap.RAW, resolution=3)
    data += little.enhanced(packet, units=pcap.START + 5) + little.enhanced(raw, 1, units=pcap.START // 10**6)
    data += big.section() + big.interface(offset=1000) + big.enhanced(packet) + big.obsolete(packet)
    return data + big.interface(resolution=0x80 | 20) + big.enhanced(packet, 1, units=1_735_732_800 << 20 | 1 << 19)


def built() -> Iterator[tuple[str, bytes]]:
    """Captures of every kind."""
    v4, v6 = pcap.datagram(b"payload", "10.1.0.1"), pcap.datagram(b"a payload", "2001:db8::1")
    both = [(v4, packets.IPV4), (v6, packets.IPV6)]
    ethernet = [packets.ethernet(packet, kind) for packet, kind in both]
    tagged = [packets.ethernet(packet, kind, tags=(7,)) for packet, kind in both]
    stacked = [packets.ethernet(packet, kind, tags=(7, 8)) for packet, kind in both]
    plain = _captured(*ethernet, packets.ethernet(packets.ipv4(packets.tcp(), packets.TCP)), *tagged, *stacked)
    for order in pcap.ORDERS:
        name = {"<": "little", ">": "big"}[order]
        yield f"classic-{name}", pcap.classic(plain, order=order)
        yield f"classic-{name}-ns", pcap.classic(plain, order=order, nanoseconds=True)
        yield f"pcapng-{name}", pcap.pcapng(plain, order=order)
        yield (
            f"null-{name}",
            pcap.classic(_captured(pcap.loopback(v4, 2, order), pcap.loopback(v6, 30, order)), pcap.NULL, order),
        )
    yield "loop", pcap.classic(_captured(pcap.loopback(v4, 2, ">"), pcap.loopback(v6, 24, ">")), pcap.LOOP)
    yield "raw", pcap.classic(_captured(v4, v6), pcap.RAW)
    yield "raw-12", pcap.classic(_captured(v4, v6), 12)
    yield "raw-14", pcap.classic(_captured(v4, v6), 14)
    yield "ipv4", pcap.classic(_captured(v4), 228)
    yield "ipv6", pcap.classic(_captured(v6), 229)
    yield "cooked", pcap.classic(_captured(*(pcap.cooked(*one) for one in both)), pcap.SLL)
    yield "cooked-2", pcap.classic(_captured(*(pcap.cooked2(*one) for one in both)), pcap.SLL2)
    yield "sections", _sections()
    extended = packets.extension(packets.extension(packets.udp(inner=b"inner"), packets.UDP, 16), 60)
    yield "extensions", pcap.classic(_captured(packets.ipv6(extended, 0)), pcap.RAW)
    pieces = [*fragments4(PAYLOAD, 576), *fragments6(PAYLOAD, 576)]
    yield "fragments", pcap.classic(_captured(*pieces), pcap.RAW)
    yield "fragments-backwards", pcap.classic(_captured(*reversed(pieces)), pcap.RAW)
    yield "gzip", gzip.compress(pcap.classic(plain))


@needs_tshark
@pytest.mark.peer
@pytest.mark.parametrize(("name", "data"), [pytest.param(*one, id=one[0]) for one in built()])
def test_tshark_reads_the_same(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert by_us(path) == by_tshark(path)
    assert by_us(path)


@needs_tshark
@needs_corpus
@pytest.mark.peer
@pytest.mark.parametrize("name", [name for number, name in enumerate(manifest()) if number % 10 == 0])
def test_tshark_reads_the_same_of_the_corpus(name: str) -> None:
    assert by_us(capture(name)) == by_tshark(capture(name))


@needs_corpus
def test_the_corpus_has_as_many_datagrams_as_it_says() -> None:
    wrong = {}
    for name, known in manifest().items():
        reading = read_capture(capture(name))
        exporters = {datagram.exporter for datagram in reading}
        if (reading.outcome.datagrams, exporters) != (known["datagrams"], set(known["exporters"])):
            wrong[name] = json.dumps(known["datagrams"]), reading.outcome
    assert wrong == {}
