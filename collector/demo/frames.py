"""The first bytes of sampled frames."""

import numpy as np

from collector.demo.flows import TCP, UDP, Rows
from collector.demo.wire import Matrix, fields
from collector.demo.world import World

HEADER = 80
"""Bytes of a frame that are sent: Ethernet, a VLAN tag, IPv6 and TCP at most."""
SMALLEST = 84
"""Bytes of the smallest frame, with its check sequence: all that is sent is there."""
TAG, ETHERNET, CHECK = 4, 14, 4
LINK = "to:V6 from:V6 tag:>u2 vlan:>u2 ethertype:>u2"
FOUR = "version:u1 tos:u1 length:>u2 number:>u2 fragment:>u2 ttl:u1 protocol:u1 check:>u2 source:>u4 destination:>u4"
SIX = "class:>u4 length:>u2 protocol:u1 ttl:u1 source:V16 destination:V16"
TRANSPORTS = {
    TCP: "sport:>u2 dport:>u2 seq:>u4 ack:>u4 offset:u1 flags:u1 window:>u2 sum:>u2 urgent:>u2",
    UDP: "sport:>u2 dport:>u2 size:>u2 sum:>u2",
    0: "icmp:>u2 sum:>u2 seq:>u4",
}
SAME = ("protocol", "ttl", "sport", "dport", "flags", "icmp")


def lengths(flows: Rows) -> np.ndarray:
    """The lengths of frames, with the check sequence."""
    found: np.ndarray = np.clip(flows["octets"], SMALLEST, 1500 + ETHERNET + TAG + CHECK)
    return found


def headers(flows: Rows, world: World) -> Matrix:
    """A row of HEADER bytes a flow."""
    out = np.zeros((len(flows), HEADER), np.uint8)
    transport = np.where(np.isin(flows["protocol"], (TCP, UDP)), flows["protocol"], 0)
    for six in (False, True):
        for number in TRANSPORTS:
            rows = np.flatnonzero((flows["six"] == six) & (transport == number))
            frame = _frames(flows[rows], world, six, number)
            out[rows, : frame.shape[1]] = frame
    return out


def _frames(flows: Rows, world: World, six: bool, transport: int) -> Matrix:
    frame = np.zeros(len(flows), fields(LINK, SIX if six else FOUR, TRANSPORTS[transport]))
    source, destination = world.hosts[flows["source"]], world.hosts[flows["destination"]]
    frame["from"], frame["to"] = source["mac"], destination["mac"]
    frame["tag"], frame["vlan"], frame["ethertype"] = 0x8100, flows["vlan"], 0x86DD if six else 0x0800
    name = "six" if six else "four"
    frame["source"], frame["destination"] = source[name], destination[name]
    inner = lengths(flows) - ETHERNET - TAG - CHECK
    if six:
        frame["class"], frame["length"] = 6 << 28 | flows["tos"].astype(np.uint32) << 20, inner - 40
    else:
        frame["version"], frame["tos"], frame["length"] = 0x45, flows["tos"], inner
        frame["number"], frame["fragment"] = flows["id"] & 0xFFFF, 0x4000
    for name in SAME:
        if name in (frame.dtype.names or ()):
            frame[name] = flows[name]
    if transport == TCP:
        frame["offset"], frame["window"] = 0x50, 64_240
    return frame.view(np.uint8).reshape(len(flows), frame.dtype.itemsize)
