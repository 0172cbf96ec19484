"""Running totals: of a counter that counts from the start of a flow, only what is new since its last record counts.

Three kinds of exporters send them:

* A cache that reports flows again and again while they last, with totals (Junos on SRX, permanent caches of IOS).
  IANA's total counters run on by definition (RFC 7012 section 3.2.2).
* A meter that reports each flow once and calls its counts totals (YAF): each flow has a start of its own.
* An ASA, whose updates of a connection have counts since the last update, while the event of its end has the totals of
  the connection, in the same elements (231, 232, 298, 299).

So what has been counted is kept for each flow that goes on. A record whose totals are not below that counts for the
difference; where one is below, another flow has begun, and it counts whole.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from collector import registry
from collector.decode.columns import Mask
from collector.decode.events import FIREWALL
from collector.decode.exports import ExportColumns, Ints
from collector.decode.layout import Layout
from collector.decode.records import Records
from collector.decode.sheet import Part, Values
from collector.decode.tallies import Counts, Keys, Tallies, mixed
from collector.decode.volumes import COUNTERS, ENDS, UNITS, counters

STARTS = tuple(f"flowStart{unit}" for unit in ("Milliseconds", "Microseconds", "Nanoseconds", "Seconds", "SysUpTime"))
CONNECTIONS = frozenset({"initiatorOctets", "initiatorPackets", "responderOctets", "responderPackets"})
TOTALS = 0x0F
"""Bits of `_totals`: one for each counter that is a total, in the order of `COUNTERS`."""
ENDED = 0x10
"""The flow is over: nothing is to be taken off the next one's totals."""
SHARE = 0x20
"""The counts are new, and a later total has them too."""
ACTIVE = (0, 2)
"""Reasons for a record (element 136) after which the flow goes on: none told, active timeout."""
END, UPDATE = (registry.number_of("actions", word) for word in ("flow-end", "flow-update"))
NAMES = (
    *(f"{end}.{part}" for end in ENDS for part in ("ip.hi", "ip.lo", "port", "mac")),
    "network.iana_number",
    "flow.icmp_type",
    "flow.icmp_code",
    "flow.tos",
    "flow.input_snmp",
    "flow.output_snmp",
    "flow.direction",
    "flow.vlan",
    "flow.vrf_in",
    "flow.id",
    "_start",
)
"""What tells the flows of an exporter apart, as far as it is told."""


def mark(records: Records, part: Part) -> None:
    """Note which counters of the records are totals: `_totals`, and for totals by definition `_start`."""
    bits, connections = _bits(records.layout)
    if bits:
        start = records.layout.first(*STARTS)
        none = np.zeros(records.count, np.uint8)
        part.put("_start", none if start is None else records.numbers(start))
        part.put("_totals", np.where(_over(records, part), bits | ENDED, bits).astype(np.uint8))
        return
    action = part.get("event.action") if connections else None
    if action is not None:
        ends, shares = (action[1] & (action[0] == one) for one in (END, UPDATE))
        part.put("_totals", np.where(ends, connections | ENDED, SHARE).astype(np.uint8), ends | shares)


@lru_cache(maxsize=4096)
def _bits(layout: Layout) -> tuple[int, int]:
    """Which counters of a layout are totals by definition, and which are where a connection ends."""
    fed = [counters(layout).get(name, "") for name in COUNTERS]
    connections = layout.first("flowId") is not None and layout.first(*FIREWALL) is not None
    totals = sum(1 << bit for bit, key in enumerate(fed) if "TotalCount" in key)
    return totals, sum(1 << bit for bit, key in enumerate(fed) if key in CONNECTIONS) if connections else 0


def _over(records: Records, part: Part) -> Mask:
    """Whether the flow ended with the record, as far as it says so."""
    over = np.zeros(records.count, np.bool_)
    reason = records.layout.first("flowEndReason")
    if reason is not None:
        over |= ~np.isin(records.numbers(reason), ACTIVE)
    action = part.get("event.action")
    if action is not None:
        over |= action[1] & (action[0] == END)
    return over


class Totals:
    """What has been counted of the flows that are reported with totals."""

    def __init__(self) -> None:
        self._tallies = Tallies(len(COUNTERS))

    def settle(self, whole: Part, exports: ExportColumns, message: Ints) -> None:
        """Put into the counters of all flows what is new; `message` says in which order the records came."""
        marked = whole.get("_totals")
        if marked is None:
            return
        rows = np.flatnonzero(marked[1])
        going_on = marked[0][rows] & ENDED == 0
        slots = self._tallies.slots(*_keys(whole, exports, rows), going_on)
        # An ASA sends the last update and the end of a connection together, but not always by the same template.
        order = np.lexsort((marked[0][rows] & ENDED, message[rows], slots))
        rows, slots = rows[order], slots[order]
        told = np.stack([_column(whole, name, rows) for name in COUNTERS], axis=1)
        new = self._advance(slots, marked[0][rows], told)
        for name, counts in zip(COUNTERS, new.T, strict=True):
            _replace(whole, name, rows, counts)
        for unit in UNITS:
            forward, back = (_column(whole, f"{end}.{unit}", rows) for end in ENDS)
            _replace(whole, f"network.{unit}", rows, forward + back)

    def _advance(self, slots: Ints, flags: npt.NDArray[np.uint8], told: Counts) -> Counts:
        """What is new in each record, sorted by flow and time; keeps what is counted then."""
        total = flags[:, None] >> np.arange(told.shape[1], dtype=np.uint8) & 1 > 0
        shares = np.where(flags[:, None] & SHARE, told, 0)
        after = np.where(flags[:, None] & ENDED, 0, told)
        first, last = _edges(slots)
        before = _counted(first, (flags & TOTALS) > 0, shares, after, self._tallies.get(slots))
        grown = ((told >= before) | ~total).all(axis=1, keepdims=True)
        kept = np.where(total.any(axis=1, keepdims=True), after, before + shares)
        self._tallies.set(slots[last], kept[last])
        return np.where(total & grown, told - before, told)


def _edges(slots: Ints) -> tuple[Mask, Mask]:
    """Which records are the first and the last of their flow."""
    first, last = np.ones(len(slots), np.bool_), np.ones(len(slots), np.bool_)
    first[1:] = slots[1:] != slots[:-1]
    last[:-1] = first[1:]
    return first, last


def _counted(first: Mask, total: Mask, shares: Counts, after: Counts, kept: Counts) -> Counts:
    """What was counted of its flow before each record.

    That is what the last record with totals left, or `kept` where none came before in this batch, and all shares since.
    """
    place = np.arange(len(first))
    begin = np.maximum.accumulate(np.where(first, place, 0))
    earlier = np.append(-1, np.maximum.accumulate(np.where(total, place, -1))[:-1])
    since = np.cumsum(shares, axis=0)
    inside: Mask = earlier >= begin
    base = np.where(inside[:, None], after[earlier], kept)
    skipped = np.where(inside[:, None], since[earlier], since[begin] - shares[begin])
    before: Counts = base + (since - shares) - skipped
    return before


def _keys(whole: Part, exports: ExportColumns, rows: Ints) -> Keys:
    """The name of each flow. Records by two templates are two reports, but an ASA has a template for each event."""
    start = whole.get("_start")
    template = _column(whole, "_template", rows) * (0 if start is None else start[1][rows])
    names = (_column(whole, name, rows) for name in NAMES)
    return mixed(exports.exporter[rows], exports.domain[rows], template, *names)


def _column(whole: Part, name: str, rows: Ints) -> npt.NDArray[np.uint64]:
    """A column at some rows as 64-bit numbers, 0 where it has no value."""
    column = whole.get(name)
    if column is None:
        return np.zeros(len(rows), np.uint64)
    values = column[0][rows]
    numbers: npt.NDArray[np.uint64] = _mac(values) if values.dtype.kind == "V" else values.astype(np.uint64)
    numbers[~column[1][rows]] = 0
    return numbers


def _mac(cells: Values) -> npt.NDArray[np.uint64]:
    """MAC addresses, six bytes each, as numbers."""
    wide = np.zeros((len(cells), 8), np.uint8)
    wide[:, :6] = cells.view(np.uint8).reshape(len(cells), 6)
    return wide.view(np.uint64).ravel()


def _replace(whole: Part, name: str, rows: Ints, counts: npt.NDArray[np.uint64]) -> None:
    column = whole.get(name)
    if column is not None:
        column[0][rows] = counts
