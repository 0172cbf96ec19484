"""Measures worked out from the states of groups."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from collector.query.measures import Measure
from collector.query.parquet.adding import added
from collector.query.parquet.columns import COUNT, LEAST, MOST, SUM, THERE, TIMES, VALUE, column
from collector.query.parquet.searching import columns, run_begins
from collector.query.parquet.states import States

DIFFERENT = "different"
"""How many different values a field has in a group."""


def measured(
    states: States, measures: Sequence[Measure], keys: Sequence[str], seconds: float | pl.Expr
) -> pl.DataFrame:
    """The groups' keys, and a column for each measure under its text; `seconds` is what those per second are of."""
    frame = states.main
    for name in _fields(measures, "unique"):
        if column(DIFFERENT, name) not in frame.columns:
            frame = counting(frame, states.values[name], name, keys)
    for name in _fields(measures, "percentile"):
        frame = _with_percentiles(frame, states.values[name], name, measures, keys)
    return frame.select(*keys, *(_measure(one, seconds) for one in measures))


def _measure(one: Measure, seconds: float | pl.Expr) -> pl.Expr:
    if one.kind in ("count", "sum"):
        plain = pl.col(COUNT if one.field is None else column(SUM, one.field)) * one.factor
        return (plain / seconds if one.per_second else plain).alias(one.text)
    name = one.field or ""
    match one.kind:
        case "average":
            made = pl.when(pl.col(column(THERE, name)) > 0).then(
                pl.col(column(SUM, name)) / pl.col(column(THERE, name))
            )
        case "min":
            return pl.col(column(LEAST, name)).alias(one.text)
        case "max":
            return pl.col(column(MOST, name)).alias(one.text)
        case "unique":
            return pl.col(column(DIFFERENT, name)).cast(pl.Int64).alias(one.text)
        case _:
            return pl.col(_percentile(one.percent, name)).alias(one.text)
    return made.alias(one.text)


def _percentile(percent: int, name: str) -> str:
    return f"{percent}:{name}"


def _fields(measures: Sequence[Measure], kind: str) -> list[str]:
    return sorted({one.field for one in measures if one.field is not None and one.kind == kind})


def counting(frame: pl.DataFrame, values: pl.DataFrame, name: str, keys: Sequence[str]) -> pl.DataFrame:
    """The count of the different values of a field, beside what is there: one for each row of `values`."""
    counted = column(DIFFERENT, name)
    several = _runs(values.select(keys), counted)
    if several.select(keys).equals(frame.select(keys)):
        return frame.with_columns(several.get_column(counted))
    both = pl.concat([frame.with_columns(pl.lit(0.0).alias(counted)), several], how="diagonal")
    return added([both], keys, distinct=False)


def _runs(groups: pl.DataFrame, name: str) -> pl.DataFrame:
    """Equal rows that follow one another as one, with their count."""
    places = run_begins(columns(groups, groups.columns))
    counts = np.diff(np.append(places, groups.height)).astype(np.float64)
    return groups[places].with_columns(pl.Series(name, counts))


def _with_percentiles(
    frame: pl.DataFrame, values: pl.DataFrame, name: str, measures: Sequence[Measure], keys: Sequence[str]
) -> pl.DataFrame:
    """Percentiles of a field, beside what is there."""
    percents = sorted({one.percent for one in measures if one.kind == "percentile" and one.field == name})
    ranked = values.lazy().sort(*keys, VALUE).with_columns(before=pl.col(TIMES).cum_sum().over(keys))
    made = ranked.group_by(keys).agg(_at(percent).alias(_percentile(percent, name)) for percent in percents)
    return frame.lazy().join(made, on=list(keys), how="left").collect()


def _at(percent: int) -> pl.Expr:
    """A percentile of the values in order, between two of them in proportion."""
    place = (pl.col(TIMES).sum() - 1) * (percent / 100)
    low, high = (
        pl.col(VALUE).filter(pl.col("before") > end).first().cast(pl.Float64) for end in (place.floor(), place.ceil())
    )
    return low + (high - low) * (place - place.floor())
