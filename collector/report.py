"""What came, what was stored and what was dropped and why: as a line for the log, and as numbers for /metrics."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from collector.datasets import COUNTERS, DISCARDS, HEALTH
from collector.decode.ledger import UNITS
from collector.enrich.dns.resolver import Resolver
from collector.exporters.metrics import exporter_metrics
from collector.exporters.notes import total_notes
from collector.exporters.view import MOST_EXPORTERS, MOST_STREAMS, Overview, overview
from collector.inbox import Inbox
from collector.pipeline import Pipeline
from collector.receive.tcp import TcpReceiver
from collector.receive.udp import UdpReceiver
from collector.store.counts import Counts

BUFFER_FULL, TOO_SLOW, FAULT = "receive buffer full", "machine too slow", "fault of the collector"
"""Reasons for which datagrams are dropped before they are decoded."""
ABSENT = "no collector runs in this process: it shows what is stored"
"""Why there is no report."""
MOST_REASONS = 5
"""Reasons that a line names; the others are summed up."""


@dataclass(frozen=True)
class Snapshot:
    """Counts since the start."""

    datagrams: int
    bytes: int
    flows: int
    options: int
    counters: int
    discards: int
    stored: int
    waiting: int
    dropped: Counter[str]
    """By reason."""
    lost: Counter[str]
    """Before it came, by protocol, as sequence numbers tell."""
    others: Counter[str]
    """Stored beside flows, by dataset."""

    def since(self, earlier: "Snapshot") -> "Snapshot":
        """What was added; `waiting` as it is now."""
        return Snapshot(
            self.datagrams - earlier.datagrams,
            self.bytes - earlier.bytes,
            self.flows - earlier.flows,
            self.options - earlier.options,
            self.counters - earlier.counters,
            self.discards - earlier.discards,
            self.stored - earlier.stored,
            self.waiting,
            self.dropped - earlier.dropped,
            self.lost - earlier.lost,
            self.others - earlier.others,
        )


@dataclass
class Report:
    """Reads the plain counters of all parts when asked."""

    receivers: Sequence[UdpReceiver]
    sessions: Sequence[TcpReceiver]
    inbox: Inbox
    pipeline: Pipeline
    failed_datagrams: int = 0
    """Datagrams of batches that a fault of the collector cost."""
    _last: Snapshot | None = field(default=None, init=False)

    def snapshot(self) -> Snapshot:
        """The counts now."""
        tallies, stored = self.pipeline.tallies, self.store()
        return Snapshot(
            sum(one.datagrams for one in self.receivers) + sum(one.messages for one in self.sessions),
            sum(one.bytes for one in self.receivers) + sum(one.bytes for one in self.sessions),
            tallies.flows,
            tallies.options,
            tallies.counters,
            tallies.discards,
            stored.stored,
            stored.waiting,
            self._dropped(stored),
            +Counter(dict(tallies.lost)),
            Counter(stored.others),
        )

    def store(self) -> Counts:
        """The store's own counts."""
        return self.pipeline.store.counts()

    def line(self) -> str:
        """What happened since the last line."""
        now = self.snapshot()
        since = now if self._last is None else now.since(self._last)
        self._last = now
        return told(since)

    def total(self) -> str:
        """What happened since the start."""
        return told(self.snapshot())

    def metrics(self) -> Iterator[Metric]:
        """The counts for Prometheus."""
        now = self.snapshot()
        for name, value, text in (
            ("datagrams", now.datagrams, "Datagrams received, and messages of sessions"),
            ("received_bytes", now.bytes, "Bytes of their payloads"),
            ("flows", now.flows, "Flows decoded"),
            ("options", now.options, "Records of options data decoded"),
            ("counter_samples", now.counters, "Counter samples decoded"),
            ("dropped_packets", now.discards, "Packets decoded that a device dropped"),
            ("sessions", sum(one.total for one in self.sessions), "IPFIX sessions taken"),
            ("stored_flows", now.stored, "Flows that the store has taken for good"),
            ("stored_counter_samples", now.others[COUNTERS.name], "Counter samples that it has taken"),
            ("stored_dropped_packets", now.others[DISCARDS.name], "Dropped packets that it has taken"),
            ("stored_health_rows", now.others[HEALTH.name], "Rows about its own health that it has taken"),
        ):
            yield CounterMetricFamily(f"flow_collector_{name}", text, value)
        sessions = sum(one.sessions for one in self.sessions)
        yield GaugeMetricFamily("flow_collector_sessions_open", "IPFIX sessions that are open", sessions)
        yield GaugeMetricFamily("flow_collector_waiting_flows", "Flows and other rows that wait for it", now.waiting)
        yield self._drops(now)
        yield from exporter_metrics(self.pipeline)
        if hosts := self.pipeline.enricher.hosts:
            yield from _host_names(hosts.resolver)

    def exporters(self, now: int) -> Overview:
        """What is known of all exporters at `now` (milliseconds since 1970)."""
        drops = sum(one.kernel_drops for one in self.receivers)
        refused = self.pipeline.tallies.reasons["too-many-exporters"]
        notes = total_notes(drops, self.inbox.overflow, refused)
        return overview(self.pipeline.exporters(MOST_EXPORTERS, MOST_STREAMS), self.pipeline.decoder.known, notes, now)

    def _drops(self, now: Snapshot) -> Metric:
        family = CounterMetricFamily("flow_collector_dropped", "What was dropped, by reason", labels=["reason"])
        for reason, count in now.dropped.items():
            family.add_metric([reason], count)
        return family

    def _dropped(self, stored: Counts) -> Counter[str]:
        out: Counter[str] = Counter()
        out[BUFFER_FULL] = sum(one.kernel_drops for one in self.receivers)
        out["session refused"] = sum(one.refused for one in self.sessions)
        out["session failed"] = sum(one.failed for one in self.sessions)
        out[TOO_SLOW] = self.inbox.overflow
        out[FAULT] = self.failed_datagrams
        out.update(dict(self.pipeline.tallies.reasons))
        for rule, count in list(self.pipeline.rules.dropped.items()):
            out[f"by rule {rule}"] += count
        for reason, count in stored.lost.items():
            out[f"store: {reason}"] += count
        return +out


def _host_names(resolver: Resolver) -> Iterator[Metric]:
    counts = resolver.counts()
    yield CounterMetricFamily("flow_collector_dns_queries", "Questions to name servers", counts.asked)
    text = "What came of it: name, none (there is no name) or failed (no answer)"
    family = CounterMetricFamily("flow_collector_dns_answers", text, labels=["result"])
    for result, count in (("name", counts.named), ("none", counts.absent), ("failed", counts.failed)):
        family.add_metric([result], count)
    yield family
    text = "Addresses left out because too many waited; asked about when they are seen again"
    yield CounterMetricFamily("flow_collector_dns_dropped", text, counts.dropped)
    yield GaugeMetricFamily("flow_collector_dns_waiting", "Addresses whose names are awaited", resolver.waiting)


def told(counts: Snapshot) -> str:
    """Counts as one line."""
    parts = [f"{counts.datagrams:,} datagrams", f"{counts.flows:,} flows", f"{counts.stored:,} stored"]
    for count, dataset in ((counts.counters, COUNTERS), (counts.discards, DISCARDS)):
        if count or counts.others[dataset.name]:
            parts.append(f"{count:,} {dataset.title}, {counts.others[dataset.name]:,} stored")
    if counts.waiting:
        parts.append(f"{counts.waiting:,} waiting for the store")
    if counts.lost:
        missing = [f"{count:,} {UNITS[protocol]} of {protocol}" for protocol, count in counts.lost.items()]
        parts.append("lost before they came: " + ", ".join(missing))
    if counts.dropped:
        found = counts.dropped.most_common()
        named = [f"{count:,} {reason}" for reason, count in found[:MOST_REASONS]]
        more = len(found) - MOST_REASONS
        parts.append("dropped or flawed: " + ", ".join(named) + (f" and {more} more reasons" if more > 0 else ""))
    return "; ".join(parts)
