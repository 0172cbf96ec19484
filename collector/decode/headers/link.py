"""Link layers: Ethernet with tags, LLC/SNAP and PPPoE, PPP, MPLS label stacks."""

import numpy as np

from collector.decode.headers.packets import (
    BRIDGED,
    IPV4,
    IPV6,
    MPLS,
    MPLS_UPSTREAM,
    NOTHING,
    PPPOE,
    Packets,
)
from collector.decode.octets import Places
from collector.decode.table import STACK, Values

ETHERNET = np.dtype([("destination", "V6"), ("source", "V6"), ("kind", ">u2")])
TAG = np.dtype([("control", ">u2"), ("kind", ">u2")])
TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
"""802.1Q, 802.1ad, and what switches used for outer tags before it."""
_IS_TAG = np.isin(np.arange(1 << 16), TAGS)
MAX_TAGS = 4
LLC = np.dtype([("saps", ">u2"), ("control", "u1"), ("organisation", "V3"), ("kind", ">u2")])
MAX_LENGTH = 1500
"""An 802.3 frame has its length where others have the ethertype."""
LABEL = np.dtype([("entry", ">u4")])
MAX_LABELS = 16
SESSION = np.dtype([("head", "V6"), ("protocol", ">u2")])
PPP = np.dtype([("first", "u1"), ("second", "u1")])
PPP_KINDS = {0x0021: IPV4, 0x0057: IPV6, 0x0281: MPLS, 0x0283: MPLS_UPSTREAM}
HDLC = np.dtype([("address", "u1"), ("control", "u1"), ("kind", ">u2")])
CISCO_HDLC = (0x0F, 0x8F)
"""Unicast and multicast address of Cisco's HDLC, which carries ethertypes."""


def ethernet(packets: Packets, which: Places) -> None:
    """An Ethernet header."""
    which, head = packets.read(which, ETHERNET)
    packets.put("source.mac", which, head["source"])
    packets.put("destination.mac", which, head["destination"])
    packets.then(which, ETHERNET.itemsize, head["kind"])


def tags(packets: Packets) -> None:
    """VLAN tags, the outer one first; then what an 802.3 length hides."""
    names = ("flow.vlan", "flow.customer_vlan", *[""] * (MAX_TAGS - 2))
    for name in names:
        which = _IS_TAG[packets.kind].nonzero()[0]
        if not which.size:
            break
        packets.kind[which] = NOTHING
        which, tag = packets.read(which, TAG)
        number = tag["control"].astype(np.uint16) & np.uint16(0xFFF)
        if name:
            packets.put(name, which, number, number > 0)  # 0: a priority without a VLAN
        packets.then(which, TAG.itemsize, tag["kind"])
    _lengths(packets)


def _lengths(packets: Packets) -> None:
    """802.3: an LLC header follows, and with SNAP (RFC 1042) an ethertype."""
    which = ((packets.kind > NOTHING) & (packets.kind <= MAX_LENGTH)).nonzero()[0]
    if not which.size:
        return
    packets.kind[which] = NOTHING
    which, head = packets.read(which, LLC)
    snap = (head["saps"] == 0xAAAA) & (head["control"] == 3)
    packets.then(which[snap], LLC.itemsize, head["kind"][snap])


def ethertypes(packets: Packets) -> None:
    """Keep the ethertype, then look through PPPoE and MPLS."""
    which = (packets.kind > MAX_LENGTH).nonzero()[0]
    packets.put("flow.ethertype", which, packets.kind[which].astype(np.uint16))
    sessions(packets)
    labels(packets)


def sessions(packets: Packets) -> None:
    """PPPoE (RFC 2516 section 4): six bytes, then PPP."""
    which = packets.of_kind(PPPOE)
    if which.size:
        packets.kind[which] = NOTHING
        which, head = packets.read(which, SESSION)
        packets.then(which, SESSION.itemsize, _ppp_kinds(head["protocol"]))


def ppp(packets: Packets, which: Places) -> None:
    """PPP (RFC 1661, RFC 1662) with or without HDLC framing, and Cisco's HDLC."""
    which, head = packets.read(which, HDLC)
    cisco = np.isin(head["address"], CISCO_HDLC) & (head["control"] == 0)
    packets.then(which[cisco], HDLC.itemsize, head["kind"][cisco])
    framed = (head["address"] == 0xFF) & (head["control"] == 0x03)
    packets.at[which[framed]] += 2
    which, head = packets.read(which[~cisco], PPP)
    # The first byte of a two-byte protocol number is even; an odd one is a number in short form (RFC 1661 section 6.5).
    short = (head["first"] & 1).astype(np.bool_)
    number = np.where(short, head["first"], head["first"].astype(np.int32) << 8 | head["second"])
    packets.then(which, np.where(short, 1, 2), _ppp_kinds(number))


def _ppp_kinds(protocols: Values) -> Values:
    out = np.zeros(len(protocols), np.int32)
    for protocol, kind in PPP_KINDS.items():
        out[protocols == protocol] = kind
    return out


def labels(packets: Packets) -> None:
    """MPLS label stacks (RFC 3032). What they carry shows in the first four bits behind (RFC 4928 section 3)."""
    which = packets.of_kind(MPLS, MPLS_UPSTREAM)
    if not which.size:
        return
    packets.kind[which] = NOTHING
    stacks = np.zeros(which.size, STACK)
    stacks["at"] = packets.at[which]
    pending = np.arange(which.size)
    for _ in range(MAX_LABELS):
        have, entry = packets.read(which[pending], LABEL)
        pending = pending[np.isin(which[pending], have)]
        stacks["depth"][pending] += 1
        packets.at[have] += LABEL.itemsize
        bottom = (entry["entry"] & 0x100) > 0
        _behind_labels(packets, have[bottom])
        pending = pending[~bottom]
        if not pending.size:
            break
    packets.put("flow.mpls_labels", which, stacks, stacks["depth"] > 0)


def _behind_labels(packets: Packets, which: Places) -> None:
    which, first = packets.read(which, np.dtype([("byte", "u1")]))
    version = first["byte"] >> 4
    packets.kind[which[version == 4]] = IPV4
    packets.kind[which[version == 6]] = IPV6
    # Zeros: the control word of a pseudowire (RFC 4385 section 3), most often one for Ethernet (RFC 4448).
    wires = which[version == 0]
    packets.then(wires, 4, BRIDGED)
    _pseudowires(packets, wires)


def _pseudowires(packets: Packets, which: Places) -> None:
    """The customer's frame: its packet is the flow, but the addresses of the outer frame stay."""
    which, head = packets.read(which, ETHERNET)
    packets.then(which, ETHERNET.itemsize, head["kind"])
    for _ in range(MAX_TAGS):
        which = which[np.isin(packets.kind[which], TAGS)]
        which, tag = packets.read(which, TAG)
        packets.then(which, TAG.itemsize, tag["kind"])
