"""Link layers: where in a captured frame its IP packet begins."""

import struct
from collections.abc import Callable

from collector.receive.source import Source

ETHERTYPE_IPV4, ETHERTYPE_IPV6 = 0x0800, 0x86DD
IP_ETHERTYPES = (ETHERTYPE_IPV4, ETHERTYPE_IPV6)
VLAN_ETHERTYPES = (0x8100, 0x88A8, 0x9100, 0x9200)  # 802.1Q, 802.1ad and what was used before it
BSD_IP_FAMILIES = (2, 10, 24, 28, 30)  # AF_INET everywhere; AF_INET6 of Linux, NetBSD, FreeBSD, macOS
U16 = struct.Struct("!H")


def _typed(frame: bytes, position: int) -> int | None:
    """IP after an EtherType at a position and any VLAN tags."""
    while position + 2 <= len(frame):
        kind = U16.unpack_from(frame, position)[0]
        if kind not in VLAN_ETHERTYPES:
            return position + 2 if kind in IP_ETHERTYPES else None
        position += 4
    return None


def _ethernet(frame: bytes) -> int | None:
    return _typed(frame, 12)


def _raw(_: bytes) -> int | None:
    return 0


def _loopback(frame: bytes) -> int | None:
    """A protocol family in the byte order of the machine that captured, which may be either."""
    families = int.from_bytes(frame[:4], "little"), int.from_bytes(frame[:4], "big")
    return 4 if any(family in BSD_IP_FAMILIES for family in families) else None


def _linux_cooked(frame: bytes) -> int | None:
    return _typed(frame, 14)


def _linux_cooked_2(frame: bytes) -> int | None:
    """The EtherType is at the start, the packet after 20 bytes; VLAN tags come between."""
    if len(frame) < 20:
        return None
    kind = U16.unpack_from(frame)[0]
    if kind in VLAN_ETHERTYPES:
        return _typed(frame, 22)
    return 20 if kind in IP_ETHERTYPES else None


LINKS: dict[int, Callable[[bytes], int | None]] = {  # LINKTYPE_ values, www.tcpdump.org/linktypes.html
    0: _loopback,  # NULL
    1: _ethernet,
    12: _raw,  # DLT_RAW of most systems
    14: _raw,  # DLT_RAW of OpenBSD
    101: _raw,
    108: _loopback,  # LOOP
    113: _linux_cooked,
    228: _raw,  # IPV4
    229: _raw,  # IPV6
    276: _linux_cooked_2,
}
ETHERNET = 1
NO_LINK = -1  # of a packet that its file contradicts itself about


def link_problem(link: int) -> str:
    """One line about a link type that is not in LINKS."""
    return f"link type {link} is not supported (supported: {', '.join(map(str, LINKS))})"


def require_link(source: Source, link: int) -> None:
    """Raises CaptureError for a link type that is not in LINKS."""
    if link not in LINKS:
        raise source.error(link_problem(link))
