"""The way of a batch: datagrams, decoded, enriched, into a store; and what happened to how many."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from collector.datagram import Datagram
from collector.decode.decoder import Decoded, Decoder
from collector.decode.problems import REASONS, Problem
from collector.enrich.enricher import Enricher
from collector.flows import Flows
from collector.store.counts import Counts

log = logging.getLogger(__name__)


class Store(Protocol):
    """Where rows of all datasets are kept. It answers for its own durability, and never raises from `write`."""

    def write(self, flows: Flows) -> None:
        """Take over rows of one dataset."""

    def flush(self, timeout: float) -> bool:
        """Wait until all flows taken are where they belong, at most so many seconds; whether they are."""

    def close(self, timeout: float) -> None:
        """Flush, then end."""

    def counts(self) -> Counts:
        """What has become of the rows so far."""


@dataclass(slots=True)
class Tallies:
    """Counts since the start."""

    datagrams: int = 0
    flows: int = 0
    options: int = 0
    counters: int = 0
    discards: int = 0
    problems: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By reason and exporter's address."""
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What sequence numbers miss, by protocol and exporter's address, in the protocol's unit (`ledger.UNITS`)."""


class Pipeline:
    """Decoder, enrichment and store, one behind the other; used by one thread."""

    def __init__(self, store: Store, decoder: Decoder | None = None) -> None:
        self.store = store
        self.decoder = decoder or Decoder()
        self.enricher = Enricher()
        self.tallies = Tallies()

    def process(self, datagrams: Sequence[Datagram]) -> None:
        """One batch, in order of arrival."""
        decoded = self.decoder.decode(datagrams)
        self._count(len(datagrams), decoded)
        exporters = self.decoder.exporters
        self.enricher.learn(decoded.options, decoded.counters, exporters)
        if not decoded.flows.is_empty():
            self.store.write(self.enricher.enrich(decoded.flows, exporters))
        if not decoded.counters.is_empty():
            self.store.write(self.enricher.counters(decoded.counters, exporters))
        if not decoded.discards.is_empty():
            self.store.write(self.enricher.discards(decoded.discards, exporters))

    def _count(self, datagrams: int, decoded: Decoded) -> None:
        tallies = self.tallies
        tallies.datagrams += datagrams
        tallies.flows += decoded.flows.height
        tallies.options += len(decoded.options)
        tallies.counters += decoded.counters.height
        tallies.discards += decoded.discards.height
        for loss in decoded.losses:
            tallies.lost[loss.protocol, self.decoder.exporters[loss.exporter]] += loss.lost
        for problem in decoded.problems:
            self._tell(problem)

    def _tell(self, problem: Problem) -> None:
        """Count a problem, and log the first of its kind and exporter in full."""
        address = self.decoder.exporters[problem.exporter]
        key = problem.reason, address
        if key not in self.tallies.problems:
            detail = f" ({problem.detail})" if problem.detail else ""
            log.warning("%s: %s%s [%s]", address, REASONS[problem.reason], detail, problem.reason)
        self.tallies.problems[key] += problem.count
