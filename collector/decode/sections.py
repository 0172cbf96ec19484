"""Sections of sampled packets in flow records (PSAMP: RFC 5477; RFC 7133; Cisco's NetFlow-lite), parsed as headers.

A section fills the columns that the record's own elements left empty. A record with a section and without counters is
the report of one packet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from collector.decode.columns import Mask
from collector.decode.headers import IP_LENGTH, Link, parse, parse_payload
from collector.decode.layout import Layout
from collector.decode.octets import Octets, Places
from collector.decode.records import Ints, Records
from collector.decode.sheet import Part
from collector.decode.table import STACK, Table

LINKS: Mapping[str, Link | None] = {
    "dataLinkFrameSection": Link.ETHERNET,
    "layer2packetSectionData": Link.ETHERNET,
    "ipHeaderPacketSection": Link.IP,
    "mplsLabelStackSection": Link.MPLS,
    "mplsPayloadPacketSection": Link.IP,
    "ipPayloadPacketSection": None,
}
"""What each section begins with, in order of preference; None: with what follows an IP header."""
CISCO = "layer2packetSectionData"
FRAME_SIZE = "dataLinkFrameSize"
SECTION_SIZE = "layer2packetSectionSize"
"""Of the section by its name, of the frame by IANA, which gives it up for dataLinkFrameSize: a bound in any case."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section in the records of a layout; slot numbers, None for what the layout does not have."""

    place: int
    link: Link | None
    offset: int | None
    """Where in the packet the section begins."""
    sizes: tuple[int, ...]
    """Elements that bound it: behind them is padding. Zero tells nothing."""
    kind: int | None
    """The type of the frame (RFC 7133)."""


@lru_cache(maxsize=4096)
def sections_of(layout: Layout) -> tuple[Section, ...]:
    """The sections that a layout has, the preferred one first."""
    places = sorted(place for key in LINKS for place in layout.occurrences.get(key, ()))
    return tuple(
        _section(layout, key, places.index(layout.occurrences[key][0])) for key in LINKS if key in layout.occurrences
    )


def _section(layout: Layout, key: str, rank: int) -> Section:
    """RFC 7133: the first offset and the first size are the first section's, and so on."""
    frame = LINKS[key] is Link.ETHERNET
    if key == CISCO:
        offset, size = layout.first("layer2packetSectionOffset"), layout.first(SECTION_SIZE)
    else:
        offset, size = (_nth(layout, name, rank) for name in ("sectionOffset", "sectionExportedOctets"))
    sizes = (size, layout.first(FRAME_SIZE) if frame else None)
    kind = layout.first("dataLinkFrameType") if frame else None
    return Section(layout.occurrences[key][0], LINKS[key], offset, tuple(one for one in sizes if one is not None), kind)


def _nth(layout: Layout, key: str, rank: int) -> int | None:
    places = layout.occurrences.get(key, ())
    return places[rank] if rank < len(places) else None


def sections(records: Records, part: Part) -> None:
    """Fill in what the sections of the records say."""
    found = sections_of(records.layout)
    if not found:
        return
    lengths = np.zeros(records.count, np.int64)
    for section in found:
        _fill(part, _parsed(records, section, part), lengths)
    if part.get("network.packets") is None and part.get("network.bytes") is None:
        _one_packet(records, part, lengths)


def _fill(part: Part, table: Table, lengths: Ints) -> None:
    """Take over what the part does not have, and the lengths of IP packets where they are still 0."""
    for name, values, valid in table.columns():
        if name == IP_LENGTH:
            np.copyto(lengths, values, where=valid & (lengths == 0))
        elif values.dtype != STACK:
            part.fill(name, values, valid)
        elif not part.has_text(name):
            part.text(table.series(name))


def _one_packet(records: Records, part: Part, lengths: Ints) -> None:
    """The counts of one packet: its length as the exporter tells it, else as its IP header does (`lengths`)."""
    frame, packet, least = (_told(records, key) for key in (FRAME_SIZE, "ipTotalLength", SECTION_SIZE))
    sizes = np.zeros(records.count, np.int64)
    for values in (frame, packet, lengths, least):
        np.copyto(sizes, values, where=(sizes == 0) & (values > 0))
    for side in ("network", "source"):
        part.put(f"{side}.packets", np.ones(records.count, np.int64))
        part.put(f"{side}.bytes", sizes, sizes > 0)


def _told(records: Records, key: str) -> Ints:
    place = records.layout.first(key)
    return np.zeros(records.count, np.int64) if place is None else records.signed(place)


def _parsed(records: Records, section: Section, part: Part) -> Table:
    octets, at, size = _spans(records, section.place)
    for place in section.sizes:
        told = records.signed(place)
        size = np.where(told > 0, np.minimum(size, told), size)
    table = Table(records.count, octets)
    rows = np.flatnonzero(_readable(records, section))
    if section.link is not None:
        parse(section.link, octets, at[rows], (at + size)[rows], table, rows)
    else:
        _payload(octets, at, at + size, table, rows, part)
    return table


def _payload(octets: Octets, at: Places, end: Places, table: Table, rows: Places, part: Part) -> None:
    """What follows an IP header of which the rest of the record tells; a later fragment begins with no header."""
    protocol, fragment = part.get("network.iana_number"), part.get("flow.fragment_offset")
    if protocol is None:
        return
    numbers, known = protocol
    rows = rows[known[rows]]
    if fragment is not None:
        rows = rows[~(fragment[1] & (fragment[0] > 0))[rows]]
    parse_payload(numbers[rows], octets, at[rows], end[rows], table, rows)


def _spans(records: Records, place: int) -> tuple[Octets, Places, Ints]:
    """The bytes of a section: where each lies, and how many there are."""
    if place in records.ragged:
        column = records.ragged[place]
        return Octets.of(column.buffer.tobytes()), column.starts, column.lengths
    length = records.layout.slots[place].length
    at = np.arange(records.count) * length
    return Octets.of(records.cells(place).tobytes()), at, np.full(records.count, length)


def _readable(records: Records, section: Section) -> Mask:
    """Sections that begin where the packet does, of a kind of frame that is Ethernet or not told."""
    out = np.ones(records.count, np.bool_)
    if section.offset is not None:
        out &= records.numbers(section.offset) == 0
    if section.kind is not None:
        kind = records.numbers(section.kind)
        out &= (kind == 0) | ((kind & 1) > 0)
    return out
