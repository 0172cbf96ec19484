"""States where sums of long flows count in each interval from their start to their end."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from collector.query.model import TIME, Range
from collector.query.parquet.adding import added
from collector.query.parquet.coding import Places
from collector.query.parquet.columns import BUCKET, COUNT, SUM
from collector.query.parquet.listing import SPAN
from collector.query.parquet.rows import Rows
from collector.query.parquet.states import Ask, States, counted, key_columns, valued


def spread(rows: Rows, ask: Ask, chosen: Places | None, within: Range) -> States:
    """As `Asking.states`, flows as far as the range goes; counts and other measures are at the end of each flow."""
    names = sorted({*ask.names, TIME, *SPAN})
    whole = pl.DataFrame([rows.field(name).alias(name) for name in names])
    some = whole if chosen is None else whole[chosen]
    frame = _grouped(ask, some)
    values = {name: valued(ask, frame, ask.keys, name) for name in sorted(ask.values)}
    sums = frozenset(one for one in ask.states if one[0] == SUM)
    at_end = counted(replace(ask, states=ask.states - sums), frame, ask.keys)
    parts = counted(replace(ask, states=sums), _parts(frame, ask, [name for _, name in sums], within), ask.keys)
    both = pl.concat([at_end, parts.drop(COUNT)], how="diagonal").with_columns(pl.col(COUNT).fill_null(0))
    return States(some.height, added([both], ask.keys, distinct=False), values)


def _grouped(ask: Ask, frame: pl.DataFrame) -> pl.DataFrame:
    """With the columns of `keys`; rows that lack a field of them are left out, lists are taken apart."""
    step = ask.interval or 1
    keys = dict(zip(key_columns(ask.by), map(pl.col, ask.by), strict=True))
    made = frame.lazy().with_columns((pl.col(TIME) // step * step).alias(BUCKET), **keys)
    for key, name in zip(keys, ask.by, strict=True):
        if isinstance(frame.schema[name], pl.List):
            made = made.with_columns(pl.col(key).list.unique()).explode(key)
    return made.drop_nulls(list(keys)).collect() if keys else made.collect()


def _parts(frame: pl.DataFrame, ask: Ask, names: Sequence[str], within: Range) -> pl.DataFrame:
    """A row for each interval that a flow touches, with its share of the sums."""
    step = ask.interval or 1
    start, end = (pl.coalesce(name, TIME).clip(within.start, within.end - 1) for name in SPAN)
    timed = frame.lazy().with_columns(begin=pl.min_horizontal(start, end), end=end)
    first, last = (pl.col(name) // step for name in ("begin", "end"))
    apart = timed.with_columns(**{BUCKET: pl.int_ranges(first, last + 1)}).explode(BUCKET)
    apart = apart.with_columns(pl.col(BUCKET) * step)
    inside = pl.min_horizontal("end", pl.col(BUCKET) + step) - pl.max_horizontal("begin", BUCKET)
    length = pl.col("end") - pl.col("begin")
    share = pl.when(length > 0).then(inside / length).otherwise(1.0)
    shared = apart.with_columns(share=share)
    return (
        shared.with_columns(pl.col(name).cast(pl.Float64) * pl.col("share") for name in names)
        .filter(pl.col("share") > 0)
        .collect()
    )
