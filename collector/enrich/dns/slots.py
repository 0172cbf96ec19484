"""Addresses by number: when to ask for the name of each, whom, and what it is called so far."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.enrich.dns.answers import Answer

NEVER, PENDING, NOW = np.nan, np.inf, 0.0
"""When to ask: never, not while an answer is awaited, at once."""
SPARE = 1000
Numbers = npt.NDArray[np.intp]
Rows = npt.NDArray[np.int32]
"""Groups of name servers."""
Mask = npt.NDArray[np.bool_]


class Slots:
    """Numbers 0, 1, 2, … in order of arrival; those that were released are given again."""

    def __init__(self) -> None:
        self.count = 0
        self.due = np.zeros(SPARE)
        """In seconds since 1970."""
        self.group = np.zeros(SPARE, np.int32)
        self._tentative = np.zeros(SPARE, np.bool_)
        self._row = np.zeros(SPARE, np.uint32)
        self._free = np.zeros(0, np.intp)
        self._names = pl.Series([None], dtype=pl.String)
        """Row 0 is for those without a name."""

    def add(self, wanted: Mask, tentative: Mask, group: Rows) -> Numbers:
        """Numbers for new addresses: to be asked for at once where `wanted`, after `wake` where `tentative`."""
        again, self._free = self._free[: len(wanted)], self._free[len(wanted) :]
        first, self.count = self.count, self.count + len(wanted) - len(again)
        if self.count > len(self.due):
            self._grow(2 * self.count)
        new = np.concatenate([again, np.arange(first, self.count)])
        self.due[new] = np.where(wanted, NOW, NEVER)
        self.group[new], self._tentative[new], self._row[new] = group, tentative, 0
        return new

    def release(self, slots: Numbers) -> None:
        """Leave these to other addresses. Nothing may be told of them any more."""
        self.due[slots], self._tentative[slots], self._row[slots] = NEVER, False, 0
        self._free = np.concatenate([self._free, slots])

    def wake(self) -> None:
        """Have the tentative ones asked for."""
        new = slice(0, self.count)
        self.due[new][self._tentative[new] & np.isnan(self.due[new])] = NOW

    def tell(self, slots: Sequence[int], answers: Sequence[Answer]) -> None:
        """Take answers, at least one."""
        rows = np.arange(len(self._names), len(self._names) + len(slots), dtype=np.uint32)
        self._names.extend(pl.Series([one.name for one in answers], dtype=pl.String))
        self._row[list(slots)] = rows
        self.due[list(slots)] = [one.until for one in answers]
        if len(self._names) > 2 * self.count + SPARE:
            self._names = pl.Series([None], dtype=pl.String).append(self.names(np.arange(self.count)))
            self._row[: self.count] = np.arange(1, self.count + 1)

    def names(self, slots: Numbers) -> pl.Series:
        """What they are called, null where no name is known."""
        return self._names.gather(self._row[slots])

    def _grow(self, size: int) -> None:
        self.due, self.group = np.resize(self.due, size), np.resize(self.group, size)
        self._tentative, self._row = np.resize(self._tentative, size), np.resize(self._row, size)
