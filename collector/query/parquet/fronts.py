"""The groups that can be the first, of many whose order is known and of a few that came since.

Of what was added up it is kept which groups come first, and how much the last of them has: the others have less, unless
they are among those that came. So these two kinds are all that has to be looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import polars as pl

from collector.query.measures import Measure
from collector.query.model import Query
from collector.query.parquet.adding import added
from collector.query.parquet.coding import Places
from collector.query.parquet.columns import VALUE, column
from collector.query.parquet.measuring import DIFFERENT, counting, measured
from collector.query.parquet.searching import are_sorted, bounds, columns, spans
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
    """What several files tell of all groups; `keys`: the columns that tell them apart."""

    def __init__(self, states: States, keys: Sequence[str]) -> None:
        self.states = states
        self.keys = keys
        self._first: dict[tuple[Measure, int, float], First | None] = {}

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.states.size

    def front(self, query: Query, news: States) -> States | None:
        """The states of all groups that can be in the answer; None where that is not known, or they are few."""
        order = query.measures[query.order]
        if query.ascending or query.other or query.interval or order.kind == "percentile" or self.states.rows < MANY:
            return None
        first = self._found(order, query.top, query.range.seconds)
        if first is None:
            return None
        ranking = self._ranking(order, first, news)
        ranked = measured(ranking, [order], self.keys, query.range.seconds)
        best = candidates(ranked, order.text, query.top, ascending=False)
        if (last := _last(best.get_column(order.text))) is None or last < first.least:
            return None
        return joined([self._some(best), kept(news, best, self.keys)], self.keys)

    def _found(self, order: Measure, top: int, seconds: float) -> First | None:
        """None where very many are equal, or have nothing, or rows are in no order."""
        known = order, top, seconds
        if known not in self._first:
            self._first[known] = self._rank(order, top, seconds) if self._is_sorted else None
        return self._first[known]

    @cached_property
    def _is_sorted(self) -> bool:
        """Whether groups and their values are whole numbers in order."""
        frames = [self.states.main.select(self.keys)]
        frames += [values.select(*self.keys, VALUE) for name, values in self.states.values.items()]
        numbers = all(dtype.is_integer() for frame in frames for dtype in frame.dtypes)
        return numbers and all(are_sorted(columns(frame, frame.columns)) for frame in frames)

    def _rank(self, order: Measure, top: int, seconds: float) -> First | None:
        ranked = measured(self.states, [order], self.keys, seconds).get_column(order.text)
        if ranked.len() - ranked.null_count() < top:
            return None
        least = _last(ranked.drop_nulls().top_k(top)) or 0.0
        rows = (ranked >= least).fill_null(False).arg_true().to_numpy().astype(np.intp)
        return First(rows, least) if len(rows) * FEW <= len(ranked) else None

    def _ranking(self, order: Measure, first: First, news: States) -> States:
        """What the first groups are ranked by, and those that came."""
        main = self.states.main
        begins, ends = bounds(columns(main, self.keys), columns(news.main, self.keys))
        rows = np.union1d(first.rows, begins[begins < ends])
        old, new = main[rows], news.main
        if order.kind == "unique":
            name = order.field or ""
            old = old.with_columns(self._different(old, name))
            new = counting(new, self._fresh(news.values[name], name), name, self.keys)
        return States(0, added([old, new.select(old.columns)], self.keys), {})

    def _different(self, groups: pl.DataFrame, name: str) -> pl.Series:
        """How many different values a field has in each."""
        begins, ends = bounds(columns(self.states.values[name], self.keys), columns(groups, self.keys))
        return pl.Series(column(DIFFERENT, name), (ends - begins).astype(np.float64))

    def _fresh(self, values: pl.DataFrame, name: str) -> pl.DataFrame:
        """Those that a field had not in a group so far."""
        names = [*self.keys, VALUE]
        begins, ends = bounds(columns(self.states.values[name], names), columns(values, names))
        return values.filter(begins == ends)

    def _some(self, groups: pl.DataFrame) -> States:
        """The states of some groups, in order."""

        def of(frame: pl.DataFrame) -> pl.DataFrame:
            return frame[spans(*bounds(columns(frame, self.keys), columns(groups, self.keys)))]

        values = {name: of(frame) for name, frame in self.states.values.items()}
        return States(self.states.total, of(self.states.main), values)


def _last(numbers: pl.Series) -> float | None:
    """The least of them; None where one is null."""
    return None if numbers.null_count() else cast("float | None", numbers.min())
