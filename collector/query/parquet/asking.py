"""The states of the rows of a file."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from collector.query.model import TIME, Range
from collector.query.parquet import fields
from collector.query.parquet.coding import Coded, Codes, taken
from collector.query.parquet.columns import BUCKET, COUNT, LEAST, MOST, SUM, THERE, TIMES, VALUE, column
from collector.query.parquet.filtering import Masks
from collector.query.parquet.grouping import Weights, grouped
from collector.query.parquet.reading import Rows
from collector.query.parquet.spreading import spread
from collector.query.parquet.states import Ask, States, key_columns
from collector.query.tree import Everything, Node, Some


class Asking:
    """Answers questions about the rows of a file."""

    def __init__(self, rows: Rows, within: Range, now: int) -> None:
        self._rows = rows
        self._within = within
        self._masks = Masks(rows, now)
        self._chosen: dict[Node, Codes | None] = {_NOTHING: _NOWHERE}
        self._taken: dict[tuple[Node, str], Coded] = {}
        self._weights: dict[tuple[Node, str, str], Weights] = {}

    def states(self, ask: Ask) -> States:
        """Of all rows that the filter of `ask` holds for."""
        chosen = self._choose(ask.filter)
        total = len(self._rows) if chosen is None else len(chosen)
        if ask.spread:
            return spread(self._rows, ask, chosen, self._within)
        there = all(map(self._rows.has, ask.by))
        return self._grouped(ask if there else replace(ask, filter=_NOTHING), total)

    def _grouped(self, ask: Ask, total: int) -> States:
        where, keys = self._keys(ask, self._choose(ask.filter))
        return States(
            total,
            self._main(ask, where, keys),
            {name: self._values(ask, name, where, keys) for name in sorted(ask.values)},
        )

    def _choose(self, node: Node) -> Codes | None:
        """The rows that a filter holds for; None: all."""
        if isinstance(node, Everything):
            return None
        if node not in self._chosen:
            self._chosen[node] = np.flatnonzero(self._masks.of(node))
        return self._chosen[node]

    def _keys(self, ask: Ask, chosen: Codes | None) -> tuple[Codes | None, list[Coded]]:
        """The columns that rows are grouped by; and, where lists were taken apart, which of the chosen rows each is."""
        names = [name for name in ask.by if not fields.is_list(self._rows.dataset, name)]
        keys = {name: self._take(ask.filter, name, chosen) for name in names}
        if ask.interval is not None or not names:
            keys[BUCKET] = self._buckets(ask, chosen)
        where: Codes | None = None
        for name in ask.by:
            if name not in keys:
                again, elements = self._rows.lists(name).apart(_of(chosen, where))
                where = again if where is None else where[again]
                keys = {known: one.take(again) for known, one in keys.items()} | {name: elements}
        return where, [keys[name] for name in (*ask.by, *([BUCKET] if BUCKET in keys else []))]

    def _take(self, node: Node, name: str, chosen: Codes | None) -> Coded:
        if (node, name) not in self._taken:
            self._taken[node, name] = self._rows.codes(name).take(chosen)
        return self._taken[node, name]

    def _buckets(self, ask: Ask, chosen: Codes | None) -> Coded:
        """The begin of each row's interval."""
        count = len(self._rows) if chosen is None else len(chosen)
        if ask.interval is None or not count:
            return Coded(np.zeros(count, np.intp), pl.Series([0], dtype=pl.Int64))
        name = f"{BUCKET} {ask.interval}"
        if (ask.filter, name) not in self._taken:
            times = self._rows.field(TIME).to_numpy()
            numbers = (times if chosen is None else taken(times, chosen)) // ask.interval
            first, last = int(numbers.min()), int(numbers.max())
            begins = pl.Series(np.arange(first, last + 1) * ask.interval, dtype=pl.Int64)
            self._taken[ask.filter, name] = Coded((numbers - first).astype(np.intp), begins)
        return self._taken[ask.filter, name]

    def _main(self, ask: Ask, where: Codes | None, keys: Sequence[Coded]) -> pl.DataFrame:
        weights = {column(state, name): self._weight(ask, state, name, where) for state, name in sorted(ask.states)}
        found = grouped(keys, weights)
        return pl.DataFrame(
            [
                *_keyed(ask, keys, found.codes),
                pl.Series(COUNT, found.counts, dtype=pl.Int64),
                *(_state(name, values) for name, values in found.gathered.items()),
            ]
        )

    def _values(self, ask: Ask, name: str, where: Codes | None, keys: Sequence[Coded]) -> pl.DataFrame:
        """The different values of a field in each group."""
        rows = _of(self._choose(ask.filter), where)
        if not self._rows.has(name):
            rows, keys = _NOWHERE, [key.take(_NOWHERE) for key in keys]
        if fields.is_list(self._rows.dataset, name):
            again, values = self._rows.lists(name).apart(rows)
            keys = [key.take(again) for key in keys]
        else:
            values = self._rows.codes(name).take(rows)
        found = grouped([*keys, values], {})
        made = _keyed(ask, keys, found.codes[:-1])
        return pl.DataFrame(
            [*made, values.values.gather(pl.Series(found.codes[-1])).alias(VALUE), pl.Series(TIMES, found.counts)]
        )

    def _weight(self, ask: Ask, state: str, name: str, where: Codes | None) -> Weights:
        key = ask.filter, state, name
        if key not in self._weights:
            numbers = _numbers(self._rows.field(name), state)
            chosen = self._choose(ask.filter)
            self._weights[key] = Weights(
                "sum" if state == THERE else state, numbers if chosen is None else taken(numbers, chosen)
            )
        one = self._weights[key]
        return one if where is None else Weights(one.kind, taken(one.numbers, where))


_NOTHING: Node = Some(())
_NOWHERE: Codes = np.empty(0, np.intp)
"""What holds for no row, and the rows that it holds for."""
_UNSAID = {SUM: 0.0, LEAST: np.inf, MOST: -np.inf}
"""What a row without a value is counted as."""


def _numbers(values: pl.Series, state: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if state == THERE:
        return values.is_not_null().cast(pl.Float64).to_numpy()
    numbers = values.cast(pl.Float64)
    return (numbers.fill_null(_UNSAID[state]) if numbers.null_count() else numbers).to_numpy()


def _state(name: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pl.Series:
    """Null where no row has a value."""
    made = pl.Series(name, values, dtype=pl.Float64)
    if name.startswith((LEAST, MOST)):
        made = made.zip_with(made.is_finite(), pl.Series([None], dtype=pl.Float64).new_from_index(0, len(made)))
    return made.cast(pl.Int64) if name.startswith(THERE) else made


def _keyed(ask: Ask, keys: Sequence[Coded], codes: Sequence[Codes]) -> list[pl.Series]:
    """The values of the groups; one interval for the whole range."""
    names = [*key_columns(ask.by), BUCKET]
    made = [key.values.gather(pl.Series(one)).alias(name) for name, key, one in zip(names, keys, codes, strict=False)]
    count = len(made[0])
    return made if len(made) == len(names) else [*made, pl.zeros(count, dtype=pl.Int64, eager=True).alias(BUCKET)]


def _of(chosen: Codes | None, where: Codes | None) -> Codes | None:
    """The rows that items are of."""
    if where is None:
        return chosen
    return where if chosen is None else chosen[where]
