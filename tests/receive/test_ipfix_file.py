"""IPFIX files (RFC 5655) as a source of datagrams."""

import gzip
import io
from pathlib import Path

import pytest

import collector
from collector.datagram import Datagram
from collector.receive.errors import CaptureError
from collector.receive.ipfixfile import is_ipfix_file
from collector.receive.pcap import Capture, read_capture
from tests.builders import pcap
from tests.builders.netflow import Template, ipfix
from tests.receive.sessions import message

FLOWS = Template(256, ((8, 4), (12, 4), (4, 1), (7, 2), (11, 2), (1, 8), (2, 8), (152, 8), (153, 8)))
START = 1_735_732_800
MESSAGES = [message(20, 1, START), message(65_535, 2, START + 1), message(16, 3, START + 2)]
DATA = b"".join(MESSAGES)
ENDS = [0, 20, 65_555, 65_571]


def read(data: bytes) -> Capture:
    return read_capture(io.BytesIO(data))


def datagrams(capture: Capture) -> tuple[list[Datagram], Datagram]:
    """The messages of a file, and its end."""
    *whole, end = capture
    assert (end.payload, {one.session for one in whole}) == (b"", {end.session} if whole else set())
    return whole, end


def test_messages_have_their_export_time_and_the_file_is_a_session() -> None:
    capture = read(DATA)
    whole, end = datagrams(capture)
    times = [(START + number) * 1_000_000_000 for number in range(3)]
    assert whole == [
        Datagram(one, "127.0.0.1", 0, time, end.session) for one, time in zip(MESSAGES, times, strict=True)
    ]
    assert end.received == times[-1]
    assert end.session > 0
    assert (capture.outcome.datagrams, capture.outcome.warnings) == (3, [])
    assert datagrams(read(DATA))[1].session > end.session


def test_sources(tmp_path: Path) -> None:
    plain, packed = tmp_path / "flows.ipfix", tmp_path / "flows.ipfix.gz"
    plain.write_bytes(DATA)
    packed.write_bytes(gzip.compress(DATA))
    for source in (plain, str(packed)):
        assert [one.payload for one in datagrams(read_capture(source))[0]] == MESSAGES


def test_what_is_replayed_are_its_messages() -> None:
    assert [(one.payload, port) for one, port in read(DATA).addressed()] == [(one, 4739) for one in MESSAGES]


@pytest.mark.parametrize("size", [*range(4, 24), 60, 65_554, 65_555, 65_556, 65_558, 65_559, 65_570])
def test_every_cut_keeps_what_came_before(size: int) -> None:
    capture = read(DATA[:size])
    whole = max(number for number, end in enumerate(ENDS) if end <= size)
    assert [one.payload for one in datagrams(capture)[0]] == MESSAGES[:whole]
    cut = f"stream: ends within the message at byte {ENDS[whole]}; the messages before it were read"
    assert capture.outcome.warnings == ([] if size in ENDS else [cut])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (bytes.fromhex("000a000f"), "an IPFIX message of 15 bytes, fewer than its header has"),
        (bytes.fromhex("00090014"), "NetFlow v9, which is for UDP: set the exporter to UDP or to IPFIX"),
        (bytes.fromhex("ffffffff"), "the bytes ff ff ff ff"),
    ],
)
def test_damage_ends_the_reading_with_its_place(damage: bytes, told: str) -> None:
    capture = read(DATA[:65_555] + damage + DATA)
    assert [one.payload for one in datagrams(capture)[0]] == MESSAGES[:2]
    line = f"stream: no IPFIX message begins at byte 65555 ({told}); the messages before it were read"
    assert capture.outcome.warnings == [line]


def test_a_gzip_stream_that_breaks_off() -> None:
    data = gzip.compress(b"".join(message(1000, number) for number in range(50)), compresslevel=0)
    capture = read(data[: len(data) // 2])
    assert [one.payload for one in datagrams(capture)[0]] == [message(1000, number) for number in range(24)]
    assert any("the gzip stream breaks off" in line for line in capture.outcome.warnings)


def test_a_damaged_gzip_stream_gives_what_came_before() -> None:
    data = bytearray(gzip.compress(b"".join(message(1000, number) for number in range(50))))
    data[-8:-4] = bytes(4)  # the checksum
    taken: list[Datagram] = []
    with pytest.raises(CaptureError, match="cannot read stream: "):
        taken.extend(read(bytes(data)))
    assert [one.payload for one in taken] == [message(1000, number) for number in range(50)]


@pytest.mark.parametrize("head", [b"", b"\0", b"\0\x0a\0", b"\0\x0a\0\x0f", b"\0\x09\0\x20", b"\x0a\0\0\x20"])
def test_what_is_no_ipfix_file(head: bytes) -> None:
    assert not is_ipfix_file(head)


def test_captures_are_no_ipfix_files() -> None:
    packet = [pcap.Packet(pcap.START, pcap.frame(message()))]
    for data in (pcap.classic(packet), pcap.classic(packet, order=">"), pcap.pcapng(packet)):
        assert not is_ipfix_file(data[:4])
        assert [one.session for one in read(data)] == [0]


def test_flows_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "flows.ipfix"
    times = (START * 1000 - 5000, START * 1000 - 1000)
    record = FLOWS.record("10.0.0.1", "10.0.0.2", 6, 40_000, 443, 1200, 3, *times)
    path.write_bytes(ipfix(FLOWS.define()) + ipfix(FLOWS.data(record, record)) + ipfix(FLOWS.data(record), sequence=2))
    frame = collector.read_pcap(path)
    assert frame["network.bytes"].to_list() == [1200] * 3
    assert frame["source.ip"].to_list() == ["10.0.0.1"] * 3
    assert {f"{time:%F %T}" for time in frame["@timestamp"]} == {"2025-01-01 11:59:59"}
