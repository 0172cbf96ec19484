"""From captured frames to export datagrams."""

import struct
from collections.abc import Collection, Iterator

from collector.datagram import Datagram
from collector.receive.addresses import address_text, new_datagram
from collector.receive.fragments import LARGEST_PACKET, Reassembly
from collector.receive.ip import FRAGMENTED, UDP, Piece, Segment, cut, parse, walk
from collector.receive.link import ETHERNET, ETHERTYPE_IPV4, LINKS, NO_LINK
from collector.receive.outcome import Outcome, Record, Skip

# Of Ethernet, IPv4 without options, and UDP: EtherType, version and header length, total length, fragment, protocol,
# source, both ports, UDP length
PLAIN = struct.Struct("!12xHBxHxxHxBxx4s4xHHH")
UDP_HEADER = struct.Struct("!HHHxx")
ETHERNET_HEADER, IPV4_HEADER = 14, 20
PLAIN_HEADERS = ETHERNET_HEADER + IPV4_HEADER + UDP_HEADER.size

Addressed = tuple[Datagram, int]
"""A datagram and the port that it was sent to."""


def datagrams(records: Iterator[Record], outcome: Outcome, ports: Collection[int] | None) -> Iterator[Addressed]:
    """The UDP datagrams to some ports, or to all; what is left out is counted."""
    reader = _Reader(outcome, ports)
    try:
        for record in records:
            outcome.packets += 1
            found = _plain(*record, ports) or reader.read(record)
            if found is not None:
                outcome.datagrams += 1
                yield found
    finally:
        reader.finish()


def _plain(link: int, time: int, _: int, frame: bytes, ports: Collection[int] | None) -> Addressed | None:
    """The shortest way for what nearly all packets are; None leaves it to the long way."""
    if link != ETHERNET or len(frame) < PLAIN_HEADERS:
        return None
    kind, version, total, fragment, protocol, source, port, destination, size = PLAIN.unpack_from(frame)
    if kind != ETHERTYPE_IPV4 or version != 0x45 or protocol != UDP or fragment & FRAGMENTED:
        return None
    whole = UDP_HEADER.size <= size <= total - IPV4_HEADER and total <= len(frame) - ETHERNET_HEADER
    if not whole or (ports is not None and destination not in ports):
        return None
    payload = frame[PLAIN_HEADERS : ETHERNET_HEADER + IPV4_HEADER + size]
    return new_datagram((payload, address_text(source), port, time, 0)), destination


class _Reader:
    """The long way, with the fragments that wait for others."""

    def __init__(self, outcome: Outcome, ports: Collection[int] | None) -> None:
        self.outcome, self.ports = outcome, ports
        self.reassembly = Reassembly()

    def read(self, record: Record) -> Addressed | None:
        """The datagram in a packet, or completed by it."""
        segment = self._segment(*record)
        found = self._datagram(segment, record[1]) if isinstance(segment, Segment) else segment
        if isinstance(found, Skip):
            self.outcome.skip(found)
            return None
        return found

    def finish(self) -> None:
        """Count what stayed incomplete."""
        self.reassembly.finish()
        self.outcome.fragments_incomplete = self.reassembly.incomplete

    def _segment(self, link: int, time: int, size: int, frame: bytes) -> Segment | Skip | None:
        if link == NO_LINK:
            return Skip.MALFORMED
        locate = LINKS.get(link)
        start = locate(frame) if locate is not None else None
        if start is None:
            return Skip.NOT_UDP
        found = parse(frame[start:], max(size, len(frame)) - start)
        return self._joined(found, time) if isinstance(found, Piece) else found

    def _joined(self, piece: Piece, time: int) -> Segment | Skip | None:
        """What a fragment completes, None while others are missing."""
        size = len(piece.data)
        if not size or (piece.more and size % 8) or piece.offset + size > LARGEST_PACKET:
            return Skip.MALFORMED
        self.outcome.skip(Skip.FRAGMENT)
        whole = self.reassembly.add(piece, time)
        if whole is None:
            return None
        found = walk(piece.protocol, whole, len(whole))
        if isinstance(found, Skip):
            return found
        protocol, data, size = found
        return Segment(piece.source, data, size) if protocol == UDP else Skip.MALFORMED

    def _datagram(self, segment: Segment, time: int) -> Addressed | Skip:
        if len(segment.data) < UDP_HEADER.size:
            return cut(segment.data, segment.size)
        port, destination, size = UDP_HEADER.unpack_from(segment.data)
        if self.ports is not None and destination not in self.ports:
            return Skip.OTHER_PORT
        if size == 0 and len(segment.source) == 16:  # a jumbogram, RFC 2675 section 4
            size = segment.size
        if not UDP_HEADER.size <= size <= segment.size:
            return Skip.MALFORMED
        if len(segment.data) < size:
            return Skip.SNAPPED
        payload = segment.data[UDP_HEADER.size : size]
        return Datagram(payload, address_text(segment.source), port, time), destination
