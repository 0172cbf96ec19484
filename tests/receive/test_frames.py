"""Link layers and IP headers around a datagram."""

import io

import pytest

from collector.receive.outcome import Outcome
from collector.receive.pcap import read_capture
from tests.builders import packets, pcap

V4, V6 = pcap.datagram(b"payload"), pcap.datagram(b"payload", packets.SOURCE6)
KINDS = {4: packets.IPV4, 6: packets.IPV6}
UDP = packets.udp(50_000, 2055, b"payload")


def read(frame: bytes, link: int = pcap.ETHERNET, size: int | None = None) -> tuple[list[tuple[str, bytes]], Outcome]:
    """Exporter and payload of the datagrams in one frame."""
    capture = read_capture(io.BytesIO(pcap.classic([pcap.Packet(0, frame, size)], link)))
    return [(datagram.exporter, datagram.payload) for datagram in capture], capture.outcome


def ethernet(inner: bytes, *tags: tuple[int, int], kind: int) -> bytes:
    """`tags` are the EtherType of a tag and the VLAN, the outer one first."""
    types = [tpid for tpid, _ in tags] + [kind]
    for (_, number), following in zip(reversed(tags), reversed(types), strict=False):
        inner = pcap.vlan(inner, following, number)
    return packets.ethernet(inner, types[0])


@pytest.mark.parametrize("version", [4, 6])
def test_links(version: int) -> None:
    packet, kind = {4: V4, 6: V6}[version], KINDS[version]
    source = {4: packets.SOURCE4, 6: packets.SOURCE6}[version]
    tagged = pcap.vlan(packet, kind)
    framed = [
        (pcap.ETHERNET, ethernet(packet, kind=kind)),
        (pcap.ETHERNET, ethernet(packet, (0x8100, 7), kind=kind)),
        (pcap.ETHERNET, ethernet(packet, (0x88A8, 7), (0x8100, 8), kind=kind)),
        (pcap.ETHERNET, ethernet(packet, (0x8100, 7), (0x8100, 8), (0x8100, 9), kind=kind)),
        (pcap.ETHERNET, ethernet(packet, (0x9100, 7), (0x9200, 8), kind=kind)),
        (pcap.ETHERNET, ethernet(packet, kind=kind) + bytes(11)),
        (pcap.SLL, pcap.cooked(packet, kind)),
        (pcap.SLL, pcap.cooked(tagged, 0x8100)),
        (pcap.SLL2, pcap.cooked2(packet, kind)),
        (pcap.SLL2, pcap.cooked2(tagged, 0x8100)),
        *[(link, packet) for link in (12, 14, pcap.RAW, 228 if version == 4 else 229)],
    ]
    for family in (2,) if version == 4 else (10, 24, 28, 30):
        framed += [(pcap.NULL, pcap.loopback(packet, family, order)) for order in ("<", ">")]
        framed.append((pcap.LOOP, pcap.loopback(packet, family, ">")))
    for link, frame in framed:
        assert read(frame, link)[0] == [(source, b"payload")], (link, frame.hex())


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (pcap.ETHERNET, packets.ethernet(bytes(46), packets.ARP)),
        (pcap.ETHERNET, packets.snap(V4)),
        (pcap.ETHERNET, ethernet(b"", (0x8100, 7), kind=packets.IPV4)[:16]),
        (pcap.ETHERNET, b"\x81\x00" * 200),
        (pcap.ETHERNET, b""),
        (pcap.NULL, pcap.loopback(V4, 7, "<")),
        (pcap.SLL, bytes(15)),
        (pcap.SLL2, bytes(19)),
        (pcap.SLL2, pcap.cooked2(bytes(40), packets.ARP)),
        (pcap.RAW, b""),
        (pcap.RAW, b"\x50" + V4[1:]),
        (pcap.RAW, packets.ipv4(packets.tcp(), packets.TCP)),
        (pcap.RAW, packets.ipv6(packets.tcp(), packets.TCP)),
        (pcap.RAW, packets.ipv6(packets.extension(packets.tcp(), packets.TCP), 0)),
        (pcap.RAW, packets.ipv6(bytes(40), 50)),
    ],
)
def test_what_is_not_udp(link: int, frame: bytes) -> None:
    found, outcome = read(frame, link)
    assert (found, outcome.not_udp) == ([], 1)


def test_ipv4_options_and_padding() -> None:
    options = packets.ipv4(UDP, options=bytes(8))
    assert read(packets.ethernet(options))[0] == [(packets.SOURCE4, b"payload")]
    assert read(packets.ethernet(V4) + b"padding of the link")[0] == [(packets.SOURCE4, b"payload")]
    trailing = packets.ipv4(UDP + b"not of the datagram")
    assert read(packets.ethernet(trailing))[0] == [(packets.SOURCE4, b"payload")]


def test_a_total_length_left_to_the_network_card() -> None:
    assert read(packets.ipv4(UDP, length=0), pcap.RAW)[0] == [(packets.SOURCE4, b"payload")]


def test_ipv6_extension_headers() -> None:
    inner = packets.authentication(packets.extension(UDP, packets.UDP), 60)
    inner = packets.extension(packets.extension(inner, 51, size=24), 43, size=16)
    assert read(packets.ipv6(inner, 0), pcap.RAW)[0] == [(packets.SOURCE6, b"payload")]
    for kind in (135, 139, 140):
        packet = packets.ipv6(packets.extension(UDP, packets.UDP), kind)
        assert read(packet, pcap.RAW)[0] == [(packets.SOURCE6, b"payload")]


def test_an_ipv6_fragment_header_of_a_whole_packet() -> None:
    packet = packets.ipv6(packets.fragment6(UDP, packets.UDP, 0, more=False), 44)
    found, outcome = read(packet, pcap.RAW)
    assert (found, outcome.fragments) == ([(packets.SOURCE6, b"payload")], 0)


def test_a_jumbogram() -> None:
    udp = bytearray(UDP)
    udp[4:6] = b"\0\0"
    option = b"\x11\x00\xc2\x04" + (8 + len(udp)).to_bytes(4, "big")  # RFC 2675
    assert read(packets.ipv6(option + bytes(udp), 0, length=0), pcap.RAW)[0] == [(packets.SOURCE6, b"payload")]


@pytest.mark.parametrize("packet", [V4, V6, packets.ipv6(packets.extension(UDP, packets.UDP), 0)])
@pytest.mark.parametrize("link", [pcap.ETHERNET, pcap.RAW])
def test_every_snap_length(packet: bytes, link: int) -> None:
    kind = packets.IPV4 if packet is V4 else packets.IPV6
    frame = packets.ethernet(packet, kind) if link == pcap.ETHERNET else packet
    start = len(frame) - len(packet)
    for kept in range(start + 1, len(frame)):
        found, outcome = read(frame[:kept], link, len(frame))
        assert (found, outcome.snapped) == ([], 1), kept
        found, outcome = read(frame[:kept], link)
        assert (found, outcome.malformed) == ([], 1), kept
    assert read(frame + b"pad", link, len(frame) + 60)[0]  # only the link's padding was cut


@pytest.mark.parametrize(
    "packet",
    [
        packets.ipv4(UDP, length=19),
        packets.ipv4(UDP, length=900),
        packets.ipv4(packets.udp(inner=b"payload")[:10]),
        packets.ipv4(UDP[:4] + b"\x00\x07" + UDP[6:]),
        packets.ipv4(UDP[:4] + b"\x00\x00" + UDP[6:]),
        packets.ipv4(UDP[:4] + b"\xff\xff" + UDP[6:]),
        packets.ipv4(UDP[:7]),
        b"\x44" + V4[1:],
        packets.ipv6(UDP, length=900),
        packets.ipv6(packets.extension(UDP, packets.UDP)[:1] + b"\xff" + bytes(30), 0),
        packets.ipv6(bytes(7), 0),
        packets.ipv6(bytes(7), 44),
    ],
)
def test_lengths_that_contradict_each_other(packet: bytes) -> None:
    for link, frame in ((pcap.RAW, packet), (pcap.ETHERNET, ethernet(packet, kind=KINDS[packet[0] >> 4]))):
        found, outcome = read(frame, link)
        assert (found, outcome.malformed) == ([], 1), link
