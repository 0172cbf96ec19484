"""States of files that never change, kept for the next question."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from collector.query.parquet.growing import Growing
from collector.query.parquet.leading import Found, Watch
from collector.query.parquet.leads import Lead
from collector.query.parquet.packing import Packed
from collector.query.parquet.states import Ask

MOST_BYTES = 640 * 2**20
"""Memory that kept states may take; those that were not asked for the longest go first."""
_OVERHEAD = 1000
"""Bytes of small things around the columns."""


class _Sized(Protocol):
    @property
    def size(self) -> int: ...


Kind = TypeVar("Kind", bound=_Sized)


@dataclass(frozen=True)
class Sum:
    """What several files tell of leading groups, added up."""

    paths: frozenset[Path]
    told: Found

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.told.size


class Kept:
    """States by file and question; the last sum of each question; and of those about leading groups what is looked at.

    Safe to use from several threads.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._held: OrderedDict[Hashable, tuple[_Sized, int]] = OrderedDict()
        self._lock = threading.Lock()

    def of_file(self, path: Path, ask: Ask) -> Packed | None:
        """What was kept of a file."""
        return self._get((path, ask), Packed)

    def keep_file(self, path: Path, ask: Ask, found: Packed) -> None:
        """Keep what was found in a file."""
        self._put((path, ask), found)

    def found(self, path: Path, lead: Lead) -> Found | None:
        """What was kept of a file of leading groups."""
        return self._get((path, lead), Found)

    def keep_found(self, path: Path, lead: Lead, found: Found) -> None:
        """Keep what a file tells of leading groups."""
        self._put((path, lead), found)

    def found_sum(self, lead: Lead) -> Sum | None:
        """What was kept of several files of leading groups."""
        return self._get((None, lead), Sum)

    def keep_found_sum(self, lead: Lead, made: Sum) -> None:
        """Keep what several files tell of leading groups, in place of the last."""
        self._put((None, lead), made)

    def watch(self, lead: Lead) -> Watch | None:
        """The buckets that were looked at last."""
        return self._get(lead, Watch)

    def keep_watch(self, lead: Lead, watch: Watch) -> None:
        """Keep which buckets are looked at."""
        self._put(lead, watch)

    def has(self, path: Path, ask: Ask) -> bool:
        """Whether it was kept, which does not count as use of it."""
        with self._lock:
            return (path, ask) in self._held

    @property
    def nearly_full(self) -> bool:
        """Whether what nobody has asked for yet has to stay out."""
        return self._bytes > self._most * 3 // 4

    def sum(self, ask: Ask) -> Growing | None:
        """The last sum."""
        return self._get(ask, Growing)

    def keep_sum(self, ask: Ask, made: Growing) -> None:
        """Keep a sum in place of the last one."""
        self._put(ask, made)

    def _get(self, key: Hashable, kind: type[Kind]) -> Kind | None:
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            found = self._held[key][0]
        return found if isinstance(found, kind) else None

    def _put(self, key: Hashable, made: _Sized) -> None:
        size = made.size + _OVERHEAD
        with self._lock:
            self._bytes += size - self._held.pop(key, (None, 0))[1]
            self._held[key] = made, size
            while self._bytes > self._most:
                self._bytes -= self._held.popitem(last=False)[1][1]
