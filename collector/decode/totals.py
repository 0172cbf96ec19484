"""Running totals: of a counter that counts from the start of a flow, only what is new since its last record counts.

Three kinds of exporters send them:

* A cache that reports flows again and again while they last, with totals (Junos on SRX, permanent caches of IOS).
  IANA's total counters run on by definition (RFC 7012 section 3.2.2).
* A meter that reports each flow once and calls its counts totals (YAF): each flow has a start of its own.
* An ASA, whose updates of a connection have counts since the last update, while the event of its end has the totals of
  the connection, in the same elements (231, 232, 298, 299). Events may overtake each other.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from collector import registry
from collector.decode.accounts import of_connections, of_flows
from collector.decode.columns import Mask
from collector.decode.events import FIREWALL
from collector.decode.exports import ExportColumns, Ints
from collector.decode.layout import Layout
from collector.decode.records import Records
from collector.decode.sheet import Part, Values
from collector.decode.tallies import Counts, Keys, Tallies, mixed
from collector.decode.volumes import COUNTERS, ENDS, UNITS, counters

Account = Callable[[Counts, Mask, Mask, Mask, Counts], tuple[Counts, Counts]]
"""A function of accounts.py."""
Flags = npt.NDArray[np.uint8]
STARTS = tuple(f"flowStart{unit}" for unit in ("Milliseconds", "Microseconds", "Nanoseconds", "Seconds", "SysUpTime"))
CONNECTIONS = frozenset({"initiatorOctets", "initiatorPackets", "responderOctets", "responderPackets"})
TOTALS = 0x0F
"""Bits of `_totals`: one for each counter that is a total, in the order of `COUNTERS`."""
OVER = 0x10
"""The flow or the connection ended with the record, as far as it says so."""
CONNECTION = 0x20
"""The record is an update of a connection, or its end."""
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
        part.put("_totals", np.where(_over(records, part), bits | OVER, bits).astype(np.uint8))
        return
    action = part.get("event.action") if connections else None
    if action is not None:
        ends, updates = (action[1] & (action[0] == one) for one in (END, UPDATE))
        flags = np.where(ends, connections | CONNECTION | OVER, CONNECTION)
        part.put("_totals", flags.astype(np.uint8), ends | updates)


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
    """What has been counted of the flows and connections that are reported with totals."""

    def __init__(self) -> None:
        self._flows = Tallies(len(COUNTERS))
        self._connections = Tallies(len(COUNTERS) + 1)

    def settle(self, whole: Part, exports: ExportColumns, message: Ints) -> None:
        """Put into the counters of all flows what is new; `message` says in which order the records came."""
        marked = whole.get("_totals")
        if marked is None:
            return
        flags, some = marked
        for kind, tallies, account in ((0, self._flows, of_flows), (CONNECTION, self._connections, of_connections)):
            rows = np.flatnonzero(some & (flags & CONNECTION == kind))
            if len(rows):
                rows = rows[np.argsort(message[rows], kind="stable")]
                # A flow that is over has nothing more to come; the end of a connection may have overtaken an update.
                going_on = flags[rows] & (OVER | CONNECTION) != OVER
                slots = tallies.slots(*_keys(whole, exports, rows), going_on)
                _take(whole, rows, slots, flags[rows], tallies, account)


def _take(whole: Part, rows: Ints, slots: Ints, flags: Flags, tallies: Tallies, account: Account) -> None:
    """Replace the counters of rows, which are in order of time, by what is new, and keep what the flows have then."""
    order, first, last = _sorted(slots)
    rows, slots, flags = rows[order], slots[order], flags[order]
    told = np.stack([_column(whole, name, rows) for name in COUNTERS], axis=1)
    new, after = account(told, _total(flags), flags & OVER > 0, first, tallies.get(slots))
    tallies.set(slots[last], after[last])
    _replace(whole, rows, new)


def _total(flags: Flags) -> Mask:
    """Which counters are totals: shape (records, counters)."""
    total: Mask = flags[:, None] >> np.arange(len(COUNTERS), dtype=np.uint8) & 1 > 0
    return total


def _sorted(slots: Ints) -> tuple[Ints, Mask, Mask]:
    """Records by flow, in order of time; which of those are the first and which the last of their flow."""
    order = np.argsort(slots, kind="stable")
    first, last = np.ones(len(slots), np.bool_), np.ones(len(slots), np.bool_)
    first[1:] = slots[order][1:] != slots[order][:-1]
    last[:-1] = first[1:]
    return order, first, last


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


def _replace(whole: Part, rows: Ints, counts: Counts) -> None:
    """Set the counters of rows, and their sums."""
    by_name = dict(zip(COUNTERS, counts.T, strict=True))
    sums = {f"network.{unit}": by_name[f"source.{unit}"] + by_name[f"destination.{unit}"] for unit in UNITS}
    for name, values in (by_name | sums).items():
        column = whole.get(name)
        if column is not None:
            column[0][rows] = values
