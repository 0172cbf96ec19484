"""What the collector as a whole did from one look to the next."""

import time
from collections import Counter

from collector.decode.problems import REASONS
from collector.health.exporters import Row, problems
from collector.health.process import resident_bytes
from collector.report import BUFFER_FULL, FAULT, TOO_SLOW, Report, Snapshot

SCOPE = "collector"


class Whole:
    """Remembers what had come, been stored and been dropped when it was last looked, and the CPU time that it took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._cpu = time.process_time()
        self._last = Snapshot(0, 0, 0, 0, 0, 0, 0, 0, Counter(), Counter(), Counter())
        self._lost = 0

    def row(self, seconds: float) -> Row:
        """What was added since the last look, so many seconds ago."""
        now, lost, cpu = self._report.snapshot(), sum(self._report.store().lost.values()), time.process_time()
        since, rejected, took = now.since(self._last), lost - self._lost, cpu - self._cpu
        self._last, self._lost, self._cpu = now, lost, cpu
        flaws = {reason: count for reason, count in since.dropped.items() if reason in REASONS}
        return {
            "health.scope": SCOPE,
            "health.datagrams": since.datagrams,
            "health.flows": since.flows,
            **problems({}, flaws),
            "health.kernel_drops": since.dropped[BUFFER_FULL],
            "health.queue_drops": since.dropped[TOO_SLOW],
            "health.failed_datagrams": since.dropped[FAULT],
            "health.stored": since.stored,
            "health.waiting": since.waiting,
            "health.rejected": max(rejected, 0),
            "health.exporters": self._report.pipeline.decoder.known,
            "health.cpu_percent": round(100 * took / seconds, 2) if seconds > 0 else None,
            "health.memory_bytes": resident_bytes(),
        }
