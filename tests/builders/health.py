"""Rows about the health of a collector that took some datagrams."""

from dataclasses import dataclass, field

from collector.datagram import Datagram
from collector.datasets import HEALTH
from collector.decode.decoder import Decoder
from collector.decode.limits import Limits
from collector.enrich.enricher import Enricher
from collector.flows import Flows
from collector.health.recorder import Recorder
from collector.inbox import Inbox
from collector.pipeline import Pipeline
from collector.report import Report
from collector.store.counts import Counts
from tests.builders import sflow
from tests.builders.netflow import NOW, sent


@dataclass
class Kept:
    """A store that keeps rows in memory."""

    batches: list[Flows] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)

    def write(self, flows: Flows) -> None:
        self.batches.append(flows)

    def flush(self, timeout: float) -> bool:
        return timeout >= 0

    def close(self, timeout: float) -> None:
        pass

    def counts(self) -> Counts:
        flows = sum(len(one) for one in self.batches if one.dataset is not HEALTH)
        return Counts(stored=flows, waiting=3, lost=dict(self.lost))

    def health(self) -> list[Flows]:
        """What came of the collector's health."""
        return [one for one in self.batches if one.dataset is HEALTH]


@dataclass
class Watched:
    """A pipeline whose health is recorded from `NOW` on."""

    limits: Limits | None = None
    enricher: Enricher | None = None
    store: Kept = field(default_factory=Kept)

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(self.store, Decoder(limits=self.limits), self.enricher)
        self.report = Report([], [], Inbox(), self.pipeline)
        self.recorder = Recorder(self.report, began=NOW)

    def take(self, *datagrams: bytes | Datagram) -> None:
        """Datagrams, in a batch."""
        self.pipeline.process([one if isinstance(one, Datagram) else sent(one) for one in datagrams])


def health() -> Flows:
    """A row of an exporter and one of the collector."""
    watched = Watched()
    watched.take(sflow.payload(sflow.flow_sample()))
    watched.recorder.close(NOW + 1)
    (rows,) = watched.store.health()
    return rows
