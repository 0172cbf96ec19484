"""Sampled packet headers: each layer, each tunnel, and packets cut anywhere."""

from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.decode.headers import IP_LENGTH, Link, parse, parse_payload
from collector.decode.octets import Octets
from collector.decode.table import Table
from tests.builders import packets as p
from tests.decode.sflow_reading import rows

MACS = {"source.mac": p.SOURCE_MAC, "destination.mac": p.DESTINATION_MAC}
ADDRESSES4 = {"source.ip": p.SOURCE4, "destination.ip": p.DESTINATION4}
ADDRESSES6 = {"source.ip": p.SOURCE6, "destination.ip": p.DESTINATION6}
PORTS = {"source.port": 40000, "destination.port": 53}
FOUR = {"flow.ip_version": 4, "flow.tos": 0, "flow.ttl": 64, **ADDRESSES4}
SIX = {"flow.ip_version": 6, "flow.tos": 0, "flow.ttl": 64, **ADDRESSES6}
INNER_UDP = {
    "network.inner.source.ip": "10.0.0.1",
    "network.inner.destination.ip": "10.0.0.2",
    "network.inner.iana_number": p.UDP,
    "network.inner.source.port": 1111,
    "network.inner.destination.port": 2222,
}
INNER = p.ipv4(p.udp(1111, 2222), source="10.0.0.1", destination="10.0.0.2")
INNER_FRAME = p.ethernet(INNER, source="0a:00:00:00:00:01", destination="0a:00:00:00:00:02", tags=(77,))


def parsed(*frames: bytes, link: Link = Link.ETHERNET) -> list[dict[str, Any]]:
    """What the parser says of each frame, all parsed at once."""
    octets = Octets.of(b"".join(frames))
    end = np.array(list(accumulate(map(len, frames))), np.intp)
    at = end - np.array([len(frame) for frame in frames], np.intp)
    table = Table(len(frames), octets)
    table.put("_row", np.arange(len(frames)), np.arange(len(frames)))
    parse(link, octets, at, end, table, np.arange(len(frames)))
    return [{k: v for k, v in row.items() if k not in ("_row", IP_LENGTH)} for row in rows(table.frame())]


def alone(frame: bytes, link: Link = Link.ETHERNET) -> dict[str, Any]:
    (row,) = parsed(frame, link=link)
    return row


def test_udp_over_ipv4() -> None:
    frame = p.ethernet(p.ipv4(p.udp(), tos=0xB8, ttl=9))
    expected = {
        **MACS,
        **FOUR,
        **PORTS,
        "flow.ethertype": 0x0800,
        "network.iana_number": 17,
        "flow.tos": 0xB8,
        "flow.ttl": 9,
    }
    assert alone(frame) == expected


def test_tcp_flags_over_ipv6() -> None:
    frame = p.ethernet(p.ipv6(p.tcp(flags=0x12), p.TCP, traffic_class=0x48, label=0xABCDE), p.IPV6)
    assert alone(frame) == {
        **MACS,
        **SIX,
        "flow.ethertype": 0x86DD,
        "flow.tos": 0x48,
        "flow.flow_label": 0xABCDE,
        "network.iana_number": 6,
        "source.port": 40000,
        "destination.port": 443,
        "flow.tcp_flags": 0x12,
    }


@pytest.mark.parametrize("protocol", [33, 132, 136])
def test_other_transports_have_ports(protocol: int) -> None:
    row = alone(p.ethernet(p.ipv4(p.udp(), protocol)))
    assert (row["source.port"], row["destination.port"], row["network.iana_number"]) == (40000, 53, protocol)


@pytest.mark.parametrize("protocol", [2, 50, 51, 89, 112])
def test_protocols_without_ports(protocol: int) -> None:
    row = alone(p.ethernet(p.ipv4(p.udp(), protocol)))
    assert row["network.iana_number"] == protocol
    assert "source.port" not in row


@pytest.mark.parametrize(
    ("packet", "kind", "protocol"),
    [(p.ipv4(p.icmp(3, 4), p.ICMP), p.IPV4, 1), (p.ipv6(p.icmp(3, 4), p.ICMPV6), p.IPV6, 58)],
)
def test_icmp(packet: bytes, kind: int, protocol: int) -> None:
    row = alone(p.ethernet(packet, kind))
    assert (row["network.iana_number"], row["flow.icmp_type"], row["flow.icmp_code"]) == (protocol, 3, 4)
    assert "destination.port" not in row


def test_ipv4_options_are_skipped() -> None:
    assert alone(p.ethernet(p.ipv4(p.udp(7, 8), options=bytes(40))))["destination.port"] == 8


def test_padding_behind_a_short_packet_is_not_its_transport_header() -> None:
    row = alone(p.ethernet(p.ipv4(b"", p.UDP) + bytes(26)))
    assert row["network.iana_number"] == 17
    assert "source.port" not in row


def test_segmentation_offload_leaves_the_length_at_zero() -> None:
    assert alone(p.ethernet(p.ipv4(p.udp(), length=0)))["source.port"] == 40000
    assert alone(p.ethernet(p.ipv6(p.udp(), length=0), p.IPV6))["source.port"] == 40000


def test_first_fragment_has_ports_and_later_ones_have_none() -> None:
    first = p.ethernet(p.ipv4(p.udp(), identification=99, fragment=0x2000))
    later = p.ethernet(p.ipv4(p.udp(), identification=99, fragment=185))
    one, other = parsed(first, later)
    assert (one["flow.fragment_id"], one["flow.fragment_offset"], one["source.port"]) == (99, 0, 40000)
    assert (other["flow.fragment_id"], other["flow.fragment_offset"], other["network.iana_number"]) == (99, 185, 17)
    assert "source.port" not in other


def test_a_whole_packet_has_no_fragment_columns() -> None:
    assert "flow.fragment_id" not in alone(p.ethernet(p.ipv4(p.udp(), identification=99, fragment=0x4000)))


def test_ipv6_extension_headers() -> None:
    inner = p.extension(p.extension(p.extension(p.authentication(p.udp(5, 6), p.UDP), 51, 24), 60), 43, 16)
    row = alone(p.ethernet(p.ipv6(inner, 0), p.IPV6))
    assert (row["network.iana_number"], row["source.port"], row["destination.port"]) == (17, 5, 6)


def test_ipv6_fragments() -> None:
    first = p.ethernet(p.ipv6(p.fragment6(p.udp(), p.UDP, 0, more=True), 44), p.IPV6)
    later = p.ethernet(p.ipv6(p.fragment6(p.udp(), p.UDP, 9, more=False), 44), p.IPV6)
    atomic = p.ethernet(p.ipv6(p.fragment6(p.udp(), p.UDP, 0, more=False), 44), p.IPV6)
    one, other, whole = parsed(first, later, atomic)
    assert (one["flow.fragment_id"], one["flow.fragment_offset"], one["source.port"]) == (7, 0, 40000)
    assert (other["flow.fragment_offset"], other["network.iana_number"]) == (9, 17)
    assert "source.port" not in other
    assert "flow.fragment_id" not in whole


def test_endless_extension_headers_are_given_up() -> None:
    inner = b""
    for _ in range(20):
        inner = p.extension(inner, 60)
    row = alone(p.ethernet(p.ipv6(inner, 60), p.IPV6))
    assert row["network.iana_number"] == 60
    assert "source.port" not in row


def test_vlan_tags() -> None:
    plain, one, two, priority = parsed(
        *(p.ethernet(p.ipv4(p.udp()), tags=tags) for tags in ((), (5,), (100, 200), (0,)))
    )
    assert "flow.vlan" not in plain
    assert (one["flow.vlan"], one["flow.ethertype"]) == (5, 0x0800)
    assert (two["flow.vlan"], two["flow.customer_vlan"]) == (100, 200)
    assert "flow.vlan" not in priority
    assert {row["source.port"] for row in (plain, one, two, priority)} == {40000}


def test_mpls_stack() -> None:
    four = p.ethernet(p.mpls(p.ipv4(p.udp()), 16001, 24, 3), 0x8847)
    six = p.ethernet(p.mpls(p.ipv6(p.udp()), 17), 0x8847)
    one, other = parsed(four, six)
    assert (one["flow.mpls_labels"], one["flow.ethertype"], one["source.ip"]) == (
        ["16001", "24", "3"],
        0x8847,
        p.SOURCE4,
    )
    assert (other["flow.mpls_labels"], other["source.ip"], other["source.port"]) == (["17"], p.SOURCE6, 40000)


def test_ethernet_pseudowire_keeps_the_outer_addresses() -> None:
    row = alone(p.ethernet(p.mpls(bytes(4) + INNER_FRAME, 16, 17), 0x8847))
    assert {**row, **MACS} == row
    assert (row["source.ip"], row["source.port"]) == ("10.0.0.1", 1111)


def test_mpls_stack_without_a_bottom() -> None:
    endless = b"".join((16 << 12).to_bytes(4) for _ in range(40))
    row = alone(p.ethernet(endless, 0x8847))
    assert len(row["flow.mpls_labels"]) == 16
    assert "source.ip" not in row


def test_pppoe() -> None:
    four, six = parsed(p.ethernet(p.pppoe(p.ipv4(p.udp())), 0x8864), p.ethernet(p.pppoe(p.ipv6(p.udp()), 0x57), 0x8864))
    assert (four["source.ip"], four["source.port"]) == (p.SOURCE4, 40000)
    assert (six["source.ip"], six["source.port"]) == (p.SOURCE6, 40000)


def test_802_3_frames() -> None:
    with_snap, spanning_tree = parsed(p.snap(p.ipv4(p.udp())), p.ethernet(bytes.fromhex("424203") + bytes(35), kind=38))
    assert (with_snap["flow.ethertype"], with_snap["source.port"]) == (0x0800, 40000)
    assert spanning_tree == MACS


def test_frames_without_ip() -> None:
    assert alone(p.ethernet(bytes(28), p.ARP)) == {**MACS, "flow.ethertype": 0x0806}


def test_link_layers() -> None:
    four, six = p.ipv4(p.udp()), p.ipv6(p.udp())
    for link, packet, kinds in (
        (Link.IP, four, FOUR),
        (Link.IP, six, SIX),
        (Link.MPLS, p.mpls(four, 16), FOUR),
        (Link.PPP, bytes.fromhex("ff030021") + four, FOUR),
        (Link.PPP, bytes.fromhex("0057") + six, SIX),
        (Link.PPP, bytes.fromhex("21") + four, FOUR),
        (Link.PPP, bytes.fromhex("0281") + p.mpls(six, 16), SIX),
        (Link.PPP, bytes.fromhex("0f000800") + four, FOUR),
    ):
        row = alone(packet, link)
        row.pop("flow.mpls_labels", None)
        assert row == {**kinds, **PORTS, "network.iana_number": 17}


@pytest.mark.parametrize(
    ("outer", "vni"),
    [
        (p.ipv4(INNER, p.IN_IP), None),
        (p.ipv4(p.gre(INNER), p.GRE), None),
        (p.ipv4(p.gre(INNER, key=1, sequence=2, checksum=True), p.GRE), None),
        (p.ipv4(p.gre(INNER_FRAME, p.BRIDGED, key=0x123456), p.GRE), None),
        (p.ipv4(p.gre(p.mpls(INNER, 16, 17), 0x8847), p.GRE), None),
        (p.ipv4(p.erspan(INNER_FRAME, 1), p.GRE), None),
        (p.ipv4(p.erspan(INNER_FRAME, 2), p.GRE), None),
        (p.ipv4(p.erspan(INNER_FRAME, 3), p.GRE), None),
        (p.ipv4(bytes.fromhex("3000") + INNER_FRAME, 97), None),
        (p.ipv4(p.vxlan(INNER_FRAME, 5001)), 5001),
        (p.ipv4(p.vxlan(INNER_FRAME, 5001, 8472)), 5001),
        (p.ipv4(p.geneve(INNER_FRAME, 7)), 7),
        (p.ipv4(p.geneve(INNER, 7, p.IPV4, bytes(12))), 7),
        (p.ipv4(p.gtp(INNER)), None),
        (p.ipv4(p.gtp(INNER, extensions=2)), None),
    ],
)
def test_tunnels(outer: bytes, vni: int | None) -> None:
    row = alone(p.ethernet(outer))
    assert {**row, **ADDRESSES4, **INNER_UDP} == row
    assert row.get("flow.vni") == vni
    assert "flow.vlan" not in row


def test_ipv6_inside_tunnels() -> None:
    inner = p.ipv6(p.tcp(1, 2), p.TCP)
    for outer in (p.ipv4(inner, p.IPV6_IN_IP), p.ipv6(p.gre(inner, p.IPV6), p.GRE), p.ipv4(p.gtp(inner))):
        row = alone(p.ethernet(outer, p.IPV6 if outer[0] >> 4 == 6 else p.IPV4))
        assert (row["network.inner.source.ip"], row["network.inner.destination.port"]) == (p.SOURCE6, 2)
        assert "flow.tcp_flags" not in row


def test_tunnel_ports_with_something_else_inside() -> None:
    for inner in (p.udp(1, 4789, b"\0" * 60), p.udp(1, 2152, b"\0" * 60), p.udp(1, 6081, b"\xff" * 60), p.udp(1, 4789)):
        row = alone(p.ethernet(p.ipv4(inner)))
        assert not [name for name in row if name.startswith("network.inner")]


def test_payload_of_a_packet_whose_protocol_is_known() -> None:
    payloads = [p.tcp(1, 2, 0x02), p.icmp(8, 0), INNER]
    octets = Octets.of(b"".join(payloads))
    end = np.cumsum([len(one) for one in payloads])
    table = Table(3, octets)
    at = end - [len(one) for one in payloads]
    parse_payload(np.array([p.TCP, p.ICMP, p.IN_IP], np.uint8), octets, at, end, table, np.arange(3))
    one, two, three = rows(table.frame())
    assert one == {"source.port": 1, "destination.port": 2, "flow.tcp_flags": 2}
    assert two == {"flow.icmp_type": 8, "flow.icmp_code": 0}
    assert three == INNER_UDP


LAYERS = [
    p.ethernet(p.ipv4(p.tcp(inner=bytes(20)), p.TCP, options=bytes(8)), tags=(1, 2)),
    p.ethernet(p.ipv6(p.extension(p.fragment6(p.udp(inner=bytes(9)), p.UDP, 0, more=True), 44), 0), p.IPV6, tags=(3,)),
    p.ethernet(p.mpls(p.ipv4(p.vxlan(INNER_FRAME, 9)), 16, 17, 18), 0x8847),
    p.ethernet(p.ipv4(p.gre(p.mpls(INNER, 16), 0x8847, key=4), p.GRE)),
    p.ethernet(p.ipv4(p.gtp(INNER, extensions=3))),
    p.ethernet(p.ipv4(p.erspan(INNER_FRAME, 3), p.GRE)),
    p.ethernet(p.pppoe(p.ipv4(p.icmp(8, 0), p.ICMP)), 0x8864),
    p.snap(p.ipv4(p.geneve(INNER_FRAME, 5, options=bytes(8)))),
]


def test_a_packet_that_is_cut_never_says_anything_else() -> None:
    for frame in LAYERS:
        whole = alone(frame)
        for row in parsed(*(frame[:size] for size in range(len(frame)))):
            labels, all_labels = row.pop("flow.mpls_labels", []), whole.get("flow.mpls_labels", [])
            assert all_labels[: len(labels)] == labels
            # What is behind a cut chain of extension headers is not known.
            if row.get("network.iana_number") in (0, 44):
                row.pop("network.iana_number")
            assert {**whole, **row} == whole


def test_packets_do_not_change_with_their_company() -> None:
    frames = [frame[:size] for frame in LAYERS for size in range(0, len(frame), 3)]
    assert parsed(*frames) == [alone(frame) for frame in frames]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    frame = bytearray(draw(st.sampled_from(LAYERS)))
    for _ in range(draw(st.integers(0, 4))):
        frame[draw(st.integers(0, len(frame) - 1))] = draw(st.integers(0, 255))
    return bytes(frame[: draw(st.integers(0, len(frame)))])


@settings(max_examples=200, deadline=None)
@given(st.lists(mangled() | st.binary(max_size=80), min_size=1, max_size=12), st.sampled_from(Link))
def test_any_bytes_are_parsed_alike_alone_and_together(frames: list[bytes], link: Link) -> None:
    assert parsed(*frames, link=link) == [alone(frame, link) for frame in frames]
