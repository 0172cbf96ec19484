"""Answers as frames."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from collector.query.elastic import metrics
from collector.query.elastic.keys import Key, series
from collector.query.model import OTHER, TIME, Query


class Row(NamedTuple):
    """A group, or a bucket of one."""

    key: Key
    """Nulls for the others."""
    begin: int | None
    """Of the bucket, in milliseconds since 1970."""
    other: bool
    values: Sequence[float | int | None]
    """One a measure."""


def frame(query: Query, rows: Sequence[Row]) -> pl.DataFrame:
    """The columns of an answer, as `Answer` says them."""
    columns = [series(name, [row.key[place] for row in rows]) for place, name in enumerate(query.by)]
    if query.interval is not None:
        columns.append(series(TIME, [row.begin for row in rows]))
    for place, measure in enumerate(query.measures):
        columns.append(_numbers(measure.text, [row.values[place] for row in rows], metrics.dtype(measure)))
    if query.by:
        columns.append(pl.Series(OTHER, [row.other for row in rows], pl.Boolean))
    return pl.DataFrame(columns)


def _numbers(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    kind = int if dtype.is_integer() else float
    return pl.Series(name, [None if value is None else kind(value) for value in values], dtype)
