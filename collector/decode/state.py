"""What is known of each stream of export, for a report."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from collector.decode.agents import PROTOCOL, Agents
from collector.decode.ledger import Counts
from collector.decode.netflow import PROTOCOLS, NetflowDecoder
from collector.decode.streams import Stream

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
    missing: list[Missing] = field(default_factory=list)


def stream_states(netflow: NetflowDecoder, agents: Agents) -> Iterator[StreamState]:
    """All streams seen since the start."""
    for stream in netflow.streams.rows:
        yield _netflow(stream, netflow.ledger.of(stream.row))
    for (exporter, hi, lo, domain), counts in agents:
        yield StreamState(exporter, PROTOCOL, domain, counts, agent=_text(hi, lo))


def _netflow(stream: Stream, counts: Counts) -> StreamState:
    missing = [
        Missing(number, len(sets), sets[0].header.received)
        for (row, number), sets in stream.waiting.sets.items()
        if row == stream.row
    ]
    # A fixed format is kept as a template, but is none.
    templates = len(stream.templates) if stream.version >= FIRST_WITH_TEMPLATES else 0
    return StreamState(
        stream.exporter, PROTOCOLS[stream.version], stream.domain, counts, templates=templates, missing=missing
    )


def _text(hi: int, lo: int) -> str | None:
    """An agent's address; None where it told none."""
    address = IPv6Address(hi << 64 | lo)
    return str(address.ipv4_mapped or address) if hi or lo else None
