"""What `decode` does with a capture."""

import sys
from collections import Counter
from enum import StrEnum
from typing import Any

from collector.captures import batches, in_order
from collector.decode.decoder import Decoded, Decoder, Options
from collector.decode.problems import REASONS
from collector.enrich.enricher import Enricher
from collector.query.rules import Rules
from collector.receive.pcap import read_capture
from collector.store.writers import Writer


class Kind(StrEnum):
    """What `decode` can write."""

    FLOWS = "flows"
    OPTIONS = "options"
    COUNTERS = "counters"
    DISCARDS = "discards"


class Decoding:
    """Decodes captures one after another, as if they came from the same exporters, into one writer."""

    def __init__(
        self, writer: Writer, kinds: frozenset[Kind], decoder: Decoder, enricher: Enricher, rules: Rules
    ) -> None:
        self._writer = writer
        self._kinds = kinds
        self._decoder = decoder
        self._enricher = enricher
        self._rules = rules
        self._problems: Counter[tuple[str, str]] = Counter()

    def read(self, file: str) -> None:
        """Decode one capture. CaptureError where it cannot be read."""
        for batch in batches(read_capture(file)):
            self._write(self._decoder.decode(batch))

    def summarise(self) -> None:
        """Say on stderr what could not be used, and what rules dropped."""
        for (reason, exporter), count in self._problems.most_common():
            print(f"flow-collector: {exporter}: {count:,} x {reason}: {REASONS[reason]}", file=sys.stderr)
        for rule, count in self._rules.dropped.most_common():
            print(f"flow-collector: {count:,} flows dropped by rule {rule}", file=sys.stderr)

    def _write(self, decoded: Decoded) -> None:
        for problem in decoded.problems:
            self._problems[problem.reason, self._decoder.exporters[problem.exporter]] += problem.count
        self._enricher.learn(decoded.options, decoded.counters, self._decoder.exporters, decoded.forgotten)
        if Kind.OPTIONS in self._kinds:
            self._writer.rows(self._option(one) for one in decoded.options)
        exporters = self._decoder.exporters
        if Kind.COUNTERS in self._kinds and not decoded.counters.is_empty():
            self._writer.write(self._enricher.counters(decoded.counters, exporters))
        if Kind.DISCARDS in self._kinds and not decoded.discards.is_empty():
            self._writer.write(self._enricher.discards(decoded.discards, exporters))
        if Kind.FLOWS in self._kinds and not decoded.flows.is_empty():
            self._writer.write(in_order(self._rules.apply(self._enricher.enrich(decoded.flows, exporters))))

    def _option(self, one: Options) -> dict[str, Any]:
        """A document that cannot be taken for a flow."""
        return {
            "event": {"kind": "options"},
            "host": {"ip": self._decoder.exporters[one.exporter]},
            "flow": {"version": one.version, "observation_domain": one.domain, "type": "options"},
            "scope": one.scope,
            "options": one.values,
        }
