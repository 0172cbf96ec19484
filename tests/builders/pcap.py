"""Capture files, built packet by packet and block by block."""

import struct
from collections.abc import Iterable
from typing import Literal, NamedTuple

from tests.builders import packets

ETHERNET, RAW, NULL, LOOP, SLL, SLL2 = 1, 101, 0, 108, 113, 276
START = 1_735_732_800_000_000_000  # 2025-01-01 12:00 UTC
Order = Literal["<", ">"]
ORDERS: tuple[Order, Order] = ("<", ">")


class Packet(NamedTuple):
    """One packet of a file: time in ns since 1970, what was captured, bytes it had on the wire (default: as many)."""

    time: int
    frame: bytes
    size: int | None = None

    @property
    def wire(self) -> int:
        return len(self.frame) if self.size is None else self.size

    def cut(self, size: int) -> "Packet":
        """The same as captured with a snap length."""
        return Packet(self.time, self.frame[:size], len(self.frame))


def datagram(payload: bytes, source: str = packets.SOURCE4, port: int = 2055, source_port: int = 50_000) -> bytes:
    """An IP packet of either version around a UDP payload."""
    udp = packets.udp(source_port, port, payload)
    return packets.ipv6(udp, source=source) if ":" in source else packets.ipv4(udp, source=source)


def frame(payload: bytes, source: str = packets.SOURCE4, port: int = 2055, source_port: int = 50_000) -> bytes:
    """An Ethernet frame around a UDP payload."""
    kind = packets.IPV6 if ":" in source else packets.IPV4
    return packets.ethernet(datagram(payload, source, port, source_port), kind)


def loopback(packet: bytes, family: int, order: Order) -> bytes:
    return struct.pack(order + "I", family) + packet


def cooked(packet: bytes, kind: int) -> bytes:
    """Linux cooked capture v1."""
    return struct.pack("!HHH8sH", 0, 1, 6, bytes(8), kind) + packet


def cooked2(packet: bytes, kind: int) -> bytes:
    """Linux cooked capture v2."""
    return struct.pack("!HHIHBB8s", kind, 0, 3, 1, 0, 6, bytes(8)) + packet


def vlan(inner: bytes, kind: int, number: int = 5) -> bytes:
    """What follows an EtherType of 0x8100."""
    return struct.pack("!HH", number, kind) + inner


def classic(
    captured: Iterable[Packet], link: int = ETHERNET, order: Order = "<", nanoseconds: bool = False, snap: int = 65_535
) -> bytes:
    """A classic pcap file."""
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link)]
    for packet in captured:
        seconds, rest = divmod(packet.time, 1_000_000_000)
        out += [struct.pack(order + "IIII", seconds, rest // unit, len(packet.frame), packet.wire), packet.frame]
    return b"".join(out)


class Blocks:
    """The blocks of pcapng files in one byte order."""

    def __init__(self, order: Order = "<") -> None:
        self.order = order

    def block(self, kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = struct.pack(self.order + "I", len(body) + 12)
        return struct.pack(self.order + "I", kind) + size + body + size

    def section(self) -> bytes:
        return self.block(0x0A0D0D0A, struct.pack(self.order + "IHHq", 0x1A2B3C4D, 1, 0, -1))

    def interface(
        self, link: int = ETHERNET, snap: int = 0, resolution: int | None = None, offset: int | None = None
    ) -> bytes:
        body = struct.pack(self.order + "HHI", link, 0, snap) + self.option(2, b"eth0")
        if resolution is not None:
            body += self.option(9, bytes([resolution]))
        if offset is not None:
            body += self.option(14, struct.pack(self.order + "q", offset))
        return self.block(1, body + self.option(0, b""))

    def option(self, code: int, value: bytes) -> bytes:
        return struct.pack(self.order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def enhanced(self, packet: Packet, interface: int = 0, units: int | None = None) -> bytes:
        """`units` is the time stamp as it stands in the file; without it, microseconds."""
        stamp = packet.time // 1000 if units is None else units
        head = (interface, stamp >> 32, stamp & 0xFFFFFFFF, len(packet.frame), packet.wire)
        return self.block(6, struct.pack(self.order + "5I", *head) + packet.frame)

    def obsolete(self, packet: Packet, interface: int = 0) -> bytes:
        stamp = packet.time // 1000
        head = (interface, 0xFFFF, stamp >> 32, stamp & 0xFFFFFFFF, len(packet.frame), packet.wire)
        return self.block(2, struct.pack(self.order + "HH4I", *head) + packet.frame)

    def simple(self, packet: Packet) -> bytes:
        return self.block(3, struct.pack(self.order + "I", packet.wire) + packet.frame)


def pcapng(captured: Iterable[Packet], link: int = ETHERNET, order: Order = "<") -> bytes:
    """A pcapng file of one section and one interface."""
    blocks = Blocks(order)
    return blocks.section() + blocks.interface(link) + b"".join(map(blocks.enhanced, captured))
