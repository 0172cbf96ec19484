"""Answers from the states of all files: the top groups, the others, and their measures."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from collector.datasets import FLOWS
from collector.query.model import OTHER, TIME, Answer, Query
from collector.query.parquet import fields
from collector.query.parquet.columns import BUCKET, COUNT
from collector.query.parquet.growing import Total
from collector.query.parquet.leading import Found
from collector.query.parquet.measuring import measured
from collector.query.parquet.sorting import candidates, sortables
from collector.query.parquet.states import Ask, States, in_order, joined, kept, key_columns, whole
from collector.query.parquet.texts import Texts

SPREAD = "Bytes and packets of long flows are spread over the time from their start to their end."
AT_END = "Flows count with all their bytes and packets at the time of their end."
_PLACE = "place"
"""Column of the rank of a group, from 0; that of the others is the last."""


@dataclass(frozen=True)
class Told:
    """What all files tell of a question."""

    states: States
    """Those that it asks for."""
    ranking: States
    """Those that its groups are ranked by."""
    together: States | None = None
    """Of all groups in one, by interval, where `states` has some of the groups alone."""
    notes: tuple[str, ...] = ()
    """What to tell of files that were skipped."""


def plainly(query: Query, found: Mapping[Ask, Total], ask: Ask) -> Told:
    """By the states of all groups, or of those that can be among the first."""
    front = found[ask].front(query, ask) if ask.by else None
    if front is not None:
        return Told(front, front)
    ranking = ask.ranking if ask.by else ask
    return Told(found[ask].states(ask), found[ranking].states(ranking))


def leading(found: Found, ask: Ask) -> Told:
    """By those of the leading groups."""
    states = in_order(found.states, ask)
    return Told(states, states if ask.interval is None else whole(states, ask), found.together)


def answer(query: Query, told: Told, texts: Texts) -> Answer:
    """The answer to a question."""
    states = told.states
    top = _top(query, told.ranking, texts)
    frame = _measures(query, told, top).sort(_PLACE, BUCKET)
    made = frame.select(
        *(_shown(frame, query, place, texts) for place in range(len(query.by))),
        *([pl.col(BUCKET).cast(pl.Datetime("ms")).alias(TIME)] if query.interval else []),
        *(one.text for one in query.measures),
        *([(pl.col(_PLACE) == top.height).alias(OTHER)] if query.by else []),
    )
    return Answer(made, states.total, (*told.notes, *_way(query)))


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
    best = candidates(ranked, order.text, query.top, ascending=query.ascending)
    sortable = sortables(query.dataset, dict(zip(keys, query.by, strict=True)), best, texts)
    by = [order.text, *(column.name for column in sortable)]
    descending = [not query.ascending, *[False] * len(keys)]
    ordered = best.with_columns(sortable).sort(by, descending=descending, nulls_last=True)
    return ordered.head(query.top).select(keys).with_row_index(_PLACE)


def _shown(frame: pl.DataFrame, query: Query, place: int, texts: Texts) -> pl.Series:
    """The values of a field of the groups, in the type of the schema; null for the others."""
    field = fields.known(query.dataset, query.by[place])
    values = frame.get_column(f"key{place}")
    shown = texts.words(values) if fields.is_text(field) else values.cast(field.dtype)
    return shown.alias(query.by[place])


def _seconds(query: Query) -> float | pl.Expr:
    """What measures per second are of: of a bucket as much as lies in the range."""
    if query.interval is None:
        return query.range.seconds
    begin = pl.max_horizontal(BUCKET, pl.lit(query.range.start))
    return (pl.min_horizontal(pl.col(BUCKET) + query.interval, pl.lit(query.range.end)) - begin) / 1000


def _measures(query: Query, told: Told, top: pl.DataFrame) -> pl.DataFrame:
    """The measures of the top groups and of the others, in each interval."""
    states, keys = told.states, key_columns(query.by)
    seconds = _seconds(query)
    if not keys:
        return measured(joined([states], [BUCKET]), query.measures, [BUCKET], seconds).with_columns(
            pl.lit(0).alias(_PLACE)
        )
    best = joined([kept(states, top, keys)], [*keys, BUCKET])
    named = measured(best, query.measures, [*keys, BUCKET], seconds).join(top, on=keys)
    if not query.other:
        return named
    if told.together is None:
        rest = joined([kept(states, top, keys, inside=False)], [BUCKET])
    else:
        rest = _without(told.together, best)
    others = measured(rest, query.measures, [BUCKET], seconds).with_columns(
        pl.lit(top.height).cast(pl.UInt32).alias(_PLACE)
    )
    return pl.concat([named, others], how="diagonal")


def _without(together: States, some: States) -> States:
    """What all groups have beyond some of them, where there are more rows."""
    numbers = [name for name in together.main.columns if name != BUCKET]
    less = some.main.select(BUCKET, -pl.col(numbers))
    rest = pl.concat([together.main.select(BUCKET, *numbers), less]).group_by(BUCKET).agg(pl.col(numbers).sum())
    return States(together.total, rest.filter(pl.col(COUNT) > 0), {})
