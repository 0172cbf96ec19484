"""pcapng files: blocks, sections, interfaces and their clocks."""

import io
import os
from pathlib import Path

import pytest

from collector.datagram import Datagram
from collector.receive.pcap import Capture, read_capture
from tests.builders import packets, pcap

BASE = 1_735_732_800  # seconds
PACKET = pcap.Packet(pcap.START, pcap.frame(b"payload", "10.1.0.1"))
DATAGRAM = Datagram(b"payload", "10.1.0.1", 50_000, pcap.START)
ORDERS = pytest.mark.parametrize("order", ["<", ">"])


def opened(data: bytes) -> Capture:
    return read_capture(io.BytesIO(data))


@ORDERS
def test_enhanced_and_obsolete_packets(order: pcap.Order) -> None:
    blocks = pcap.Blocks(order)
    data = blocks.section() + blocks.interface() + blocks.enhanced(PACKET) + blocks.obsolete(PACKET)
    assert list(opened(data)) == [DATAGRAM, DATAGRAM]


@ORDERS
@pytest.mark.parametrize(
    ("resolution", "units", "nanoseconds"),
    [
        (None, BASE * 10**6 + 7, 7_000),
        (6, BASE * 10**6 + 7, 7_000),
        (9, BASE * 10**9 + 123_456_789, 123_456_789),
        (3, BASE * 1000 + 5, 5_000_000),
        (0, BASE, 0),
        (12, (BASE * 10**12 + 7_000) & (2**64 - 1), None),
        (0x80 | 10, BASE * 1024 + 512, 500_000_000),
        (0x80, BASE, 0),
    ],
)
def test_time_resolution(order: pcap.Order, resolution: int | None, units: int, nanoseconds: int | None) -> None:
    blocks = pcap.Blocks(order)
    data = blocks.section() + blocks.interface(resolution=resolution) + blocks.enhanced(PACKET, units=units)
    expected = units // 1000 if nanoseconds is None else pcap.START + nanoseconds
    assert [datagram.received for datagram in opened(data)] == [expected]


@ORDERS
def test_time_offset(order: pcap.Order) -> None:
    blocks = pcap.Blocks(order)
    for offset, units in ((BASE, 5), (-10, (BASE + 10) * 10**6 + 5)):
        data = blocks.section() + blocks.interface(offset=offset) + blocks.enhanced(PACKET, units=units)
        assert [datagram.received for datagram in opened(data)] == [pcap.START + 5_000]


def test_times_stay_within_64_bits() -> None:
    blocks = pcap.Blocks()
    late = blocks.interface(resolution=0) + blocks.enhanced(PACKET, units=2**64 - 1)
    early = blocks.interface(offset=-(2**63)) + blocks.enhanced(PACKET, 1, units=1)
    fine = blocks.interface(resolution=0x7F) + blocks.enhanced(PACKET, 2, units=2**64 - 1)
    times = [datagram.received for datagram in opened(blocks.section() + late + early + fine)]
    assert times == [2**63 - 1, 0, 0]


def test_simple_packets_have_the_time_before_them(tmp_path: Path) -> None:
    blocks = pcap.Blocks()
    path = tmp_path / "simple.pcapng"
    path.write_bytes(
        blocks.section() + blocks.interface() + blocks.simple(PACKET) + blocks.enhanced(PACKET) + blocks.simple(PACKET)
    )
    os.utime(path, ns=(0, 42))
    assert [datagram.received for datagram in read_capture(path)] == [42, pcap.START, pcap.START]


def test_simple_packets_are_cut_at_the_first_interfaces_snap_length() -> None:
    blocks, odd = pcap.Blocks(), pcap.Packet(0, pcap.frame(b"12345"))
    whole = opened(blocks.section() + blocks.interface(snap=1000) + blocks.interface(snap=20) + blocks.simple(odd))
    assert [datagram.payload for datagram in whole] == [b"12345"]
    cut = opened(blocks.section() + blocks.interface(snap=44) + blocks.simple(odd.cut(44)))
    assert (list(cut), cut.outcome.snapped) == ([], 1)


def test_interfaces_have_their_own_link_and_clock() -> None:
    blocks = pcap.Blocks()
    raw = pcap.Packet(pcap.START, pcap.datagram(b"payload", "10.1.0.1"))
    data = blocks.section() + blocks.interface() + blocks.interface(pcap.RAW, resolution=9)
    data += blocks.enhanced(raw, 1, units=pcap.START) + blocks.enhanced(PACKET)
    assert list(opened(data)) == [DATAGRAM, DATAGRAM]


def test_a_section_begins_anew() -> None:
    little, big = pcap.Blocks("<"), pcap.Blocks(">")
    raw = pcap.Packet(pcap.START, pcap.datagram(b"payload", "10.1.0.1"))
    data = little.section() + little.interface() + little.enhanced(PACKET)
    data += big.section() + big.interface(pcap.RAW) + big.enhanced(raw) + big.enhanced(raw, interface=1)
    capture = opened(data)
    assert list(capture) == [DATAGRAM, DATAGRAM]
    assert capture.outcome.malformed == 1  # an interface that this section does not have


def test_other_blocks_are_passed_over() -> None:
    blocks = pcap.Blocks()
    data = blocks.section() + blocks.block(4, bytes(60)) + blocks.interface() + blocks.block(0xBAD, b"")
    data += (
        blocks.enhanced(PACKET) + blocks.block(5, bytes(33)) + blocks.block(10, bytes(5000)) + blocks.enhanced(PACKET)
    )
    capture = opened(data)
    assert list(capture) == [DATAGRAM, DATAGRAM]
    assert capture.outcome.warnings == []


def test_an_unknown_link_costs_only_its_interface() -> None:
    blocks = pcap.Blocks()
    data = blocks.section() + blocks.interface(105) + blocks.interface() + blocks.enhanced(PACKET, 0)
    capture = opened(data + blocks.enhanced(PACKET, 1))
    assert list(capture) == [DATAGRAM]
    assert capture.outcome.warnings[0].startswith("stream: packets of interface 0 were left out: link type 105 is not")


def test_packet_blocks_that_contradict_themselves_cost_only_themselves() -> None:
    blocks = pcap.Blocks()
    longer = blocks.block(6, bytes(12) + (500).to_bytes(4, "little") * 2 + b"four")
    data = blocks.section() + blocks.simple(PACKET) + blocks.enhanced(PACKET)  # before any interface
    data += blocks.interface() + longer + blocks.block(6, bytes(8)) + blocks.block(3, b"") + blocks.enhanced(PACKET)
    data += blocks.block(3, (900).to_bytes(4, "little") + b"four")
    capture = opened(data)
    assert list(capture) == [DATAGRAM]
    assert (capture.outcome.packets, capture.outcome.malformed) == (7, 6)


def test_options_that_contradict_themselves_leave_the_defaults() -> None:
    blocks = pcap.Blocks()
    head = (pcap.ETHERNET).to_bytes(4, "little") + bytes(4)
    for options in (b"\x09\x00\x00\x00", b"\x0e\x00\x02\x00\x01\x01\x00\x00", b"\x09\x00\xff\xff", b"\x01"):
        data = blocks.section() + blocks.block(1, head + options) + blocks.enhanced(PACKET)
        assert list(opened(data)) == [DATAGRAM]


def test_an_interface_without_a_snap_length() -> None:
    blocks = pcap.Blocks()
    short = blocks.block(1, (pcap.ETHERNET).to_bytes(4, "little"))
    assert list(opened(blocks.section() + short + blocks.enhanced(PACKET))) == [DATAGRAM]


def test_mapped_addresses_are_written_as_ipv4() -> None:
    mapped = packets.ethernet(pcap.datagram(b"payload", "::ffff:10.1.0.1"), packets.IPV6)
    assert list(opened(pcap.pcapng([pcap.Packet(pcap.START, mapped)]))) == [DATAGRAM]
