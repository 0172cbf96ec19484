"""Values of single fields as Python objects, by abstract data type: for options data, which are few."""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from collector.decode.columns import mac, text
from collector.decode.records import Records
from collector.decode.times import NTP_TO_UNIX

Reader = Callable[[str, bytes], Any]
"""From an abstract data type and the bytes to a value."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _unsigned(cell: bytes) -> int:
    return int.from_bytes(cell, "big")


def _signed(cell: bytes) -> int:
    return int.from_bytes(cell, "big", signed=True)


def _float(cell: bytes) -> float | str:
    # float64 may come in four bytes (RFC 7011 section 6.2).
    layouts = {4: "!f", 8: "!d"}
    return float(struct.unpack(layouts[len(cell)], cell)[0]) if len(cell) in layouts else cell.hex()


def _address(cell: bytes) -> str:
    return str(ip_address(cell)) if len(cell) in (4, 16) else cell.hex()


def _boolean(cell: bytes) -> bool:
    return _unsigned(cell) == 1  # 2 is false (RFC 7011 section 6.1.5)


def _seconds(cell: bytes) -> str:
    return _stamp(_unsigned(cell) * 1000)


def _milliseconds(cell: bytes) -> str:
    return _stamp(_unsigned(cell))


def _ntp(cell: bytes) -> str:
    value = _unsigned(cell)
    return _stamp(((value >> 32) - NTP_TO_UNIX) * 1000 + ((value & 0xFFFFFFFF) * 1000 >> 32))


def _stamp(milliseconds: int) -> str:
    try:
        return (EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")
    except OverflowError:
        return str(milliseconds)


def milliseconds_of(stamp: Any) -> int | None:
    """The milliseconds since 1970 of a time that `value` has read; None where it is none."""
    try:
        return round(datetime.fromisoformat(stamp).timestamp() * 1000) if isinstance(stamp, str) else None
    except ValueError:
        return None


READERS: dict[str, Callable[[bytes], Any]] = {
    "string": text,
    "macAddress": mac,
    "ipv4Address": _address,
    "ipv6Address": _address,
    "boolean": _boolean,
    "float32": _float,
    "float64": _float,
    "dateTimeSeconds": _seconds,
    "dateTimeMilliseconds": _milliseconds,
    "dateTimeMicroseconds": _ntp,
    "dateTimeNanoseconds": _ntp,
    **{f"unsigned{bits}": _unsigned for bits in (8, 16, 32, 64, 256)},
    **{f"signed{bits}": _signed for bits in (8, 16, 32, 64)},
}


def value(kind: str, cell: bytes) -> Any:
    """One value: int, float, bool or str; octet arrays and lists as hexadecimal text. None for no bytes."""
    return READERS.get(kind, bytes.hex)(cell) if cell or kind == "string" else None


def rows(records: Records, first: int, end: int, readers: Sequence[Reader]) -> list[dict[str, Any]]:
    """The slots from `first` to before `end` of each record as a dictionary from element key to value.

    Each record has its reader, which may be `value`. An element that occurs more than once has a list of values.
    """
    out: list[dict[str, Any]] = [{} for _ in range(records.count)]
    for place, slot in enumerate(records.layout.slots[first:end], first):
        if slot.length:
            for row, read, cell in zip(out, readers, _cells(records, place), strict=True):
                put(row, slot.element.key, read(slot.element.type, cell))
    return out


def _cells(records: Records, place: int) -> list[bytes]:
    if place not in records.ragged:
        return [bytes(cell) for cell in records.matrix(place)]
    column = records.ragged[place]
    return [bytes(column.buffer[s : s + n]) for s, n in zip(column.starts, column.lengths, strict=True)]


def put(row: dict[str, Any], key: str, one: Any) -> None:
    """Add a value; of several with the same key there is a list."""
    if key not in row:
        row[key] = one
    elif isinstance(row[key], list):
        row[key].append(one)
    else:
        row[key] = [row[key], one]
