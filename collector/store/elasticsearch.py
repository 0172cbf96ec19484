"""The store in Elasticsearch or OpenSearch: daily indices, filled from write-ahead segments."""

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from collector.datasets import DATASETS, FLOWS
from collector.flows import Flows
from collector.store import bulk
from collector.store.access import Access
from collector.store.client import Client, Engine
from collector.store.counts import Counts
from collector.store.errors import StoreError
from collector.store.preparation import Preparation
from collector.store.retention import delete_old_indices
from collector.store.segments import DEFAULT_LIMIT, Segment, Segments
from collector.store.shipping import ENGINE, Counters, Patience, Shipper, Stopped
from collector.store.template import IndexSettings
from collector.store.troubles import Troubles

log = logging.getLogger(__name__)

SEGMENT_FLOWS = 50_000
"""Flows of a segment at most: while one is shipped, it and some thousand of its documents are in memory."""

_HOUSEKEEPING = 60.0
_RETENTION = 3600.0


@dataclass(frozen=True)
class Settings:
    """What an operator may choose about this store."""

    access: Access
    folder: Path
    """Segments lie in `segments/` below it."""
    index: IndexSettings = field(default_factory=IndexSettings)
    full: bool = True
    """Whether documents repeat fields under the names by which existing dashboards find them."""
    message: bool = False
    """Whether documents have their flow in a line of text."""
    zone: str = "UTC"
    """Time zone that tells where a day, and with it an index, begins."""
    parallel: int = 2
    """Requests in flight."""
    request_bytes: int = 5_000_000
    segment_bytes: int = DEFAULT_LIMIT
    """What segments may take on disk while the engine does not take them."""
    keep_days: int | None = None
    keep_bytes: int | None = None
    patience: Patience = field(default_factory=Patience)


class ElasticsearchStore:
    """Flows given to `write` are on disk when it returns, and threads ship them, however long that takes.

    Nothing is sent before the index template is installed and verified. Raises StoreError where a setting makes no
    sense or the folder cannot be used; an engine that does not answer is waited for, and `status` tells.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zone = _zone(settings.zone)
        self._client = Client(settings.access)
        self._segments = _segments(settings)
        self._stop = threading.Event()
        self._troubles = Troubles(log, self._whereabouts)
        self._preparation = Preparation(self._client, settings.index)
        self._shipper = Shipper(
            self._client, self._preparation, self._troubles, self._stop, settings.patience, settings.request_bytes
        )
        self._changed = threading.Condition()
        self._held: dict[str, Flows] = {}
        self._unsaved: set[str] = set()
        self._lost = 0
        if left := len(self._segments):
            log.info("%d segments of an earlier run in %s are shipped first", left, self._segments.folder)
        names = [self._ship_all] * settings.parallel + [self._keep_house]
        self._threads = [threading.Thread(target=run, name=run.__name__.strip("_"), daemon=True) for run in names]
        for thread in self._threads:
            thread.start()

    @property
    def engine(self) -> Engine | None:
        """What takes the flows; None where none has answered yet."""
        return self._preparation.engine

    @property
    def counters(self) -> Counters:
        """A copy as of now."""
        segments = self._segments
        return replace(
            self._shipper.counters,
            stored=Counter(self._shipper.counters.stored),
            failed=dict(self._shipper.counters.failed),
            pending_segments=len(segments),
            pending_bytes=segments.bytes,
            dropped=segments.dropped_flows + self._lost,
            damaged=segments.damaged_flows,
        )

    def counts(self) -> Counts:
        """What has become of the flows so far."""
        known = self.counters
        lost = {f"refused by the engine ({reason})": flows for reason, flows in known.failed.items()}
        lost |= {"no space for segments": known.dropped, "segment set aside": known.damaged}
        lost = {reason: flows for reason, flows in lost.items() if flows}
        stored = known.stored.pop(FLOWS.name, 0)
        return Counts(stored, self._segments.flows, lost, self.status, dict(known.stored))

    @property
    def status(self) -> str:
        """One line on what does not work, and since when; `ok` where everything does."""
        return self._troubles.status

    def write(self, flows: Flows) -> None:
        """Takes flows over. They outlive the process from then on, unless the disk does not take them."""
        for begin in range(0, len(flows), SEGMENT_FLOWS):
            part = flows.slice(begin, SEGMENT_FLOWS)
            with self._changed:
                self._write(part)
                self._changed.notify()

    def flush(self, timeout: float) -> bool:
        """Waits until all flows have arrived, at most so many seconds; gives whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: not len(self._segments), timeout)

    def close(self, timeout: float) -> None:
        """Ends after a last attempt of so many seconds; flows not shipped by then are shipped by the next run."""
        self.flush(timeout)
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            # One that waits for an answer is left behind: what it sends may arrive, and is then known by its ids.
            thread.join(0.5)
        with self._changed:
            self._lost += sum(len(self._held[name]) for name in self._unsaved)
            if left := len(self._segments):
                log.warning("%d segments are not shipped: %s", left, self._whereabouts())
        self._client.close()

    def _write(self, flows: Flows) -> None:
        """Keeps a few segments in memory as well, so that they need not be read; more are compressed."""
        room = len(self._held) < 2 * self._settings.parallel
        try:
            segment = self._segments.write(flows, compress=not room)
        except OSError as error:
            self._keep_unsaved(flows, error)
        else:
            if room:
                self._held[segment.id] = flows

    def _keep_unsaved(self, flows: Flows, error: OSError) -> None:
        text = f"no segment can be written to {self._segments.folder}: {error.strerror or error}"
        if len(self._unsaved) >= 2 * self._settings.parallel:
            self._lost += len(flows)
            self._troubles.tell("lost", f"{text}; {len(flows)} flows are lost, as memory holds enough that wait")
            return
        segment = self._segments.admit(flows)
        self._held[segment.id] = flows
        self._unsaved.add(segment.id)
        self._troubles.tell("unsaved", f"{text}; flows are kept in memory until they are shipped")

    def _ship_all(self) -> None:
        while (segment := self._next()) is not None:
            try:
                self._ship(segment)
            except Stopped:
                return
            # Flows that make no documents must not stop those after them.
            except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                self._segments.set_aside(segment, f"its flows make no documents ({reason})")
            with self._changed:
                self._held.pop(segment.id, None)
                self._unsaved.discard(segment.id)
                self._changed.notify_all()

    def _next(self) -> Segment | None:
        """The next segment, waited for; None at the end."""
        with self._changed:
            while not self._stop.is_set():
                if segment := self._segments.take():
                    return segment
                self._changed.wait()
        return None

    def _ship(self, segment: Segment) -> None:
        flows = self._held.get(segment.id) or self._segments.read(segment)
        if flows is None:
            return
        shipped, chosen = 0, self._settings
        for request in bulk.requests(flows, segment.id, chosen.zone, self._size, chosen.full, chosen.message):
            self._shipper.ship(request)
            shipped += len(request)
        if len(flows) > shipped:
            self._shipper.refuse("no @timestamp", len(flows) - shipped)
        self._segments.done(segment)

    def _size(self) -> int:
        return self._shipper.size

    def _keep_house(self) -> None:
        """Says at the start whether the engine answers, and deletes what is too old, with flows or without."""
        due = time.monotonic()
        while not self._stop.is_set():
            try:
                self._preparation.ensure()
                self._troubles.end(ENGINE)
                if time.monotonic() >= due:
                    due = time.monotonic() + _RETENTION
                    self._delete_old()
            except StoreError as error:
                self._troubles.begin(ENGINE, str(error))
            self._stop.wait(_HOUSEKEEPING)

    def _delete_old(self) -> None:
        days, size = self._settings.keep_days, self._settings.keep_bytes
        if days is None and size is None:
            return
        try:
            prefixes = [dataset.prefix for dataset in DATASETS.values()]
            delete_old_indices(self._client, prefixes, days, self._zone, datetime.now(UTC), size)
        except StoreError as error:
            self._troubles.tell("retention", f"old indices are not deleted: {error}")

    def _whereabouts(self) -> str:
        return f"{len(self._segments)} segments of {self._segments.bytes} bytes wait in {self._segments.folder}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise StoreError(f"time zone {name}: not known; names are such as UTC or Europe/Prague") from error


def _segments(settings: Settings) -> Segments:
    try:
        return Segments(settings.folder / "segments", settings.segment_bytes)
    except OSError as error:
        raise StoreError(f"folder {error.filename}: {error.strerror}") from error
