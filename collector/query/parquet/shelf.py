"""Columns of row groups as they were read, kept for the next question: files never change."""

import threading
import time
from collections import OrderedDict
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple
from weakref import WeakValueDictionary

import polars as pl

from collector.query.parquet.parts import Part
from collector.query.parquet.texts import Texts

MOST_BYTES = 512 * 2**20
"""Memory that columns may take; those that were not looked at the longest go first."""
AT_LEAST = 60.0
"""Seconds that a column stays after a look: else a question about more than fits would find nothing of it again."""
_OVERHEAD = 1000
"""Bytes of small things around a column."""
Key = tuple[Path, int, str]
"""A column of a row group: the file, the number of the row group, and the name of the field."""


class _Kept(NamedTuple):
    part: Part
    size: int
    used: float


class Shelf:
    """Columns whose texts are numbers. Safe to use from several threads."""

    def __init__(self, texts: Texts, most: int = MOST_BYTES, at_least: float = AT_LEAST) -> None:
        self.texts = texts
        self._most = most
        self._at_least = at_least
        self._bytes = 0
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._dictionaries: WeakValueDictionary[bytes, pl.Series] = WeakValueDictionary()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self._bytes

    def get(self, key: Key) -> Part | None:
        """A column that was kept."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            found = self._kept[key] = self._kept[key]._replace(used=time.monotonic())
        return found.part

    def keep(self, key: Key, part: Part) -> None:
        """Keep a column, if there is room or others make room."""
        size = part.nbytes + _OVERHEAD
        with self._lock:
            self._drop(key)
            if size <= self._most:
                self._forget(self._at_least, self._most - size)
            if self._bytes + size <= self._most:
                self._kept[key] = _Kept(part, size, time.monotonic())
                self._bytes += size

    def shared(self, numbers: pl.Series) -> pl.Series:
        """The same object for the same numbers: both ends often have one dictionary, and so have many row groups."""
        name = blake2b(numbers.to_numpy().tobytes(), digest_size=16).digest()
        with self._lock:
            return self._dictionaries.setdefault(name, numbers)

    def forget(self, seconds: float) -> None:
        """Columns that nobody has looked at for so long."""
        with self._lock:
            self._forget(seconds, 0)

    def _forget(self, seconds: float, most: int) -> None:
        """The same, until others take so many bytes at most."""
        end = time.monotonic() - seconds
        while self._bytes > most and self._kept:
            key, oldest = next(iter(self._kept.items()))
            if oldest.used > end:
                return
            self._drop(key)

    def _drop(self, key: Key) -> None:
        known = self._kept.pop(key, None)
        self._bytes -= known.size if known else 0
