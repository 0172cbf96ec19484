"""What is done in a folder of Parquet files beside writing: merging, clearing up, deleting old days."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from polars.exceptions import PanicException

from collector.datasets import FLOWS, Dataset
from collector.store.parquet.compaction import Compactor
from collector.store.parquet.folder import Folder
from collector.store.parquet.retention import delete_old_days
from collector.store.troubles import Troubles

log = logging.getLogger(__name__)

ROUND = 600.0
"""Seconds between two looks at all days, and after a failure."""
_NICE = 10
"""Priority of the thread, where threads have one of their own (Linux): merging has time."""


_PATIENCE = 10.0
"""Seconds at the end that a disk may take which does not answer."""


@dataclass(frozen=True)
class Keep:
    """How long days are kept; None: for ever."""

    days: int | None
    bytes: int | None
    zone: ZoneInfo


class Housekeeper:
    """A thread of low priority that looks after folders: at days with new files soon, at all days now and then."""

    def __init__(self, folders: Mapping[Dataset, Folder], keep: Keep, compact: bool, troubles: Troubles) -> None:
        self._folders = folders
        self._root = folders[FLOWS].root
        self._keep = keep
        self._troubles = troubles
        self._stop = threading.Event()
        self._compactors = {
            folder.root: Compactor(folder, self._stop, dataset) for dataset, folder in folders.items() if compact
        }
        self._news = threading.Condition()
        self._changed: set[Path] = set()
        self._round_at = 0.0
        self._thread = threading.Thread(target=self._run, name="parquet-housekeeper", daemon=True)
        self._thread.start()

    def note(self, day_folder: Path) -> None:
        """A file has been added to a day."""
        with self._news:
            self._changed.add(day_folder)
            self._news.notify()

    def close(self) -> None:
        """Ends, within about the time that a row group takes."""
        with self._news:
            self._stop.set()
            self._news.notify()
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        _step_back()
        self._guarded(self._tidy)
        while not self._stop.is_set():
            if time.monotonic() >= self._round_at:
                self._round_at = time.monotonic() + ROUND
                self._guarded(self._all_days)
            self._guarded(partial(self._compact, self._await_news()))

    def _guarded(self, job: Callable[[], None]) -> None:
        """A job that does not work is told, and nothing but the big round tried again."""
        try:
            job()
        except OSError as error:
            self._troubles.begin("housekeeping", f"cannot merge or delete files in {self._root}: {error}")
            self._stop.wait(max(0.0, self._round_at - time.monotonic()))
        except (Exception, PanicException):
            log.exception("a fault of the collector while looking after %s", self._root)
        else:
            self._troubles.end("housekeeping")

    def _await_news(self) -> set[Path]:
        """The days with new files; none when it is time to look at all."""
        with self._news:
            if not self._changed and not self._stop.is_set():
                self._news.wait(max(0.0, self._round_at - time.monotonic()))
            changed, self._changed = self._changed, set()
        return changed

    def _tidy(self) -> None:
        for folder in self._folders.values():
            for _, day in folder.days():
                if left := folder.tidy(day):
                    log.info("%d files in %s, left behind by a process that was killed, are removed", len(left), day)

    def _all_days(self) -> None:
        folders = self._folders.values()
        delete_old_days(folders, self._keep.days, self._keep.bytes, self._keep.zone, datetime.now(UTC))
        self._compact({day_folder for folder in folders for _, day_folder in folder.days()})

    def _compact(self, day_folders: set[Path]) -> None:
        for day_folder in sorted(day_folders if self._compactors else ()):
            # Deleted in the meantime, as too old.
            with suppress(FileNotFoundError):
                self._compactors[day_folder.parent].compact(day_folder, time.time())


def _step_back() -> None:
    """Lowers the priority of this thread alone; elsewhere than on Linux it would be that of the process."""
    if hasattr(os, "sched_getaffinity"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
