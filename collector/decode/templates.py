"""Template records of NetFlow v9 (RFC 3954 sections 5.2, 6.1) and IPFIX (RFC 7011 section 3.4), read into layouts."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from collector.decode.elements import Element, ipfix, netflow9, scope9
from collector.decode.layout import Layout, Slot, layout

FIRST_DATA_SET = 256
ENTERPRISE_BIT = 0x8000
MOST_SLOTS = 1024
"""Fields of a template. One that fills a datagram of 1500 bytes has 370; thousands are an attack on memory."""
_TWO = struct.Struct("!HH")
_THREE = struct.Struct("!HHH")
_PEN = struct.Struct("!I")


class TemplateError(ValueError):
    """A template record that cannot be used; its text says why."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One template record."""

    number: int
    layout: Layout | None
    """None for a withdrawal. Records of zero bytes (`Layout.smallest`) are for the caller to refuse."""
    options: bool
    raw: bytes
    """The record on the wire, by which a mere repetition is recognised and from which it can be read again."""


def netflow9_templates(body: bytes) -> Iterator[Definition]:
    """Template records of a v9 template FlowSet; TemplateError where one does not fit, after those before it."""
    offset = 0
    while offset + 4 <= len(body):
        number, count = _TWO.unpack_from(body, offset)
        if number < FIRST_DATA_SET:  # padding: FlowSets are filled up to four bytes
            _only_padding(body, offset, number)
            return
        end = offset + 4 + 4 * count
        _fits(body, end, number, count)
        slots = tuple(Slot(netflow9(kind), length) for kind, length in _TWO.iter_unpack(body[offset + 4 : end]))
        yield _definition(number, slots, 0, False, body[offset:end])
        offset = end


def netflow9_options(body: bytes) -> Iterator[Definition]:
    """Options template records of a v9 options template FlowSet. Its lengths are in bytes, not fields."""
    offset = 0
    while offset + 6 <= len(body):
        number, scope_bytes, option_bytes = _THREE.unpack_from(body, offset)
        if number < FIRST_DATA_SET:
            _only_padding(body, offset, number)
            return
        # Whole fields only: old pmacct releases write a length that is not a multiple of four.
        scopes, options = scope_bytes // 4, option_bytes // 4
        end = offset + 6 + 4 * (scopes + options)
        _fits(body, end, number, scopes + options)
        pairs = list(_TWO.iter_unpack(body[offset + 6 : end]))
        slots = [Slot(scope9(kind), length) for kind, length in pairs[:scopes]]
        slots += [Slot(netflow9(kind), length) for kind, length in pairs[scopes:]]
        yield _definition(number, tuple(slots), scopes, True, body[offset:end])
        offset = end


def ipfix_templates(body: bytes) -> Iterator[Definition]:
    """Template records and withdrawals of an IPFIX template set."""
    return _ipfix(body, options=False)


def ipfix_options(body: bytes) -> Iterator[Definition]:
    """Options template records and withdrawals of an IPFIX options template set; the field count includes the scope."""
    return _ipfix(body, options=True)


def _ipfix(body: bytes, options: bool) -> Iterator[Definition]:
    offset, head = 0, 6 if options else 4
    while offset + 4 <= len(body):
        number, count = _TWO.unpack_from(body, offset)
        if not count and number:
            yield Definition(number, None, options, body[offset : offset + 4])
            offset += 4
            continue
        if number < FIRST_DATA_SET:
            _only_padding(body, offset, number)
            return
        _fits(body, offset + head, number, count)
        scopes = min(_TWO.unpack_from(body, offset + 2)[1], count) if options else 0
        slots, end = _specifiers(body, offset + head, count, number)
        yield _definition(number, slots, scopes, options, body[offset:end])
        offset = end


def _specifiers(body: bytes, offset: int, count: int, number: int) -> tuple[tuple[Slot, ...], int]:
    slots = []
    for _ in range(count):
        _fits(body, offset + 4, number)
        kind, length = _TWO.unpack_from(body, offset)
        offset += 4
        slots.append(Slot(_element(body, offset, kind, number), length))
        offset += 4 if kind & ENTERPRISE_BIT else 0
    return tuple(slots), offset


def _element(body: bytes, offset: int, kind: int, number: int) -> Element:
    if not kind & ENTERPRISE_BIT:
        return ipfix(0, kind)
    _fits(body, offset + 4, number)
    return ipfix(_PEN.unpack_from(body, offset)[0], kind & ~ENTERPRISE_BIT)


def _definition(number: int, slots: tuple[Slot, ...], scopes: int, options: bool, raw: bytes) -> Definition:
    return Definition(number, layout(slots, scopes), options, raw)


def _fits(body: bytes, end: int, number: int, count: int = 0) -> None:
    if count > MOST_SLOTS:
        raise TemplateError(f"template {number} has {count} fields, which is more than {MOST_SLOTS}")
    if end > len(body):
        raise TemplateError(f"template {number} needs {end} bytes of a set that has {len(body)}")


def _only_padding(body: bytes, offset: int, number: int) -> None:
    if any(body[offset:]):
        raise TemplateError(f"template id {number} is reserved (ids begin at {FIRST_DATA_SET})")
