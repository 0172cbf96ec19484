"""Thrift's compact protocol, as far as Parquet's page headers and footers need it: written, never read.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Mapping, Sequence

Value = tuple[int, bytes]
"""A value's type on the wire and its bytes."""

BYTE, I32, I64, BINARY, LIST, STRUCT = 3, 5, 6, 8, 9, 12
"""Types on the wire."""

TRUE: Value = (1, b"")
FALSE: Value = (2, b"")
"""Booleans as fields of a struct: the type is the value."""


def varint(number: int) -> bytes:
    """A number of 0 or more, seven bits a byte, the least first (ULEB128)."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def byte(number: int) -> Value:
    """An i8."""
    return BYTE, bytes([number])


def i32(number: int) -> Value:
    """An i32 of 0 or more; an enumeration is one too."""
    return I32, varint(number << 1)


def i64(number: int) -> Value:
    """An i64 of 0 or more."""
    return I64, varint(number << 1)


def binary(data: bytes) -> Value:
    """Bytes, or text in UTF-8."""
    return BINARY, varint(len(data)) + data


def struct(fields: Mapping[int, Value | None]) -> Value:
    """A struct of fields by number in ascending order, at most 15 apart; None leaves a field out."""
    out, last = [], 0
    for number, field in fields.items():
        if field is not None:
            out += [bytes([(number - last) << 4 | field[0]]), field[1]]
            last = number
    return STRUCT, b"".join([*out, b"\0"])


def array(items: Sequence[Value], kind: int) -> Value:
    """A list of values of one type."""
    size = len(items)
    head = bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind]) + varint(size)
    return LIST, head + b"".join(data for _, data in items)
