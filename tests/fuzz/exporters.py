"""Exporters that say what a fuzzer wants to break: datagrams of every protocol, valid but drawn at random."""

import csv
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from random import Random

from collector.decode.elements import CISCO, CISCO_V9_BASE, NTOP, NTOP_V9_BASE
from tests.builders import packets, sflow
from tests.builders.netflow import (
    REVERSE,
    VARIABLE,
    Field,
    Template,
    flow_set,
    ipfix,
    netflow1,
    netflow5,
    netflow7,
    netflow9,
    record5,
    withdrawal,
)

EDGES = (0, 1, 2, 4, 5, 6, 7, 17, 58, 64, 127, 128, 255, 256, 1000, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
COMMON = (
    *(1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 14, 16, 17, 21, 22, 27, 28, 32, 34, 48, 50, 56, 58, 61, 70, 82, 83, 89, 95, 96),
    *(104, 136, 150, 152, 153, 154, 156, 230, 233, 291, 292, 293, 302, 305, 306, 309, 310, 311, 315, 371),
)
"""IANA elements that feed fields, set the rate, or have a form of their own."""
SIZES = {"8": 1, "16": 2, "32": 4, "64": 8, "256": 32, "boolean": 1, "Address": 6, "Seconds": 4, "seconds": 8}
"""Bytes of a type by what its name ends in; addresses are told apart below."""
ADDRESSES = {"ipv4Address": 4, "ipv6Address": 16, "macAddress": 6}
TEXTS = (b"", b"x", b"eth0\0\0", "Köln".encode(), b"\xff\xfe\xc3", b'we"ird\\\n\x1b\x7f', b"a" * 300, b"\xed\xa0\x80")
FRAMES: tuple[Callable[[bytes], bytes], ...] = (
    lambda inner: packets.ethernet(packets.ipv4(packets.udp(5, 6, inner))),
    lambda inner: packets.ethernet(packets.ipv4(packets.tcp(5, 6, 0x12, inner), packets.TCP), tags=(5, 6)),
    lambda inner: packets.ethernet(packets.ipv6(packets.icmp(128, 0) + inner, packets.ICMPV6), packets.IPV6),
    lambda inner: packets.ethernet(packets.ipv6(packets.extension(inner, 0), 0), packets.IPV6),
    lambda inner: packets.ethernet(packets.mpls(packets.ipv4(inner), 16001, 24), 0x8847),
    lambda inner: packets.ethernet(packets.ipv4(packets.vxlan(packets.ethernet(packets.ipv4(inner)), 5001))),
    lambda inner: packets.ethernet(packets.ipv4(packets.gre(packets.ipv4(inner), key=1, checksum=True), packets.GRE)),
    lambda inner: packets.ethernet(packets.ipv4(packets.gtp(packets.ipv4(inner), extensions=2))),
    lambda inner: packets.ethernet(packets.pppoe(packets.ipv4(inner)), 0x8864),
    lambda inner: packets.snap(packets.ipv4(inner)),
)
PROTOCOLS = (*[(sflow.ETHERNET, 0)] * 4, (sflow.IPV4, 14), (sflow.IPV6, 14), (sflow.MPLS, 14), (sflow.PPP, 20), (99, 0))
"""Header protocols of sFlow, and the bytes of Ethernet that they leave out."""
Payloads = list[bytes]


@cache
def elements() -> tuple[tuple[str, int, str], ...]:
    """All elements that are known: enterprise (or v9), number, type."""
    table = files("collector").joinpath("data/information-elements.csv").read_text(encoding="utf-8")
    return tuple((row["pen"], int(row["id"]), row["type"]) for row in csv.DictReader(table.splitlines()))


@cache
def iana() -> dict[int, str]:
    return {number: kind for pen, number, kind in elements() if pen == "0"}


def legacy(draw: Random) -> Payloads:
    """NetFlow v1, v5 and v7."""
    records = [_record5(draw) for _ in range(draw.randrange(1, 6))]
    five = netflow5(*records, sampling=draw.choice((0, 1, 100, 0x4064, 0xFFFF)), uptime=draw.choice((1_000_000, 0, 5)))
    return [draw.choice((five, five, netflow1(*records), netflow7(*records)))]


def _record5(draw: Random) -> bytes:
    ports = draw.randrange(1 << 16), draw.choice((53, 443, 0, 769))
    first, last = draw.choice(((990_000, 995_000), (0, 0), (0xFFFFFFFF, 5), (995_000, 990_000)))
    count = draw.choice((0, 1, 0xFFFFFFFF))
    protocol = draw.choice((1, 6, 17, 58, 255))
    return record5(ports=ports, packets=count, octets=count, first=first, last=last, protocol=protocol)


def version9(draw: Random) -> Payloads:
    """Templates, options and data of NetFlow v9, in one datagram or several, in any order."""
    sets, templates = [], [_template(draw, number, nine=True) for number in _numbers(draw)]
    for one in templates:
        sets += [one.define9(), *(data(draw, one) for _ in range(draw.randrange(3)))]
    return [netflow9(*some, domain=draw.choice((0, 0, 1))) for some in _dealt(draw, sets)]


def version10(draw: Random) -> Payloads:
    """The same of IPFIX, with variable lengths, enterprises, lists and withdrawals."""
    sets, templates = [], [_template(draw, number, nine=False) for number in _numbers(draw)]
    for one in templates:
        sets += [one.define(), *(data(draw, one) for _ in range(draw.randrange(3)))]
        if draw.random() < 0.1:
            sets.append(withdrawal(one.number, bool(one.scopes)))
    return [ipfix(*some, domain=draw.choice((0, 0, 1))) for some in _dealt(draw, sets)]


def _numbers(draw: Random) -> range:
    return range(256, 257 + draw.randrange(4))


def _dealt(draw: Random, sets: list[bytes]) -> list[list[bytes]]:
    """Sets as they come in datagrams."""
    if draw.random() < 0.2:
        draw.shuffle(sets)
    out: list[list[bytes]] = [[]]
    for one in sets:
        if draw.random() < 0.4:
            out.append([])
        out[-1].append(one)
    return out


def _template(draw: Random, number: int, *, nine: bool) -> Template:
    fields = [field(draw, nine=nine) for _ in range(draw.randrange(1, 14))]
    options = draw.random() < 0.25
    if options and nine:
        fields[0] = (draw.randrange(1, 6), draw.choice((0, 2, 4)))
    return Template(number, fields, scopes=draw.randrange(1, min(3, len(fields) + 1)) if options else 0)


def field(draw: Random, *, nine: bool) -> Field:
    """An element as templates have it, mostly with a length that it may have."""
    if draw.random() < 0.7:
        number = draw.choice(COMMON)
        pen, kind = "0", iana().get(number, "octetArray")
    else:
        pen, number, kind = draw.choice(elements())
    length = _length(draw, kind, nine=nine)
    if nine:
        return number + {str(CISCO): CISCO_V9_BASE, str(NTOP): NTOP_V9_BASE}.get(pen, 0) & 0xFFFF, length
    if pen in ("0", "v9"):
        return (number & 0x7FFF, length) if draw.random() < 0.9 else (number & 0x7FFF, length, REVERSE)
    return number & 0x7FFF, length, int(pen)


def _length(draw: Random, kind: str, *, nine: bool) -> int:
    if draw.random() < 0.05:
        return draw.choice((0, 1, 3, 5, 9, 17, 200, VARIABLE))
    if kind in ADDRESSES:
        return ADDRESSES[kind]
    size = next((size for end, size in SIZES.items() if kind.endswith(end)), None)
    if size is None:  # a text, octets, or a list
        return draw.choice((4, 8, 32)) if nine or draw.random() < 0.3 else VARIABLE
    return draw.randrange(1, size + 1) if kind.startswith("unsigned") and draw.random() < 0.2 else size


def data(draw: Random, template: Template) -> bytes:
    """A data set of some records."""
    records = [b"".join(_cell(draw, one) for one in template.fields) for _ in range(draw.randrange(1, 8))]
    body = b"".join(records)
    return flow_set(template.number, body + bytes(draw.choice((0, -len(body) % 4))))


def _cell(draw: Random, one: Field) -> bytes:
    length = one[1]
    if length != VARIABLE:
        return _fixed(draw, length)
    body = _list(draw) if one[0] in (291, 292, 293) else draw.choice((*TEXTS, draw.randbytes(draw.randrange(80))))
    if one[0] == 315:
        body = draw.choice(FRAMES)(body)
    short = len(body) < 255 and draw.random() < 0.9
    return bytes([len(body)]) + body if short else b"\xff" + len(body).to_bytes(2, "big") + body


def _fixed(draw: Random, length: int) -> bytes:
    match draw.randrange(4):
        case 0:
            return draw.randbytes(length)
        case 1:
            return draw.choice(TEXTS)[:length].ljust(length, b"\0")
        case 2:
            return draw.choice((b"\0", b"\xff", b"\x7f")) * length
        case _:
            return draw.choice(EDGES).to_bytes(max(4, length), "big")[-length:] if length else b""


def _list(draw: Random) -> bytes:
    """What a basicList, a subTemplateList or a subTemplateMultiList may hold."""
    number = draw.choice((4, 96, 256, 257))
    return bytes([draw.randrange(5)]) + number.to_bytes(2, "big") + draw.randbytes(draw.randrange(40))


@cache
def structures(kind: str) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """The structures of sFlow of a kind: enterprise, format, types of the fields."""
    table = files("collector").joinpath("data/sflow-structures.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(table.splitlines()) if row["kind"] == kind]
    types = [tuple(one.split(":")[1] for one in row["fields"].split(";") if one) for row in rows]
    return tuple((int(row["enterprise"]), int(row["format"]), kinds) for row, kinds in zip(rows, types, strict=True))


def sampled(draw: Random) -> Payloads:
    """sFlow: flow, counter and drop samples with records of all structures."""
    samples = [_sample(draw) for _ in range(draw.randrange(1, 6))]
    return [sflow.payload(*samples, agent=draw.choice(("192.0.2.9", "2001:db8::9")), sub_agent=draw.randrange(2))]


def _sample(draw: Random) -> bytes:
    expanded = draw.random() < 0.5
    if draw.random() < 0.4:
        return sflow.counters_sample(*_records(draw, "counter_record"), expanded=expanded)
    frame = draw.choice(FRAMES)(draw.randbytes(draw.randrange(60)))
    protocol, cut = draw.choice(PROTOCOLS)
    header = sflow.header(frame[cut:][: draw.choice((20, 40, 128, 999))], protocol)
    records = [header, *_records(draw, "flow_record")]
    if draw.random() < 0.15:
        return sflow.discarded(*records, reason=draw.choice(EDGES))
    ends = draw.choice((3, 0x3FFFFFFF, 0x40000100, 0x80000002))
    return sflow.flow_sample(*records, rate=draw.choice(EDGES), ingress=ends, egress=ends, expanded=expanded)


def _records(draw: Random, kind: str) -> list[bytes]:
    chosen = [draw.choice(structures(kind)) for _ in range(draw.randrange(4))]
    bodies = [b"".join(_xdr(draw, one) for one in types) for _, _, types in chosen]
    return [sflow.part(number, body, pen) for (pen, number, _), body in zip(chosen, bodies, strict=True)]


def _xdr(draw: Random, kind: str) -> bytes:
    """A value of a type of data/sflow-structures.csv."""
    if kind.endswith("[]"):
        count = draw.randrange(4)
        return sflow.words(count, *(draw.choice(EDGES[:6]) for _ in range(count)))
    if kind == "addr":
        return sflow.address(draw.choice((None, "192.0.2.4", "2001:db8::4")))
    if kind.startswith("str") or kind == "opaque":
        return sflow.opaque(draw.choice(TEXTS))
    size = {"u64": 8, "mac": 8, "ifx": 8, "dsx": 8, "ip6": 16, "opaque[16]": 16}.get(kind, 4)
    return _fixed(draw, size)


def payloads(draw: Random) -> Payloads:
    """What one exporter sends."""
    chosen = draw.choice((legacy, version9, version9, version10, version10, version10, sampled, sampled))
    return chosen(draw)
