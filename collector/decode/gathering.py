"""From the data sets of a batch to records: the sets of equal layouts are decoded together, whoever sent them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from collector.decode.exports import ExportColumns, Sets
from collector.decode.layout import PADDING, Layout
from collector.decode.problems import Problems
from collector.decode.records import Ints, Records, fixed
from collector.decode.streams import Template
from collector.decode.variable import variable


@dataclass(frozen=True)
class Found:
    """The records of one layout, with the message and the template id of each."""

    records: Records
    messages: Ints
    templates: Ints


def gather(touched: Iterable[Template]) -> tuple[dict[Layout, Sets], dict[Layout, Sets]]:
    """The sets of a batch by layout: options data, and flows. The templates are then as before the batch."""
    options: dict[Layout, Sets] = {}
    flows: dict[Layout, Sets] = {}
    for template in touched:
        kind = options if template.options else flows
        if template.sets is not None:
            kind.setdefault(template.layout, Sets()).gather(template.sets, template.number)
        template.sets = None
    return options, flows


def all_found(groups: Mapping[Layout, Sets], messages: ExportColumns, problems: Problems) -> list[Found]:
    """The records of all layouts that have any."""
    every = (_found(layout, sets, messages, problems) for layout, sets in groups.items())
    return [one for one in every if one.records.count]


def _found(layout: Layout, sets: Sets, messages: ExportColumns, problems: Problems) -> Found:
    headers = np.array(sets.headers, np.int64)
    records, counts, left = variable(layout, sets.bodies) if layout.variable else _fixed(layout, sets.bodies)
    cut = left > (max(layout.smallest - 1, PADDING) if layout.variable else PADDING)
    if cut.any():
        for exporter in messages.exporter[headers[cut]].tolist():
            problems.add("cut-record", exporter, "bytes are left over behind the last whole record")
    return Found(records, np.repeat(headers, counts), np.repeat(np.array(sets.templates, np.int64), counts))


def _fixed(layout: Layout, bodies: list[bytes]) -> tuple[Records, Ints, Ints]:
    """Records, their number in each set, and the bytes left over in each set."""
    size = layout.smallest
    lengths = np.fromiter(map(len, bodies), np.int64, len(bodies))
    counts, left = np.divmod(lengths, size)
    if left.any():
        bodies = [body[: number * size] for body, number in zip(bodies, counts.tolist(), strict=True)]
    return fixed(layout, b"".join(bodies), int(counts.sum())), counts, left
