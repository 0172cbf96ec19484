"""Ratios of an answer's measures, worked out after it came: no store divides."""

from dataclasses import replace

import polars as pl

from collector.explore.dashboard import Panel, Ratio
from collector.explore.units import PERCENT
from collector.query.model import Answer


def with_ratios(panel: Panel, answer: Answer) -> Answer:
    """The answer with a Float64 column under the title of each ratio of the panel; null where nothing divides."""
    if not panel.ratios:
        return answer
    return replace(answer, frame=answer.frame.with_columns(_ratio(one) for one in panel.ratios))


def _ratio(one: Ratio) -> pl.Expr:
    whole = pl.col(one.to).cast(pl.Float64)
    factor = 100.0 if one.unit == PERCENT else 1.0
    return pl.when(whole != 0).then(factor * pl.col(one.of).cast(pl.Float64) / whole).alias(one.title)
