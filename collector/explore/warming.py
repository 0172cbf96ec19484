"""Reading large files in the background for what dashboards ask, so that it is there when they are opened."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from collector.errors import CollectorError
from collector.explore.asking import question
from collector.explore.dashboard import Dashboard
from collector.query.model import Range
from collector.query.parquet import ParquetEngine

SHARE = 0.3
"""Of the time of a thread that is spent working."""
WAIT = 0.2
"""Seconds until it is looked again whether somebody still waits for an answer."""
ROUND = 120.0
"""Seconds until new files are looked for."""
VISITED = 3600.0
"""Seconds after a visit for which all dashboards are kept ready, not the first alone."""
IDLE = 900.0
"""Seconds for which columns of files stay in memory after they were looked at."""
LENGTH = 86_400_000
"""Milliseconds of the range that dashboards are opened with."""


def warm(
    engine: ParquetEngine,
    dashboards: Sequence[Dashboard],
    within: Range,
    stopped: threading.Event,
    share: float = SHARE,
) -> None:
    """Has the engine keep what dashboards ask of large files, one file at a time, with a pause after each, and while
    somebody waits for an answer.
    """
    for dashboard in dashboards:
        asked = [panel for panel in dashboard.panels() if panel.kind not in ("text", "records")]
        with suppress(CollectorError, OSError):
            begin = time.monotonic()
            for _ in engine.prepare([question(dashboard, panel, within) for panel in asked]):
                if stopped.wait((time.monotonic() - begin) * (1 / share - 1)):
                    return
                while engine.is_busy and not stopped.wait(WAIT):
                    pass
                begin = time.monotonic()


class Warmer:
    """A thread that keeps the first dashboard ready, and all of them while somebody looks."""

    def __init__(
        self, engine: ParquetEngine, dashboards: Sequence[Dashboard], clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._dashboards = dashboards
        self._clock = clock
        self._visited = float("-inf")
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warming", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def visited(self) -> None:
        """Somebody looks at a dashboard."""
        first = self._visited < time.monotonic() - VISITED
        self._visited = time.monotonic()
        if first:
            self._woken.set()

    def close(self) -> None:
        """End, after the file that is being read."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            now = int(self._clock() * 1000)
            some = self._dashboards if time.monotonic() - self._visited < VISITED else self._dashboards[:1]
            warm(self._engine, some, Range(now - LENGTH, now), self._stopped)
            self._engine.forget(IDLE)
            self._woken.wait(ROUND)
            self._woken.clear()
