"""What all visits of the page share: the store, the dashboards and the collector that fills the store, if one does."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from threading import Lock
from typing import TypeVar
from zoneinfo import ZoneInfo

from collector.explore.dashboard import Dashboard
from collector.explore.load import with_own
from collector.explore.warming import Warmer
from collector.query.engines import open_engine
from collector.query.model import Engine
from collector.query.parquet import ParquetEngine
from collector.report import Report
from collector.settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")
THREADS = 2
"""Questions that are answered at a time."""


@dataclass
class Site:
    """Opened once, used by all visits."""

    settings: Settings
    report: Report | None = None
    """Of the collector in this process; None where only what is stored is shown."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "page"))

    _engine: Engine | None = None
    _warmer: Warmer | None = None
    _opening: Lock = field(default_factory=Lock)

    async def ask(self, question: Callable[[Engine], T]) -> T:
        """Put a question to the store, in another thread. CollectorError."""
        return await asyncio.get_running_loop().run_in_executor(self.workers, lambda: question(self._opened()))

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = open_engine(self.settings)
                self._warmer = self._warming(self._engine)
            if self._warmer:
                self._warmer.visited()
            return self._engine

    def _warming(self, engine: Engine) -> Warmer | None:
        """Reads large files before dashboards ask for them; begun by the first visit. A search engine needs none."""
        if not isinstance(engine, ParquetEngine):
            return None
        warmer = Warmer(engine, list(self.dashboards.values()), lambda: self.clock().timestamp())
        warmer.start()
        return warmer

    @cached_property
    def dashboards(self) -> Mapping[str, Dashboard]:
        """By name, in the order of the list; files that are wrong are told of in the log and left out."""
        found, wrong = with_own(self.settings.dashboards)
        for text in wrong:
            log.warning("a dashboard is left out: %s", text)
        return found

    @cached_property
    def zone(self) -> tzinfo:
        """The operator's time zone."""
        return ZoneInfo(self.settings.timezone)

    def close(self) -> None:
        """End; questions that wait are dropped."""
        self.workers.shutdown(wait=False, cancel_futures=True)
        if self._warmer is not None:
            self._warmer.close()
        if self._engine is not None:
            self._engine.close()
