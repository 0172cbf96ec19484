"""Records and templates as NetFlow v9 and IPFIX put them on the wire."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

ROOM = 1400
"""Bytes of sets in a datagram."""
MINUTE = 60_000
OF_ENTERPRISE = 0x8000
KINDS: Mapping[int, str] = {1: "u1", 2: ">u2", 4: ">u4", 8: ">u8"}
Column = npt.NDArray[Any]
Values = Mapping[str, Column]
Pair = tuple[int, int]
"""An element and its bytes."""
Matrix = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Item:
    """A field of a template: number of the element, bytes, the name of the values, and whose element it is (IPFIX)."""

    element: int
    size: int
    name: str
    enterprise: int = 0

    def declaration(self) -> bytes:
        """As a template has it (RFC 7011 section 3.2)."""
        if self.enterprise:
            return struct.pack("!HHI", OF_ENTERPRISE | self.element, self.size, self.enterprise)
        return struct.pack("!HH", self.element, self.size)


@dataclass(frozen=True, slots=True)
class Template:
    """A template of flow records."""

    number: int
    items: tuple[Item, ...]

    def declaration(self) -> bytes:
        """As it is told."""
        fields = b"".join(item.declaration() for item in self.items)
        return struct.pack("!HH", self.number, len(self.items)) + fields

    def encode(self, values: Values, count: int) -> Matrix:
        """Records, a row each."""
        kinds = [KINDS.get(item.size, f"V{item.size}") for item in self.items]
        rows = np.zeros(count, [(f"{place}", kind) for place, kind in enumerate(kinds)])
        for place, item in enumerate(self.items):
            rows[f"{place}"] = values[item.name]
        return rows.view(np.uint8).reshape(count, rows.dtype.itemsize)


def fields(*texts: str) -> np.dtype[np.void]:
    """The type of rows whose fields are told as `name:kind`; without a kind they have 32 bits."""
    words = [word for text in texts for word in text.split()]
    return np.dtype([(name, kind or ">u4") for name, _, kind in (word.partition(":") for word in words)])


def flow_set(number: int, body: bytes) -> bytes:
    """A set with its header, padded to four bytes."""
    padding = -len(body) % 4
    return struct.pack("!HH", number, 4 + len(body) + padding) + body + bytes(padding)


def options9(number: int, fields: Sequence[Pair], records: Sequence[bytes]) -> bytes:
    """An options template of NetFlow v9 with the scope System, and its data (RFC 3954 section 6.1)."""
    told = b"".join(struct.pack("!HH", *field) for field in fields)
    head = struct.pack("!HHHHH", number, 4, len(told), 1, 4) + told
    return flow_set(1, head) + flow_set(number, b"".join(records))


def options10(
    number: int, scope: tuple[int, int], fields: Sequence[tuple[int, int]], records: Sequence[bytes]
) -> bytes:
    """An options template of IPFIX with one scope field, and its data (RFC 7011 section 3.4.2)."""
    told = b"".join(struct.pack("!HH", *field) for field in (scope, *fields))
    return flow_set(3, struct.pack("!HHH", number, 1 + len(fields), 1) + told) + flow_set(number, b"".join(records))


def cuts(times: npt.NDArray[np.int64], most: int) -> list[int]:
    """Where datagrams begin, for what comes at ascending times: none has more than `most`, or is of two minutes."""
    minute = times // MINUTE
    within = np.arange(len(times)) - np.searchsorted(minute, minute)
    new = within % most == 0
    return [*np.flatnonzero(new).tolist(), len(times)]
