"""Answers from the states of all files: the top groups, the others, and their measures."""

import polars as pl

from collector.datasets import FLOWS
from collector.query.columns import packed
from collector.query.model import OTHER, TIME, Answer, Query
from collector.query.parquet import fields
from collector.query.parquet.columns import BUCKET
from collector.query.parquet.measuring import measured
from collector.query.parquet.states import States, joined, kept, key_columns
from collector.query.parquet.texts import Texts
from collector.schema import Field

SPREAD = "Bytes and packets of long flows are spread over the time from their start to their end."
AT_END = "Flows count with all their bytes and packets at the time of their end."
_PLACE = "place"
"""Column of the rank of a group, from 0; that of the others is the last."""


def answer(query: Query, states: States, ranking: States, texts: Texts, notes: tuple[str, ...] = ()) -> Answer:
    """The answer to a question, by the states that it asks for and those that its groups are ranked by."""
    top = _top(query, ranking, texts)
    frame = _measures(query, states, top)
    made = frame.sort(_PLACE, BUCKET).select(
        *(_shown(frame.sort(_PLACE, BUCKET), query, place, texts) for place in range(len(query.by))),
        *([pl.col(BUCKET).cast(pl.Datetime("ms")).alias(TIME)] if query.interval else []),
        *(one.text for one in query.measures),
        *([(pl.col(_PLACE) == top.height).alias(OTHER)] if query.by else []),
    )
    return Answer(made, states.total, (*notes, *_way(query)))


def _way(query: Query) -> tuple[str, ...]:
    """The way that sums of flows over time count."""
    sums = any(one.kind == "sum" for one in query.measures)
    if query.interval is None or not sums or query.dataset is not FLOWS:
        return ()
    return (SPREAD if query.spread else AT_END,)


def _top(query: Query, states: States, texts: Texts) -> pl.DataFrame:
    """The keys of the top groups with their rank."""
    keys = key_columns(query.by)
    if not keys:
        return pl.DataFrame(schema={_PLACE: pl.UInt32})
    order = query.measures[query.order]
    ranked = measured(states, [order], [*keys, BUCKET], query.range.seconds)
    best = _candidates(ranked, order.text, query)
    ordered = best.with_columns(_sortable(query, place, best.get_column(key), texts) for place, key in enumerate(keys))
    by = [order.text, *(f"sort{place}" for place in range(len(keys)))]
    descending = [not query.ascending, *[False] * len(keys)]
    return ordered.sort(by, descending=descending, nulls_last=True).head(query.top).select(keys).with_row_index(_PLACE)


def _candidates(ranked: pl.DataFrame, name: str, query: Query) -> pl.DataFrame:
    """All groups that may be among the top ones: also those that are equal to the last of them."""
    if ranked.height <= query.top:
        return ranked
    values = ranked.get_column(name).drop_nulls()
    if len(values) < query.top:
        return ranked
    best = values.bottom_k(query.top) if query.ascending else values.top_k(query.top)
    last = best.max() if query.ascending else best.min()
    return ranked.filter(pl.col(name) <= last if query.ascending else pl.col(name) >= last)


def _field(query: Query, place: int) -> Field:
    return fields.known(query.dataset, query.by[place])


def _sortable(query: Query, place: int, keys: pl.Series, texts: Texts) -> pl.Series:
    """Values in the order of the field: of addresses that of their numbers, of ids that of their texts."""
    field = _field(query, place)
    if fields.is_text(field):
        keys = texts.words(keys)
    if field.kind == "ip":
        keys = pl.Series([packed(one) for one in keys.to_list()], dtype=pl.Binary)
    return (keys.cast(pl.String) if field.kind == "id" else keys).alias(f"sort{place}")


def _shown(frame: pl.DataFrame, query: Query, place: int, texts: Texts) -> pl.Series:
    """The values of a field of the groups, in the type of the schema; null for the others."""
    field = _field(query, place)
    values = frame.get_column(f"key{place}")
    shown = texts.words(values) if fields.is_text(field) else values.cast(field.dtype)
    return shown.alias(query.by[place])


def _seconds(query: Query) -> float | pl.Expr:
    """What measures per second are of: of a bucket as much as lies in the range."""
    if query.interval is None:
        return query.range.seconds
    begin = pl.max_horizontal(BUCKET, pl.lit(query.range.start))
    return (pl.min_horizontal(pl.col(BUCKET) + query.interval, pl.lit(query.range.end)) - begin) / 1000


def _measures(query: Query, states: States, top: pl.DataFrame) -> pl.DataFrame:
    """The measures of the top groups and of the others, in each interval."""
    keys = key_columns(query.by)
    seconds = _seconds(query)
    if not keys:
        return measured(joined([states], [BUCKET]), query.measures, [BUCKET], seconds).with_columns(
            pl.lit(0).alias(_PLACE)
        )
    best = joined([kept(states, top, keys)], [*keys, BUCKET])
    named = measured(best, query.measures, [*keys, BUCKET], seconds).join(top, on=keys)
    if not query.other:
        return named
    rest = joined([kept(states, top, keys, inside=False)], [BUCKET])
    others = measured(rest, query.measures, [BUCKET], seconds).with_columns(
        pl.lit(top.height).cast(pl.UInt32).alias(_PLACE)
    )
    return pl.concat([named, others], how="diagonal")
