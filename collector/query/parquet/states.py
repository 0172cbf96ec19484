"""What is kept of the rows of a file to answer a question: states, which add up to those of all files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from collector.datasets import Dataset
from collector.query.measures import Measure
from collector.query.model import Query, QueryError
from collector.query.parquet import fields
from collector.query.parquet.adding import added
from collector.query.parquet.columns import BUCKET, COUNT, LEAST, MOST, NO_INTERVAL, SUM, THERE, TIMES, VALUE, column
from collector.query.parquet.filtering import EVERYTHING
from collector.query.tree import Node

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "sum": (SUM,),
    "average": (SUM, THERE),
    "min": (LEAST,),
    "max": (MOST,),
}
"""The states that measures are worked out from, beside the count of rows."""
_VALUED = ("unique", "percentile")
"""Measures for which all different values are kept."""


_NONE = frozenset[Any]()


@dataclass(frozen=True)
class Ask:
    """What is asked of the rows of a file: a question without its range, top and order."""

    dataset: Dataset
    filter: Node
    by: tuple[str, ...]
    interval: int | None
    spread: bool
    states: frozenset[tuple[str, str]]
    """Which state of which field."""
    values: frozenset[str]
    """Fields whose different values are kept."""
    counted: frozenset[str]
    """Those of them of which is kept how often each value is there."""

    @cached_property
    def names(self) -> set[str]:
        """The fields that groups and measures need."""
        return {*self.by, *self.values, *(name for _, name in self.states)}

    @property
    def ranking(self) -> "Ask":
        """What groups are ranked by: the same for the whole range."""
        return replace(self, interval=None, spread=False)

    @cached_property
    def keys(self) -> list[str]:
        """The columns that tell groups apart."""
        return [*key_columns(self.by), BUCKET]


@dataclass(frozen=True)
class States:
    """Of each group and interval: the count of its rows and the states of measures; and its different values."""

    total: int
    """Rows that the filter holds for."""
    main: pl.DataFrame
    values: Mapping[str, pl.DataFrame]
    """By field: different values of a group and, if that is asked for, how often they are there."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return sum(int(frame.estimated_size()) for frame in (self.main, *self.values.values()))

    @property
    def rows(self) -> int:
        """Of all frames."""
        return self.main.height + sum(frame.height for frame in self.values.values())

    def cleared(self) -> "States":
        """Of no rows."""
        return States(0, self.main.clear(), {name: frame.clear() for name, frame in self.values.items()})


def key_columns(by: Sequence[str]) -> list[str]:
    """Names of the columns of the fields of a group."""
    return [f"key{place}" for place in range(len(by))]


def ask_of(query: Query) -> Ask:
    """What a question asks of a file. QueryError where it makes no sense."""
    for name in query.by:
        fields.known(query.dataset, name)
    states: set[tuple[str, str]] = set()
    values: set[str] = set()
    counted: set[str] = set()
    for measure in query.measures:
        measured = _measured(query.dataset, measure)
        if measured is not None:
            states |= {(state, measured) for state in _NEEDS.get(measure.kind, ())}
            values |= {measured} if measure.kind in _VALUED else set()
            counted |= {measured} if measure.kind == "percentile" else set()
    tree = EVERYTHING if query.filter is None else query.filter.tree
    spread = query.spread and query.interval is not None and any(state == SUM for state, _ in states)
    kept = frozenset(states), frozenset(values), frozenset(counted)
    return Ask(query.dataset, tree, query.by, query.interval, spread, *kept)


def together(asks: Iterable[Ask]) -> dict[Ask, Ask]:
    """For each question one that answers it, the same for questions about the same groups."""
    alike: dict[Ask, list[Ask]] = {}
    for ask in dict.fromkeys(asks):
        alike.setdefault(replace(ask, states=_NONE, values=_NONE, counted=_NONE), []).append(ask)
    found: dict[Ask, Ask] = {}
    for groups, several in alike.items():
        states = _NONE.union(*(ask.states for ask in several))
        values = _NONE.union(*(ask.values for ask in several))
        counted = _NONE.union(*(ask.counted for ask in several))
        found |= dict.fromkeys(several, replace(groups, states=states, values=values, counted=counted))
    return found


def ordered(ask: Ask) -> Ask:
    """The same for questions that differ in the order of their fields alone."""
    return ask if len(set(ask.by)) < len(ask.by) else replace(ask, by=tuple(sorted(ask.by)))


def in_order(states: States, ask: Ask) -> States:
    """The states of `ordered(ask)` with the keys of `ask`."""
    by = ordered(ask).by
    if by == ask.by:
        return states
    names = {f"key{by.index(name)}": key for name, key in zip(ask.by, key_columns(ask.by), strict=True)}
    values = {name: frame.rename(names) for name, frame in states.values.items()}
    return States(states.total, states.main.rename(names), values)


def _measured(dataset: Dataset, measure: Measure) -> str | None:
    """The field of a measure."""
    if measure.field is None:
        return None
    field = fields.known(dataset, measure.field)
    if measure.kind != "unique" and not fields.is_number(field):
        raise QueryError(f"{measure.text}: {measure.field} is no number")
    return field.name


def counted(ask: Ask, rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The states of rows."""
    made = {column(state, name): _first(state, pl.col(name)) for state, name in sorted(ask.states)}
    return rows.lazy().group_by(keys).agg(pl.len().cast(pl.Int64).alias(COUNT), **made).collect()


def _first(state: str, values: pl.Expr) -> pl.Expr:
    match state:
        case "there":
            return values.count().cast(pl.Int64)
        case "least":
            return values.min().cast(pl.Float64)
        case "most":
            return values.max().cast(pl.Float64)
    return values.cast(pl.Float64).sum()


def valued(ask: Ask, rows: pl.DataFrame, keys: Sequence[str], name: str) -> pl.DataFrame:
    """The different values of a field in each group."""
    made = rows.lazy().select(*keys, pl.col(name).alias(VALUE))
    made = made.explode(VALUE) if isinstance(rows.schema[name], pl.List) else made
    there = made.filter(pl.col(VALUE).is_not_null()).group_by(*keys, VALUE)
    return there.agg([pl.len().cast(pl.Int64).alias(TIMES)] if name in ask.counted else []).collect()


def joined(parts: Sequence[States], keys: Sequence[str]) -> States:
    """States of several files, or of coarser groups: those of `keys`, others being dropped."""
    main = added([part.main for part in parts], keys)
    values = {name: added([part.values[name] for part in parts], [*keys, VALUE]) for name in parts[0].values}
    return States(sum(part.total for part in parts), main, values)


def whole(states: States, ask: Ask) -> States:
    """Those of the whole range, of states by interval."""
    keys = key_columns(ask.by)
    added_up = joined([states], keys)
    bucket = pl.lit(0, NO_INTERVAL).alias(BUCKET)
    values = {name: frame.with_columns(bucket) for name, frame in added_up.values.items()}
    return States(states.total, added_up.main.with_columns(bucket), values)


def kept(states: States, some: pl.DataFrame, keys: Sequence[str], *, inside: bool = True) -> States:
    """The states of some groups, or of all but them."""

    def of(frame: pl.DataFrame) -> pl.DataFrame:
        among = _among(frame.select(keys), some)
        return frame.filter(among if inside else ~among)

    return States(states.total, of(states.main), {name: of(frame) for name, frame in states.values.items()})


def _among(groups: pl.DataFrame, some: pl.DataFrame) -> pl.Series:
    """Which groups are some of few; most are none by their first key already."""
    first = groups.columns[0]
    maybe = groups.get_column(first).is_in(some.get_column(first).implode()).arg_true()
    found = groups[maybe].with_columns(maybe.alias("place")).join(some, on=groups.columns, how="semi")
    among = np.zeros(groups.height, np.bool_)
    among[found.get_column("place").to_numpy()] = True
    return pl.Series(among)
