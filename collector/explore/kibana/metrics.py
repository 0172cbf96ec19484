"""Measures as the panels of both dialects take them."""

import re
from dataclasses import dataclass

from collector.explore.dashboard import Panel
from collector.explore.kibana.views import BITS
from collector.explore.kibana.words import Words
from collector.query.measures import Kind, Measure, measure

CLASSIC: dict[Kind, str] = {
    "count": "count",
    "sum": "sum",
    "average": "avg",
    "min": "min",
    "max": "max",
    "unique": "cardinality",
    "percentile": "percentiles",
}
"""Names of aggregations."""
LENS: dict[Kind, str] = {**CLASSIC, "average": "average", "unique": "unique_count", "percentile": "percentile"}
"""Names of operations."""
BITS_FACTOR = 8


@dataclass(frozen=True)
class Metric:
    """A measure of a field of the index pattern."""

    measure: Measure
    field: str | None
    """None for a count."""
    per_second: bool
    label: str


def metrics(panel: Panel, words: Words, *, rates: bool) -> list[Metric]:
    """What a panel shows, each number once; the first alone where there is no room for more."""
    alone = panel.kind == "metric" or (panel.kind == "series" and panel.by)
    shown: dict[tuple[object, ...], Metric] = {}
    for name in panel.measures[:1] if alone else panel.measures:
        one = metric(measure(name), words.of(panel, name), rates=rates)
        shown.setdefault((one.measure.kind, one.field, one.measure.percent, one.per_second), one)
    return list(shown.values())


def metric(one: Measure, label: str, *, rates: bool) -> Metric:
    """A measure as a front end works it out.

    The classic dialect has rates over time only: where there are none, the sum itself is shown, in bytes where it is of
    bits.
    """
    if one.per_second and not rates:
        return Metric(one, one.field, per_second=False, label=_total(one, label))
    field = BITS if one.factor == BITS_FACTOR else one.field
    return Metric(one, field, one.per_second, label)


def description(panel: Panel) -> str:
    """What is told about a panel; of a table, whose ratios are not exported, without the sentences that name one."""
    if panel.kind != "table":
        return panel.description
    names = [one.title.lower() for one in panel.ratios]
    sentences = re.split(r"(?<=[.!?])\s+", panel.description)
    return " ".join(one for one in sentences if not any(name in one.lower() for name in names))


def _total(one: Measure, label: str) -> str:
    if one.factor == BITS_FACTOR:
        return "Bytes"
    return label.removesuffix("/s").removesuffix(" per second")
