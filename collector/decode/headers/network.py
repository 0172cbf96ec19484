"""IPv4 and IPv6."""

import numpy as np

from collector.decode.columns import Mask
from collector.decode.headers.packets import IP_LENGTH, IPV4, IPV6, NO_PROTOCOL, NOTHING, Packets
from collector.decode.octets import Cells, Places
from collector.decode.table import HALVES, Values
from collector.decode.table import ipv4 as from_ipv4
from collector.decode.table import ipv6 as from_ipv6

HEADER4 = np.dtype(
    [
        ("version", "u1"),
        ("tos", "u1"),
        ("length", ">u2"),
        ("id", ">u2"),
        ("fragment", ">u2"),
        ("ttl", "u1"),
        ("protocol", "u1"),
        ("checksum", ">u2"),
        ("source", ">u4"),
        ("destination", ">u4"),
    ]
)
OFFSET, MORE = 0x1FFF, 0x2000
HEADER6 = np.dtype(
    [
        ("version", ">u4"),
        ("length", ">u2"),
        ("protocol", "u1"),
        ("ttl", "u1"),
        ("source", HALVES),
        ("destination", HALVES),
    ]
)
EXTENSION = np.dtype([("next", "u1"), ("length", "u1"), ("offset", ">u2"), ("id", ">u4")])
FRAGMENT, AUTHENTICATION = 44, 51
EXTENSIONS = (0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140)
"""Extension headers that have the common form (RFC 6564): all but ESP, behind which nothing can be read."""
MAX_EXTENSIONS = 8
_IS_EXTENSION = np.isin(np.arange(256), EXTENSIONS)


def versions(packets: Packets) -> None:
    """Packets that begin with an IP header of either version."""
    which, first = packets.read(packets.all(), np.dtype([("byte", "u1")]))
    packets.kind[which] = np.select([first["byte"] >> 4 == 4, first["byte"] >> 4 == 6], [IPV4, IPV6], NOTHING)


def ipv4(packets: Packets) -> None:
    """IPv4 headers (RFC 791), options skipped."""
    which = packets.of_kind(IPV4)
    if not which.size:
        return
    which, head = packets.read(which, HEADER4)
    size = (head["version"] & 15).astype(np.intp) * 4
    valid = (head["version"] >> 4 == 4) & (size >= HEADER4.itemsize)
    if not valid.all():
        which, head, size = which[valid], head[valid], size[valid]
    packets.put("source.ip", which, from_ipv4(head["source"]))
    packets.put("destination.ip", which, from_ipv4(head["destination"]))
    packets.put("flow.tos", which, head["tos"])
    _common(packets, which, head, 4)
    fragment = head["fragment"].astype(np.uint16)
    offset = fragment & np.uint16(OFFSET)
    _fragments(packets, which, head["id"], offset, (fragment & (OFFSET | MORE)) > 0)
    packets.put("network.iana_number", which, head["protocol"])
    _follows(packets, which, size, head["length"].astype(np.intp))
    packets.protocol[which] = np.where(offset > 0, np.uint8(NO_PROTOCOL), head["protocol"])


def ipv6(packets: Packets) -> None:
    """IPv6 headers (RFC 8200) and extension headers."""
    which = packets.of_kind(IPV6)
    if not which.size:
        return
    which, head = packets.read(which, HEADER6)
    valid = head["version"] >> 28 == 6
    if not valid.all():
        which, head = which[valid], head[valid]
    first = head["version"].astype(np.uint32)
    packets.put("source.ip", which, from_ipv6(head["source"]))
    packets.put("destination.ip", which, from_ipv6(head["destination"]))
    packets.put("flow.tos", which, (first >> 20).astype(np.uint8))
    label = first & np.uint32(0xFFFFF)
    packets.put("flow.flow_label", which, label, label > 0)
    _common(packets, which, head, 6)
    payload = head["length"].astype(np.intp)  # 0: a jumbogram
    _follows(packets, which, HEADER6.itemsize, np.where(payload > 0, payload + HEADER6.itemsize, 0))
    packets.protocol[which] = head["protocol"]
    _extensions(packets, which)


def _common(packets: Packets, which: Places, head: Cells, version: int) -> None:
    packets.put_one("flow.ip_version", which, np.uint8(version))
    packets.put("flow.ttl", which, head["ttl"])


def _follows(packets: Packets, which: Places, size: int | Places, length: Places) -> None:
    """Move on behind the header; padding may follow the packet. Segmentation offload leaves the length at 0."""
    start = packets.at[which]
    packets.put(IP_LENGTH, which, length.astype(np.uint32), length > 0)
    end = packets.end[which]
    packets.end[which] = np.where(length >= size, np.minimum(end, start + length), end)
    packets.at[which] = start + size


def _fragments(packets: Packets, which: Places, number: Values, offset: Values, fragmented: Mask) -> None:
    if fragmented.any():
        packets.put("flow.fragment_id", which, number.astype(np.uint32), fragmented)
        packets.put("flow.fragment_offset", which, offset, fragmented)


def _extensions(packets: Packets, which: Places) -> None:
    """Walk the extension headers; the protocol is what the last one names, even where a fragment hides it."""
    final = packets.protocol.copy()
    pending = which
    for _ in range(MAX_EXTENSIONS):
        pending = pending[_IS_EXTENSION[packets.protocol[pending]]]
        if not pending.size:
            break
        pending, head = packets.read(pending, EXTENSION)
        kind = packets.protocol[pending]
        units = head["length"].astype(np.intp)
        size = np.where(kind == AUTHENTICATION, (units + 2) * 4, (units + 1) * 8)
        size[kind == FRAGMENT] = EXTENSION.itemsize
        offset = np.where(kind == FRAGMENT, head["offset"] >> 3, 0).astype(np.uint16)
        # An offset of 0 without more fragments is an atomic fragment (RFC 6946), which is none.
        _fragments(packets, pending, head["id"], offset, (kind == FRAGMENT) & ((head["offset"] & 0xFFF9) > 0))
        final[pending] = head["next"]
        packets.at[pending] += size
        packets.protocol[pending] = np.where(offset > 0, np.uint8(NO_PROTOCOL), head["next"])
    packets.put("network.iana_number", which, final[which])
    packets.protocol[which[_IS_EXTENSION[packets.protocol[which]]]] = NO_PROTOCOL
