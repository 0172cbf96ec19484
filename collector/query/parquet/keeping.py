"""States of files that never change, kept for the next question."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from collector.query.parquet.states import Ask, States

MOST_BYTES = 512 * 2**20
"""Memory that kept states may take; those that were not asked for the longest go first."""
_OVERHEAD = 1000
"""Bytes of small things around the columns."""


@dataclass(frozen=True)
class Sum:
    """The states of several files added up."""

    paths: frozenset[Path]
    states: States


class Kept:
    """States by file and question; and the last sum of each question. Safe to use from several threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._held: OrderedDict[Hashable, tuple[Sum, int]] = OrderedDict()
        self._lock = threading.Lock()

    def of_file(self, path: Path, ask: Ask) -> States | None:
        """What was kept of a file."""
        found = self._get((path, ask))
        return None if found is None else found.states

    def keep_file(self, path: Path, ask: Ask, states: States) -> None:
        """Keep what was found in a file."""
        self._put((path, ask), Sum(frozenset((path,)), states))

    def has(self, path: Path, ask: Ask) -> bool:
        """Whether it was kept, which does not count as use of it."""
        with self._lock:
            return (path, ask) in self._held

    @property
    def nearly_full(self) -> bool:
        """Whether what nobody has asked for yet has to stay out."""
        return self._bytes > self._most * 3 // 4

    def sum(self, ask: Ask) -> Sum | None:
        """The last sum."""
        return self._get(ask)

    def keep_sum(self, ask: Ask, made: Sum) -> None:
        """Keep a sum in place of the last one."""
        self._put(ask, made)

    def _get(self, key: Hashable) -> Sum | None:
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def _put(self, key: Hashable, made: Sum) -> None:
        size = made.states.size + _OVERHEAD
        with self._lock:
            self._bytes += size - self._held.pop(key, (None, 0))[1]
            self._held[key] = made, size
            while self._bytes > self._most:
                self._bytes -= self._held.popitem(last=False)[1][1]
