"""NetFlow v1, v5 and v7: fixed records, seen through layouts as if a template had described them."""

import struct
from dataclasses import dataclass, replace

from collector.decode.elements import Element, netflow9
from collector.decode.exports import NO_RATE, Header
from collector.decode.layout import Layout, Slot, layout
from collector.decode.streams import Batch, Streams, Template

PAD = Element("padding", "octetArray")
_SAMPLING_BITS = 0x3FFF
"""Below the two bits of the sampling mode (v5)."""


@dataclass(frozen=True)
class Format:
    """A version of NetFlow with fixed records."""

    version: int
    header: struct.Struct
    """version, count, uptime, seconds, nanoseconds; then what the version adds."""
    layout: Layout


def _layout(*fields: tuple[int, int]) -> Layout:
    """Field types as of v9 (0: padding) and their lengths."""
    return layout(tuple(Slot(netflow9(kind) if kind else PAD, length) for kind, length in fields))


_ENDS = ((8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2))
_ROUTES = ((16, 2), (17, 2), (9, 1), (13, 1))
V1 = Format(1, struct.Struct("!HHIII"), _layout(*_ENDS, (0, 2), (4, 1), (5, 1), (6, 1), (0, 7)))
V5 = Format(5, struct.Struct("!HHIIIIBBH"), _layout(*_ENDS, (0, 1), (6, 1), (4, 1), (5, 1), *_ROUTES, (0, 2)))
V7 = Format(7, struct.Struct("!HHIIIII"), _layout(*_ENDS, (0, 1), (6, 1), (4, 1), (5, 1), *_ROUTES, (0, 2), (0, 4)))
FORMATS = {form.version: form for form in (V1, V5, V7)}
V1_LONG = replace(V1, layout=_layout(*_ENDS, (0, 2), (4, 1), (5, 1), (6, 1), (0, 11)))
"""Cisco's records of v1 end with four reserved bytes that softflowd's lack."""


def walk(streams: Streams, batch: Batch, form: Format, payload: bytes, exporter: int, received: int) -> None:
    """Put the records of one datagram aside; `received` in milliseconds."""
    start = form.header.size
    if len(payload) < start:
        batch.problems.add("too-short", exporter, f"{len(payload)} bytes of NetFlow v{form.version}")
        return
    _, count, uptime, seconds, nanoseconds, *more = form.header.unpack_from(payload)
    if form is V1 and len(payload) - start == count * V1_LONG.layout.smallest:
        form = V1_LONG
    size = form.layout.smallest
    whole = (len(payload) - start) // size
    if whole < count:
        batch.problems.add("missing-records", exporter, f"{count} records announced, {whole} found", count - whole)
    domain, rate = (more[1] << 8 | more[2], more[3] & _SAMPLING_BITS) if form is V5 else (0, NO_RATE)
    stream = streams.of(exporter, form.version, domain)
    if stream is None:
        batch.problems.add("too-many-domains", exporter, f"engine {domain}")
        return
    if size not in stream.templates:  # it stands for the format
        stream.templates[size] = Template(size, form.layout, False, b"", received)
    exported = seconds * 1000 + nanoseconds // 1_000_000
    header = Header(stream.row, exported, uptime, more[0] if more else 0, received, rate, count)
    stream.data(batch, size, payload[start : start + min(count, whole) * size], batch.exports.add(header))
