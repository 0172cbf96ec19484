"""Community ID, version 1: a hash of a flow's ends and protocol that other tools compute alike.

It is the same for both directions: of the two ends, each an address and a port, the lower one comes first.
"""

from base64 import b64encode
from hashlib import sha1

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.decode import columns
from collector.decode.columns import Mask, numbers
from collector.enrich.addresses import is_ipv4
from collector.index import Halves
from collector.registry import ICMP, ICMPV6, SCTP, TCP, UDP

FIELD, PROTOCOL = "network.community_id", "network.iana_number"
PORTED = (TCP, UDP, SCTP, ICMP, ICMPV6)
"""Protocols whose ports are hashed; those of ICMP are types."""
COUNTERPARTS = {
    ICMP: ((8, 0), (13, 14), (15, 16), (10, 9), (17, 18)),
    ICMPV6: ((128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145)),
}
"""Types that ask and types that answer: the ports of such messages. Others go one way, with type and code as ports."""
PORTS_WIDTH = 4
LAYOUT = np.dtype(
    [("seed", ">u2"), ("one", ">u8", 2), ("other", ">u8", 2), ("protocol", "u1"), ("zero", "u1"), ("ports", ">u2", 2)]
)
Numbers = npt.NDArray[np.int64]
End = tuple[Halves, Halves, Numbers]
"""The halves of an address, and a port."""
Bytes = npt.NDArray[np.uint8]


def community_ids(decoded: pl.DataFrame, seed: int = 0) -> list[pl.Series]:
    """The column for flows whose addresses are halves, null where an end, the protocol or a port is not told."""
    if not {"source.ip.lo", "destination.ip.lo", PROTOCOL} <= set(decoded.columns):
        return []
    protocol = numbers(decoded, PROTOCOL)
    source_port, destination_port, one_way = _ports(decoded, protocol)
    source, destination = _end(decoded, "source", source_port), _end(decoded, "destination", destination_port)
    ported, four = np.isin(protocol, PORTED), is_ipv4(*source[:2])
    some = decoded["source.ip.lo"].is_not_null().to_numpy() & decoded["destination.ip.lo"].is_not_null().to_numpy()
    some &= (protocol >= 0) & (four == is_ipv4(*destination[:2]))
    some &= ~ported | ((source_port >= 0) & (destination_port >= 0))
    later = ~one_way & _later(source, destination)
    ends = [(np.where(later, b, a), np.where(later, a, b)) for a, b in zip(source, destination, strict=True)]
    packed = _packed(seed, protocol, *ends)
    parts = [
        (rows, columns.texts(FIELD, _cut(packed[rows], *kind), _identifier))
        for kind in ((True, True), (True, False), (False, True), (False, False))
        if len(rows := np.flatnonzero(some & (four == kind[0]) & (ported == kind[1])))
    ]
    return [_placed(decoded.height, parts)] if parts else []


def _placed(count: int, parts: list[tuple[npt.NDArray[np.intp], pl.Series]]) -> pl.Series:
    """A column of so many rows out of parts for some of them."""
    ids = pl.concat([part for _, part in parts])
    place = np.full(count, len(ids), np.uint32)
    place[np.concatenate([rows for rows, _ in parts])] = np.arange(len(ids), dtype=np.uint32)
    return ids.extend_constant(None, 1).gather(place).alias(FIELD)


def _end(decoded: pl.DataFrame, name: str, port: Numbers) -> End:
    hi, lo = (decoded[f"{name}.ip.{half}"].fill_null(0).to_numpy() for half in ("hi", "lo"))
    return hi, lo, port


def _ports(decoded: pl.DataFrame, protocol: Numbers) -> tuple[Numbers, Numbers, Mask]:
    """What counts as ports, -1 where not told, and which flows have no other direction."""
    source, destination = numbers(decoded, "source.port"), numbers(decoded, "destination.port")
    one_way = np.zeros(len(protocol), np.bool_)
    kind, code = numbers(decoded, "flow.icmp_type"), numbers(decoded, "flow.icmp_code")
    for number, pairs in COUNTERPARTS.items():
        mine = protocol == number
        answers = np.full(257, -1)
        for asks, reply in pairs:
            answers[asks], answers[reply] = reply, asks
        answer = answers[kind]  # the last one for -1
        one_way |= mine & (answer < 0)
        source = np.where(mine, kind, source)
        destination = np.where(mine, np.where(answer < 0, np.maximum(code, 0), answer), destination)
    return source, destination, one_way


def _later(one: End, other: End) -> Mask:
    """Where one end comes after the other."""
    later: Mask = one[2] > other[2]
    for mine, its in ((one[1], other[1]), (one[0], other[0])):
        later = (mine > its) | ((mine == its) & later)
    return later


def _packed(seed: int, protocol: Numbers, *ends: tuple[Halves | Numbers, Halves | Numbers]) -> Bytes:
    """What is hashed, a row a flow, as if all had IPv6 addresses and ports.

    `ends` are upper halves, lower halves and ports, each of the end that comes first and of the other.
    """
    out = np.zeros(len(protocol), LAYOUT)
    out["seed"], out["protocol"] = seed, protocol
    for number, name in enumerate(("one", "other")):
        out[name][:, 0], out[name][:, 1], out["ports"][:, number] = (pair[number] for pair in ends)
    return out.view(np.uint8).reshape(len(out), LAYOUT.itemsize)


def _cut(packed: Bytes, four: bool, ported: bool) -> npt.NDArray[np.void]:
    """Those bytes that flows of a kind have."""
    used = np.ones(LAYOUT.itemsize, np.bool_)
    if four:
        used[2:14] = used[18:30] = False
    if not ported:
        used[-PORTS_WIDTH:] = False
    return np.ascontiguousarray(packed[:, used]).view(f"V{used.sum()}")[:, 0]


def _identifier(key: bytes) -> str:
    return "1:" + b64encode(sha1(key, usedforsecurity=False).digest()).decode("ascii")
