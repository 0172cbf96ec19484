"""All columns of the flows of a batch."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from collector import registry
from collector.decode import derived, events, sampling, sections, texts, transport
from collector.decode.clocks import Clocks
from collector.decode.columns import Mask
from collector.decode.exports import ExportColumns
from collector.decode.extra import Extras
from collector.decode.fields import direct
from collector.decode.gathering import Found
from collector.decode.layout import Layout
from collector.decode.sampling import Sampling
from collector.decode.sheet import Part, Sheet
from collector.decode.times import times
from collector.decode.totals import Totals, mark
from collector.decode.unused import blank
from collector.decode.volumes import volumes

IPFIX = 10


def flow_frame(
    parts: Sequence[Found],
    messages: ExportColumns,
    rates: Sampling,
    totals: Totals,
    clocks: Clocks,
    off: Mask,
    extras: Extras | None = None,
) -> pl.DataFrame:
    """One row a record, layout by layout. `off` says which messages have a time of export that is wrong.

    With `extras`, also what the records say beyond the fields of the schema.
    """
    sheet = Sheet(sum(found.records.count for found in parts))
    if not sheet.rows:
        return pl.DataFrame()
    message = np.concatenate([found.messages for found in parts])
    exports = messages.take(message)
    first = 0
    for found in parts:
        end = first + found.records.count
        _fill(found, exports.span(first, end), sheet.part(first, end))
        if extras is not None:
            exporter = int(exports.exporter[first])
            extras.put(found.records, unused(found.records.layout), exporter, sheet.part(first, end))
        first = end
    whole = sheet.whole()
    _header(whole, exports)
    derived.tcp_only(whole)
    transport.ports(whole)
    rates.settle(whole, exports)
    totals.settle(whole, exports, message)
    clocks.stamp(whole, exports.received, off[message])
    return sheet.frame()


def _fill(found: Found, exports: ExportColumns, part: Part) -> None:
    """What the records of one layout tell."""
    records = found.records
    part.put("_template", found.templates)
    times(records, exports, part)
    for step in _STEPS:
        step(records, part)


_STEPS = (
    direct,
    volumes,
    derived.flags,
    derived.enumerations,
    events.events,
    events.rules,
    mark,
    transport.icmp,
    texts.labels,
    texts.application,
    sections.sections,
    sampling.recorded,
)


@lru_cache(maxsize=4096)
def unused(layout: Layout) -> tuple[int, ...]:
    """The slots of a layout that feed no field."""
    records, zeros = blank(layout), np.zeros(1, np.int64)
    exports = ExportColumns(*(zeros for _ in ExportColumns.__slots__))
    _fill(Found(records, zeros, zeros), exports, Sheet(1).whole())
    return records.unused()


def _header(whole: Part, exports: ExportColumns) -> None:
    """What the headers of the messages tell."""
    netflow, ipfix = (np.uint8(registry.number_of("datasets", word)) for word in ("netflow", "ipfix"))
    whole.put("event.dataset", np.where(exports.version == IPFIX, ipfix, netflow))
    whole.put("event.ingested", exports.received)
    whole.put("host.ip", exports.exporter)
    whole.put("flow.version", exports.version)
    whole.put("flow.observation_domain", exports.domain)
