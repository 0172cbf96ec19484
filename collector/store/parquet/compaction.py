"""Merges small files of a day, so that a quiet day does not become seventeen thousand files.

Files that follow one another are merged when there are `FAN_IN` of about the same size (a flow is so written anew a few
times at most), or enough for one of full size. When a day has come to rest, what is left of it is merged too.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from collector.datasets import FLOWS, Dataset
from collector.store.parquet.copying import Copier, ForeignError, StoppedError, UnreadableError
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import Folder, live_files, span_of

log = logging.getLogger(__name__)

FULL_SIZE = 64 * 2**20
"""Bytes of a file at most; about a million flows."""
FAN_IN = 16
"""Files of a tier that become one; files of the next tier are as many times larger."""
REST = 3600.0
"""Seconds without a new file after which a day counts as done."""

_FULL = 0
"""Tier of the files that are left alone."""


@dataclass(frozen=True)
class _File:
    path: Path
    written: float
    """When the last of its flows were written, in seconds since 1970."""
    size: int
    tier: int


class Compactor:
    """Merges files of a dataset in a folder. One process at a time does: the others leave it to that one.

    `stop` ends it within the time that a row group takes; what was begun is undone.
    """

    def __init__(self, folder: Folder, stop: threading.Event, dataset: Dataset = FLOWS) -> None:
        self._folder = folder
        self._dataset = dataset
        self._stop = stop
        self._foreign: set[Path] = set()

    def compact(self, day_folder: Path, now: float) -> int:
        """Merges what there is to merge in a day; gives the number of files that are gone. `now`: seconds since 1970.

        Raises OSError where the disk is full or not writable. A file that cannot be read is set aside as
        `.<name>.damaged`, with a warning.
        """
        gone = 0
        with self._folder.merging() as alone:
            while alone and not self._stop.is_set() and (run := self._next_run(day_folder, now)):
                gone += self._merge(day_folder, run)
        return gone

    def _next_run(self, day_folder: Path, now: float) -> list[Path]:
        """Files to merge next; empty where there is nothing to do."""
        files = self._files(day_folder)
        at_rest = now - max((file.written for file in files), default=now) > REST
        same_tier = _runs(files, lambda file: file.tier, FAN_IN)
        any_tier = _runs(files, lambda file: int(file.tier > _FULL), 2 if at_rest else 4 * FAN_IN)
        return next((run for run in [*same_tier, *any_tier]), [])

    def _files(self, day_folder: Path) -> list[_File]:
        """Files that were written in this folder, in the order of ids: nothing else lies between two of them."""
        mark = self._folder.mark()
        found = []
        for path in live_files(day_folder):
            span = span_of(path)
            if span is not None and span.mark == mark:
                size = path.stat().st_size
                found.append(_File(path, span.written, size, _FULL if path in self._foreign else _tier(size)))
        return found

    def _merge(self, day_folder: Path, run: list[Path]) -> int:
        """The files of a run as one; 0 where a file turned out not to be mergeable, which is then left out for good."""
        begin = time.thread_time()
        try:
            with self._folder.temporary(day_folder) as out:
                file = ParquetFile(out, self._dataset)
                Copier(file, self._stop).copy(run)
                file.close()
                merged = self._folder.replace(out, run)
        except StoppedError:
            return 0
        except ForeignError as error:
            self._foreign.add(error.path)
            return 0
        except UnreadableError as error:
            _set_aside(error)
            return 0
        spent = time.thread_time() - begin
        log.debug("%d files with %d flows merged into %s, %.2f s of CPU", len(run), file.rows, merged, spent)
        return len(run) - 1


def _tier(size: int) -> int:
    tier, least = _FULL, FULL_SIZE // 2
    while size < least:
        tier, least = tier + 1, least // FAN_IN
    return tier


def _runs(files: Sequence[_File], tier: Callable[[_File], int], enough: int) -> list[list[Path]]:
    """Neighbours of one tier that can become one file, smallest first: `enough` of them, or as many as one holds."""
    found = []
    for which, group in groupby(files, tier):
        if which != _FULL:
            members = list(group)
            run = _fitting(members)
            if len(run) > 1 and (len(members) >= enough or len(run) < len(members)):
                found.append((which, [file.path for file in run]))
    return [run for _, run in sorted(found, key=lambda one: -one[0])]


def _fitting(files: Sequence[_File]) -> list[_File]:
    """As many of the first files as fit into one."""
    total, run = 0, []
    for file in files:
        total += file.size
        if total > FULL_SIZE:
            break
        run.append(file)
    return run


def _set_aside(error: UnreadableError) -> None:
    aside = error.path.with_name(f".{error.path.name}.damaged")
    log.warning("%s cannot be read and is set aside as %s: %s", error.path, aside.name, error)
    with suppress(FileNotFoundError):
        error.path.rename(aside)
