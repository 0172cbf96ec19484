"""Loss by sequence number as a share of what was sent."""

from collections.abc import Iterable

from collector.decode.ledger import UNITS, Counts

DATAGRAMS = "datagrams"
FLOWS = "flows"


def counted(protocol: str, counts: Counts) -> int:
    """What came of a stream, in the unit that its sequence numbers count."""
    unit = UNITS.get(protocol)
    if unit == DATAGRAMS:
        return counts.messages
    return counts.flows if unit == FLOWS else counts.records


def percent(parts: Iterable[tuple[str, Counts]]) -> float:
    """How much of what streams (protocol and counts) sent did not come, in percent."""
    lost = came = 0
    for protocol, counts in parts:
        lost += max(counts.lost, 0)
        came += counted(protocol, counts)
    return round(100 * lost / (lost + came), 2) if lost else 0.0
