"""Flows as the `netflow` package reads them."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import netflow as package

from collector.datagram import Datagram
from tests.oracles.records import MACS, Record, moment

NAMES = {
    "source": ("IPV4_SRC_ADDR", "IPV6_SRC_ADDR", "sourceIPv4Address", "sourceIPv6Address"),
    "destination": ("IPV4_DST_ADDR", "IPV6_DST_ADDR", "destinationIPv4Address", "destinationIPv6Address"),
    "next_hop": ("IPV4_NEXT_HOP", "IPV6_NEXT_HOP", "NEXT_HOP", "ipNextHopIPv4Address", "ipNextHopIPv6Address"),
    "source_port": ("L4_SRC_PORT", "SRC_PORT", "sourceTransportPort"),
    "destination_port": ("L4_DST_PORT", "DST_PORT", "destinationTransportPort"),
    "protocol": ("PROTOCOL", "PROTO", "protocolIdentifier"),
    "flags": ("TCP_FLAGS", "tcpControlBits"),
    "tos": ("SRC_TOS", "TOS", "ipClassOfService"),
    "bytes": ("IN_BYTES", "IN_OCTETS", "octetDeltaCount"),
    "packets": ("IN_PKTS", "IN_PACKETS", "packetDeltaCount"),
    "input": ("INPUT_SNMP", "INPUT", "ingressInterface"),
    "output": ("OUTPUT_SNMP", "OUTPUT", "egressInterface"),
    "source_as": ("SRC_AS", "bgpSourceAsNumber"),
    "destination_as": ("DST_AS", "bgpDestinationAsNumber"),
    "source_mask": ("SRC_MASK", "IPV6_SRC_MASK", "sourceIPv4PrefixLength", "sourceIPv6PrefixLength"),
    "destination_mask": ("DST_MASK", "IPV6_DST_MASK", "destinationIPv4PrefixLength", "destinationIPv6PrefixLength"),
    "vlan": ("SRC_VLAN", "vlanId"),
    "post_vlan": ("DST_VLAN", "postVlanId"),
    "source_mac": ("IN_SRC_MAC", "sourceMacAddress"),
    "destination_mac": ("IN_DST_MAC", "destinationMacAddress"),
    "start": ("flowStartMilliseconds",),
    "end": ("flowEndMilliseconds",),
    "application": ("applicationName",),
}
UPTIMES = {"start": "FIRST_SWITCHED", "end": "LAST_SWITCHED"}
ADDRESSES = ("source", "destination", "next_hop")


def netflow(datagrams: Sequence[Datagram]) -> list[Record]:
    """The data records of all datagrams, each exporter with templates of its own."""
    templates: dict[str, Any] = {}
    out: list[Record] = []
    for one in datagrams:
        known = templates.setdefault(one.exporter, {"netflow": {}, "ipfix": {}})
        packet = package.parse_packet(one.payload, known)
        out += [_record(flow.data, packet.header) for flow in packet.flows if _is_flow(flow.data)]
    return out


def _is_flow(data: dict[str, Any]) -> bool:
    return any(name in data for name in NAMES["source"])


def _record(data: dict[str, Any], header: Any) -> Record:
    out: Record = {}
    for name, theirs in NAMES.items():
        value = next((data[one] for one in theirs if one in data), None)
        if value is not None:
            out[name] = _text(name, value)
    for name, field in UPTIMES.items():
        if field in data and hasattr(header, "uptime"):
            now = header.timestamp * 1000 + getattr(header, "timestamp_nano", 0) // 1_000_000
            out[name] = moment(now, header.uptime, data[field])
    return out


def _text(name: str, value: Any) -> Any:
    if name in ADDRESSES:
        return str(ip_address(value))
    return value.to_bytes(6, "big").hex(":") if name in MACS else value
