"""The layers in their order."""

from enum import Enum

import numpy as np
import numpy.typing as npt

from collector.decode.headers import link, network, transport, tunnels
from collector.decode.headers.packets import BRIDGED, MPLS, Packets
from collector.decode.octets import Octets, Places
from collector.decode.table import Table


class Link(Enum):
    """What a sampled packet begins with."""

    ETHERNET = "ethernet"
    IP = "ip"
    """An IPv4 or IPv6 header."""
    MPLS = "mpls"
    """A label stack."""
    PPP = "ppp"
    """PPP, with or without HDLC framing, or Cisco's HDLC."""


def parse(first: Link, octets: Octets, at: Places, end: Places, table: Table, rows: Places) -> None:
    """Parse packets that lie in `octets` from `at` to `end` into `rows` (ascending, distinct) of `table`."""
    packets = Packets(octets, at, end, table, rows)
    match first:
        case Link.ETHERNET:
            link.ethernet(packets, packets.all())
            link.tags(packets)
            link.ethertypes(packets)
        case Link.IP:
            network.versions(packets)
        case Link.MPLS:
            packets.kind[:] = MPLS
            link.labels(packets)
        case Link.PPP:
            link.ppp(packets, packets.all())
            link.labels(packets)
    _layers(packets)


def parse_payload(
    protocols: npt.NDArray[np.uint8], octets: Octets, at: Places, end: Places, table: Table, rows: Places
) -> None:
    """Parse what follows an IP header whose protocol is known from elsewhere."""
    packets = Packets(octets, at, end, table, rows)
    packets.protocol[:] = protocols
    transport.transport(packets)
    _inner(packets)


def _layers(packets: Packets) -> None:
    network.ipv4(packets)
    network.ipv6(packets)
    transport.transport(packets)
    _inner(packets)


def _inner(packets: Packets) -> None:
    inner = tunnels.inside(packets)
    if inner is None:
        return
    link.ethernet(inner, inner.of_kind(BRIDGED))
    link.tags(inner)
    link.sessions(inner)
    link.labels(inner)
    network.ipv4(inner)
    network.ipv6(inner)
    transport.transport(inner)
