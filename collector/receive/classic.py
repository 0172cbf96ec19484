"""Packets of a classic pcap file (draft-ietf-opsawg-pcap)."""

import struct
from collections.abc import Iterator

from collector.receive.link import require_link
from collector.receive.outcome import Outcome, Record
from collector.receive.source import Source

MAGIC_MICROSECONDS, MAGIC_NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
SCALES = {MAGIC_MICROSECONDS: 1000, MAGIC_NANOSECONDS: 1}  # nanoseconds in a unit of the time stamp's second half
HEADER_BYTES = 24
LARGEST_PACKET = 262_144  # the limit of libpcap


def byte_order(magic: bytes) -> str | None:
    """`<` or `>` where four bytes are the magic number of a classic pcap file."""
    return next((order for order in "<>" if struct.unpack(order + "I", magic)[0] in SCALES), None)


def records(source: Source, magic: bytes, order: str, outcome: Outcome) -> Iterator[Record]:
    """Packets after the magic number, which was read already; raises CaptureError, at once for a bad header."""
    header = source.read(HEADER_BYTES - len(magic))
    if len(header) < HEADER_BYTES - len(magic):
        raise source.error(f"the pcap header ends after {len(magic) + len(header)} of its {HEADER_BYTES} bytes")
    # The upper half of the link type tells the length of a frame check sequence
    link = struct.unpack_from(order + "I", header, 16)[0] & 0xFFFF
    require_link(source, link)
    scale = SCALES[struct.unpack(order + "I", magic)[0]]
    return _packets(source, struct.Struct(order + "IIII"), link, scale, outcome)


def _packets(source: Source, header: struct.Struct, link: int, scale: int, outcome: Outcome) -> Iterator[Record]:
    read, unpack, offset = source.read, header.unpack, HEADER_BYTES
    while head := read(16):
        if len(head) < 16:
            outcome.warn(f"ends within the packet header at byte {offset}; the packets before it were read")
            return
        seconds, fraction, captured, size = unpack(head)
        if captured > LARGEST_PACKET:
            raise source.error(
                f"the packet at byte {offset} claims {captured} bytes where {LARGEST_PACKET} is the most: "
                f"the file is damaged from there on, {outcome.packets} packets before it were read"
            )
        frame = read(captured)
        if len(frame) < captured:
            outcome.warn(f"ends within the packet at byte {offset}; the packets before it were read")
            return
        offset += 16 + captured
        yield link, seconds * 1_000_000_000 + fraction * scale, size, frame
