"""The groups that can be the first, of many whose order is known and of a few that came since.

Of what was added up it is kept which groups come first, and how much the last of them has: the others have less, unless
they are among those that came. So these two kinds are all that has to be looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import polars as pl

from collector.query.measures import Measure
from collector.query.model import Query
from collector.query.parquet.adding import added
from collector.query.parquet.coding import Codes, Places, narrow
from collector.query.parquet.columns import COUNT, VALUE, column
from collector.query.parquet.measuring import DIFFERENT, counting, measured
from collector.query.parquet.packing import Packed
from collector.query.parquet.searching import Columns, are_sorted, columns, found, found_among, rise_within
from collector.query.parquet.sorting import candidates
from collector.query.parquet.states import States, joined, kept

MANY = 20_000
"""Groups and values from which on not all of them are ranked each time."""
FEW = 8
"""The first groups are looked at alone where they are at most such a part of all."""


@dataclass(frozen=True)
class First:
    """The groups that come first."""

    rows: Places
    least: float
    """What all of them have, and no others."""


class Whole:
    """What several files tell of all groups."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
        self._first: dict[tuple[Measure, int], First | None] = {}

    @property
    def keys(self) -> Sequence[str]:
        """The columns that tell groups apart."""
        return self.packed.keys

    @property
    def size(self) -> int:
        """Bytes of memory, with that of where values begin."""
        return self.packed.size + sum(4 * len(lengths) for lengths in self.packed.lengths.values())

    @cached_property
    def _begins(self) -> Mapping[str, Codes]:
        """Where the values of each group begin, by field."""
        found = {}
        for name, lengths in self.packed.lengths.items():
            begins = np.cumsum(lengths, dtype=np.intp) - lengths
            found[name] = begins.astype(narrow(int(begins.max(initial=0)) + 1))
        return found

    def ranks(self, query: Query) -> bool:
        """Whether the groups of an answer may be found without ranking all of them, which are many."""
        order = query.measures[query.order]
        if query.ascending or query.other or query.interval is not None:
            return False
        return order.kind != "percentile" and not order.per_second and self.packed.rows >= MANY

    def front(self, query: Query, news: States) -> States | None:
        """The states of all groups that can be in the answer to what it ranks; None where that is not known."""
        order = query.measures[query.order]
        first = self._found(order, query.top)
        if first is None:
            return None
        came = found(self._groups, columns(news.main, self.keys))
        ranking = self._ranking(order, np.union1d(first.rows, came[came >= 0]), news)
        ranked = measured(ranking, [order], self.keys, 1)
        best = candidates(ranked, order.text, query.top, ascending=False)
        if (last := _last(best.get_column(order.text))) is None or last < first.least:
            return None
        known = found(self._groups, columns(best, self.keys))
        return joined([self.packed.some(known[known >= 0], self._begins), kept(news, best, self.keys)], self.keys)

    @property
    def _groups(self) -> Columns:
        return columns(self.packed.main, self.keys)

    def _found(self, order: Measure, top: int) -> First | None:
        """None where very many are equal, or have nothing, or rows are in no order."""
        if (order, top) not in self._first:
            self._first[order, top] = self._rank(order, top) if self._is_sorted else None
        return self._first[order, top]

    @cached_property
    def _is_sorted(self) -> bool:
        """Whether groups and their values are whole numbers in order."""
        packed = self.packed
        values = [frame.get_column(VALUE) for frame in packed.values.values()]
        kinds = [*packed.main.select(self.keys).dtypes, *(one.dtype for one in values)]
        if len(packed.lengths) < len(values) or not all(kind.is_integer() for kind in kinds):
            return False
        if not are_sorted(self._groups):
            return False
        return all(rise_within(frame[VALUE].to_numpy(), self._begins[name]) for name, frame in packed.values.items())

    def _rank(self, order: Measure, top: int) -> First | None:
        ranked = measured(self._ranked_by(order), [order], self.keys, 1).get_column(order.text)
        if ranked.len() - ranked.null_count() < top:
            return None
        least = _last(ranked.drop_nulls().top_k(top)) or 0.0
        rows = (ranked >= least).fill_null(False).arg_true().to_numpy().astype(np.intp)
        return First(rows, least) if len(rows) * FEW <= len(ranked) else None

    def _ranked_by(self, order: Measure, rows: Places | None = None) -> States:
        """What groups are ranked by, all of them or some."""
        main = self.packed.main if rows is None else self.packed.main[rows]
        if order.kind == "unique":
            lengths = self.packed.lengths[order.field or ""]
            different = (lengths if rows is None else lengths[rows]).astype(np.float64)
            main = main.with_columns(pl.Series(column(DIFFERENT, order.field or ""), different))
        return States(0, main.with_columns(pl.col(COUNT).cast(pl.Int64)), {})

    def _ranking(self, order: Measure, rows: Places, news: States) -> States:
        """What some groups are ranked by, and those that came."""
        old, new = self._ranked_by(order, rows).main, news.main
        if order.kind == "unique":
            name = order.field or ""
            new = counting(new, self._fresh(news.values[name], name), name, self.keys)
        return States(0, added([old, new.select(old.columns)], self.keys), {})

    def _fresh(self, values: pl.DataFrame, name: str) -> pl.DataFrame:
        """Those that a field had not in a group so far."""
        groups = found(self._groups, columns(values, self.keys))
        begins = self._begins[name][groups].astype(np.intp)
        ends = begins + np.where(groups < 0, 0, self.packed.lengths[name][groups])
        there = found_among(columns(self.packed.values[name], [VALUE]), columns(values, [VALUE]), begins, ends)
        return values.filter(there < 0)


def _last(numbers: pl.Series) -> float | None:
    """The least of them; None where one is null."""
    return None if numbers.null_count() else cast("float | None", numbers.min())
