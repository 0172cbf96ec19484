"""The way of a batch: datagrams, decoded, enriched, into a store; and what happened to how many."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from collector.datagram import Datagram
from collector.decode.decoder import Decoded, Decoder
from collector.decode.problems import REASONS, Problem
from collector.decode.state import ExporterState
from collector.enrich.enricher import Enricher
from collector.firsts import Firsts
from collector.flows import Flows
from collector.query.rules import Rules
from collector.store.counts import Counts

Known = tuple[ExporterState, Mapping[str, int], Mapping[str, int]]
PORTION = 1000
"""Exporters and streams that are looked at while the pipeline waits."""
REFRESH_SECONDS = 10.0
"""How often files of networks and the like are looked at, to see whether they have changed."""
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
    reasons: Counter[str] = field(default_factory=Counter)
    """Problems by reason."""
    problems: dict[str, Counter[str]] = field(default_factory=dict)
    """The same by exporter's address, for exporters that are known now."""
    lost: Counter[str] = field(default_factory=Counter)
    """What sequence numbers miss, by protocol, in the protocol's unit (`ledger.UNITS`)."""


class Pipeline:
    """Decoder, enrichment, rules and store, one behind the other. For one thread; others may ask for `exporters`."""

    def __init__(
        self,
        store: Store,
        decoder: Decoder | None = None,
        enricher: Enricher | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.store = store
        self.decoder = decoder or Decoder()
        self.enricher = enricher or Enricher()
        self.rules = rules or Rules()
        self._refreshed = time.monotonic()
        self.tallies = Tallies()
        self._firsts = Firsts(log)
        self._lock = threading.Lock()
        """Held while the decoder's state and the tallies change."""

    def process(self, datagrams: Sequence[Datagram]) -> None:
        """One batch, in order of arrival."""
        self._refresh()
        with self._lock:
            decoded = self.decoder.decode(datagrams)
            self._count(len(datagrams), decoded)
        exporters = self.decoder.exporters
        self.enricher.learn(decoded.options, decoded.counters, exporters, decoded.forgotten)
        if not decoded.flows.is_empty():
            flows = self.rules.apply(self.enricher.enrich(decoded.flows, exporters))
            if len(flows):
                self.store.write(flows)
        if not decoded.counters.is_empty():
            self.store.write(self.enricher.counters(decoded.counters, exporters))
        if not decoded.discards.is_empty():
            self.store.write(self.enricher.discards(decoded.discards, exporters))

    def exporters(self, most: int, streams: int) -> Iterator[Known]:
        """What is known of the busiest exporters, their problems by reason, and how many things of each kind they
        named; at most so many exporters, and so many streams of each.

        Any thread may ask; the pipeline is held up for some hundredths of a second at a time.
        """
        with self._lock:
            rows = iter(self.decoder.busiest(most))
        while some := self._portion(rows, streams):
            yield from (one for one in some if one[0].address)  # it may have been forgotten meanwhile

    def _portion(self, rows: Iterator[int], streams: int) -> list[Known]:
        out, size = list[Known](), 0
        with self._lock:
            while size < PORTION and (row := next(rows, None)) is not None:
                out.append(self._exporter(row, streams))
                size += 1 + len(out[-1][0].streams)
        return out

    def _exporter(self, row: int, streams: int) -> Known:
        state = self.decoder.exporter(row, streams)
        problems = dict(self.tallies.problems.get(state.address, {}))
        return state, problems, self.enricher.names.counts(state.address)

    def _refresh(self) -> None:
        """Now and then take changed files."""
        now = time.monotonic()
        if now - self._refreshed >= REFRESH_SECONDS:
            self._refreshed = now
            self.enricher.refresh()

    def _count(self, datagrams: int, decoded: Decoded) -> None:
        tallies = self.tallies
        tallies.datagrams += datagrams
        tallies.flows += decoded.flows.height
        tallies.options += len(decoded.options)
        tallies.counters += decoded.counters.height
        tallies.discards += decoded.discards.height
        for address in decoded.forgotten.values():
            tallies.problems.pop(address, None)
        for loss in decoded.losses:
            tallies.lost[loss.protocol] += loss.lost
        self._firsts.tick()
        for problem in decoded.problems:
            self._tell(problem)

    def _tell(self, problem: Problem) -> None:
        """Count a problem, and log the first of its kind and exporter in full."""
        address = self.decoder.exporters[problem.exporter]
        counts = self.tallies.problems.setdefault(address, Counter())
        if problem.reason not in counts:
            detail = f" ({problem.detail})" if problem.detail else ""
            self._firsts.warn(f"{address}: {REASONS[problem.reason]}{detail} [{problem.reason}]")
        counts[problem.reason] += problem.count
        self.tallies.reasons[problem.reason] += problem.count
