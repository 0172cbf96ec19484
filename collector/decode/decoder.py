"""The decoder: datagrams in, columns out. No socket, no clock, no log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import polars as pl

from collector.datagram import Datagram
from collector.decode.agents import PROTOCOL, Agents
from collector.decode.clocks import AHEAD, BEHIND, Clocks
from collector.decode.configured import ConfiguredSampling, NetworkRate
from collector.decode.jsontext import Names
from collector.decode.ledger import Loss, Total
from collector.decode.limits import Limits
from collector.decode.netflow import PROTOCOLS, NetflowDecoder
from collector.decode.options import Options
from collector.decode.problems import Problem
from collector.decode.remembered import Remembered, forget
from collector.decode.sampling import scaled
from collector.decode.senders import NOBODY, Senders
from collector.decode.state import ExporterState, StreamState, stream_count, stream_states
from collector.decode.volumes import one_way

__all__ = ["Decoded", "Decoder", "Options"]

NANOSECONDS = 1_000_000
"""In a millisecond."""
RELIEF = 4
"""One in so many of the exporters that never gave a flow is forgotten where all together take too much."""
SFLOW_VERSIONS = (b"\2", b"\4", b"\5")
"""Of these 5 is decoded, the others are told about."""


@dataclass(frozen=True)
class Decoded:
    """What a batch of datagrams held.

    Frames are in the schema's columns, but addresses are still pairs of halves (`columns.py`), and `host.ip` is the row
    number of the exporter in `Decoder.exporters`.
    """

    flows: pl.DataFrame
    """A row a flow, bytes and packets scaled by the sampling rate."""
    counters: pl.DataFrame = field(default_factory=pl.DataFrame)
    """A row a counter sample of sFlow: see `SflowDecoded.counters`; with `event.ingested`."""
    discards: pl.DataFrame = field(default_factory=pl.DataFrame)
    """A row a packet that a device dropped, as sFlow tells it: columns as of flows, but in no sum."""
    options: list[Options] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    """What the sequence numbers miss, by stream; the counts since the start are in `Decoder.state`."""
    forgotten: dict[int, str] = field(default_factory=dict)
    """Exporters that were forgotten before this batch because there were too many: their former row numbers, which may
    be others' now, and their addresses."""


class Decoder:
    """Decodes NetFlow v1, v5, v7, v9, IPFIX and sFlow v5 of any number of exporters, and keeps what they taught.

    `behind` and `ahead` say how far, in milliseconds, an exporter's clock may be off before the time of receipt becomes
    the `@timestamp` of its flows. `sampling_override` has the sampling rates of exporters whatever they tell,
    `sampling_default` those where nothing is known. With `keep_unknown`, what the schema has no field for is kept in
    `flow.extra`. `limits` say how much is kept.
    """

    def __init__(
        self,
        behind: int = BEHIND,
        ahead: int = AHEAD,
        sampling_default: Sequence[NetworkRate] = (),
        sampling_override: Sequence[NetworkRate] = (),
        keep_unknown: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._senders = Senders(self._limits.exporters)
        names = Names() if keep_unknown else None
        self._netflow = NetflowDecoder(Clocks(behind, ahead), self._limits, names)
        self._agents = Agents(self._limits, names)
        self._configured = ConfiguredSampling(sampling_default, sampling_override)

    @property
    def exporters(self) -> list[str]:
        """Addresses of the exporters; the flows of a batch refer to them by row number. See `Decoded.forgotten`."""
        return self._senders.addresses

    def decode(self, datagrams: Sequence[Datagram]) -> Decoded:
        """Decode datagrams in order of arrival. Nothing in them raises; what cannot be used is in `problems`."""
        datagrams, exporters, forgotten, refused = self._admit(datagrams)
        if forgotten:
            self._configured.forget()
        sampled = [is_sflow(datagram.payload) for datagram in datagrams]
        others = [not one for one in sampled]
        netflow = self._netflow.decode([*compress(datagrams, others)], [*compress(exporters, others)])
        sflow = self._agents.decode([*compress(datagrams, sampled)], [*compress(exporters, sampled)])
        frames = [frame for frame in (netflow.flows, one_way(sflow.flows)) if frame.height]
        for frame in frames:
            self._senders.gave(frame["host.ip"].to_numpy())
        flows = pl.concat(frames, how="diagonal") if frames else pl.DataFrame()
        return Decoded(
            scaled(self._configured.settle(flows, self.exporters)),
            sflow.counters,
            sflow.discards,
            netflow.options,
            refused + netflow.problems + sflow.problems,
            netflow.losses + sflow.losses,
            forgotten,
        )

    @property
    def changes(self) -> int:
        """Grows whenever `saved` would give something new for any exporter."""
        return self._netflow.changes

    def saved(self, exporter: str) -> dict[str, Any]:
        """What an exporter taught that shall outlive this run, as JSON: templates, sampling rates, time of start."""
        row = self._senders.known(exporter)
        return {} if row == NOBODY else self._netflow.saved(row)

    def load(self, exporter: str, saved: Any) -> list[str]:
        """Take what `saved` gave in an earlier run, before the first datagram.

        Returns what is wrong with each entry that cannot be used; it costs no other one.
        """
        if not isinstance(saved, dict):
            return [f"{str(saved)[:80]} is no table"]
        row = self._senders.row(exporter)
        return ["there is no room for it"] if row == NOBODY else list(self._netflow.load(row, saved))

    def forget(self, before: int) -> None:
        """Forget loaded templates that had come for the last time before a time, in milliseconds since 1970."""
        for row in range(len(self.exporters)):
            forget(self._netflow.streams, row, before)

    def remembered(self) -> Remembered:
        """How much is known of an earlier run."""
        counts = [self._netflow.remembered(row) for row in range(len(self.exporters))]
        templates, rates = (sum(kind) for kind in zip(*counts, strict=True)) if counts else (0, 0)
        return Remembered(templates, rates, sum(any(one) for one in counts))

    def state(self) -> Iterator[StreamState]:
        """What is known of each stream of export."""
        for row in range(len(self.exporters)):
            yield from stream_states(self._netflow, self._agents, row)

    @property
    def known(self) -> int:
        """How many exporters are known."""
        return self._senders.heard

    def busiest(self, most: int) -> list[int]:
        """Row numbers of the exporters that gave most flows, and of these that sent most datagrams; at most so many."""
        return self._senders.busiest(most)

    def exporter(self, row: int, streams: int | None = None) -> ExporterState:
        """What is known of an exporter, and of at most so many of its streams."""
        datagrams, flows, first, last = self._senders.of(row)
        sampling = self._netflow.learned.sampling
        states = [*stream_states(self._netflow, self._agents, row, streams)]
        count = stream_count(self._netflow, self._agents, row)
        return ExporterState(
            address=self.exporters[row],
            datagrams=datagrams,
            flows=flows,
            first=first,
            last=last,
            rates=sampling.rates(row),
            unknown_sampler=row in sampling.unknown,
            streams=states,
            count=count,
        )

    def totals(self) -> dict[str, Total]:
        """What came since the start, by protocol, exporters that were forgotten included."""
        rows = enumerate(self._netflow.ledger.totals.tolist())
        out = {PROTOCOLS[version]: Total(*row) for version, row in rows if version in PROTOCOLS}
        return out | {PROTOCOL: Total(self._agents.messages, self._agents.flows)}

    def _admit(
        self, datagrams: Sequence[Datagram]
    ) -> tuple[Sequence[Datagram], list[int], dict[int, str], list[Problem]]:
        """The datagrams that there is room for with the rows of their senders; who was forgotten; what was refused."""
        if self._netflow.streams.crowded:
            self._netflow.trim()
        forgotten, refused = {}, list[Problem]()
        rows = self._senders.find(datagrams)
        exceeded = bool(rows) and self._limits.exceeded()
        if exceeded or NOBODY in rows:
            forgotten = self._make_room(datagrams, rows, exceeded)
            rows = self._senders.admit(datagrams)
        if NOBODY in rows:
            known = [row != NOBODY for row in rows]
            first = datagrams[known.index(False)].exporter
            refused = [Problem("too-many-exporters", self._senders.other, known.count(False), f"among them {first}")]
            datagrams, rows = [*compress(datagrams, known)], [*compress(rows, known)]
        if rows:
            self._senders.count(rows, datagrams[-1].received // NANOSECONDS)
        return datagrams, rows, forgotten, refused

    def _make_room(self, datagrams: Sequence[Datagram], rows: Sequence[int], exceeded: bool) -> dict[int, str]:
        """Forget exporters where newcomers need their rows, or where all together take too much."""
        strangers = {datagram.exporter for datagram, row in zip(datagrams, rows, strict=True) if row == NOBODY}
        wanted = len(strangers) - self._senders.room
        if wanted <= 0 and not exceeded:
            return {}
        netflow, agents = self._netflow.streams, self._agents.exporters()
        spared = {*rows, *netflow.in_session()} - {NOBODY}
        now = datagrams[-1].received // NANOSECONDS
        order, useless = self._senders.forgettable(now, netflow.shares.keys() | agents, spared)
        gone = {*order[: max(wanted, 0)].tolist()}
        if exceeded:
            gone |= {*useless[: -(-len(useless) // RELIEF)].tolist()}
        self._netflow.forget(gone)
        self._agents.forget(gone)
        return self._senders.forget(gone)


def is_sflow(payload: bytes) -> bool:
    """Whether a datagram begins with an sFlow version as a 32-bit word; NetFlow and IPFIX have 16 bits for theirs."""
    return payload[:3] == b"\0\0\0" and payload[3:4] in SFLOW_VERSIONS
