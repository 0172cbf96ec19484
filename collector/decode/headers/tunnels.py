"""Packets inside packets: IP in IP, GRE, ERSPAN, EtherIP, VXLAN, Geneve, GTP-U.

Each finder moves the packets that it recognises to what is inside and says by ethertype what that is.
"""

import numpy as np

from collector.decode.headers.packets import BRIDGED, IPV4, IPV6, NOTHING, Packets
from collector.decode.octets import Places
from collector.registry import UDP

IP_IN_IP, IPV6_IN_IP, GRE, ETHERIP = 4, 41, 47, 97
_IS_TUNNEL = np.isin(np.arange(256), (IP_IN_IP, IPV6_IN_IP, GRE, ETHERIP))
GRE_HEADER = np.dtype([("flags", ">u2"), ("kind", ">u2")])
GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE = 0x8000, 0x2000, 0x1000
GRE_ROUTING_AND_VERSION = 0x4007
"""Routing (RFC 1701) and version 1 (PPTP) have other layouts."""
ERSPAN_2, ERSPAN_3 = 0x88BE, 0x22EB
ERSPAN_2_SIZE = 8
ERSPAN_3_HEADER = np.dtype([("head", "V11"), ("options", "u1")])
UDP_HEADER = np.dtype([("source", ">u2"), ("destination", ">u2"), ("rest", "V4")])
VXLAN, VXLAN_LINUX, GENEVE, GTP_U = 4789, 8472, 6081, 2152
_IS_TUNNEL_PORT = np.isin(np.arange(1 << 16), (VXLAN, VXLAN_LINUX, GENEVE, GTP_U))
VXLAN_HEADER = np.dtype([("flags", "u1"), ("reserved", "V3"), ("vni", ">u4")])
GENEVE_HEADER = np.dtype([("length", "u1"), ("flags", "u1"), ("kind", ">u2"), ("vni", ">u4")])
GTP_HEADER = np.dtype([("flags", "u1"), ("type", "u1"), ("length", ">u2"), ("tunnel", ">u4")])
GTP_OPTIONS = np.dtype([("sequence", ">u2"), ("number", "u1"), ("next", "u1")])
GTP_EXTENSION = np.dtype([("length", "u1")])
GTP_DATA = 0xFF
MAX_GTP_EXTENSIONS = 4


def inside(packets: Packets) -> Packets | None:
    """The packets inside tunnels, as packets of their own over the same rows; None where there are no tunnels."""
    packets.kind[:] = NOTHING
    if _IS_TUNNEL[packets.protocol].any():
        for protocol, kind in ((IP_IN_IP, IPV4), (IPV6_IN_IP, IPV6)):
            packets.kind[packets.protocol == protocol] = kind
        packets.then(np.flatnonzero(packets.protocol == ETHERIP), 2, BRIDGED)
        _gre(packets, np.flatnonzero(packets.protocol == GRE))
    _over_udp(packets, (packets.protocol == UDP).nonzero()[0])
    which = packets.kind.nonzero()[0]
    if not which.size:
        return None
    at, end, rows = packets.at[which], packets.end[which], packets.rows[which]
    inner = Packets(packets.octets, at, end, packets.table, rows, inner=True)
    inner.kind[:] = packets.kind[which]
    return inner


def _gre(packets: Packets, which: Places) -> None:
    """GRE (RFC 2784, RFC 2890)."""
    which, head = packets.read(which, GRE_HEADER)
    flags = head["flags"].astype(np.intp)
    plain = (flags & GRE_ROUTING_AND_VERSION) == 0
    which, flags, kind = which[plain], flags[plain], head["kind"][plain]
    size = np.full(len(which), GRE_HEADER.itemsize)
    for bit in (GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE):
        size[(flags & bit) > 0] += 4
    packets.then(which, size, kind)
    # ERSPAN type I has neither a sequence number nor a header of its own.
    spanned = kind == ERSPAN_2
    packets.then(which[spanned], np.where(flags[spanned] & GRE_SEQUENCE > 0, ERSPAN_2_SIZE, 0), BRIDGED)
    _erspan3(packets, which[kind == ERSPAN_3])


def _erspan3(packets: Packets, which: Places) -> None:
    which, head = packets.read(which, ERSPAN_3_HEADER)
    packets.then(which, ERSPAN_3_HEADER.itemsize + 8 * (head["options"] & 1).astype(np.intp), BRIDGED)


def _over_udp(packets: Packets, which: Places) -> None:
    """Tunnels told by their UDP destination port."""
    which, head = packets.read(which, UDP_HEADER)
    port = head["destination"].astype(np.uint16)
    known = _IS_TUNNEL_PORT[port]
    if not known.any():
        return
    which, port = which[known], port[known]
    packets.at[which] += UDP_HEADER.itemsize
    _vxlan(packets, which[(port == VXLAN) | (port == VXLAN_LINUX)])
    _geneve(packets, which[port == GENEVE])
    _gtp(packets, which[port == GTP_U])


def _vxlan(packets: Packets, which: Places) -> None:
    """VXLAN (RFC 7348 section 5): the flag says that the network identifier is valid."""
    which, head = packets.read(which, VXLAN_HEADER)
    valid = (head["flags"] & 0x08) > 0
    which, head = which[valid], head[valid]
    packets.put("flow.vni", which, (head["vni"] >> 8).astype(np.uint64))
    packets.then(which, VXLAN_HEADER.itemsize, BRIDGED)


def _geneve(packets: Packets, which: Places) -> None:
    """Geneve (RFC 8926 section 3.4): version 0, options in units of four bytes."""
    which, head = packets.read(which, GENEVE_HEADER)
    valid = head["length"] >> 6 == 0
    which, head = which[valid], head[valid]
    packets.put("flow.vni", which, (head["vni"] >> 8).astype(np.uint64))
    packets.then(which, GENEVE_HEADER.itemsize + 4 * (head["length"] & 0x3F).astype(np.intp), head["kind"])


def _gtp(packets: Packets, which: Places) -> None:
    """GTP-U version 1 (3GPP TS 29.281 section 5): user data, which is IP."""
    which, head = packets.read(which, GTP_HEADER)
    valid = (head["flags"] >> 4 == 3) & (head["type"] == GTP_DATA)
    which, flags = which[valid], head["flags"][valid]
    packets.at[which] += GTP_HEADER.itemsize
    packets.kind[which] = NOTHING
    plain = which[(flags & 7) == 0]
    _user_data(packets, plain)
    which, options = packets.read(which[(flags & 7) > 0], GTP_OPTIONS)
    packets.at[which] += GTP_OPTIONS.itemsize
    extended = np.isin(which, which[options["next"] > 0])
    _user_data(packets, which[~extended])
    _gtp_extensions(packets, which[extended])


def _gtp_extensions(packets: Packets, which: Places) -> None:
    """Extension headers: their length in units of four bytes comes first, the type of the next one last."""
    for _ in range(MAX_GTP_EXTENSIONS):
        which, head = packets.read(which, GTP_EXTENSION)
        size = head["length"].astype(np.intp) * 4
        whole = (size > 0) & (packets.at[which] + size <= packets.end[which])
        which, size = which[whole], size[whole]
        packets.at[which] += size
        more = packets.octets.bytes[packets.at[which] - 1] > 0
        _user_data(packets, which[~more])
        which = which[more]


def _user_data(packets: Packets, which: Places) -> None:
    which, first = packets.read(which, np.dtype([("byte", "u1")]))
    version = first["byte"] >> 4
    packets.kind[which[version == 4]] = IPV4
    packets.kind[which[version == 6]] = IPV6
