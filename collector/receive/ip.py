"""IPv4 and IPv6 packets, down to the transport that they carry."""

import struct
from typing import NamedTuple

from collector.receive.outcome import Skip

UDP, FRAGMENT, AUTHENTICATION = 17, 44, 51
EXTENSIONS = (0, 43, AUTHENTICATION, 60, 135, 139, 140)  # IANA's IPv6 extension headers whose length can be read
FRAGMENTED = 0x3FFF  # more fragments, and the offset in units of eight bytes
V4_MORE = 0x2000
V6_HEADER = 40


class Segment(NamedTuple):
    """A UDP header and what follows it."""

    source: bytes
    """Address of 4 or 16 bytes."""
    data: bytes
    """As captured."""
    size: int
    """Bytes that there were on the wire."""


class Piece(NamedTuple):
    """An IP fragment."""

    source: bytes
    destination: bytes
    identification: int
    protocol: int
    """Of what the fragments make up: UDP, or an IPv6 extension header."""
    offset: int
    """Bytes before this piece."""
    more: bool
    data: bytes


def parse(packet: bytes, size: int) -> Segment | Piece | Skip:
    """An IP packet as captured; `size` is what there was of it on the wire, with any padding of the link."""
    version = packet[0] >> 4 if packet else 0
    if version == 4:
        return _ipv4(packet, size)
    return _ipv6(packet, size) if version == 6 else Skip.NOT_UDP


def cut(data: bytes, size: int) -> Skip:
    """Why something is not all there."""
    return Skip.SNAPPED if len(data) < size else Skip.MALFORMED


def _ipv4(packet: bytes, size: int) -> Segment | Piece | Skip:
    if len(packet) < 20:
        return cut(packet, size)
    header = (packet[0] & 15) * 4
    total, identification, fragment = struct.unpack_from("!HHH", packet, 2)
    total = total or size  # zero where the network card was to fill it in
    if packet[9] != UDP:
        return Skip.NOT_UDP
    if header < 20 or total < header or total > size:
        return Skip.MALFORMED
    data, source = packet[header:total], packet[12:16]
    if not fragment & FRAGMENTED:
        return Segment(source, data, total - header)
    if len(data) < total - header:
        return Skip.SNAPPED
    offset, more = (fragment & 0x1FFF) * 8, bool(fragment & V4_MORE)
    return Piece(source, packet[16:20], identification, UDP, offset, more, data)


def _ipv6(packet: bytes, size: int) -> Segment | Piece | Skip:
    if len(packet) < V6_HEADER:
        return cut(packet, size)
    length = struct.unpack_from("!H", packet, 4)[0] or size - V6_HEADER  # zero for jumbograms, RFC 2675
    if length > size - V6_HEADER:
        return Skip.MALFORMED
    source, destination = packet[8:24], packet[24:40]
    found = walk(packet[6], packet[V6_HEADER : V6_HEADER + length], length)
    if isinstance(found, Skip):
        return found
    protocol, data, size = found
    if protocol != FRAGMENT:
        return Segment(source, data, size)
    return _piece(source, destination, data, size)


def walk(protocol: int, data: bytes, size: int) -> tuple[int, bytes, int] | Skip:
    """Pass over extension headers to UDP or a true fragment: which of them, its bytes, and those it had on the wire."""
    while protocol in EXTENSIONS or _whole_fragment(protocol, data):
        if len(data) < 8:
            return cut(data, size)
        unit, least = (4, 2) if protocol == AUTHENTICATION else (8, 1)
        length = 8 if protocol == FRAGMENT else (data[1] + least) * unit
        if length > len(data):
            return Skip.SNAPPED if length <= size and len(data) < size else Skip.MALFORMED
        protocol, data, size = data[0], data[length:], size - length
    return (protocol, data, size) if protocol in (UDP, FRAGMENT) else Skip.NOT_UDP


def _whole_fragment(protocol: int, data: bytes) -> bool:
    """Whether this is a fragment header of an unfragmented packet (RFC 6946)."""
    return protocol == FRAGMENT and len(data) >= 8 and not struct.unpack_from("!H", data, 2)[0] & 0xFFF9


def _piece(source: bytes, destination: bytes, data: bytes, size: int) -> Piece | Skip:
    if len(data) < size or len(data) < 8:
        return cut(data, size)
    protocol, _, fragment, identification = struct.unpack_from("!BBHI", data)
    if protocol != UDP and protocol not in EXTENSIONS:
        return Skip.NOT_UDP
    return Piece(source, destination, identification, protocol, fragment & 0xFFF8, bool(fragment & 1), data[8:])
