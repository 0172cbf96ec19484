"""The sFlow captures of the corpus, value by value, and what is left of them when they are cut and mangled."""

import random
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from collector.datagram import Datagram
from collector.decode.sflow import SflowDecoded
from collector.decode.sflow.structures import structures
from tests.decode import sflow_corpus as corpus
from tests.decode.sflow_reading import decode, reasons, rows

COLUMNS = {
    "_agent": "flow.agent_ip",
    "_subAgent": "flow.observation_domain",
    "_pkt": "_datagram",
    "samplingRate": "flow.sampling_interval",
    "sourceMacAddress": "source.mac",
    "destinationMacAddress": "destination.mac",
    "vlanId": "flow.vlan",
    "ethernetType": "flow.ethertype",
    "ipVersion": "flow.ip_version",
    "ipClassOfService": "flow.tos",
    "ipTTL": "flow.ttl",
    "protocolIdentifier": "network.iana_number",
    "sourceIPv4Address": "source.ip",
    "destinationIPv4Address": "destination.ip",
    "sourceIPv6Address": "source.ip",
    "destinationIPv6Address": "destination.ip",
    "sourceTransportPort": "source.port",
    "destinationTransportPort": "destination.port",
    "tcpControlBits": "flow.tcp_flags",
    "icmpTypeIPv4": "flow.icmp_type",
    "icmpCodeIPv4": "flow.icmp_code",
    "icmpTypeIPv6": "flow.icmp_type",
    "icmpCodeIPv6": "flow.icmp_code",
    "flowLabelIPv6": "flow.flow_label",
    "frameLength": "network.bytes",
    "dropReason": "flow.drop_reason",
}
NOTHING = (0, "", "0.0.0.0")
"""Values that say nothing, for which a row has no value: flow label, rate, name, next hop."""
NESTED = {
    ("extendedRouter", "nextHop"): "flow.next_hop",
    ("extendedRouter", "srcMaskLen"): "flow.src_mask_len",
    ("extendedRouter", "dstMaskLen"): "flow.dst_mask_len",
    ("extendedGateway", "nextHop"): "flow.bgp_next_hop",
    ("extendedGateway", "srcAs"): "source.as.number",
    ("extendedGateway", "srcPeerAs"): "flow.previous_as",
    ("extendedUser", "srcUser"): "flow.user_name",
    ("extendedUser", "dstUser"): "destination.user.name",
    ("extendedUrl", "url"): "flow.http_url",
    ("extendedUrl", "host"): "flow.http_host",
}
STRUCTURES = {
    "if": "if_counters",
    "ethernet": "ethernet_counters",
    "lag": "lag_port_stats",
    "processor": "processor",
}
RENAMED = {
    "5s_cpu": "cpu_5s",
    "1m_cpu": "cpu_1m",
    "5m_cpu": "cpu_5m",
    "total_memory_bytes": "total_memory",
    "free_memory_bytes": "free_memory",
}
FORMATS = {"u32": "I", "u64": "Q", "f32": "f", "pct": "i"}
ALL_ONES = (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


def decoded(name: str) -> SflowDecoded:
    return decode(*sflow_datagrams(name))


def sflow_datagrams(name: str) -> list[Datagram]:
    """Of a capture, what is sFlow version 5; the others keep their place as empty version 5 datagrams."""
    out = corpus.datagrams(name)
    empty = bytes.fromhex("0000000500000000") + bytes(16)
    return [one if one.payload[:4] == b"\0\0\0\5" else one._replace(payload=empty) for one in out]


@pytest.mark.parametrize("name", corpus.parameters())
def test_flows(name: str) -> None:
    flows = rows(decoded(name).flows)
    expected = corpus.expected(name, "sflow_flow")
    assert len(flows) == len(expected)
    for row, want in zip(flows, expected, strict=True):
        _check(row, want)
        assert row["network.packets"] == 1
        assert _interface(want, "input") == row.get("flow.input_snmp")
        assert _interface(want, "output") == row.get("flow.output_snmp")


@pytest.mark.parametrize("name", corpus.parameters())
def test_discarded_packets(name: str) -> None:
    discards = rows(decoded(name).discards)
    expected = corpus.expected(name, "sflow_drop")
    assert len(discards) == len(expected)
    for row, want in zip(discards, expected, strict=True):
        _check(row, want)
        assert (row["flow.input_snmp"], row["flow.output_snmp"]) == (want["ingressInterface"], want["egressInterface"])


def _interface(want: dict[str, Any], side: str) -> int | None:
    value = want[{"input": "ingressInterface", "output": "egressInterface"}[side]]
    return value if want[f"{side}Format"] == 0 and value not in (0, 0x3FFFFFFF) else None


def _check(row: dict[str, Any], want: dict[str, Any]) -> None:
    for key, column in COLUMNS.items():
        if key in want:
            assert row.get(column, want[key] in NOTHING and want[key]) == want[key], (key, want)
    for (record, key), column in NESTED.items():
        if record in want:
            value = want[record][key]
            assert row.get(column, value in NOTHING and value) == value, (key, want)
    path = [number for segment in want.get("extendedGateway", {}).get("dstAsPath", []) for number in segment["ases"]]
    assert row.get("flow.next_as") == (path[0] if path else None)
    assert row.get("destination.as.number") == (path[-1] if path else None)
    assert row.get("flow.as_path", []) == [str(number) for number in path]
    communities = want.get("extendedGateway", {}).get("communities", [])
    assert row.get("flow.bgp_communities", []) == [f"{one >> 16}:{one & 0xFFFF}" for one in communities]
    switch = want.get("extendedSwitch", {})
    assert row.get("flow.post_vlan", 0) == switch.get("dstVlan", 0)
    if "vlanId" not in want:
        assert row.get("flow.vlan", 0) == switch.get("srcVlan", 0)


@pytest.mark.parametrize("name", corpus.parameters())
def test_counters(name: str) -> None:
    counters = rows(decoded(name).counters)
    expected = corpus.expected(name, "sflow_counter")
    assert len(counters) == len(expected)
    for row, want in zip(counters, expected, strict=True):
        assert row["_datagram"] == want["_pkt"]
        assert row["sflow.sequence"] == want["sampleSequence"]
        assert (row["sflow.source_type"], row["sflow.source_index"]) == (want["sourceIdType"], want["sourceIdIndex"])
        assert row["sflow.uptime"] == want["_sysUpTime"]
        for column, value in _fields(want["counters"]):
            assert row.get(column) == pytest.approx(value), (column, want)


def _fields(counters: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "portName" in counters:
        yield "port_name.name", counters["portName"]
    for record, structure in STRUCTURES.items():
        for key, value in counters.get(record, {}).items():
            known = value not in ALL_ONES and value not in ("", "00:00:00:00:00:00")
            yield f"{structure}.{RENAMED.get(key, key)}", value if known else None
    for record, value in counters.items():
        if ":" in record:
            yield from _unread(int(record.partition(":")[2]), bytes.fromhex(value["hex"]))


def _unread(tag: int, data: bytes) -> Iterator[tuple[str, Any]]:
    """The fields of a record that the corpus has as bytes, read one after another."""
    structure = structures("counter_record")[tag]
    at = 0
    value: Any
    for field, kind in structure.types.items():
        if kind.startswith("str"):
            size = struct.unpack_from("!I", data, at)[0]
            value, at = data[at + 4 : at + 4 + size].decode(), at + 4 + size + -size % 4
        elif kind == "opaque[16]":
            value, at = str(UUID(bytes=data[at : at + 16])), at + 16
        elif at == len(data):
            value = None  # host_cpu of agents before 2014
        else:
            value = struct.unpack_from("!" + FORMATS[kind], data, at)[0]
            at += struct.calcsize("!" + FORMATS[kind])
        yield f"{structure.name}.{field}", None if value in ALL_ONES else value
    assert at == len(data) or not structure.types


@pytest.mark.parametrize("name", corpus.parameters())
def test_problems_are_those_of_the_notes(name: str) -> None:
    known = {
        "gf_sflow_expanded": {("sflow-trailing-bytes", ""): 1},
        "gp_sflow_5": {("sflow-cut-record", ""): 1},
        "gp_sflow_11": {("sflow-cut-sample", ""): 1},
    }
    assert reasons(decoded(name)) == known.get(name, {})


def _all_datagrams() -> list[Datagram]:
    return [one for name in corpus.names() for one in sflow_datagrams(name)]


@pytest.mark.skipif(not corpus.names(), reason="no corpus beside the checkout")
def test_a_datagram_that_is_cut_gives_what_is_whole() -> None:
    for datagram in {len(one.payload): one for one in _all_datagrams()}.values():
        whole = decode(datagram)
        cut = [datagram._replace(payload=datagram.payload[:size]) for size in range(0, len(datagram.payload), 3)]
        found = decode(*cut)
        for frame, full in ((found.flows, whole.flows), (found.counters, whole.counters)):
            for index, number in Counter(row["_datagram"] for row in rows(frame)).items():
                assert number <= min(full.height, len(cut[index].payload) // 20)


@pytest.mark.skipif(not corpus.names(), reason="no corpus beside the checkout")
def test_datagrams_with_flipped_bytes_never_raise_nor_disturb_others() -> None:
    draw = random.Random(1)
    good = _all_datagrams()[:20]
    alone = decode(*good)
    for _ in range(60):
        bad = []
        for datagram in draw.sample(_all_datagrams(), 20):
            data = bytearray(datagram.payload)
            for _ in range(draw.randint(1, 8)):
                data[draw.randrange(4, len(data))] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)])
            bad.append(datagram._replace(payload=bytes(data)))
        found = decode(*good, *bad)
        for frame, wanted in ((found.flows, alone.flows), (found.counters, alone.counters)):
            assert [row for row in rows(frame) if row["_datagram"] < len(good)] == rows(wanted)
