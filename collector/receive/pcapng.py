"""Packets of a pcapng file (draft-ietf-opsawg-pcapng)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from collector.receive.link import LINKS, NO_LINK, link_problem
from collector.receive.outcome import Outcome, Record
from collector.receive.source import Source

SECTION_HEADER, INTERFACE, PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"  # the same in both byte orders
ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
IF_TSRESOL, IF_TSOFFSET = 9, 14
LARGEST_BLOCK = 16 << 20
SECOND = 1_000_000_000  # ns
MALFORMED: Record = (NO_LINK, 0, 0, b"")  # stands for a packet block that contradicts itself
LATEST = (1 << 63) - 1  # ns since 1970 that fit a signed 64-bit column


class Interface(NamedTuple):
    """Where packets of a section were captured."""

    link: int
    snap: int
    """Bytes kept of a packet at most; 0 for all."""
    resolution: int
    """Time stamp units in a second."""
    offset: int
    """Seconds to add to a time stamp."""


def records(source: Source, outcome: Outcome) -> Iterator[Record]:
    """Packets after SECTION_MAGIC, which was read already; raises CaptureError."""
    return _Sections(source, outcome).records()


class _Sections:
    """A file in reading: byte order and interfaces of its section, time of its last packet."""

    def __init__(self, source: Source, outcome: Outcome) -> None:
        self.source, self.outcome = source, outcome
        self.order = "<"
        self.position = 0
        self.interfaces: list[Interface] = []
        self.time = source.modified  # a simple packet block has no time of its own

    def records(self) -> Iterator[Record]:
        """Walk the blocks; those of other kinds are passed over."""
        magic = SECTION_MAGIC
        while magic:
            block = self._block(magic)
            if block is None:
                self.outcome.warn(f"ends within the block at byte {self.position}; the packets before it were read")
                return
            record = self._record(*block)
            if record is not None:
                yield record
            magic = self.source.read(4)

    def _block(self, magic: bytes) -> tuple[int, bytes] | None:
        """Kind and body of the block after its first four bytes, None where the file ends within it."""
        head = self.source.read(4)
        after = self.source.read(4) if magic == SECTION_MAGIC else b""
        if len(magic + head) < 8 or (magic == SECTION_MAGIC and len(after) < 4):
            return None
        if magic == SECTION_MAGIC:
            self._begin_section(after)
        kind, size = struct.unpack(self.order + "II", magic + head)
        if size < 12 + len(after) or size % 4 or size > LARGEST_BLOCK:
            raise self._damage(f"claims a length of {size} bytes")
        rest = self.source.read(size - 8 - len(after))
        if len(rest) < size - 8 - len(after):
            return None
        if rest[-4:] != head:
            raise self._damage("has two different lengths")
        self.position += size
        return kind, after + rest[:-4]

    def _begin_section(self, magic: bytes) -> None:
        if magic not in ORDERS:
            raise self._damage(f"is a section header with the byte-order magic {magic.hex(' ')}")
        self.order, self.interfaces = ORDERS[magic], []

    def _damage(self, what: str) -> Exception:
        return self.source.error(
            f"the block at byte {self.position} {what}: "
            f"the file is damaged from there on, {self.outcome.packets} packets before it were read"
        )

    def _record(self, kind: int, body: bytes) -> Record | None:
        if kind in (ENHANCED_PACKET, PACKET):
            return self._timed(kind, body)
        if kind == SIMPLE_PACKET:
            return self._simple(body)
        if kind == INTERFACE:
            self._interface(body)
        return None

    def _timed(self, kind: int, body: bytes) -> Record | None:
        if len(body) < 20:
            return MALFORMED
        number, high, low, captured, size = struct.unpack_from(self.order + "5I", body)
        if kind == PACKET:  # the other half counts drops
            number = struct.unpack_from(self.order + "H", body)[0]
        if captured > len(body) - 20 or number >= len(self.interfaces):
            return MALFORMED
        interface = self.interfaces[number]
        time = (high << 32 | low) * SECOND // interface.resolution + interface.offset * SECOND
        self.time = min(max(time, 0), LATEST)
        return interface.link, self.time, size, body[20 : 20 + captured]

    def _simple(self, body: bytes) -> Record | None:
        """All packets of this kind are of the first interface, which tells how much was kept of them."""
        if len(body) < 4 or not self.interfaces:
            return MALFORMED
        interface = self.interfaces[0]
        size = struct.unpack_from(self.order + "I", body)[0]
        captured = min(size, interface.snap or size)
        if captured > len(body) - 4:
            return MALFORMED
        return interface.link, self.time, size, body[4 : 4 + captured]

    def _interface(self, body: bytes) -> None:
        link, _, snap = struct.unpack_from(self.order + "HHI", body.ljust(8, b"\0"))
        if link not in LINKS:
            self.outcome.warn(f"packets of interface {len(self.interfaces)} were left out: {link_problem(link)}")
        options = self._options(body[8:])
        resolution, offset = options.get(IF_TSRESOL, b""), options.get(IF_TSOFFSET, b"")
        seconds = struct.unpack(self.order + "q", offset)[0] if len(offset) == 8 else 0
        self.interfaces.append(Interface(link, snap, _resolution(resolution), seconds))

    def _options(self, data: bytes) -> dict[int, bytes]:
        """Options by code, as far as they are whole."""
        found: dict[int, bytes] = {}
        position = 0
        while position + 4 <= len(data):
            code, size = struct.unpack_from(self.order + "HH", data, position)
            if code == 0:
                break
            found[code] = data[position + 4 : position + 4 + size]
            position += 4 + size + -size % 4
        return found


def _resolution(option: bytes) -> int:
    """Units in a second: a power of two where the first bit says so, of ten otherwise."""
    value = option[0] if option else 6
    return int(2 ** (value & 0x7F) if value & 0x80 else 10**value)
