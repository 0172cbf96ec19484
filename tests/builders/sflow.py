"""An sFlow version 5 agent that says whatever a test wants."""

import struct
from ipaddress import ip_address

from collector.datagram import Datagram

FLOW, COUNTERS, FLOW_EXPANDED, COUNTERS_EXPANDED, DISCARDED = 1, 2, 3, 4, 5
ETHERNET, PPP, IPV4, IPV6, MPLS = 1, 7, 11, 12, 13


def words(*values: int) -> bytes:
    """32-bit words."""
    return struct.pack(f"!{len(values)}I", *values)


def opaque(data: bytes | str) -> bytes:
    """A string: length, bytes, padding."""
    raw = data.encode() if isinstance(data, str) else data
    return words(len(raw)) + raw + bytes(-len(raw) % 4)


def address(text: str | None) -> bytes:
    if text is None:
        return words(0)
    packed = ip_address(text).packed
    return words(1 if len(packed) == 4 else 2) + packed


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", "")) + bytes(2)


def part(number: int, body: bytes, enterprise: int = 0, length: int | None = None) -> bytes:
    """A sample of a datagram or a record of a sample; `length` where it shall lie."""
    return words(enterprise << 12 | number, len(body) if length is None else length) + body


def header(frame: bytes, protocol: int = ETHERNET, frame_length: int | None = None) -> bytes:
    """A sampled header; the frame had four bytes of check sequence more, unless told otherwise."""
    length = len(frame) + 4 if frame_length is None else frame_length
    return part(1, words(protocol, length, 4) + opaque(frame))


def flow_sample(
    *records: bytes,
    rate: int = 1000,
    source: int = 3,
    ingress: int = 3,
    egress: int = 4,
    sequence: int = 1,
    expanded: bool = False,
    promised: int | None = None,
) -> bytes:
    """`ingress` and `egress` are interface words of the compact form: format in the upper two bits."""
    count = len(records) if promised is None else promised
    if not expanded:
        return part(FLOW, words(sequence, source, rate, 5, 0, ingress, egress, count) + b"".join(records))
    sides = [half for side in (ingress, egress) for half in (side >> 30, side & 0x3FFFFFFF)]
    return part(FLOW_EXPANDED, words(sequence, 0, source, rate, 5, 0, *sides, count) + b"".join(records))


def counters_sample(*records: bytes, source: int = 3, sequence: int = 1, expanded: bool = False) -> bytes:
    head = words(sequence, 0, source, len(records)) if expanded else words(sequence, source, len(records))
    return part(COUNTERS_EXPANDED if expanded else COUNTERS, head + b"".join(records))


def discarded(*records: bytes, reason: int, ingress: int = 3, egress: int = 0, sequence: int = 1) -> bytes:
    return part(DISCARDED, words(sequence, 0, 3, 0, ingress, egress, reason, len(records)) + b"".join(records))


def payload(
    *samples: bytes,
    agent: str | None = "192.0.2.9",
    sub_agent: int = 0,
    sequence: int = 1,
    uptime: int = 1000,
    promised: int | None = None,
) -> bytes:
    count = len(samples) if promised is None else promised
    return words(5) + address(agent) + words(sub_agent, sequence, uptime, count) + b"".join(samples)


def datagram(data: bytes, exporter: str = "192.0.2.1") -> Datagram:
    return Datagram(data, exporter, 6343, 1_735_732_800_000_000_000)
