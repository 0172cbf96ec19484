"""Rows about exporters, as the API gives them and the command shows them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from collector import registry
from collector.decode.ledger import UNITS
from collector.decode.state import ExporterState, Missing, StreamState
from collector.exporters.loss import percent
from collector.exporters.notes import exporter_notes

MOST_EXPORTERS, MOST_STREAMS = 10_000, 64
"""Exporters that are shown, the busiest; and streams of each."""
MOST_MISSING = MOST_RATES = 16
Found = tuple[ExporterState, Mapping[str, int], Mapping[str, int]]
"""An exporter, its problems by reason, and how many things of each kind it named."""


class Row(BaseModel):
    """Something that can be written as JSON."""

    model_config = ConfigDict(frozen=True)


class MissingTemplate(Row):
    """A template that data waits for."""

    template: int
    sets: int
    """Data sets that wait."""
    seconds: int
    """How long the oldest of them has."""


class Stream(Row):
    """An observation domain, an engine (NetFlow v5) or a sub-agent (sFlow) of an exporter."""

    protocol: str
    domain: int
    agent: str | None
    """Address of the sFlow agent."""
    datagrams: int
    """Datagrams, or IPFIX messages."""
    flows: int
    records: int
    """Flows and records of options data; samples of sFlow."""
    templates: int
    template_age: int | None
    """Seconds since that template came which was repeated longest ago."""
    missing: list[MissingTemplate]
    missing_templates: int
    """How many there are; `missing` has the first of them."""
    redefined: int
    """Times that a template became another, or was withdrawn."""
    sampling_rate: int | None
    """Rate that was last applied to a flow; None where none is known."""
    sampling_from: str | None
    """record, header, options or a setting."""
    lost: int
    """Before it came, by sequence number, in `lost_unit`."""
    lost_unit: str | None
    lost_percent: float
    late: int
    repeated: int
    resets: int
    skew: float
    """Seconds that the exporter's clock was ahead of this host's in the last message."""
    first_seen: datetime
    last_seen: datetime


class Exporter(Row):
    """One sender."""

    address: str
    name: str
    """The address where no name is known."""
    datagrams: int
    flows: int
    lost_percent: float
    sampling_rates: list[int]
    """Rates that its options data told."""
    named: dict[str, int]
    """How many interfaces, VRFs, applications and so on it has named."""
    problems: dict[str, int]
    """What could not be used, by reason."""
    first_seen: datetime
    last_seen: datetime
    streams: list[Stream]
    more_streams: int
    """How many there are beside those in `streams`."""
    notes: list[str]
    """What an operator should know."""


class Overview(Row):
    """All exporters, the busiest first."""

    exporters: list[Exporter]
    more_exporters: int
    """How many are known beside those in `exporters`."""
    notes: list[str]
    """What concerns all of them."""


def overview(found: Iterable[Found], known: int, notes: Iterable[str], now: int) -> Overview:
    """The view of all exporters at `now` (milliseconds since 1970), of which so many are known."""
    rows = [exporter(*one, now) for one in found]
    return Overview(exporters=rows, more_exporters=max(known - len(rows), 0), notes=[*notes])


def exporter(state: ExporterState, problems: Mapping[str, int], named: Mapping[str, int], now: int) -> Exporter:
    """The row of one exporter."""
    return Exporter(
        address=state.address,
        name=state.address,
        datagrams=state.datagrams,
        flows=state.flows,
        lost_percent=percent((stream.protocol, stream.counts) for stream in state.streams),
        sampling_rates=state.rates[:MOST_RATES],
        named=dict(named),
        problems=dict(problems),
        first_seen=_time(state.first),
        last_seen=_time(state.last),
        streams=[stream(one, now) for one in state.streams],
        more_streams=state.count - len(state.streams),
        notes=[*exporter_notes(state, problems, now)],
    )


def stream(state: StreamState, now: int) -> Stream:
    """The row of one stream."""
    counts = state.counts
    return Stream(
        protocol=state.protocol,
        domain=state.domain,
        agent=state.agent,
        datagrams=counts.messages,
        flows=counts.flows,
        records=counts.records,
        templates=state.templates,
        template_age=max(now - state.refreshed, 0) // 1000 if state.templates else None,
        missing=[_missing(one, now) for one in state.missing[:MOST_MISSING]],
        missing_templates=len(state.missing),
        redefined=state.redefined,
        sampling_rate=counts.rate or None,
        sampling_from=registry.table("sampling_sources")[registry.VALUE][counts.source] if counts.rate else None,
        lost=max(counts.lost, 0),
        lost_unit=UNITS.get(state.protocol),
        lost_percent=percent([(state.protocol, counts)]),
        late=counts.late,
        repeated=counts.repeated,
        resets=counts.resets,
        skew=counts.skew / 1000,
        first_seen=_time(counts.first),
        last_seen=_time(counts.received),
    )


def _missing(one: Missing, now: int) -> MissingTemplate:
    return MissingTemplate(template=one.template, sets=one.sets, seconds=max(now - one.since, 0) // 1000)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
