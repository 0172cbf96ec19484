"""Structured data (RFC 6313) as Python values: basicList, subTemplateList, subTemplateMultiList.

It is read one cell at a time, for what is few. Flows skip lists by their length, whatever is in them.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any

from collector.decode.elements import Element, ipfix
from collector.decode.layout import VARIABLE, Layout
from collector.decode.values import put, value

Layouts = Callable[[int], Layout | None]
"""From the id of a template to its layout, None where it is not known."""
MAX_DEPTH = 8
"""Lists inside lists."""
MAX_VALUES = 4096
"""Values in a cell and fields in the templates of its lists, those of lists in lists among them."""
SEMANTICS = {0: "noneOf", 1: "exactlyOneOf", 2: "oneOrMoreOf", 3: "allOf", 4: "ordered", 255: "undefined"}
"""RFC 6313 section 4.4: what the values of a list are to each other."""
_PEN_BIT = 0x8000
_LONG = 255
_TWO = struct.Struct("!HH")


class _MalformedError(ValueError):
    """A list that is not what it says."""


class _TooLargeError(ValueError):
    """More than anyone reads."""


def structured(cell: bytes, kind: str, layouts: Layouts) -> dict[str, Any] | str:
    """The list in a cell; `kind` is its abstract data type, `layouts` has the templates of its stream.

    A basicList becomes `{"semantic", "element", "values"}`, a subTemplateList `{"semantic", "template", "records"}`, a
    subTemplateMultiList `{"semantic", "lists": [{"template", "records"}]}`; records are dictionaries by element key. A
    list that is malformed or of an unknown template is hexadecimal text, in lists that hold it too; so is the whole
    cell where it has more than `MAX_VALUES` values. Nothing is raised.
    """
    try:
        return _Reader(layouts).list(cell, kind, MAX_DEPTH)
    except _TooLargeError:
        return cell.hex()


def read(layouts: Layouts) -> Callable[[str, bytes], Any]:
    """As `values.value`, but with lists read."""

    def reader(kind: str, cell: bytes) -> Any:
        return structured(cell, kind, layouts) if cell and kind in _LISTS else value(kind, cell)

    return reader


class _Reader:
    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self._left = MAX_VALUES

    def list(self, cell: bytes, kind: str, depth: int) -> dict[str, Any] | str:
        if not depth or not cell:
            return cell.hex()
        try:
            body = _LISTS[kind](self, cell[1:], depth - 1)
        except _MalformedError:
            return cell.hex()
        return {"semantic": SEMANTICS.get(cell[0], str(cell[0])), **body}

    def basic(self, body: bytes, depth: int) -> dict[str, Any]:
        element, length, values = _specifier(body)
        return {
            "element": element.key,
            "values": [self._value(element, cell, depth) for cell in _cells(values, length)],
        }

    def sub_template(self, body: bytes, depth: int) -> dict[str, Any]:
        if len(body) < 2:
            raise _MalformedError
        return self._records(int.from_bytes(body[:2], "big"), body[2:], depth)

    def multi(self, body: bytes, depth: int) -> dict[str, Any]:
        """Lists of several templates; the length of each counts its own header (erratum 3232)."""
        lists = []
        while body:
            if len(body) < _TWO.size:
                raise _MalformedError
            number, length = _TWO.unpack_from(body)
            if not _TWO.size <= length <= len(body):
                raise _MalformedError
            lists.append(self._records(number, body[_TWO.size : length], depth))
            body = body[length:]
        return {"lists": lists}

    def _records(self, number: int, body: bytes, depth: int) -> dict[str, Any]:
        layout = self._layouts(number)
        if layout is None or not layout.smallest:
            raise _MalformedError
        self._count(len(layout.slots))
        slots = [slot for slot in layout.slots if slot.length]
        records, at = [], 0
        while at < len(body):
            record: dict[str, Any] = {}
            for slot in slots:
                start, at = _bounds(body, at, slot.length)
                put(record, slot.element.key, self._value(slot.element, body[start:at], depth))
            records.append(record)
        return {"template": number, "records": records}

    def _value(self, element: Element, cell: bytes, depth: int) -> Any:
        self._count()
        if element.type in _LISTS and cell:
            return self.list(cell, element.type, depth)
        return value(element.type, cell)

    def _count(self, more: int = 1) -> None:
        self._left -= more
        if self._left < 0:
            raise _TooLargeError


_LISTS: dict[str, Callable[[_Reader, bytes, int], dict[str, Any]]] = {
    "basicList": _Reader.basic,
    "subTemplateList": _Reader.sub_template,
    "subTemplateMultiList": _Reader.multi,
}


def _specifier(body: bytes) -> tuple[Element, int, bytes]:
    """The element of a basicList, its length, and what follows."""
    if len(body) < _TWO.size:
        raise _MalformedError
    number, length = _TWO.unpack_from(body)
    end = _TWO.size + (4 if number & _PEN_BIT else 0)
    if len(body) < end:
        raise _MalformedError
    return ipfix(int.from_bytes(body[_TWO.size : end], "big"), number & ~_PEN_BIT), length, body[end:]


def _cells(body: bytes, length: int) -> Iterator[bytes]:
    if not length and body:
        raise _MalformedError
    at = 0
    while at < len(body):
        start, at = _bounds(body, at, length)
        yield body[start:at]


def _bounds(body: bytes, at: int, length: int) -> tuple[int, int]:
    """Start and end of the field at `at`, which may have a length of its own (RFC 7011 section 7)."""
    if length == VARIABLE:
        length = int.from_bytes(body[at : at + 1], "big")
        at += 1
        if length == _LONG:
            length = int.from_bytes(body[at : at + 2], "big")
            at += 2
    if at + length > len(body):
        raise _MalformedError
    return at, at + length
