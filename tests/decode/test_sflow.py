"""sFlow version 5: datagrams, samples, records, and everything that may be wrong with them."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import schema
from collector.decode.problems import MAX_DETAILS, REASONS
from collector.decode.sequence import Changes
from collector.decode.sflow import SflowDecoder
from collector.decode.sflow.structures import structures
from tests.builders import packets as p
from tests.builders import sflow as s
from tests.decode.sflow_reading import decode, one, reasons, rows, selected

FRAME = p.ethernet(p.ipv4(p.tcp(flags=0x18), p.TCP))
INTERNAL, DISCARDED, MULTIPLE = 0x3FFFFFFF, 1 << 30, 2 << 30


def flow(*records: bytes, **head: Any) -> dict[str, Any]:
    """The flow of a sample with these records."""
    decoded = decode(s.datagram(s.payload(s.flow_sample(*records, **head))))
    assert not decoded.problems
    return one(decoded.flows)


def added(*records: bytes) -> dict[str, Any]:
    """What these records add to a flow."""
    bare = flow()
    return {name: value for name, value in flow(*records).items() if bare.get(name) != value}


# --- datagrams and samples


@pytest.mark.parametrize("expanded", [False, True])
def test_a_flow_sample(expanded: bool) -> None:
    sample = s.flow_sample(s.header(FRAME, frame_length=1518), rate=512, ingress=7, egress=9, expanded=expanded)
    decoded = decode(s.datagram(s.payload(sample, agent="2001:db8::9", sub_agent=5)))
    assert one(decoded.flows) == {
        "_datagram": 0,
        "host.ip": 0,
        "flow.agent_ip": "2001:db8::9",
        "flow.observation_domain": 5,
        "flow.version": 5,
        "flow.sampling_interval": 512,
        "flow.sampling_from": 0,
        "flow.input_snmp": 7,
        "flow.output_snmp": 9,
        "network.packets": 1,
        "network.bytes": 1518,
        "source.mac": p.SOURCE_MAC,
        "destination.mac": p.DESTINATION_MAC,
        "flow.ethertype": 0x0800,
        "flow.ip_version": 4,
        "flow.tos": 0,
        "flow.ttl": 64,
        "network.iana_number": 6,
        "source.ip": p.SOURCE4,
        "destination.ip": p.DESTINATION4,
        "source.port": 40000,
        "destination.port": 443,
        "flow.tcp_flags": 0x18,
    }
    assert not decoded.problems
    assert decoded.counters.height == decoded.discards.height == 0


def test_columns_have_the_types_of_the_schema() -> None:
    records = [s.header(FRAME), *EXTENDED.values()]
    frame = decode(s.datagram(s.payload(s.flow_sample(*records, egress=DISCARDED | 3)))).flows
    assert frame.width > 40
    for name, dtype in frame.schema.items():
        field = schema.fields().get(name.removesuffix(".hi").removesuffix(".lo"))
        if field is None:
            assert name == "_datagram"
        elif field.kind == "ip":
            assert dtype == (pl.UInt32 if name == "host.ip" else pl.UInt64)
        elif field.table is not None:
            assert dtype == pl.UInt8
        else:
            assert dtype == field.dtype


def test_several_datagrams_of_several_exporters() -> None:
    one_sample = s.flow_sample(s.header(p.ethernet(p.ipv4(p.udp(1, 1)))))
    two = s.flow_sample(s.header(p.ethernet(p.ipv6(p.udp(2, 2)), p.IPV6)), expanded=True)
    datagrams = [s.datagram(s.payload(one_sample, two)), s.datagram(s.payload()), s.datagram(s.payload(two))]
    decoded = SflowDecoder().decode(datagrams, np.array([4, 5, 6], np.uint32))
    found = [(row["_datagram"], row["host.ip"], row["source.port"]) for row in rows(decoded.flows)]
    assert found == [(0, 4, 1), (0, 4, 2), (2, 6, 2)]


def test_nothing_at_all() -> None:
    decoded = SflowDecoder().decode([], np.zeros(0, np.uint32))
    assert decoded.flows.height == decoded.counters.height == decoded.discards.height == 0
    assert not decoded.problems
    assert not decoded.loss


def test_agents_without_an_address() -> None:
    decoded = decode(s.datagram(s.payload(s.flow_sample(s.header(FRAME)), agent=None)))
    assert "flow.agent_ip" not in one(decoded.flows)


@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize(
    ("ingress", "egress", "expected"),
    [
        (0, 0, {}),
        (INTERNAL, 4, {"flow.output_snmp": 4}),
        (3, INTERNAL, {"flow.input_snmp": 3}),
        (3, DISCARDED | 258, {"flow.input_snmp": 3, "flow.drop_reason": 258}),
        (3, MULTIPLE | 7, {"flow.input_snmp": 3}),
    ],
)
def test_interfaces(ingress: int, egress: int, expected: dict[str, int], expanded: bool) -> None:
    row = flow(ingress=ingress, egress=egress, expanded=expanded)
    assert selected(row, ("flow.input_snmp", "flow.output_snmp", "flow.drop_reason")) == expected


def test_an_unknown_sampling_rate() -> None:
    row = flow(rate=0)
    assert "flow.sampling_interval" not in row
    assert "flow.sampling_from" not in row


def test_discarded_packets_are_no_flows() -> None:
    sample = s.discarded(s.header(FRAME), reason=258, ingress=3, egress=INTERNAL)
    decoded = decode(s.datagram(s.payload(sample, s.flow_sample(s.header(FRAME)))))
    assert decoded.flows.height == 1
    row = one(decoded.discards)
    assert (row["flow.drop_reason"], row["flow.input_snmp"], row["source.ip"]) == (258, 3, p.SOURCE4)
    assert "flow.output_snmp" not in row
    assert "flow.sampling_interval" not in row


# --- records of packets


@pytest.mark.parametrize(
    ("protocol", "packet"),
    [
        (s.IPV4, p.ipv4(p.tcp(), p.TCP)),
        (s.PPP, bytes.fromhex("ff030021") + p.ipv4(p.tcp(), p.TCP)),
        (s.MPLS, p.mpls(p.ipv4(p.tcp(), p.TCP), 16)),
    ],
)
def test_other_header_protocols(protocol: int, packet: bytes) -> None:
    row = added(s.header(packet, protocol, frame_length=99))
    assert (row["network.bytes"], row["source.ip"], row["destination.port"]) == (99, p.SOURCE4, 443)
    assert "source.mac" not in row


def test_header_of_ipv6() -> None:
    row = added(s.header(p.ipv6(p.tcp(), p.TCP), s.IPV6))
    assert (row["source.ip"], row["flow.ip_version"]) == (p.SOURCE6, 6)


def test_header_protocols_that_are_not_read() -> None:
    decoded = decode(s.datagram(s.payload(s.flow_sample(s.header(b"\0" * 40, 4, frame_length=99)))))
    assert one(decoded.flows)["network.bytes"] == 99
    assert reasons(decoded) == {("sflow-header-protocol", "4"): 1}


def test_frames_without_ip_are_flows() -> None:
    row = added(s.header(p.ethernet(bytes(28), 0x88CC)))
    assert row == {
        "network.bytes": 46,
        "source.mac": p.SOURCE_MAC,
        "destination.mac": p.DESTINATION_MAC,
        "flow.ethertype": 0x88CC,
    }


def test_fields_instead_of_a_header() -> None:
    ethernet = s.part(2, s.words(60) + s.mac(p.SOURCE_MAC) + s.mac(p.DESTINATION_MAC) + s.words(0x86DD))
    four = s.part(3, s.words(1400, 6) + SOURCE4 + DESTINATION4 + s.words(1, 2, 0x12, 0xB8))
    six = s.part(4, s.words(1400, 17) + SOURCE6 + DESTINATION6 + s.words(1, 2, 0x12, 0xB8))
    macs = {"source.mac": p.SOURCE_MAC, "destination.mac": p.DESTINATION_MAC}
    assert added(ethernet) == {"network.bytes": 60, "flow.ethertype": 0x86DD, **macs}
    shared = {"network.bytes": 1400, "source.port": 1, "destination.port": 2, "flow.tos": 0xB8}
    expected = {**shared, "network.iana_number": 6, "flow.ip_version": 4, "flow.tcp_flags": 0x12}
    assert added(four) == {**expected, "source.ip": p.SOURCE4, "destination.ip": p.DESTINATION4}
    expected = {**shared, "network.iana_number": 17, "flow.ip_version": 6}
    assert added(six) == {**expected, "source.ip": p.SOURCE6, "destination.ip": p.DESTINATION6}
    assert added(four, ethernet) == {**added(four), **macs, "network.bytes": 60, "flow.ethertype": 0x86DD}


def test_the_header_is_preferred_to_fields() -> None:
    fields = s.part(3, s.words(1400, 17) + DESTINATION4 + SOURCE4 + s.words(1, 2, 0, 4))
    assert added(fields, s.header(FRAME)) == added(s.header(FRAME))


def test_of_two_headers_the_first_counts() -> None:
    other = s.header(p.ethernet(p.ipv6(p.udp()), p.IPV6, tags=(4,)))
    assert flow(s.header(FRAME), other) == flow(s.header(FRAME))


SOURCE4, DESTINATION4 = s.address(p.SOURCE4)[4:], s.address(p.DESTINATION4)[4:]
SOURCE6, DESTINATION6 = s.address(p.SOURCE6)[4:], s.address(p.DESTINATION6)[4:]
SOCKET4 = s.words(6) + SOURCE4 + DESTINATION4 + s.words(80, 50000)
SOCKET6 = s.words(6) + SOURCE6 + DESTINATION6 + s.words(80, 50000)
TUNNEL4 = s.words(100, 47) + SOURCE4 + DESTINATION4 + s.words(0, 0, 0, 0)
PATH = s.words(3, 2, 2, 64501, 64502, 1, 0, 2, 1, 64503)
COMMUNITIES = s.words(2, 64500 << 16 | 100, 0xFFFFFF01)
WIRELESS = s.opaque("lab") + s.mac("02:00:00:00:00:07") + s.words(2, 6) + bytes(8) + s.words(0, 0, 0)
TEXTS = [s.opaque(text) for text in ("/a", "www.example.com", "ref", "agent", "10.0.0.1", "alice", "text/html")]

EXTENDED = {
    "switch": s.part(1001, s.words(10, 0, 20, 0xFFFFFFFF)),
    "router": s.part(1002, s.address("192.0.2.254") + s.words(24, 0)),
    "router6": s.part(1002, s.address("2001:db8::254") + s.words(48, 129)),
    "gateway": s.part(1003, s.address("192.0.2.253") + s.words(1, 64499, 64500) + PATH + COMMUNITIES + s.words(100)),
    "user": s.part(1004, s.words(106) + s.opaque("zoë") + s.words(106) + s.opaque("bob")),
    "url": s.part(1005, s.words(1) + s.opaque("/index.html") + s.opaque("www.example.com")),
    "mpls": s.part(1006, s.address("192.0.2.252") + s.words(2, 16 << 12, 17 << 12 | 0x100, 1, 18 << 12)),
    "nat": s.part(1007, s.address("203.0.113.1") + s.address("2001:db8::77")),
    "vlantunnel": s.part(1012, s.words(2, 0x88A80064, 0x81000065)),
    "wireless": s.part(1014, WIRELESS),
    "nat_port": s.part(1020, s.words(5000, 70000)),
    "tunnel": s.part(1024, TUNNEL4),
    "vni": s.part(1030, s.words(5001)),
    "vlanin": s.part(1034, s.words(1, 0x81000064)),
    "vlanout": s.part(1035, s.words(1, 0x810000C8)),
    "timestamp": s.part(1043, (1_735_732_800_123_456_789).to_bytes(8)),
    "socket4": s.part(2100, SOCKET4),
    "socket6": s.part(2101, SOCKET6),
    "request": s.part(2206, s.words(2, 1001) + b"".join(TEXTS) + bytes(24)),
    "application": s.part(2202, s.opaque("shop") + s.opaque("buy") + s.opaque("") + s.opaque("OK") + bytes(24)),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("switch", {"flow.vlan": 10, "flow.post_vlan": 20}),
        ("router", {"flow.next_hop": "192.0.2.254", "flow.src_mask_len": 24, "flow.dst_mask_len": 0}),
        ("router6", {"flow.next_hop": "2001:db8::254", "flow.src_mask_len": 48}),
        (
            "gateway",
            {
                "flow.bgp_next_hop": "192.0.2.253",
                "source.as.number": 64499,
                "flow.previous_as": 64500,
                "flow.next_as": 64501,
                "destination.as.number": 64503,
                "flow.as_path": ["64501", "64502", "64503"],
                "flow.bgp_communities": ["64500:100", "65535:65281"],
            },
        ),
        ("user", {"flow.user_name": "zoë", "destination.user.name": "bob"}),
        ("url", {"flow.http_url": "/index.html", "flow.http_host": "www.example.com"}),
        ("mpls", {"flow.next_hop": "192.0.2.252", "flow.mpls_labels": ["16", "17"]}),
        ("nat", {"source.nat.ip": "203.0.113.1", "destination.nat.ip": "2001:db8::77"}),
        ("vlantunnel", {"flow.vlan": 100, "flow.customer_vlan": 101}),
        ("wireless", {"flow.wifi_ssid": "lab", "flow.wifi_wtp_mac": "02:00:00:00:00:07"}),
        ("nat_port", {"source.nat.port": 5000}),
        (
            "tunnel",
            {
                "network.outer.source.ip": p.SOURCE4,
                "network.outer.destination.ip": p.DESTINATION4,
                "network.outer.iana_number": 47,
            },
        ),
        ("vni", {"flow.vni": 5001}),
        ("vlanin", {"flow.vlan": 100}),
        ("vlanout", {"flow.post_vlan": 200}),
        ("request", {"flow.http_url": "/a", "flow.http_host": "www.example.com", "flow.user_name": "alice"}),
        ("application", {"network.application": "shop"}),
    ],
)
def test_extended_records(name: str, expected: dict[str, Any]) -> None:
    assert added(EXTENDED[name]) == expected


@pytest.mark.parametrize(
    ("name", "client", "server"), [("socket4", p.DESTINATION4, p.SOURCE4), ("socket6", p.DESTINATION6, p.SOURCE6)]
)
def test_sockets_of_applications(name: str, client: str, server: str) -> None:
    assert added(EXTENDED[name]) == {
        "source.ip": client,
        "source.port": 50000,
        "destination.ip": server,
        "destination.port": 80,
        "network.iana_number": 6,
    }


def test_timestamps() -> None:
    row = added(EXTENDED["timestamp"])
    assert row["event.start"] == row["event.end"]
    assert row["event.end"].isoformat() == "2025-01-01T12:00:00.123000"


def test_the_tag_in_the_header_comes_before_the_switch() -> None:
    row = added(EXTENDED["switch"], s.header(p.ethernet(p.ipv4(p.udp()), tags=(77,))))
    assert (row["flow.vlan"], row["flow.post_vlan"]) == (77, 20)


def test_records_of_every_known_structure_are_read_whatever_is_in_them() -> None:
    for structure in structures("flow_record").values():
        for body in (bytes(200), b"\xff" * 200, b"\0\0\0\1" * 50, b""):
            decoded = decode(
                s.datagram(s.payload(s.flow_sample(s.part(structure.tag & 0xFFF, body, structure.tag >> 12))))
            )
            assert decoded.flows.height == 1


def test_structures_that_have_grown_or_were_cut() -> None:
    longer = s.part(1001, s.words(10, 0, 20, 0, 99, 99))
    shorter = s.part(1001, s.words(10, 0))
    assert added(longer) == {"flow.vlan": 10, "flow.post_vlan": 20}
    assert added(shorter) == {"flow.vlan": 10}


# --- counters

GENERIC = (
    s.words(3, 6) + (10**10).to_bytes(8) + s.words(1, 3) + (1 << 40).to_bytes(8) + s.words(1, 2, 3, 4, 5, 0xFFFFFFFF)
)
GENERIC += b"\xff" * 8 + s.words(7, 8, 9, 10, 11, 0)
HOST = s.opaque("server") + bytes(range(16)) + s.words(3, 2) + s.opaque("6.1")


@pytest.mark.parametrize("expanded", [False, True])
def test_counter_samples(expanded: bool) -> None:
    sample = s.counters_sample(
        s.part(1, GENERIC), s.part(1005, s.opaque("eth0")), source=3, sequence=8, expanded=expanded
    )
    decoded = decode(s.datagram(s.payload(sample, sub_agent=2, uptime=777)))
    row = one(decoded.counters)
    assert selected(row, ("_datagram", "host.ip", "flow.agent_ip", "flow.observation_domain")) == {
        "_datagram": 0,
        "host.ip": 0,
        "flow.agent_ip": "192.0.2.9",
        "flow.observation_domain": 2,
    }
    assert {k: v for k, v in row.items() if k.startswith("sflow.")} == {
        "sflow.source_type": 0,
        "sflow.source_index": 3,
        "sflow.sequence": 8,
        "sflow.uptime": 777,
    }
    assert (row["if_counters.ifSpeed"], row["if_counters.ifInOctets"], row["port_name.name"]) == (
        10**10,
        1 << 40,
        "eth0",
    )
    assert row["if_counters.ifOutUcastPkts"] == 7
    for unknown in ("if_counters.ifInUnknownProtos", "if_counters.ifOutOctets"):
        assert unknown not in row
    assert decoded.flows.height == 0


def test_sources_of_counters() -> None:
    row = one(decode(s.datagram(s.payload(s.counters_sample(s.part(1, GENERIC), source=2 << 24 | 65)))).counters)
    assert (row["sflow.source_type"], row["sflow.source_index"]) == (2, 65)


def test_hosts() -> None:
    processor = s.part(1001, s.words(1450, 0xFFFFFFFF, 0) + (1 << 33).to_bytes(8) * 2)
    temperature = s.part(3001, s.words(0xFFFFFFFF, 250, 0))
    sample = s.counters_sample(s.part(2000, HOST), processor, temperature, s.part(2003, bytes(68)), expanded=True)
    row = one(decode(s.datagram(s.payload(sample))).counters)
    assert row["host_descr.hostname"] == "server"
    assert row["host_descr.uuid"] == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert row["host_descr.os_release"] == "6.1"
    assert (row["processor.cpu_5s"], row["processor.total_memory"]) == (1450, 1 << 33)
    assert "processor.cpu_1m" not in row
    assert (row["temperature.minimum"], row["temperature.maximum"]) == (-1, 250)
    assert (row["host_cpu.load_one"], row["host_cpu.interrupts"]) == (0.0, 0)
    assert "host_cpu.cpu_steal" not in row


def test_counter_samples_with_different_structures_side_by_side() -> None:
    samples = [s.counters_sample(s.part(1, GENERIC), source=1), s.counters_sample(s.part(3002, s.words(40)), source=2)]
    interfaces, humidity = rows(decode(s.datagram(s.payload(*samples))).counters)
    assert "humidity.relative" not in interfaces
    assert humidity["humidity.relative"] == 40
    assert "if_counters.ifIndex" not in humidity


def test_counters_of_every_known_structure_are_read_whatever_is_in_them() -> None:
    for structure in structures("counter_record").values():
        for body in (bytes(400), b"\xff" * 400, b"\0\0\0\1" * 100, b""):
            record = s.part(structure.tag & 0xFFF, body, structure.tag >> 12)
            decoded = decode(s.datagram(s.payload(s.counters_sample(record))))
            assert decoded.counters.height == 1
            assert not decoded.problems


# --- what is wrong


def test_every_reason_is_explained() -> None:
    for sentence in REASONS.values():
        assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "sflow-short-datagram"),
        (s.words(5), "sflow-short-datagram"),
        (s.words(5, 1, 2, 3, 4), "sflow-short-datagram"),
        (s.words(5, 2, 1, 1, 1, 1, 1, 1, 1), "sflow-short-datagram"),
        (s.words(5, 3, 1, 1, 1, 1, 1, 1, 1), "sflow-agent-address"),
        (s.words(4, 1, 1, 1, 1, 1, 1, 1, 1), "sflow-version"),
    ],
)
def test_datagrams_that_cannot_be_read(data: bytes, reason: str) -> None:
    good = s.datagram(s.payload(s.flow_sample(s.header(FRAME))))
    decoded = decode(good, s.datagram(data), good)
    assert [row["_datagram"] for row in rows(decoded.flows)] == [0, 2]
    assert reasons(decoded) == {(reason, ""): 1}


def test_a_sample_with_padding_behind_its_records() -> None:
    padded = s.part(s.FLOW, s.flow_sample(s.header(FRAME))[8:] + bytes(12))
    decoded = decode(s.datagram(s.payload(*[padded] * 5)))
    assert decoded.flows.height == 5
    assert not decoded.problems


def test_a_record_longer_than_its_sample() -> None:
    record = s.header(FRAME)
    lying = s.words(1, len(record) + 80) + record[8:]
    decoded = decode(s.datagram(s.payload(s.flow_sample(lying), s.flow_sample(EXTENDED["switch"]))))
    first, second = rows(decoded.flows)
    assert (first["source.ip"], second["flow.vlan"]) == (p.SOURCE4, 10)
    assert reasons(decoded) == {("sflow-cut-record", ""): 1}


def test_a_header_longer_than_its_record() -> None:
    record = s.part(1, s.words(s.ETHERNET, 1500, 4, 128) + FRAME[:40])
    row = one(decode(s.datagram(s.payload(s.flow_sample(record)))).flows)
    assert (row["source.ip"], row["destination.port"]) == (p.SOURCE4, 443)
    assert "flow.tcp_flags" not in row


def test_a_sample_longer_than_its_datagram() -> None:
    whole = s.payload(s.flow_sample(EXTENDED["switch"], s.header(FRAME)), s.flow_sample(s.header(FRAME)))
    decoded = decode(s.datagram(whole[:-8]))
    assert [row["destination.port"] for row in rows(decoded.flows)] == [443, 443]
    assert reasons(decoded) == {("sflow-cut-sample", ""): 1, ("sflow-cut-record", ""): 1}
    decoded = decode(s.datagram(whole[:-90]))
    assert decoded.flows.height == 1
    assert reasons(decoded) == {("sflow-cut-sample", ""): 1, ("sflow-short-sample", ""): 1}


def test_wrong_counts() -> None:
    more = s.payload(s.flow_sample(s.header(FRAME), promised=3), promised=2)
    decoded = decode(s.datagram(more))
    assert one(decoded.flows)["source.ip"] == p.SOURCE4
    assert reasons(decoded) == {("sflow-missing-samples", ""): 1, ("sflow-missing-records", ""): 1}
    less = s.payload(s.flow_sample(s.header(FRAME)), s.flow_sample(), promised=1)
    decoded = decode(s.datagram(less))
    assert decoded.flows.height == 1
    assert reasons(decoded) == {("sflow-trailing-bytes", ""): 1}


def test_unknown_formats_are_skipped_and_counted() -> None:
    unknown = s.part(77, bytes(8), enterprise=99)
    data = s.payload(
        unknown, s.flow_sample(unknown, s.header(FRAME), unknown), s.counters_sample(unknown, s.part(1, GENERIC))
    )
    decoded = decode(s.datagram(data))
    assert one(decoded.flows)["source.ip"] == p.SOURCE4
    assert one(decoded.counters)["if_counters.ifIndex"] == 3
    assert reasons(decoded) == {
        ("sflow-unknown-sample", "99:77"): 1,
        ("sflow-unknown-record", "99:77"): 2,
        ("sflow-unknown-counter", "99:77"): 1,
    }


def test_problems_do_not_grow_with_what_is_sent() -> None:
    samples = [s.part(number, b"", enterprise=99) for number in range(200)]
    decoded = decode(s.datagram(s.payload(*samples)))
    assert len(decoded.problems) == MAX_DETAILS + 1
    assert sum(problem.count for problem in decoded.problems) == 200


def test_problems_are_counted_by_exporter() -> None:
    bad = s.datagram(s.words(5))
    decoded = SflowDecoder().decode([bad] * 3, np.array([7, 8, 7], np.uint32))
    assert {(problem.exporter, problem.count) for problem in decoded.problems} == {(7, 2), (8, 1)}
    assert {problem.reason for problem in decoded.problems} <= set(REASONS)


def test_lengths_that_are_no_multiple_of_four() -> None:
    record = s.header(FRAME)
    odd = record[:4] + s.words(len(record) - 8 - 2) + record[8:]
    decoded = decode(s.datagram(s.payload(s.flow_sample(odd, EXTENDED["switch"])) + b"\0"), s.datagram(s.payload()))
    row = one(decoded.flows)
    assert (row["source.ip"], row["flow.vlan"]) == (p.SOURCE4, 10)


def test_long_chains_of_empty_samples() -> None:
    empty = s.datagram(s.payload(*[s.part(9, b"")] * 8000))
    sample = s.datagram(s.payload(*[s.flow_sample()] * 1500))
    decoded = decode(*[empty] * 3, sample)
    assert decoded.flows.height == 1500
    assert reasons(decoded) == {("sflow-unknown-sample", "0:9"): 24000}


def test_many_chains_are_walked_as_vectors() -> None:
    datagrams = [s.datagram(s.payload(*[s.flow_sample(s.header(FRAME))] * (number % 5))) for number in range(100)]
    decoded = decode(*datagrams)
    assert decoded.flows.get_column("_datagram").to_list() == [n for n in range(100) for _ in range(n % 5)]
    assert not decoded.problems


# --- loss


def test_loss_by_agent_and_sub_agent() -> None:
    decoder = SflowDecoder()
    numbers = [(0, 10), (1, 70), (0, 11), (1, 73), (0, 13), (0, 12)]
    decoded = decode(
        *(s.datagram(s.payload(sub_agent=sub, sequence=number)) for sub, number in numbers), decoder=decoder
    )
    agent = (0, 0xFFFF << 32 | 0xC0000209)
    assert decoded.loss == [Changes((0, *agent, 0), late=1), Changes((0, *agent, 1), lost=2)]
    assert decode(s.datagram(s.payload(sub_agent=1, sequence=74)), decoder=decoder).loss == []
    other = decode(s.datagram(s.payload(agent="2001:db8::1", sub_agent=1, sequence=90)), decoder=decoder)
    assert other.loss == []


# --- any bytes

PARTS = [
    s.flow_sample(s.header(FRAME), *EXTENDED.values()),
    s.flow_sample(s.header(p.ethernet(p.ipv6(p.udp(), p.UDP), p.IPV6)), expanded=True),
    s.counters_sample(s.part(1, GENERIC), s.part(2000, HOST), s.part(1005, s.opaque("eth0"))),
    s.discarded(s.header(FRAME), reason=3),
    s.part(1, bytes(30), enterprise=1991),
]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    data = bytearray(s.payload(*draw(st.lists(st.sampled_from(PARTS), max_size=4)), sequence=draw(st.integers(0, 9))))
    for _ in range(draw(st.integers(0, 6))):
        data[draw(st.integers(4, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=150, deadline=None)
@given(st.lists(mangled() | st.binary(max_size=200).map(lambda data: s.words(5) + data), max_size=25))
def test_any_bytes_give_the_same_alone_and_together(payloads: list[bytes]) -> None:
    together = decode(*map(s.datagram, payloads))
    frames = {"flows": together.flows, "counters": together.counters, "discards": together.discards}
    for number, payload in enumerate(payloads):
        alone = decode(s.datagram(payload))
        for name, frame in frames.items():
            mine = [{**row, "_datagram": 0} for row in rows(frame) if row["_datagram"] == number]
            assert mine == rows(getattr(alone, name))
            assert len(mine) <= len(payload) // 20
    assert {problem.reason for problem in together.problems} <= set(REASONS)
