"""Numbers that mean something at their exporter alone, as row numbers of a table with their names."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from collector.enrich.addresses import LIMIT, compacted, spread
from collector.enrich.index import AddressIndex, Halves
from collector.enrich.names import Entry, Names
from collector.registry import VALUE

TEXTS = {VALUE: pl.String, "alias": pl.String}


class NumberBook:
    """Interns the numbers of one kind of thing. Names are looked up for a new number, and when names have changed."""

    def __init__(self, kind: str, names: Names, unnamed: str | None = None, limit: int = LIMIT) -> None:
        """`unnamed` goes in front of a number that has no name; without it such a number has none."""
        self._kind = kind
        self._names = names
        self._unnamed = unnamed
        self._limit = limit
        self._begin()

    def intern(
        self, rows: pl.Series, numbers: Mapping[str, pl.Series], exporters: Sequence[str]
    ) -> tuple[list[pl.Series], pl.DataFrame]:
        """A column of row numbers for each column of numbers, and the table that they point into.

        `rows` has the exporter of each flow as a row number of `exporters`. Attributes that none of the table's entries
        has are left out.
        """
        if self._index.count > self._limit:
            self._begin()
        valid = [column.is_not_null() for column in numbers.values()]
        whose = np.concatenate([_present(rows, mask) for mask in valid])
        which = np.concatenate([_present(one, mask) for one, mask in zip(numbers.values(), valid, strict=True)])
        found, _ = self._index.rows(whose, which)
        self._describe(exporters)
        codes, used = compacted(found, self._index.count)
        return spread(list(numbers), valid, codes), _without_empty(self._entries[used])

    def _begin(self) -> None:
        self._index = AddressIndex()
        self._entries = pl.DataFrame(schema=TEXTS)
        self._revision = self._names.revisions[self._kind]

    def _describe(self, exporters: Sequence[str]) -> None:
        """Look up the names of new rows, or of all when any name has changed."""
        if self._revision != self._names.revisions[self._kind]:
            self._revision = self._names.revisions[self._kind]
            self._entries = self._entries.clear()
        known = self._entries.height
        if self._index.count > known:
            new = slice(known, self._index.count)
            pairs = zip(self._index.hi[new].tolist(), self._index.lo[new].tolist(), strict=True)
            entries = [self._entry(exporters[row], number) for row, number in pairs]
            self._entries = pl.concat([self._entries, pl.DataFrame(entries, TEXTS, orient="row")])

    def _entry(self, address: str, number: int) -> Entry | tuple[None, None]:
        named = self._names.of(self._kind, address).get(number)
        return named or ((None, None) if self._unnamed is None else Entry(f"{self._unnamed}{number}"))


def _present(column: pl.Series, mask: pl.Series) -> Halves:
    return (column if mask.all() else column.filter(mask)).to_numpy().astype(np.uint64)


def _without_empty(table: pl.DataFrame) -> pl.DataFrame:
    return table.drop([c.name for c in table.get_columns() if c.name != VALUE and c.null_count() == table.height])
