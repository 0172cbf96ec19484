"""Numbers that mean something at their exporter alone, as row numbers of a table with their names."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.enrich.addresses import spread
from collector.index import AddressIndex, Halves, compacted
from collector.registry import VALUE

LIMIT = 1 << 18
"""Pairs of exporter and number kept. When there are more, the book begins anew: what is still in use is soon back."""
NEAR = 1 << 20
"""Pairs that may be, with the largest numbers there are, up to which they are told apart by a table of all of them."""
TEXTS: Mapping[str, pl.DataType] = {VALUE: pl.String(), "alias": pl.String()}


class Known(Protocol):
    """Who knows what numbers mean."""

    @property
    def revision(self) -> int:
        """How often anything has changed."""

    def changed(self, kind: str, revision: int) -> set[str]:
        """The addresses of exporters of which anything of a kind has changed since that revision."""

    def entry(self, kind: str, address: str, number: int) -> tuple[Any, ...] | None:
        """The attributes of what a number means at an exporter's address, its name first; None for an unknown one."""


class NumberBook:
    """Interns the numbers of one kind of thing. Names are looked up for a new number, and when names have changed."""

    def __init__(
        self,
        kind: str,
        names: Known,
        unnamed: str | None = None,
        limit: int = LIMIT,
        attributes: Mapping[str, pl.DataType] = TEXTS,
    ) -> None:
        """`unnamed` goes in front of a number that has no name; without it such a number has none.

        `attributes` are those of `names.entry`, in its order.
        """
        self._kind = kind
        self._names = names
        self._unnamed = unnamed
        self._attributes = attributes
        self._limit = limit
        self.begin()

    def intern(
        self, rows: pl.Series, numbers: Mapping[str, pl.Series], exporters: Sequence[str]
    ) -> tuple[list[pl.Series], pl.DataFrame]:
        """A column of row numbers for each column of numbers, and the table that they point into.

        `rows` has the exporter of each flow as a row number of `exporters`. Attributes that none of the table's entries
        has are left out.
        """
        if self._index.count > self._limit:
            self.begin()
        valid = [column.is_not_null() for column in numbers.values()]
        whose = np.concatenate([_present(rows, mask) for mask in valid])
        which = np.concatenate([_present(one, mask) for one, mask in zip(numbers.values(), valid, strict=True)])
        place, pairs = _distinct(whose, which)
        found, _ = self._index.rows(*pairs)
        self._describe(exporters)
        codes, used = compacted(found, self._index.count)
        return spread(list(numbers), valid, codes.take(place)), _without_empty(self._entries[used])

    def begin(self) -> None:
        """Forget all numbers."""
        self._index = AddressIndex()
        self._cells: list[list[Any]] = [[] for _ in self._attributes]
        self._entries = pl.DataFrame(schema=self._attributes)
        self._revision = self._names.revision

    def _describe(self, exporters: Sequence[str]) -> None:
        """Look up the names of new rows, and of those whose exporter told anything new."""
        known = self._entries.height
        rows = [*self._stale(exporters), *range(known, self._index.count)]
        if not rows:
            return
        for cells in self._cells:
            cells.extend([None] * (self._index.count - known))
        pairs = zip(rows, self._index.hi[rows].tolist(), self._index.lo[rows].tolist(), strict=True)
        for row, exporter, number in pairs:
            for cells, cell in zip(self._cells, self._entry(exporters[exporter], number), strict=True):
                cells[row] = cell
        self._entries = pl.DataFrame(dict(zip(self._attributes, self._cells, strict=True)), self._attributes)

    def _stale(self, exporters: Sequence[str]) -> list[int]:
        """Rows described earlier whose exporter has told new names since."""
        changed = self._names.changed(self._kind, self._revision)
        self._revision = self._names.revision
        if not changed:
            return []
        whose = [row for row, address in enumerate(exporters) if address in changed]
        found: list[int] = np.flatnonzero(np.isin(self._index.hi[: self._entries.height], whose)).tolist()
        return found

    def _entry(self, address: str, number: int) -> tuple[Any, ...]:
        name, *others = self._names.entry(self._kind, address, number) or [None] * len(self._attributes)
        if name is None and self._unnamed is not None:
            name = f"{self._unnamed}{number}"
        return name, *others


def _present(column: pl.Series, mask: pl.Series) -> Halves:
    return (column if mask.all() else column.filter(mask)).to_numpy().astype(np.uint64)


def _distinct(whose: Halves, which: Halves) -> tuple[npt.NDArray[np.integer], tuple[Halves, Halves]]:
    """Which of some pairs each pair of numbers is, and these: each once where all numbers are small."""
    span = int(which.max(initial=0)) + 1
    count = span * (int(whose.max(initial=0)) + 1)
    if count > NEAR:
        return np.arange(len(whose)), (whose, which)
    place, used = compacted((whose * np.uint64(span) + which).view(np.intp), count)
    hi, lo = np.divmod(used.astype(np.uint64), np.uint64(span))
    return place, (hi, lo)


def _without_empty(table: pl.DataFrame) -> pl.DataFrame:
    return table.drop([c.name for c in table.get_columns() if c.name != VALUE and c.null_count() == table.height])
