"""sFlow agents: what their samples tell, in the schema's columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from collector.datagram import Datagram
from collector.decode.exports import Ints
from collector.decode.jsontext import Names
from collector.decode.ledger import Counts, Ledger, Loss
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

    def __init__(self, names: Names | None = None) -> None:
        """With `names`, what the schema has no field for is kept under them."""
        self._decoder = SflowDecoder(names)
        self._ledger = Ledger()
        self._rows: dict[Key, int] = {}
        """Row of an agent's sub-agent in the ledger."""

    def __iter__(self) -> Iterator[tuple[Key, Counts]]:
        """Exporter, agent address (two halves) and sub-agent of all agents seen, with their counts."""
        return ((key, self._ledger.of(row)) for key, row in self._rows.items())

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
        """Count datagrams and samples by agent."""
        agents = np.full(len(received), -1)
        samples = np.zeros(len(received), np.int64)
        for frame in (decoded.flows, decoded.counters, decoded.discards):
            if frame.height:
                place = frame[DATAGRAM].to_numpy()
                samples += np.bincount(place, minlength=len(received))
                first = np.flatnonzero(np.diff(place, prepend=-1))
                agents[place[first]] = self._agents(frame, first)
        seen = np.flatnonzero(agents >= 0)
        self._ledger.arrived(agents[seen], received[seen])
        self._ledger.recorded(agents[seen], samples[seen])

    def _agents(self, frame: pl.DataFrame, samples: Ints) -> list[int]:
        """The rows of the agents of some samples."""
        none = [0] * len(samples)
        names = [frame.get_column(n).gather(samples).to_list() if n in frame.columns else none for n in NAMES]
        return [self._row(tuple(value or 0 for value in key)) for key in zip(*names, strict=True)]

    def _row(self, key: Key) -> int:
        return self._rows.setdefault(key, len(self._rows))

    def _loss(self, changes: Changes) -> Loss:
        self._ledger.lose(self._row(changes.key), changes)
        return Loss(changes.key[0], PROTOCOL, changes.key[-1], *changes[1:])


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
