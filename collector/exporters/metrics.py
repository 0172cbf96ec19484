"""Metrics by exporter. Labels are bounded: those who give least are summed up under `exporter="other"`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from collector.decode.ledger import UNITS
from collector.decode.senders import OTHER
from collector.decode.state import StreamState
from collector.pipeline import Pipeline

MOST_LABELS, MOST_STREAMS = 1000, 4096
"""Exporters with labels of their own, and streams of each that are counted."""
Family = CounterMetricFamily | GaugeMetricFamily
Key = tuple[str, str]
"""Protocol, or reason, and exporter."""


def exporter_metrics(pipeline: Pipeline, most: int = MOST_LABELS) -> Iterator[Metric]:
    """What came from each exporter and what did not, by protocol, and what could not be used, by reason."""
    sums = _Sums()
    totals = _totals(pipeline)  # before the parts: what comes meanwhile must not show up as that of others
    for state, problems, _ in pipeline.exporters(most, MOST_STREAMS):
        for stream in state.streams:
            sums.add((stream.protocol, state.address), stream)
        for reason, count in problems.items():
            sums.problems[reason, state.address] += count
    sums.rest(totals)
    known = GaugeMetricFamily("flow_collector_exporters", "Exporters known", pipeline.decoder.known)
    return iter([known, *sums.families()])


class _Sums:
    """The sums of streams by protocol and exporter."""

    def __init__(self) -> None:
        self.datagrams: Counter[Key] = Counter()
        self.flows: Counter[Key] = Counter()
        self.lost: Counter[Key] = Counter()
        self.missing: Counter[Key] = Counter()
        self.problems: Counter[Key] = Counter()
        self.seen: dict[Key, float] = {}
        """When the last message came, in seconds since 1970."""
        self.skew: dict[Key, float] = {}
        """Seconds, of the stream whose message came last."""

    def add(self, key: Key, stream: StreamState) -> None:
        """Take a stream."""
        counts = stream.counts
        self.datagrams[key] += counts.messages
        self.flows[key] += counts.flows
        if stream.protocol in UNITS:
            self.lost[key] += counts.lost
        self.missing[key] += len(stream.missing)
        if counts.received / 1000 >= self.seen.get(key, 0):
            self.seen[key] = counts.received / 1000
            self.skew[key] = counts.skew / 1000

    def rest(self, totals: Iterable[Mapping[str, int]]) -> None:
        """Put what is left of the totals under `OTHER`."""
        for counts, total in zip((self.datagrams, self.flows, self.lost, self.problems), totals, strict=True):
            _rest(counts, total)

    def families(self) -> Iterator[Metric]:
        """The metrics."""
        by = ["protocol", "exporter"]
        for name, text, counts in (
            ("exporter_datagrams", "Datagrams, and IPFIX messages, of an exporter", self.datagrams),
            ("exporter_flows", "Flows of an exporter", self.flows),
        ):
            yield _filled(CounterMetricFamily(f"flow_collector_{name}", text, labels=by), counts)
        for name, text, values in (
            (
                "lost",
                "Missing by sequence number: flows (v5, v7), datagrams (v9, sFlow) or records (IPFIX)",
                self.lost,
            ),
            ("exporter_missing_templates", "Templates that data waits for", self.missing),
            ("exporter_last_seen_timestamp_seconds", "When the last message came", self.seen),
            ("exporter_clock_skew_seconds", "How far the exporter's clock is ahead of this host's", self.skew),
        ):
            yield _filled(GaugeMetricFamily(f"flow_collector_{name}", text, labels=by), values)
        text = "What the decoder could not use, by reason and exporter"
        family = CounterMetricFamily("flow_collector_problems", text, labels=["reason", "exporter"])
        yield _filled(family, self.problems)


def _totals(pipeline: Pipeline) -> Sequence[Mapping[str, int]]:
    """Datagrams, flows and losses by protocol, problems by reason."""
    totals, tallies = pipeline.decoder.totals(), pipeline.tallies
    datagrams = {protocol: total.messages for protocol, total in totals.items()}
    flows = {protocol: total.flows for protocol, total in totals.items()}
    return datagrams, flows, dict(tallies.lost), dict(tallies.reasons)


def _rest(counts: Counter[Key], totals: Mapping[str, int]) -> None:
    """What is left of each total once the exporters with labels are taken off."""
    named: Counter[str] = Counter()
    for (name, _), count in counts.items():
        named[name] += count
    for name, total in totals.items():
        if total > named[name]:
            counts[name, OTHER] += total - named[name]


def _filled(family: Family, values: Mapping[Key, float]) -> Metric:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
