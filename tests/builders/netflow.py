"""A NetFlow or IPFIX exporter that says whatever a test wants.

Sets are bytes, so a message is put together from them in any order: `ipfix(T.define(), T.data(T.record(...)))`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from collector.datagram import Datagram

VARIABLE = 65535
REVERSE = 29305
EXPORTER = "192.0.2.1"
NOW = 1_735_732_800
"""Seconds: 2025-01-01 12:00 UTC."""
Value = int | str | bytes | float
Field = tuple[int, int] | tuple[int, int, int]
"""Element, length, and enterprise number where there is one."""


def sent(payload: bytes, exporter: str = EXPORTER, received: float = NOW, port: int = 50_000) -> Datagram:
    """A datagram that came at so many seconds since 1970."""
    return Datagram(payload, exporter, port, round(received * 1000) * 1_000_000)


def cell(value: Value, length: int) -> bytes:
    """A value on the wire: numbers big-endian, addresses and MACs from text, other text as UTF-8, zero filled."""
    if isinstance(value, float):
        return struct.pack("!f" if length == 4 else "!d", value)
    if isinstance(value, int):
        return value.to_bytes(length, "big")
    raw = value if isinstance(value, bytes) else _text(value, length)
    if length == VARIABLE:
        return bytes([len(raw)]) + raw if len(raw) < 255 else b"\xff" + struct.pack("!H", len(raw)) + raw
    assert len(raw) <= length
    return raw.ljust(length, b"\0")


def _text(value: str, length: int) -> bytes:
    if length == 6 and value.count(":") == 5:
        return bytes.fromhex(value.replace(":", ""))
    try:
        return ip_address(value).packed if length in (4, 16) else value.encode()
    except ValueError:
        return value.encode()


def flow_set(number: int, body: bytes, length: int | None = None) -> bytes:
    """A set; `length` where it shall lie."""
    return struct.pack("!HH", number, 4 + len(body) if length is None else length) + body


@dataclass(frozen=True)
class Template:
    """A template; with `scopes` the first so many fields are the scope of an options template."""

    number: int
    fields: Sequence[Field]
    scopes: int = 0

    def record(self, *values: Value) -> bytes:
        return b"".join(cell(value, field[1]) for value, field in zip(values, self.fields, strict=True))

    def data(self, *records: bytes | Sequence[Value], padding: int | None = None) -> bytes:
        """A data set of records (or of their values), filled up to four bytes unless told otherwise."""
        body = b"".join(one if isinstance(one, bytes) else self.record(*one) for one in records)
        return flow_set(self.number, body + bytes(-len(body) % 4 if padding is None else padding))

    def define9(self) -> bytes:
        """The set that defines it in NetFlow v9."""
        return flow_set(1 if self.scopes else 0, self.raw9())

    def raw9(self) -> bytes:
        """The template record in NetFlow v9."""
        pairs = b"".join(struct.pack("!HH", *field[:2]) for field in self.fields)
        if self.scopes:
            lengths = 4 * self.scopes, 4 * (len(self.fields) - self.scopes)
            return struct.pack("!HHH", self.number, *lengths) + pairs
        return struct.pack("!HH", self.number, len(self.fields)) + pairs

    def define(self) -> bytes:
        """The set that defines it in IPFIX."""
        return flow_set(3 if self.scopes else 2, self.raw())

    def raw(self) -> bytes:
        """The template record in IPFIX."""
        head = struct.pack("!HH", self.number, len(self.fields))
        return head + (struct.pack("!H", self.scopes) if self.scopes else b"") + b"".join(map(_specifier, self.fields))


def _specifier(field: Field) -> bytes:
    if len(field) == 2:
        return struct.pack("!HH", *field)
    return struct.pack("!HHI", field[0] | 0x8000, field[1], field[2])


def withdrawal(number: int, options: bool = False) -> bytes:
    """The set that withdraws an IPFIX template."""
    return flow_set(3 if options else 2, struct.pack("!HH", number, 0))


def netflow9(
    *sets: bytes, domain: int = 0, sequence: int = 0, uptime: int = 1_000_000, seconds: int = NOW, count: int = 1
) -> bytes:
    return struct.pack("!HHIIII", 9, count, uptime, seconds, sequence, domain) + b"".join(sets)


def ipfix(*sets: bytes, domain: int = 0, sequence: int = 0, seconds: int = NOW, length: int | None = None) -> bytes:
    body = b"".join(sets)
    return struct.pack("!HHIII", 10, 16 + len(body) if length is None else length, seconds, sequence, domain) + body


def record5(
    source: str = "10.0.0.1",
    destination: str = "10.0.0.2",
    *,
    hop: str = "10.0.0.254",
    ports: tuple[int, int] = (40_000, 443),
    protocol: int = 6,
    packets: int = 3,
    octets: int = 300,
    first: int = 990_000,
    last: int = 995_000,
    flags: int = 0x1B,
    tos: int = 8,
    interfaces: tuple[int, int] = (1, 2),
    systems: tuple[int, int] = (64500, 64501),
    masks: tuple[int, int] = (24, 16),
) -> bytes:
    """A record of NetFlow v5."""
    ends = b"".join(map(_four, (source, destination, hop)))
    counts = struct.pack("!HHIIIIHH", *interfaces, packets, octets, first, last, *ports)
    return ends + counts + struct.pack("!xBBBHHBBxx", flags, protocol, tos, *systems, *masks)


def netflow5(
    *records: bytes,
    uptime: int = 1_000_000,
    seconds: int = NOW,
    nanoseconds: int = 0,
    sequence: int = 0,
    engine: tuple[int, int] = (0, 0),
    sampling: int = 0,
    count: int | None = None,
) -> bytes:
    head = (5, len(records) if count is None else count, uptime, seconds, nanoseconds, sequence, *engine, sampling)
    return struct.pack("!HHIIIIBBH", *head) + b"".join(records)


def netflow1(*records: bytes, uptime: int = 1_000_000, seconds: int = NOW, size: int = 48) -> bytes:
    """From records of v5; v1 has protocol, tos and flags in another place and no routes."""
    old = [(one[:36] + bytes(2) + one[38:40] + one[37:38]).ljust(size, b"\0") for one in records]
    return struct.pack("!HHIII", 1, len(old), uptime, seconds, 0) + b"".join(old)


def netflow7(*records: bytes, uptime: int = 1_000_000, seconds: int = NOW, sequence: int = 0) -> bytes:
    """From records of v5; v7 adds the address of the router that was bypassed."""
    body = b"".join(one + _four("10.0.0.253") for one in records)
    return struct.pack("!HHIIIII", 7, len(records), uptime, seconds, 0, sequence, 0) + body


def _four(address: str) -> bytes:
    return ip_address(address).packed
