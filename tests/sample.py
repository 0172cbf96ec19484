"""One NetFlow v5 datagram and a capture of it, for the tests of what is installed."""

import struct
import time
from ipaddress import IPv4Address

EXPORTER = IPv4Address("192.0.2.1")
COLLECTOR = IPv4Address("192.0.2.2")
FLOWS = 3


def netflow5() -> bytes:
    """A datagram of FLOWS flows, TCP from 198.51.100.1..FLOWS to 203.0.113.80 port 443, that end now."""
    uptime = 3_600_000
    header = struct.pack("!HHIIIIBBH", 5, FLOWS, uptime, int(time.time()), 0, 0, 0, 0, 0)
    return header + b"".join(_record(number, uptime) for number in range(1, FLOWS + 1))


def _record(number: int, uptime: int) -> bytes:
    source = IPv4Address("198.51.100.0") + number
    addresses = source.packed + IPv4Address("203.0.113.80").packed + bytes(4)
    counts = struct.pack("!HHIIII", 1, 2, 10 * number, 1000 * number, uptime - 2000, uptime)
    rest = struct.pack("!HHBBBBHHBBH", 40_000 + number, 443, 0, 0x1B, 6, 0, 64_500, 64_501, 24, 24, 0)
    return addresses + counts + rest


def capture() -> bytes:
    """A classic pcap file of one Ethernet frame that carries the datagram to UDP port 2055."""
    payload = netflow5()
    udp = struct.pack("!HHHH", 50_000, 2055, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + EXPORTER.packed + COLLECTOR.packed
    frame = bytes.fromhex("020000000002 020000000001 0800") + ip + udp
    packet = struct.pack("<IIII", int(time.time()), 0, len(frame), len(frame)) + frame
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + packet
