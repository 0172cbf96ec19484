"""Packets built layer by layer: each function takes what lies inside and gives the bytes of the whole.

Checksums are zero: nothing that reads sampled headers looks at them.
"""

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
ICMP, TCP, UDP, IN_IP, IPV6_IN_IP, GRE, ICMPV6 = 1, 6, 17, 4, 41, 47, 58
BRIDGED = 0x6558
SOURCE_MAC, DESTINATION_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
SOURCE4, DESTINATION4 = "192.0.2.1", "198.51.100.2"
SOURCE6, DESTINATION6 = "2001:db8::1", "2001:db8:ffff::2"


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def ethernet(
    inner: bytes,
    kind: int = IPV4,
    source: str = SOURCE_MAC,
    destination: str = DESTINATION_MAC,
    tags: tuple[int, ...] = (),
) -> bytes:
    """`tags` are VLANs, the outer one first; two make an 802.1ad frame."""
    types = [0x88A8] * (len(tags) - 1) + [0x8100] * bool(tags)
    stack = b"".join(struct.pack("!HH", tpid, vlan) for tpid, vlan in zip(types, tags, strict=True))
    return mac(destination) + mac(source) + stack + struct.pack("!H", kind) + inner


def snap(inner: bytes, kind: int = IPV4) -> bytes:
    """LLC and SNAP behind an 802.3 length."""
    body = bytes.fromhex("aaaa03000000") + struct.pack("!H", kind) + inner
    return mac(DESTINATION_MAC) + mac(SOURCE_MAC) + struct.pack("!H", len(body)) + body


def mpls(inner: bytes, *labels: int) -> bytes:
    entries = [label << 12 | (number == len(labels) - 1) << 8 | 64 for number, label in enumerate(labels)]
    return struct.pack(f"!{len(labels)}I", *entries) + inner


def pppoe(inner: bytes, protocol: int = 0x0021) -> bytes:
    return struct.pack("!BBHHH", 0x11, 0, 7, len(inner) + 2, protocol) + inner


def ipv4(
    inner: bytes = b"",
    protocol: int = UDP,
    source: str = SOURCE4,
    destination: str = DESTINATION4,
    tos: int = 0,
    ttl: int = 64,
    options: bytes = b"",
    identification: int = 0,
    fragment: int = 0,
    length: int | None = None,
) -> bytes:
    size = 20 + len(options)
    total = size + len(inner) if length is None else length
    head = struct.pack("!BBHHHBBH", 0x40 | size // 4, tos, total, identification, fragment, ttl, protocol, 0)
    return head + IPv4Address(source).packed + IPv4Address(destination).packed + options + inner


def ipv6(
    inner: bytes = b"",
    protocol: int = UDP,
    source: str = SOURCE6,
    destination: str = DESTINATION6,
    traffic_class: int = 0,
    label: int = 0,
    hop_limit: int = 64,
    length: int | None = None,
) -> bytes:
    payload = len(inner) if length is None else length
    head = struct.pack("!IHBB", 6 << 28 | traffic_class << 20 | label, payload, protocol, hop_limit)
    return head + IPv6Address(source).packed + IPv6Address(destination).packed + inner


def extension(inner: bytes, following: int, size: int = 8) -> bytes:
    """A hop-by-hop, routing or destination options header of `size` bytes."""
    return struct.pack("!BB", following, size // 8 - 1) + bytes(size - 2) + inner


def authentication(inner: bytes, following: int, size: int = 24) -> bytes:
    return struct.pack("!BB", following, size // 4 - 2) + bytes(size - 2) + inner


def fragment6(inner: bytes, following: int, offset: int, more: bool, identification: int = 7) -> bytes:
    """`offset` in units of eight bytes."""
    return struct.pack("!BBHI", following, 0, offset << 3 | more, identification) + inner


def tcp(source: int = 40000, destination: int = 443, flags: int = 0x10, inner: bytes = b"") -> bytes:
    return struct.pack("!HHIIBBHHH", source, destination, 1, 2, 0x50, flags, 512, 0, 0) + inner


def udp(source: int = 40000, destination: int = 53, inner: bytes = b"") -> bytes:
    return struct.pack("!HHHH", source, destination, 8 + len(inner), 0) + inner


def icmp(kind: int, code: int) -> bytes:
    return struct.pack("!BBHI", kind, code, 0, 0)


def gre(
    inner: bytes, kind: int = IPV4, key: int | None = None, sequence: int | None = None, checksum: bool = False
) -> bytes:
    flags = 0x8000 * checksum | 0x2000 * (key is not None) | 0x1000 * (sequence is not None)
    out = struct.pack("!HH", flags, kind) + bytes(4 * checksum)
    return out + b"".join(struct.pack("!I", word) for word in (key, sequence) if word is not None) + inner


def erspan(frame: bytes, version: Literal[1, 2, 3]) -> bytes:
    """The GRE packet that mirrors a frame."""
    if version == 1:
        return gre(frame, 0x88BE)
    if version == 2:
        return gre(bytes.fromhex("1000000000000000") + frame, 0x88BE, sequence=1)
    return gre(bytes.fromhex("200000000000000000000001") + bytes(8) + frame, 0x22EB, sequence=1)


def vxlan(frame: bytes, vni: int, port: int = 4789) -> bytes:
    return udp(50000, port, struct.pack("!II", 0x08000000, vni << 8) + frame)


def geneve(inner: bytes, vni: int, kind: int = BRIDGED, options: bytes = b"") -> bytes:
    return udp(50000, 6081, struct.pack("!BBHI", len(options) // 4, 0, kind, vni << 8) + options + inner)


def gtp(packet: bytes, extensions: int = 0) -> bytes:
    """GTP-U user data, with so many extension headers of four bytes."""
    if not extensions:
        return udp(2152, 2152, struct.pack("!BBHI", 0x30, 0xFF, len(packet), 9) + packet)
    optional = struct.pack("!HBB", 1, 0, 0x85) + b"".join(
        struct.pack("!BHB", 1, 0, 0x85 * (left > 1)) for left in range(extensions, 0, -1)
    )
    return udp(2152, 2152, struct.pack("!BBHI", 0x34, 0xFF, len(optional) + len(packet), 9) + optional + packet)
