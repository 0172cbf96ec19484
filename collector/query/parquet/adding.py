"""States of the same groups added up."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import cast

import numpy as np
import polars as pl

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
    if sum(part.height for part in parts) > 2 * BLOCK and keys:
        return pl.concat([_added(some, keys, states) for some in _ranges(parts, keys[0])], rechunk=True)
    return _added(parts, keys, states)


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


def _added(parts: Sequence[pl.DataFrame], keys: Sequence[str], states: Sequence[str]) -> pl.DataFrame:
    whole = pl.concat(parts)
    numbered = [_key(whole.get_column(name)) for name in keys]
    if not whole.height or not keys or None in numbered:
        return _grouped(whole, keys, states)
    found = summed([one for one in numbered if one], {name: _weights(whole.get_column(name)) for name in states})
    columns = [_values(whole.get_column(name), codes) for name, codes in zip(keys, found.codes, strict=True)]
    return pl.DataFrame([*columns, *(_state(whole.get_column(name), found.gathered[name]) for name in states)])


def _key(values: pl.Series) -> Key | None:
    """Whole numbers as codes, from that of the least; None where they are none."""
    if not values.dtype.is_integer() or not len(values):
        return None
    low, high = (cast("int", end) for end in (values.min(), values.max()))
    if high >= _MOST:
        return None
    numbers = values.to_numpy()
    return Key(numbers.astype(np.intp) - low if low else numbers, high - low + 1)


def _values(values: pl.Series, codes: np.ndarray[tuple[int], np.dtype[np.intp]]) -> pl.Series:
    codes += cast("int", values.min())
    return pl.Series(values.name, codes).cast(values.dtype)


def _weights(values: pl.Series) -> Weights:
    kind = state(values.name)
    there = not values.null_count()
    return Weights(kind, (values if there else values.cast(pl.Float64).fill_null(_NOTHING[kind])).to_numpy())


def _state(values: pl.Series, numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pl.Series:
    made = pl.Series(values.name, numbers)
    if state(values.name) != SUM:
        made = made.set(made.is_infinite(), None)
    return made.cast(values.dtype)


def _grouped(whole: pl.DataFrame, keys: Sequence[str], states: Sequence[str]) -> pl.DataFrame:
    """The same for keys of any type."""
    ways = {SUM: pl.Expr.sum, LEAST: pl.Expr.min, MOST: pl.Expr.max}
    return whole.lazy().group_by(keys).agg(ways[state(name)](pl.col(name)) for name in states).collect()
