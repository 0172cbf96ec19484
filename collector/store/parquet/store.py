"""The store of a collector without a search engine: a folder of Parquet files."""

import errno
import logging
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from polars.exceptions import PanicException

from collector.datasets import DATASETS, FLOWS
from collector.flows import Flows
from collector.store.counts import Counts
from collector.store.errors import StoreError
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import Folder
from collector.store.parquet.housekeeping import Housekeeper, Keep
from collector.store.parquet.rolling import Batch, Gathered, Rolling, batches_of, size_of
from collector.store.troubles import Troubles

log = logging.getLogger(__name__)

RETRY = 5.0
"""Seconds until flows that could not be written are tried again."""
_PATIENCE = 10.0
"""Seconds that `write` waits for a disk that works, but slower than flows come."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass
class Counters:
    """What a store has done since it was opened."""

    flows: int = 0
    """Flows in files."""
    others: Counter[str] = field(default_factory=Counter)
    """Rows of other datasets in files, by dataset."""
    files: int = 0
    """Files as first written, before any was merged."""
    bytes: int = 0
    """Bytes of these files."""
    failures: int = 0
    """Attempts to write a file that failed."""
    lost: Counter[str] = field(default_factory=Counter)
    """Flows given up, by reason."""


class ParquetStore:
    """Files FOLDER/date=YYYY-MM-DD/<id>.parquet, the day that of `@timestamp` in a time zone; other datasets than flows
    have their days in a folder of their name.

    Flows are gathered and written by a thread; a file gets its name when it is whole, so any tool may read the folder
    at any moment. A sudden end of the process loses the flows not yet written, those of some seconds (`rolling`).
    What cannot be written, as the disk is full, stays in memory within a bound and is tried again. Another thread
    merges small files (`compact`) and deletes the days of more than `keep_days` days ago and the oldest beyond
    `keep_bytes`.

    Raises StoreError where the folder cannot be made or not be written to, or the time zone is unknown.
    """

    def __init__(
        self,
        folder: Path,
        zone: str = "UTC",
        keep_days: int | None = None,
        keep_bytes: int | None = None,
        rolling: Rolling | None = None,
        compact: bool = True,
    ) -> None:
        self._zone = zone
        keep = Keep(keep_days, keep_bytes, _known(zone))
        self._folder = _opened(folder)
        self._folders = {one: Folder(folder / one.folder) for one in DATASETS.values()}
        self._counters = Counters()
        self._gathered = Gathered(rolling or Rolling())
        self._changed = threading.Condition()
        self._roll_now = self._closing = self._failing = False
        self._retry_at = 0.0
        self._troubles = Troubles(log, self._whereabouts)
        self._housekeeper = Housekeeper(self._folders, keep, compact, self._troubles)
        self._thread = threading.Thread(target=self._run, name="parquet-writer", daemon=True)
        self._thread.start()

    @property
    def counters(self) -> Counters:
        """A copy as of now."""
        now = self._counters
        return replace(now, others=Counter(now.others), lost=Counter(now.lost))

    def counts(self) -> Counts:
        """What has become of the flows so far."""
        now = self.counters
        return Counts(now.flows, self._gathered.rows, dict(now.lost), self._troubles.status, dict(now.others))

    def write(self, flows: Flows) -> None:
        """Takes flows over. Waits only where the disk is slower than they come; never raises."""
        size = size_of(flows)
        with self._changed:
            if not self._has_room(size):
                self._counters.lost["not written"] += len(flows)
                self._troubles.tell("memory", f"flows are lost, as no more can wait; {self._whereabouts()}")
            elif len(flows):
                self._gathered.add(flows, size)
                self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Waits until all flows taken are in files, at most so many seconds; gives whether they are."""
        with self._changed:
            self._roll_now, self._retry_at = True, 0.0
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._gathered.rows, timeout)

    def close(self, timeout: float) -> None:
        """Writes what is left, for so many seconds at most, and ends; what cannot be written is lost and counted."""
        if self._closing:
            return
        self.flush(timeout)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._housekeeper.close()
        self._thread.join(1.0)
        if left := self._gathered.rows:
            self._counters.lost["not written"] += left
            log.error("%d flows are lost, as they could not be written to %s", left, self._folder.root)

    def _has_room(self, size: int) -> bool:
        """Whether there is room in memory, after some waiting for a disk that works."""
        fits = self._gathered.room_for
        if not fits(size) and not self._failing:
            self._changed.wait_for(lambda: fits(size) or self._failing, _PATIENCE)
        return fits(size)

    def _run(self) -> None:
        while self._await_work():
            self._roll()
            self._write_batches()

    def _await_work(self) -> bool:
        """Waits until flows are to be written; False at the end."""
        with self._changed:
            while not self._closing:
                wait = self._pause()
                if wait is not None and wait <= 0:
                    return True
                self._changed.wait(wait)
        return False

    def _pause(self) -> float | None:
        """Seconds until there is something to do; None where only more flows can bring it."""
        if self._roll_now:
            return 0.0
        pauses = [due] if (due := self._gathered.due_in()) is not None else []
        if self._gathered.batches:
            pauses.append(self._retry_at - time.monotonic())
        return min(pauses, default=None)

    def _roll(self) -> None:
        """Makes batches of what is gathered, when it is time."""
        gathered = self._gathered
        with self._changed:
            if not self._roll_now and gathered.due_in() != 0:
                return
            parts, size = gathered.take()
            self._roll_now = False
        rows = sum(map(len, parts))
        alike = [[part for part in parts if part.dataset is dataset] for dataset in DATASETS.values()]
        made = [batch for some in alike if some for batch in self._batches(some, size * sum(map(len, some)) // rows)]
        kept = sum(len(batch.flows) for batch in made)
        with self._changed:
            gathered.batches.extend(made)
            gathered.done(rows - kept, size - sum(batch.size for batch in made))
            self._changed.notify_all()

    def _batches(self, parts: list[Flows], size: int) -> list[Batch]:
        """Flows of a dataset, of all days; those that cannot be joined are lost, as they would be again."""
        rows = sum(map(len, parts))
        try:
            made = batches_of(parts, size, self._zone)
        except (Exception, PanicException):
            log.exception("%d flows are lost by a fault of the collector", rows)
            self._counters.lost["fault"] += rows
            return []
        if untimed := rows - sum(len(batch.flows) for batch in made):
            self._counters.lost["no timestamp"] += untimed
        return made

    def _write_batches(self) -> None:
        """Writes all batches, or none for a while after an attempt that failed."""
        gathered = self._gathered
        while gathered.batches and time.monotonic() >= self._retry_at and self._settled(gathered.batches[0]):
            with self._changed:
                batch = gathered.batches.popleft()
                gathered.done(len(batch.flows), batch.size)
                self._changed.notify_all()

    def _settled(self, batch: Batch) -> bool:
        """Whether a batch need not be tried again: it is in a file, or cannot become one."""
        try:
            self._write_file(batch)
        except OSError as error:
            self._fail(error)
            return False
        except (Exception, PanicException):
            log.exception("%d flows are lost by a fault of the collector", len(batch.flows))
            self._counters.lost["fault"] += len(batch.flows)
        self._failing = False
        self._troubles.end("writing")
        return True

    def _write_file(self, batch: Batch) -> None:
        dataset = batch.flows.dataset
        folder = self._folders[dataset]
        day_folder = folder.day(batch.day)
        with folder.temporary(day_folder) as out:
            file = ParquetFile(out, dataset)
            file.write(batch.flows)
            file.close()
            folder.publish(out)
        self._counters.files += 1
        if dataset is FLOWS:
            self._counters.flows += len(batch.flows)
        else:
            self._counters.others[dataset.name] += len(batch.flows)
        self._counters.bytes += file.size
        self._housekeeper.note(day_folder)

    def _fail(self, error: OSError) -> None:
        with self._changed:
            self._counters.failures += 1
            self._failing = True
            self._retry_at = time.monotonic() + RETRY
            self._changed.notify_all()
        self._troubles.begin("writing", f"cannot write to {self._folder.root}: {_told(error)}")

    def _whereabouts(self) -> str:
        gathered = self._gathered
        most = gathered.rolling.memory >> 20
        return f"{gathered.rows} flows, {gathered.size >> 20} of at most {most} MiB, wait in memory"


def _opened(folder: Path) -> Folder:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {folder}: {_told(error)}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"cannot write to {folder}: {_told(PermissionError(errno.EACCES, 'Permission denied'))}")
    return Folder(folder)


def _known(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise StoreError(f"time zone {zone}: not known; names are such as UTC or Europe/Prague") from error


def _told(error: OSError) -> str:
    """What is wrong, and how to mend it."""
    text = error.strerror or str(error)
    if error.errno in _FULL:
        return f"{text}: make room there, or have old days deleted (keep_days, keep_gib)"
    if error.errno in _FORBIDDEN:
        return f"{text}: let the user with id {os.geteuid()} write there, or choose another folder"
    return text
