"""TCP, UDP, SCTP, DCCP, UDP-Lite and ICMP."""

import numpy as np

from collector.decode.headers.packets import Packets
from collector.registry import DCCP, ICMP, ICMPV6, SCTP, TCP, UDP

PORTS = np.dtype([("source", ">u2"), ("destination", ">u2")])
UDP_LITE = 136
WITH_PORTS = (TCP, UDP, DCCP, SCTP, UDP_LITE)
"""Transports that begin with both ports."""
_HAS_PORTS, _IS_TCP, _IS_ICMP = (np.isin(np.arange(256), some) for some in (WITH_PORTS, TCP, (ICMP, ICMPV6)))
TYPE = np.dtype([("type", "u1"), ("code", "u1")])
TCP_FLAGS = np.dtype([("before", "V13"), ("flags", "u1")])


def transport(packets: Packets) -> None:
    """Ports, TCP flags, ICMP type and code of the packets whose `protocol` is known."""
    _ports(packets)
    if packets.inner:
        return
    which, head = packets.read(packets.of_protocol(_IS_TCP), TCP_FLAGS)
    packets.put("flow.tcp_flags", which, head["flags"])
    which = packets.of_protocol(_IS_ICMP)
    if which.size:
        which, message = packets.read(which, TYPE)
        packets.put("flow.icmp_type", which, message["type"])
        packets.put("flow.icmp_code", which, message["code"])


def _ports(packets: Packets) -> None:
    which, head = packets.read(packets.of_protocol(_HAS_PORTS), PORTS)
    packets.put("source.port", which, head["source"])
    packets.put("destination.port", which, head["destination"])
