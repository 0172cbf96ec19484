"""What is known of each exporter and its streams of export, for a report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from itertools import islice

from collector.decode.agents import PROTOCOL, Agents
from collector.decode.ledger import Counts
from collector.decode.netflow import PROTOCOLS, NetflowDecoder
from collector.decode.streams import Share, Stream
from collector.decode.waiting import Early
from collector.decode.waiting import Key as Waits

FIRST_WITH_TEMPLATES = 9


@dataclass(frozen=True, slots=True)
class Missing:
    """A template that data waits for."""

    template: int
    sets: int
    """Data sets that wait."""
    since: int
    """When the oldest of them came, in milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """One exporter's stream: an observation domain, an engine (v5), a sub-agent (sFlow)."""

    exporter: int
    """Row number in `Decoder.exporters`."""
    protocol: str
    """NetFlow v1, v5, v7 or v9, IPFIX, sFlow."""
    domain: int
    counts: Counts
    agent: str | None = None
    """Address of the sFlow agent."""
    templates: int = 0
    """Templates in force, options templates among them."""
    refreshed: int = 0
    """When the one of them that was repeated longest ago came, in milliseconds since 1970; 0 where there is none."""
    redefined: int = 0
    """Times that a template became another, or was withdrawn."""
    missing: list[Missing] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ExporterState:
    """One exporter and its streams."""

    address: str
    datagrams: int
    flows: int
    first: int
    """When its first datagram came, in milliseconds since 1970."""
    last: int
    rates: list[int]
    """Sampling rates that its options data told."""
    unknown_sampler: bool
    """Whether a flow named a sampler that they do not tell of."""
    streams: list[StreamState]
    """Not more than were asked for."""
    count: int
    """How many there are."""


def stream_states(
    netflow: NetflowDecoder, agents: Agents, exporter: int, most: int | None = None
) -> Iterator[StreamState]:
    """The streams of an exporter, in the order in which they began; of NetFlow and sFlow at most so many each."""
    share = netflow.streams.shares.get(exporter)
    if share is not None:
        missing = _missing(share.waiting.sets)
        for row in heard(netflow, share)[:most]:
            yield _netflow(netflow.streams.rows[row], netflow.ledger.of(row), missing.get(row, []))
    for (_, hi, lo, domain), counts in islice(agents.of(exporter), most):
        yield StreamState(exporter, PROTOCOL, domain, counts, agent=_text(hi, lo))


def stream_count(netflow: NetflowDecoder, agents: Agents, exporter: int) -> int:
    """How many streams an exporter has."""
    share = netflow.streams.shares.get(exporter)
    return (len(heard(netflow, share)) if share else 0) + agents.count(exporter)


def heard(netflow: NetflowDecoder, share: Share) -> list[int]:
    """The rows of an exporter's streams, without those that are known from an earlier run alone."""
    return [row for row in sorted(share.rows) if netflow.ledger.of(row).messages]


def _missing(waiting: Mapping[Waits, Sequence[Early]]) -> dict[int, list[Missing]]:
    """The templates that data waits for, by row of the stream."""
    out: dict[int, list[Missing]] = {}
    for (row, number), sets in waiting.items():
        out.setdefault(row, []).append(Missing(number, len(sets), sets[0].header.received))
    return out


def _netflow(stream: Stream, counts: Counts, missing: list[Missing]) -> StreamState:
    # A fixed format is kept as a template, but is none.
    templates = (
        [*stream.templates.values(), *stream.remembered.values()] if stream.version >= FIRST_WITH_TEMPLATES else []
    )
    return StreamState(
        stream.exporter,
        PROTOCOLS[stream.version],
        stream.domain,
        counts,
        templates=len(templates),
        refreshed=min((template.received for template in templates), default=0),
        redefined=stream.redefined,
        missing=missing,
    )


def _text(hi: int, lo: int) -> str | None:
    """An agent's address; None where it told none."""
    address = IPv6Address(hi << 64 | lo)
    return str(address.ipv4_mapped or address) if hi or lo else None
