"""Flow records of sampled packets: the header, fields that the device took out of it, and what it knows beside."""

from collections.abc import Callable, Mapping

import numpy as np

from collector.decode.columns import Mask
from collector.decode.headers import IP_LENGTH, Link, parse
from collector.decode.headers.transport import WITH_PORTS
from collector.decode.octets import Octets
from collector.decode.problems import Problem, tally
from collector.decode.sflow.records import Found, Records
from collector.decode.sflow.rules import RULES, VLAN, VLAN_STACKS
from collector.decode.sflow.samples import Samples
from collector.decode.table import ipv4, ipv6
from collector.registry import TCP

LINKS = {1: Link.ETHERNET, 7: Link.PPP, 11: Link.IP, 12: Link.IP, 13: Link.MPLS, 14: Link.PPP}
"""header_protocol: Ethernet, PPP, IPv4, IPv6, MPLS, packet over SONET (which is PPP)."""


def fill(octets: Octets, samples: Samples) -> list[Problem]:
    """Read the records of sampled packets into the columns of their table."""
    records = Records("flow_record", octets, samples)
    problems = records.problems("sflow-unknown-record")
    # Formats are numbered so that the header and its substitutes come before what may only fill gaps.
    for found in records.found():
        name = found.structure.name
        if name == "sampled_header":
            problems += _sampled_header(found)
        elif name in _READERS:
            _READERS[name](found)
        else:
            _apply(found)
    samples.table.drop(IP_LENGTH)
    return problems


def _apply(found: Found) -> None:
    for name, target, convert in RULES.get(found.structure.name, ()):
        values, there = found.columns[name]
        converted, valid = convert(values)
        found.samples.table.fill(target, found.rows, converted, _all(there, valid))


def _sampled_header(found: Found) -> list[Problem]:
    table = found.samples.table
    frame_length, complete = found.columns["frame_length"]
    table.put("network.bytes", found.rows, frame_length.astype(np.uint64), complete)
    spans, _ = found.columns["header"]
    at = spans["at"]
    # A header that goes beyond its record is cut, as the record is: what is there is read.
    end = np.where(spans["size"] > 0, at + spans["size"], found.end)
    have = at <= found.end
    protocol = found.columns["protocol"][0].astype(np.uint32)
    strange = have.copy()
    for number in np.unique(protocol[have]).tolist():
        if number in LINKS:
            chosen = have & (protocol == number)
            strange &= ~chosen
            parse(LINKS[number], found.octets, at[chosen], end[chosen], table, found.rows[chosen])
    if not strange.any():
        return []
    exporters = found.samples.exporter[found.rows[strange]]
    return tally("sflow-header-protocol", exporters, protocol[strange].astype(np.str_))


def _sampled_ethernet(found: Found) -> None:
    _number(found, "length", "network.bytes", np.uint64)
    for name, target in (("src_mac", "source.mac"), ("dst_mac", "destination.mac")):
        found.samples.table.fill(target, found.rows, *found.columns[name])
    _number(found, "type", "flow.ethertype", np.uint16)


def _sampled_ip(found: Found) -> None:
    version = 4 if found.structure.name == "sampled_ipv4" else 6
    table, columns = found.samples.table, found.columns
    for name, target in (("src_ip", "source.ip"), ("dst_ip", "destination.ip")):
        values, there = columns[name]
        table.fill(target, found.rows, ipv4(values) if version == 4 else ipv6(values), there)
    table.fill("flow.ip_version", found.rows, np.full(len(found.rows), version, np.uint8))
    _number(found, "length", "network.bytes", np.uint64)
    _number(found, "protocol", "network.iana_number", np.uint8)
    _number(found, "tos" if version == 4 else "priority", "flow.tos", np.uint8)
    protocol = columns["protocol"][0].astype(np.uint32)
    ported = np.isin(protocol, WITH_PORTS)
    _number(found, "src_port", "source.port", np.uint16, ported)
    _number(found, "dst_port", "destination.port", np.uint16, ported)
    _number(found, "tcp_flags", "flow.tcp_flags", np.uint8, protocol == TCP)


def _number(found: Found, name: str, target: str, dtype: type[np.unsignedinteger], where: Mask | None = None) -> None:
    """Fill a column with the numbers that fit its type."""
    values, there = found.columns[name]
    native = values.astype(np.uint32)
    fits = native <= np.iinfo(dtype).max
    found.samples.table.fill(target, found.rows, native.astype(dtype), _all(fits, there, where))


def _vlan_stack(found: Found) -> None:
    """Each word is a tag: protocol identifier and control information, whose lower twelve bits are the VLAN."""
    stacks, _ = found.columns["stack"]
    for depth, target in enumerate(VLAN_STACKS[found.structure.name]):
        some = stacks["depth"] > depth
        words = found.octets.words(stacks["at"][some] + 4 * depth)
        found.samples.table.fill(target, found.rows[some], *VLAN(words & 0xFFF))


def _all(*masks: Mask | None) -> Mask | None:
    """Where all conditions hold, of those that there are."""
    given = [mask for mask in masks if mask is not None]
    return np.logical_and.reduce(given) if given else None


_READERS: Mapping[str, Callable[[Found], None]] = {
    "sampled_ethernet": _sampled_ethernet,
    "sampled_ipv4": _sampled_ip,
    "sampled_ipv6": _sampled_ip,
    **dict.fromkeys(VLAN_STACKS, _vlan_stack),
}
READ_WHOLE = frozenset({"sampled_header", *_READERS})
"""Structures that are read field by field, so that nothing is left of them."""
