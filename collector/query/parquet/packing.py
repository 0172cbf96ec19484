"""States in less memory: each group once, and its different values one after another without its keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl

from collector.query.parquet.coding import Codes, Places, narrow, taken
from collector.query.parquet.columns import BUCKET, COUNT, NO_INTERVAL
from collector.query.parquet.searching import columns, found_in_order, run_begins, spans
from collector.query.parquet.states import States

Lengths = Codes
"""How many values each group has, in as few bytes as hold all of them."""
_MOST = 1 << 32


@dataclass(frozen=True)
class Packed:
    """The states of groups that have the different values of fields."""

    keys: Sequence[str]
    """The columns that tell groups apart."""
    total: int
    main: pl.DataFrame
    """Like that of states, with narrower counts where there are values."""
    lengths: Mapping[str, Lengths]
    """By field; not of those whose values are in another order than the groups."""
    values: Mapping[str, pl.DataFrame]
    """The columns beside the keys, or all where there are no lengths."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        frames = sum(int(frame.estimated_size()) for frame in (self.main, *self.values.values()))
        return frames + sum(one.nbytes for one in self.lengths.values())

    @property
    def rows(self) -> int:
        """Of all frames."""
        return self.main.height + sum(frame.height for frame in self.values.values())

    @property
    def states(self) -> States:
        """As they were."""
        rows = np.arange(self.main.height)
        keyed = {name: self._keyed(self.values[name], rows, lengths) for name, lengths in self.lengths.items()}
        return States(self.total, _wide(self.main), {**self.values, **keyed})

    def some(self, rows: Places, begins: Mapping[str, Codes]) -> States:
        """Those of some groups, of which all fields have lengths; and where the values of each group begin."""
        values = {}
        for name, lengths in self.lengths.items():
            first, count = begins[name][rows].astype(np.intp), lengths[rows]
            values[name] = self._keyed(self.values[name][spans(first, first + count)], rows, count)
        return States(self.total, _wide(self.main[rows]), values)

    def _keyed(self, values: pl.DataFrame, rows: Places, lengths: Lengths) -> pl.DataFrame:
        return self.main.select(self.keys)[np.repeat(rows, lengths)].hstack(values)


def packed(states: States, keys: Sequence[str]) -> Packed:
    """The same in less memory."""
    lengths: dict[str, Lengths] = {}
    values = dict(states.values)
    telling = [name for name in keys if (name, states.main.schema[name]) != (BUCKET, NO_INTERVAL)] or keys
    groups = states.main.select(telling)
    for name, frame in states.values.items():
        if (found := _lengths(groups, frame.select(telling))) is not None:
            lengths[name], values[name] = found, frame.drop(keys)
    return Packed(keys, states.total, _narrow(states.main) if values else states.main, lengths, values)


def _lengths(groups: pl.DataFrame, values: pl.DataFrame) -> Lengths | None:
    """None where values are in another order than the groups."""
    several, wanted = columns(values, values.columns), columns(groups, values.columns)
    begins = run_begins(several)
    lengths = np.diff(np.append(begins, values.height))
    if len(begins) < groups.height:
        places = found_in_order(wanted, [taken(one, begins) for one in several])
        if places is None:
            return None
        lengths, there = np.zeros(groups.height, np.intp), lengths
        lengths[places] = there
    elif not all(np.array_equal(taken(one, begins), other) for one, other in zip(several, wanted, strict=True)):
        return None
    return lengths.astype(narrow(int(lengths.max(initial=0)) + 1))


def _narrow(main: pl.DataFrame) -> pl.DataFrame:
    small = main.schema[COUNT] == pl.Int64 and cast("int", main.get_column(COUNT).max() or 0) < _MOST
    return main.with_columns(pl.col(COUNT).cast(pl.UInt32)) if small else main


def _wide(main: pl.DataFrame) -> pl.DataFrame:
    return main.with_columns(pl.col(COUNT).cast(pl.Int64)) if main.schema[COUNT] == pl.UInt32 else main
