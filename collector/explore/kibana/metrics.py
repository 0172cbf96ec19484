"""Measures as the panels of both dialects take them."""

from dataclasses import dataclass

from collector.explore.kibana.views import BITS
from collector.query.measures import Kind, Measure

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


def metric(measure: Measure, label: str, *, series: bool) -> Metric:
    """A measure as a front end works it out.

    Kibana has rates over time only: where a panel is not over time, the sum itself is shown, in bytes where it is of
    bits.
    """
    if measure.per_second and not series:
        return Metric(measure, measure.field, per_second=False, label=_total(measure, label))
    field = BITS if measure.factor == BITS_FACTOR else measure.field
    return Metric(measure, field, measure.per_second, label)


def _total(measure: Measure, label: str) -> str:
    if measure.factor == BITS_FACTOR:
        return "Bytes"
    return label.removesuffix("/s").removesuffix(" per second")
