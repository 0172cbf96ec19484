"""States of the same groups added up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any, cast

import numpy as np
import polars as pl

from collector.query.parquet.coding import Places
from collector.query.parquet.columns import BUCKET, LEAST, MOST, SUM, VALUE, state
from collector.query.parquet.grouping import Key, Weights, summed

_NOTHING = {SUM: 0.0, LEAST: inf, MOST: -inf}
_MOST = 1 << 62
BLOCK = 1 << 18
"""Rows that are added up at a time."""


def added(frames: Sequence[pl.DataFrame], keys: Sequence[str], *, distinct: bool = True) -> pl.DataFrame:
    """States of equal keys as one; columns of other keys are dropped. `distinct`: no frame has a group twice."""
    there = [frame for frame in frames if frame.height] or list(frames[:1])
    states = [name for name in there[0].columns if not (name.startswith("key") or name in (BUCKET, VALUE))]
    parts = [frame.select(*keys, *states) for frame in there]
    if distinct and len(there) == 1 and there[0].width == parts[0].width:
        return parts[0]
    numberings = _numberings(parts, keys)
    if numberings is None:
        return _grouped(pl.concat(parts), keys, states)
    if sum(part.height for part in parts) > 2 * BLOCK:
        return pl.concat([_added(some, numberings, states) for some in _ranges(parts, keys[0])], rechunk=True)
    return _added(parts, numberings, states)


def _ranges(frames: Sequence[pl.DataFrame], key: str) -> Iterator[list[pl.DataFrame]]:
    """Ranges of a key with about so many rows as fit into the fast memory, where frames are in its order."""
    columns = [frame.get_column(key) for frame in frames]
    if not all(column.dtype.is_integer() and column.is_sorted() and not column.null_count() for column in columns):
        yield list(frames)
        return
    longest = max(columns, key=len)
    step = max(1, len(longest) * BLOCK // sum(map(len, columns)))
    ends = longest.gather_every(step, step).unique().sort()
    cuts = [[0, *column.search_sorted(ends, "left").to_list(), len(column)] for column in columns]
    for several in zip(*map(pairwise, cuts), strict=True):
        some = [frame[begin:end] for frame, (begin, end) in zip(frames, several, strict=True) if begin < end]
        if some:
            yield some


@dataclass(frozen=True)
class _Numbering:
    """A key of whole numbers as codes: the numbers, less the least of them where that makes them much smaller."""

    name: str
    dtype: np.dtype[Any]
    low: int
    size: int

    def key(self, values: pl.Series) -> Key:
        if self.size == 1:
            return Key(np.broadcast_to(np.uint8(0), len(values)), 1)
        numbers = values.to_numpy()
        return Key(numbers.astype(np.intp) - self.low if self.low else numbers, self.size)

    def values(self, codes: Places) -> pl.Series:
        if self.low:
            codes += self.low
        return pl.Series(self.name, codes.astype(self.dtype, copy=False))


def _numberings(parts: Sequence[pl.DataFrame], keys: Sequence[str]) -> list[_Numbering] | None:
    """None where there are no rows or keys, or some key is no whole number."""
    several = [[part.get_column(name) for part in parts if part.height] for name in keys]
    if not several or not several[0] or not all(one.dtype.is_integer() for columns in several for one in columns):
        return None
    made = [_numbering(columns) for columns in several]
    return made if all(one.low + one.size <= _MOST for one in made) else None


def _numbering(columns: Sequence[pl.Series]) -> _Numbering:
    low, high = min(cast("int", one.min()) for one in columns), max(cast("int", one.max()) for one in columns)
    base = low if low < 0 or 2 * low > high or low == high else 0
    return _Numbering(columns[0].name, columns[0].to_numpy().dtype, base, high - base + 1)


def _added(parts: Sequence[pl.DataFrame], numberings: Sequence[_Numbering], states: Sequence[str]) -> pl.DataFrame:
    several = pl.concat(parts)
    keys = [one.key(several.get_column(one.name)) for one in numberings]
    found = summed(keys, {name: _weights(several.get_column(name)) for name in states})
    columns = [one.values(codes) for one, codes in zip(numberings, found.codes, strict=True)]
    return pl.DataFrame([*columns, *(_state(several.get_column(name), found.gathered[name]) for name in states)])


def _weights(values: pl.Series) -> Weights:
    kind = state(values.name)
    there = not values.null_count()
    return Weights(kind, (values if there else values.cast(pl.Float64).fill_null(_NOTHING[kind])).to_numpy())


def _state(values: pl.Series, numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pl.Series:
    if values.dtype == pl.Int64 and state(values.name) == SUM:
        return pl.Series(values.name, numbers.astype(np.int64))
    made = pl.Series(values.name, numbers)
    if state(values.name) != SUM:
        made = made.set(made.is_infinite(), None)
    return made.cast(values.dtype)


def _grouped(whole: pl.DataFrame, keys: Sequence[str], states: Sequence[str]) -> pl.DataFrame:
    """The same for keys of any type."""
    ways = {SUM: pl.Expr.sum, LEAST: pl.Expr.min, MOST: pl.Expr.max}
    return whole.lazy().group_by(keys).agg(ways[state(name)](pl.col(name)) for name in states).collect()
