"""The states of the rows of a file."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.query.model import TIME, Range
from collector.query.parquet import fields
from collector.query.parquet.buckets import bucketed
from collector.query.parquet.coding import BLOCK, Coded, Floats, Places, blocks, narrow, taken
from collector.query.parquet.columns import BUCKET, LEAST, MOST, NO_INTERVAL, SUM, THERE, column
from collector.query.parquet.filtering import Masks
from collector.query.parquet.grouping import Weights
from collector.query.parquet.held import Held, Valued, batches, jointly
from collector.query.parquet.leading import Found, Led, all_told, are_few
from collector.query.parquet.leads import Lead
from collector.query.parquet.reading import empty
from collector.query.parquet.rows import Rows
from collector.query.parquet.spreading import spread
from collector.query.parquet.states import Ask, States
from collector.query.tree import Everything, Node


class Asking:
    """Answers questions about the rows of a file."""

    def __init__(self, rows: Rows, within: Range, now: int) -> None:
        self._rows = rows
        self._within = within
        self._now = now
        self._masks = Masks(rows, now)
        self._chosen: dict[Node, Places | None] = {}
        self._taken: dict[tuple[Node, str], Coded] = {}
        self._buckets_of: dict[tuple[Node, tuple[str, ...]], npt.NDArray[np.uint32]] = {}
        self._floats: dict[tuple[str, str], Floats] = {}
        self._weights: dict[tuple[Node, str, str], Weights] = {}

    def several(self, asks: Sequence[Ask]) -> dict[Ask, States]:
        """The states of several questions."""
        plain = [ask for ask in asks if not ask.spread and self._any(ask)]
        made = {ask: self.states(ask) for ask in asks if ask not in plain}
        for batch in batches([self.held(ask) for ask in plain]):
            made |= zip((held.ask for held in batch), jointly(batch), strict=True)
        return made

    def states(self, ask: Ask) -> States:
        """Of all rows that the filter of `ask` holds for."""
        if ask.spread:
            return spread(self._rows, ask, self._choose(ask.filter), self._within)
        if len(self._rows) and not self._any(ask):
            nothing = Asking(empty(self._rows.dataset, self._rows.texts), self._within, self._now)
            return replace(nothing.states(ask), total=self._total(ask))
        return self.held(ask).states()

    def _total(self, ask: Ask) -> int:
        """Rows that the filter holds for."""
        chosen = self._choose(ask.filter)
        return len(self._rows) if chosen is None else len(chosen)

    def _any(self, ask: Ask) -> bool:
        """Whether there may be groups."""
        return bool(self._total(ask)) and all(map(self._rows.has, ask.by))

    def led(self, lead: Lead) -> Led | Found:
        """For a question about leading groups, unless there are few or none in this file."""
        ask = lead.ask
        if not self._any(ask):
            return all_told(lead, self.states(ask), self._rows.texts)
        held = self.held(ask)
        groups = held.keys[: len(ask.by)]
        if are_few(ask, groups):
            return all_told(lead, held.states(), self._rows.texts)
        key = ask.filter, ask.by
        if key not in self._buckets_of:
            self._buckets_of[key] = bucketed(groups)
        return Led(held, lead, self._buckets_of[key], self._rows.texts)

    def held(self, ask: Ask) -> Held:
        """What it looks at, of files that have each of its fields; not of sums that are spread."""
        where, keys = self._keys(ask, self._choose(ask.filter))
        weights = {column(state, name): self._weight(ask, state, name, where) for state, name in sorted(ask.states)}
        values = {name: self._values(ask, name, where) for name in sorted(ask.values)}
        return Held(ask, self._total(ask), keys, weights, values)

    def _choose(self, node: Node) -> Places | None:
        """The rows that a filter holds for; None: all."""
        if isinstance(node, Everything) or not len(self._rows):
            return None
        if node not in self._chosen:
            chosen = np.flatnonzero(self._masks.of(node))
            self._chosen[node] = chosen if len(chosen) < len(self._rows) else None
        return self._chosen[node]

    def _keys(self, ask: Ask, chosen: Places | None) -> tuple[Places | None, list[Coded]]:
        """The columns that rows are grouped by; and, where lists were taken apart, which of the chosen rows each is."""
        names = [name for name in ask.by if not fields.is_list(self._rows.dataset, name)]
        keys = {name: self._take(ask.filter, name, chosen) for name in names}
        if ask.interval is not None or not names:
            keys[BUCKET] = self._buckets(ask, chosen)
        where: Places | None = None
        for name in ask.by:
            if name not in keys:
                again, elements = self._rows.lists(name).apart(_of(chosen, where))
                where = again if where is None else where[again]
                keys = {known: one.take(again) for known, one in keys.items()} | {name: elements}
        return where, [keys[name] for name in (*ask.by, *([BUCKET] if BUCKET in keys else []))]

    def _take(self, node: Node, name: str, chosen: Places | None) -> Coded:
        if (node, name) not in self._taken:
            self._taken[node, name] = self._rows.codes(name).take(chosen)
        return self._taken[node, name]

    def _buckets(self, ask: Ask, chosen: Places | None) -> Coded:
        """The begin of each row's interval."""
        count = len(self._rows) if chosen is None else len(chosen)
        if ask.interval is None or not count:
            kind = NO_INTERVAL if ask.interval is None else pl.Int64()
            return Coded(np.broadcast_to(np.uint8(0), count), pl.Series([0], dtype=kind))
        name = f"{BUCKET} {ask.interval}"
        if (ask.filter, name) not in self._taken:
            times = self._rows.field(TIME).to_numpy()
            self._taken[ask.filter, name] = _intervals(times if chosen is None else taken(times, chosen), ask.interval)
        return self._taken[ask.filter, name]

    def _values(self, ask: Ask, name: str, where: Places | None) -> Valued:
        chosen = self._choose(ask.filter)
        if fields.is_list(self._rows.dataset, name):
            return Valued(*self._rows.lists(name).apart(_of(chosen, where)))
        return Valued(None, self._take(ask.filter, name, chosen).take(where))

    def _weight(self, ask: Ask, state: str, name: str, where: Places | None) -> Weights:
        key = ask.filter, state, name
        if key not in self._weights:
            numbers = self._numbers(name, state)
            chosen = self._choose(ask.filter)
            self._weights[key] = Weights(
                "sum" if state == THERE else state, numbers if chosen is None else taken(numbers, chosen)
            )
        return self._weights[key].take(where)

    def _numbers(self, name: str, state: str) -> Floats:
        """Of all rows."""
        if (name, state) not in self._floats:
            there = self._rows.field(name).is_not_null() if state == THERE else None
            self._floats[name, state] = (
                self._rows.floats(name, _UNSAID[state]) if there is None else there.cast(pl.Float64).to_numpy()
            )
        return self._floats[name, state]


_UNSAID = {SUM: 0.0, LEAST: np.inf, MOST: -np.inf}
"""What a row without a value is counted as."""


def _intervals(times: np.ndarray[tuple[int], np.dtype[np.int64]], interval: int) -> Coded:
    """The begin of each time's interval."""
    first, last = int(times.min()) // interval, int(times.max()) // interval
    codes = np.empty(len(times), narrow(last - first + 2))
    for part in blocks(len(times), BLOCK):
        codes[part] = times[part] // interval - first
    return Coded(codes, pl.Series(np.arange(first, last + 1) * interval, dtype=pl.Int64))


def _of(chosen: Places | None, where: Places | None) -> Places | None:
    """The rows that items are of."""
    if where is None:
        return chosen
    return where if chosen is None else chosen[where]
