"""Puts rows about the collector's own health into its store, once a minute."""

import logging
import time

from polars.exceptions import PanicException

from collector.exporters.metrics import MOST_LABELS, MOST_STREAMS
from collector.flows import Flows
from collector.health.exporters import Exporters
from collector.health.rows import made
from collector.health.whole import Whole
from collector.report import Report

MINUTE = 60
log = logging.getLogger(__name__)


class Recorder:
    """Looks at what a report tells when a minute of the clock is over, and writes what is new. For one thread, that of
    the pipeline; a fault costs a minute's rows alone.

    What a collector does in its first minute is written with the next, or at its end where that is sooner.
    """

    def __init__(self, report: Report, seconds: int = MINUTE, began: float | None = None) -> None:
        """With a minute of so many `seconds`; the run `began` now unless told otherwise (seconds since 1970)."""
        self._report = report
        self._seconds = seconds
        self._exporters, self._whole = Exporters(), Whole(report)
        self._began = self._begin = time.time() if began is None else began
        self._clock = time.monotonic()
        self._held: list[Flows] = []
        self._failed = False

    def step(self, now: float) -> None:
        """Look where a minute is over at `now`; to be called often."""
        if now // self._seconds != self._begin // self._seconds:
            self._record(now, write=not self._began <= now < self._began + self._seconds)

    def close(self, now: float) -> None:
        """Write what is new since the last minute."""
        self._record(now, write=True)

    def _record(self, now: float, *, write: bool) -> None:
        begin, self._begin = self._begin, now
        try:
            self._held.append(self._look(begin, now))
            while write and self._held:
                self._report.pipeline.store.write(self._held.pop(0))
        except (Exception, PanicException):  # a panic of polars is no Exception
            if not self._failed:
                log.exception("rows about the collector's health are missing by a fault of it: please report it")
            self._failed = True

    def _look(self, begin: float, now: float) -> Flows:
        clock = time.monotonic()
        seconds, self._clock = clock - self._clock, clock
        pipeline = self._report.pipeline
        found = pipeline.exporters(MOST_LABELS, MOST_STREAMS)
        rows = self._exporters.rows(found, pipeline.decoder.known, round(now * 1000))
        minute = int(begin // self._seconds * self._seconds)
        return made([*rows, self._whole.row(seconds)], minute, seconds, pipeline.enricher.exporters)
