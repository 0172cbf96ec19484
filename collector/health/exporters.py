"""What each exporter did from one look to the next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from collector.decode.agents import PROTOCOL as SFLOW
from collector.decode.ledger import UNITS
from collector.decode.state import ExporterState, StreamState
from collector.exporters.loss import counted
from collector.pipeline import Known

Row = dict[str, Any]
"""Values by the names of fields."""
Key = tuple[str, int, str | None, int]
"""Protocol, domain, agent and time of the first message of a stream: one that begins anew is another."""
ADDRESS, SCOPE = "host.ip", "exporter"
MIXED = "mixed"


class _Numbered(NamedTuple):
    """What sequence numbers tell of a stream since it began."""

    came: int = 0
    lost: int = 0
    """The most that it ever was: late messages make it fewer, and what is told cannot be taken back."""
    late: int = 0

    def plus(self, stream: StreamState) -> "_Numbered":
        came = counted(stream.protocol, stream.counts) if stream.protocol in UNITS else 0
        return _Numbered(self.came + came, self.lost + stream.counts.lost, self.late + stream.counts.late)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Counts of an exporter since it was first seen."""

    first: int = 0
    datagrams: int = 0
    flows: int = 0
    problems: Mapping[str, int] = field(default_factory=dict)
    streams: Mapping[Key, _Numbered] = field(default_factory=dict)


class Exporters:
    """Remembers what the busiest exporters had done when it was last looked."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._looked = 0
        """When, in milliseconds since 1970."""
        self._all = True
        """Whether all exporters that were known then are in `_seen`."""

    def rows(self, found: Iterable[Known], known: int, now: int) -> list[Row]:
        """What those found did since the last look, at `now` (milliseconds since 1970); so many are known in all."""
        seen, rows = dict[str, _Seen](), list[Row]()
        for state, problems, _ in found:
            before = self._before(state)
            seen[state.address] = after = _seen(state, problems, before or _Seen())
            rows.append(_row(state, before or after, after, now))
        self._seen, self._looked, self._all = seen, now, known <= len(seen)
        return rows

    def _before(self, state: ExporterState) -> _Seen | None:
        """What an exporter had done; None where that is not known, as it was none of the busiest then."""
        before = self._seen.get(state.address)
        if before is not None and before.first == state.first:
            return before
        return _Seen() if before or self._all or state.first >= self._looked else None


def _seen(state: ExporterState, problems: Mapping[str, int], before: _Seen) -> _Seen:
    streams: dict[Key, _Numbered] = {}
    for stream in state.streams:
        key = stream.protocol, stream.domain, stream.agent, stream.counts.first
        streams[key] = streams.get(key, _Numbered()).plus(stream)
    for key, told in streams.items():
        streams[key] = told._replace(lost=max(told.lost, before.streams.get(key, _Numbered()).lost))
    return _Seen(state.first, state.datagrams, state.flows, problems, streams)


def _row(state: ExporterState, before: _Seen, after: _Seen, now: int) -> Row:
    row = {
        ADDRESS: state.address,
        "health.scope": SCOPE,
        "health.datagrams": max(after.datagrams - before.datagrams, 0),
        "health.flows": max(after.flows - before.flows, 0),
        "health.templates": sum(stream.templates for stream in state.streams),
        "health.missing_templates": sum(len(stream.missing) for stream in state.streams),
        "health.sets_waiting": sum(one.sets for stream in state.streams for one in stream.missing),
        "health.seconds_since_last": max(now - state.last, 0) / 1000,
    }
    return row | problems(before.problems, after.problems) | _numbers(before, after) | _told(state.streams)


def problems(before: Mapping[str, int], after: Mapping[str, int]) -> Row:
    """What could not be used between two counts by reason."""
    new = {reason: count - before.get(reason, 0) for reason, count in after.items()}
    reasons = sorted(reason for reason, count in new.items() if count > 0)
    return {"health.problems": sum(new[reason] for reason in reasons), "health.reasons": reasons or None}


def _numbers(before: _Seen, after: _Seen) -> Row:
    """What sequence numbers tell, of all streams together."""
    pairs = [(before.streams.get(key, _Numbered()), told) for key, told in after.streams.items()]
    came = sum(max(new.came - old.came, 0) for old, new in pairs)
    lost = sum(new.lost - old.lost for old, new in pairs)
    late = sum(max(new.late - old.late, 0) for old, new in pairs)
    share = round(100 * lost / (came + lost), 2) if came + lost else None
    return {
        "health.lost": lost,
        "health.expected": came + lost,
        "health.lost_percent": share,
        "health.late": late,
    }


def _told(streams: Sequence[StreamState]) -> Row:
    """How an exporter sends, and what its last messages say."""
    protocols = sorted({stream.protocol for stream in streams})
    units = {UNITS[protocol] for protocol in protocols if protocol in UNITS}
    latest = sorted(streams, key=lambda stream: stream.counts.received, reverse=True)
    skew = next((stream.counts.skew / 1000 for stream in latest if stream.protocol != SFLOW), None)
    return {
        "health.protocols": protocols or None,
        "health.lost_unit": MIXED if len(units) > 1 else next(iter(units), None),
        "health.clock_skew": skew,
        "health.sampling_rate": next((stream.counts.rate for stream in latest if stream.counts.rate), None),
    }
