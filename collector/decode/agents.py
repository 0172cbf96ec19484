"""sFlow agents: what their samples tell, in the schema's columns."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from collector.datagram import Datagram
from collector.decode.exports import Ints, runs
from collector.decode.jsontext import Names
from collector.decode.ledger import Counts, Ledger, Loss
from collector.decode.limits import STREAMS_OF_ONE, Budget, Limits
from collector.decode.problems import Problem
from collector.decode.sequence import Changes, Key
from collector.decode.sflow import SflowDecoded, SflowDecoder
from collector.registry import number_of

NANOSECONDS = 1_000_000
"""In a millisecond."""
PROTOCOL = "sFlow"
DATAGRAM = "_datagram"
NAMES = ("host.ip", "flow.agent_ip.hi", "flow.agent_ip.lo", "flow.observation_domain")
"""Columns that name an agent: the key of `SflowDecoded.loss`."""

NAMELESS = (0, 0, 0)


@dataclass(slots=True)
class _Exporter:
    """The agents behind one address."""

    room: Budget
    rows: dict[Key, int] = field(default_factory=dict)
    """Row in the ledger, by agent address (two halves) and sub-agent."""


@dataclass(frozen=True)
class AgentsDecoded:
    """What a batch held: see `Decoded`. Counts of flows are not scaled."""

    flows: pl.DataFrame
    counters: pl.DataFrame
    discards: pl.DataFrame
    problems: list[Problem]
    losses: list[Loss]


NOTHING = AgentsDecoded(pl.DataFrame(), pl.DataFrame(), pl.DataFrame(), [], [])


class Agents:
    """Decodes the datagrams of sFlow agents, and counts what came from each."""

    def __init__(self, limits: Limits, names: Names | None = None) -> None:
        """With `names`, what the schema has no field for is kept under them."""
        self.messages = 0
        """Datagrams with samples since the start."""
        self.flows = 0
        self._limit = limits.agents
        self._decoder = SflowDecoder(names)
        self._ledger = Ledger()
        self._exporters: dict[int, _Exporter] = {}
        self._rows = 0
        """Rows of the ledger that were ever in use."""
        self._free: list[int] = []

    def exporters(self) -> Collection[int]:
        """All exporters that agents were seen of."""
        return self._exporters.keys()

    def count(self, exporter: int) -> int:
        """How many agents an exporter has."""
        known = self._exporters.get(exporter)
        return len(known.rows) if known else 0

    def of(self, exporter: int) -> Iterator[tuple[Key, Counts]]:
        """Exporter, agent address (two halves) and sub-agent of each agent of an exporter, with their counts."""
        known = self._exporters.get(exporter)
        if known is not None:
            yield from (((exporter, *name), self._ledger.of(row)) for name, row in known.rows.items())

    def forget(self, exporters: Collection[int]) -> None:
        """Forget exporters between two batches: their row numbers will be others'."""
        for exporter in self._exporters.keys() & exporters:
            known = self._exporters.pop(exporter)
            known.room.clear()
            self._decoder.forget((exporter, *name) for name in known.rows)
            rows = [*known.rows.values()]
            self._ledger.forget(rows)
            self._free += rows

    def decode(self, datagrams: Sequence[Datagram], exporters: Sequence[int]) -> AgentsDecoded:
        """Decode a batch in order of arrival; `exporters` has the row number of each datagram's sender."""
        if not datagrams:
            return NOTHING
        decoded = self._decoder.decode(datagrams, np.array(exporters, np.uint32))
        received = np.fromiter((d.received // NANOSECONDS for d in datagrams), np.int64, len(datagrams))
        self._account(decoded, received)
        return AgentsDecoded(
            _flows(decoded.flows, received),
            _timed(decoded.counters, received),
            _flows(decoded.discards, received),
            decoded.problems,
            [self._loss(changes) for changes in decoded.loss],
        )

    def _account(self, decoded: SflowDecoded, received: Ints) -> None:
        """Count datagrams, samples and flows by agent."""
        agents = np.full(len(received), -1)
        samples, flows = np.zeros((2, len(received)), np.int64)
        sampled = np.zeros(0, np.int64)
        for frame in (decoded.flows, decoded.counters, decoded.discards):
            if frame.height:
                place = frame[DATAGRAM].to_numpy()
                counts = np.bincount(place, minlength=len(received))
                samples += counts
                first = runs(place)
                agents[place[first]] = self._agents(frame, first)
                if frame is decoded.flows:
                    flows, sampled, origins = counts, first, place[first]
        seen = np.flatnonzero(agents >= 0)
        self._ledger.arrived(agents[seen], received[seen])
        self._ledger.recorded(agents[seen], samples[seen], flows[seen])
        self.messages += len(seen)
        self.flows += decoded.flows.height
        if len(sampled):
            self._ledger.sampled(agents[origins], decoded.flows, sampled)

    def _agents(self, frame: pl.DataFrame, samples: Ints) -> list[int]:
        """The rows of the agents of some samples."""
        exporters, *names = (_numbers(frame, name, samples) for name in NAMES)
        return list(map(self._row, exporters, zip(*names, strict=True)))

    def _row(self, exporter: int, name: Key) -> int:
        """The row of an agent in the ledger. Those that there is no room for share one, without a name."""
        known = self._exporters.get(exporter)
        if known is None:
            known = self._exporters[exporter] = _Exporter(Budget(STREAMS_OF_ONE, self._limit))
        row = known.rows.get(name)
        return self._new(known, name) if row is None else row

    def _new(self, known: _Exporter, name: Key) -> int:
        if not known.room.take():
            name = NAMELESS
        if name not in known.rows:
            known.rows[name] = self._free.pop() if self._free else self._rows
            self._rows = max(self._rows, known.rows[name] + 1)
        return known.rows[name]

    def _loss(self, changes: Changes) -> Loss:
        self._ledger.lose(self._row(changes.key[0], changes.key[1:]), changes)
        return Loss(changes.key[0], PROTOCOL, changes.key[-1], *changes[1:])


def _numbers(frame: pl.DataFrame, name: str, rows: Ints) -> list[int]:
    """The numbers in some rows of a column, 0 where there is none."""
    if name not in frame.columns:
        return [0] * len(rows)
    column = frame.get_column(name).gather(rows)
    return (column.fill_null(0) if column.null_count() else column).to_list()


def _timed(frame: pl.DataFrame, received: Ints) -> pl.DataFrame:
    """The time of receipt in the place of the datagram's number."""
    if not frame.height:
        return pl.DataFrame()
    times = pl.Series("event.ingested", received[frame.get_column(DATAGRAM).to_numpy()].view("datetime64[ms]"))
    return pl.DataFrame([*(column for column in frame.get_columns() if column.name != DATAGRAM), times])


def _flows(frame: pl.DataFrame, received: Ints) -> pl.DataFrame:
    """Packets as flows: sampled when they were received, as far as anybody can tell."""
    frame = _timed(frame, received)
    if not frame.height:
        return frame
    dataset = pl.Series("event.dataset", np.full(frame.height, number_of("datasets", "sflow"), np.uint8))
    return frame.hstack([dataset, frame.get_column("event.ingested").alias("@timestamp")])
