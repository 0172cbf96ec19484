"""Classic pcap files, and what is common to all captures."""

import gzip
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.datagram import Datagram
from collector.errors import CollectorError
from collector.receive.errors import CaptureError
from collector.receive.pcap import read_capture
from tests.builders import packets, pcap

PACKETS = [
    pcap.Packet(pcap.START, pcap.frame(b"first", "10.1.0.1")),
    pcap.Packet(pcap.START + 1_500_000_000, pcap.frame(b"second", "2001:db8::1", 4739, 4000)),
    pcap.Packet(pcap.START + 2_000_000_123, pcap.frame(b"", "10.1.0.2", 6343)),
]
MICROSECONDS = [
    Datagram(b"first", "10.1.0.1", 50_000, pcap.START),
    Datagram(b"second", "2001:db8::1", 4000, pcap.START + 1_500_000_000),
    Datagram(b"", "10.1.0.2", 50_000, pcap.START + 2_000_000_000),
]
NANOSECONDS = [*MICROSECONDS[:2], MICROSECONDS[2]._replace(received=pcap.START + 2_000_000_123)]


def read(data: bytes) -> list[Datagram]:
    return list(read_capture(io.BytesIO(data)))


@pytest.mark.parametrize("order", pcap.ORDERS)
def test_classic_in_both_byte_orders(order: pcap.Order) -> None:
    assert read(pcap.classic(PACKETS, order=order)) == MICROSECONDS
    assert read(pcap.classic(PACKETS, order=order, nanoseconds=True)) == NANOSECONDS


def test_sources(tmp_path: Path) -> None:
    data = pcap.classic(PACKETS)
    plain, packed = tmp_path / "capture.pcap", tmp_path / "capture.pcap.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    for source in (plain, str(plain), packed):
        assert list(read_capture(source)) == MICROSECONDS
    assert read(gzip.compress(pcap.pcapng(PACKETS))) == MICROSECONDS


def test_a_stream_stays_open() -> None:
    stream = io.BytesIO(pcap.classic(PACKETS))
    with read_capture(stream) as capture:
        assert next(capture) == MICROSECONDS[0]
        assert list(capture) == MICROSECONDS[1:]
    assert not stream.closed


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(pack: Callable[[bytes], bytes]) -> None:
    program = "from collector.receive.pcap import read_capture; print([d.payload for d in read_capture('-')])"
    data = pack(pcap.classic(PACKETS))
    run = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=False)
    assert (run.returncode, run.stdout.decode().strip()) == (0, "[b'first', b'second', b'']"), run.stderr.decode()


def test_a_live_pipe_gives_packets_as_they_come() -> None:
    reading, writing = os.pipe()
    data = pcap.classic(PACKETS)
    first = len(pcap.classic(PACKETS[:1]))
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as feed:
        feed.write(data[:2])  # not even the magic number comes at once
        later = threading.Thread(target=feed.write, args=(data[2:first],))
        later.start()
        capture = read_capture(stream)
        assert next(capture).payload == b"first"
        later.join()
        feed.write(data[first:])
        feed.close()
        assert [datagram.payload for datagram in capture] == [b"second", b""]


def test_ports_and_destinations() -> None:
    data = pcap.classic(PACKETS)
    capture = read_capture(io.BytesIO(data), ports={4739})
    assert [datagram.payload for datagram in capture] == [b"second"]
    assert (capture.outcome.packets, capture.outcome.datagrams, capture.outcome.other_port) == (3, 1, 2)
    addressed = read_capture(io.BytesIO(data)).addressed()
    assert [(datagram.payload, port) for datagram, port in addressed] == [
        (b"first", 2055),
        (b"second", 4739),
        (b"", 6343),
    ]


def test_the_largest_payload_is_whole() -> None:
    payload = bytes(range(256)) * 255 + bytes(227)
    assert len(payload) == 65_507
    assert [datagram.payload for datagram in read(pcap.classic([pcap.Packet(0, pcap.frame(payload))]))] == [payload]


def test_the_link_types_upper_half_is_the_check_sequence() -> None:
    data = bytearray(pcap.classic([pcap.Packet(pcap.START, PACKETS[0].frame + bytes(4))]))
    data[23] = 0x24  # "frames end in four bytes of FCS"
    assert read(bytes(data)) == MICROSECONDS[:1]


@pytest.mark.parametrize("order", pcap.ORDERS)
@pytest.mark.parametrize("kind", ["classic", "pcapng"])
def test_every_cut_keeps_what_came_before(kind: str, order: pcap.Order) -> None:
    make = pcap.classic if kind == "classic" else pcap.pcapng
    data, ends = make(PACKETS, order=order), [len(make(PACKETS[:count], order=order)) for count in range(4)]
    for size in range(ends[0], len(data)):
        capture = read_capture(io.BytesIO(data[:size]))
        whole = sum(end <= size for end in ends) - 1
        assert list(capture) == MICROSECONDS[:whole]
        clean = size in ends
        assert [line.startswith("stream: ends within the ") for line in capture.outcome.warnings] == [True] * (
            not clean
        )


def test_a_cut_gzip_stream_keeps_what_came_before(caplog: pytest.LogCaptureFixture) -> None:
    many = [pcap.Packet(number, pcap.frame(os.urandom(200))) for number in range(200)]
    data = gzip.compress(pcap.classic(many))
    for size in (len(data) // 2, len(data) - 9, len(data) - 1):
        caplog.clear()
        capture = read_capture(io.BytesIO(data[:size]))
        payloads = [datagram.payload for datagram in capture]
        assert payloads == [packet.frame[42:] for packet in many[: len(payloads)]]
        assert len(payloads) > 50
        assert any("the gzip stream breaks off" in line for line in capture.outcome.warnings)
        assert capture.outcome.warnings == [record.getMessage() for record in caplog.records]


BAD_GZIP = bytearray(gzip.compress(pcap.classic(PACKETS)))
BAD_GZIP[-8] ^= 1  # its check sum
UNUSABLE = {
    "empty": (b"", "is empty"),
    "three bytes": (b"\xd4\xc3\xb2", "begins with the bytes d4 c3 b2"),
    "zip": (b"PK\x03\x04" + bytes(30), "begins with the bytes 50 4b 03 04, a capture in pcap or pcapng form"),
    "cut header": (pcap.classic([])[:23], "the pcap header ends after 23 of its 24 bytes"),
    "802.11": (pcap.classic([], link=105), r"link type 105 is not supported \(supported: 0, 1, 12, 14, 101, 108"),
    "empty gzip": (gzip.compress(b""), "is empty"),
    "gzip of text": (gzip.compress(b"hello"), "begins with the bytes 68 65 6c 6c"),
    "not gzip": (b"\x1f\x8b\x08rubbish" * 5, "stream: "),
    "section magic": (pcap.Blocks().block(0x0A0D0D0A, bytes(16)), "the block at byte 0 is a section header with"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_capture(name: str) -> None:
    data, text = UNUSABLE[name]
    with pytest.raises(CaptureError, match=f"^cannot read stream: .*{text}".replace("stream: .*stream", "stream")) as e:
        read(data)
    assert "\n" not in str(e.value)
    assert isinstance(e.value, CollectorError)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"^cannot read .*/none\.pcap: No such file or directory$"):
        read_capture(tmp_path / "none.pcap")
    with pytest.raises(CaptureError, match=r"Is a directory$"):
        read_capture(tmp_path)


def damaged() -> dict[str, tuple[bytes, str]]:
    blocks = pcap.Blocks()
    plain, good = pcap.classic(PACKETS), pcap.pcapng(PACKETS)
    block = f"the block at byte {len(good)}"
    return {
        "classic": (plain + b"\xff" * 20, f"the packet at byte {len(plain)} claims 4294967295 bytes"),
        "length": (good + b"\6\0\0\0\x0d\0\0\0" + bytes(9), f"{block} claims a length of 13 bytes"),
        "zero": (good + bytes(12), f"{block} claims a length of 0 bytes"),
        "huge": (good + b"\6\0\0\0\xf0\xff\xff\xff" + bytes(9), "claims a length of 4294967280 bytes"),
        "lengths": (good + blocks.block(6, bytes(8))[:-4] + bytes(4), f"{block} has two different length"),
        "order": (good + blocks.block(0x0A0D0D0A, bytes(16)), f"{block} is a section header with"),
        "gzip": (bytes(BAD_GZIP), "CRC check failed"),
    }


@pytest.mark.parametrize("name", damaged())
def test_damage_is_told_after_what_came_before(name: str) -> None:
    data, text = damaged()[name]
    capture = read_capture(io.BytesIO(data))
    found: list[Datagram] = []
    with pytest.raises(CaptureError, match=text) as e:
        found.extend(capture)
    assert found == MICROSECONDS
    assert "\n" not in str(e.value)


def test_counters(caplog: pytest.LogCaptureFixture) -> None:
    first = packets.ethernet(packets.ipv4(packets.udp(inner=bytes(24))[:16], fragment=0x2000, identification=9))
    captured = [
        *PACKETS,
        PACKETS[0].cut(45),
        pcap.Packet(0, packets.ethernet(packets.ipv4(packets.tcp(), packets.TCP))),
        pcap.Packet(0, packets.ethernet(packets.ipv4(packets.udp(inner=b"x"), length=24))),
        pcap.Packet(0, first),
    ]
    capture = read_capture(io.BytesIO(pcap.classic(captured)))
    assert list(capture) == MICROSECONDS
    outcome = capture.outcome
    assert (outcome.packets, outcome.datagrams) == (7, 3)
    assert (outcome.snapped, outcome.not_udp, outcome.malformed) == (1, 1, 1)
    assert (outcome.fragments, outcome.fragments_incomplete) == (1, 1)
    assert outcome.warnings == [record.getMessage() for record in caplog.records]
    assert outcome.warnings == [
        "stream: 1 packets were cut by the capture and left out; capture whole ones (tcpdump -s 0)",
        "stream: 1 datagrams were left out because some of their fragments are missing",
        "stream: 1 packets were left out because their lengths contradict each other",
    ]
