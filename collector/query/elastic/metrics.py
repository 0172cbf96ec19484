"""Measures as aggregations, and their values in the answers."""

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from collector.datasets import Dataset
from collector.query.elastic.dsl import Dsl
from collector.query.elastic.view import View
from collector.query.measures import Measure
from collector.query.model import QueryError
from collector.query.syntax import unknown
from collector.schema import KINDS

TYPES = {"sum": "sum", "average": "avg", "min": "min", "max": "max"}
RANKING, EXACT = 3000, 40_000
"""Different values that are counted exactly or nearly so: of many groups, and of those that are shown."""
HEAVY = ("unique", "percentile")
"""Kinds that take much memory a group."""
ADDED = ("sum", "count")
"""Kinds whose value for two groups together is the sum of both."""
COMPRESSION = 200
APPROXIMATE = "Percentiles are approximate."
UNCOUNTED = ("geo_point", "object")
"""Kinds whose different values no engine counts."""


def check(measures: Sequence[Measure], dataset: Dataset) -> None:
    """QueryError where a measure makes no sense for its field."""
    for measure in measures:
        if measure.field is None:
            continue
        if measure.field not in dataset.asked:
            raise QueryError(f"{measure.text}: {unknown(measure.field, dataset.asked)}")
        kind = dataset.asked[measure.field].kind
        numeric = KINDS[kind].numeric and kind != "id"
        if not (kind not in UNCOUNTED if measure.kind == "unique" else numeric):
            raise QueryError(f"{measure.text}: {measure.field} is of the kind {kind}, which makes no such measure")


def name(place: int) -> str:
    """What the aggregation of the measure at that place is called."""
    return f"m{place}"


def path(measure: Measure, place: int) -> str:
    """What groups are ordered by."""
    if measure.kind == "count":
        return "_count"
    return f"{name(place)}.{measure.percent}" if measure.kind == "percentile" else name(place)


def aggregations(measures: Sequence[Measure], places: Sequence[int], view: View, threshold: int = EXACT) -> Dsl:
    """Those of the measures at these places; a count needs none."""
    asked = ((place, measures[place].field) for place in places)
    return {
        name(place): _of(measures[place], view.source(field), threshold) for place, field in asked if field is not None
    }


def _of(measure: Measure, field: Dsl, threshold: int) -> Dsl:
    if measure.kind == "unique":
        return {"cardinality": {**field, "precision_threshold": threshold}}
    if measure.kind == "percentile":
        return {"percentiles": {**field, "percents": [measure.percent], "tdigest": {"compression": COMPRESSION}}}
    return {TYPES[measure.kind]: field}


def value(measure: Measure, place: int, bucket: Dsl, seconds: float) -> float | int | None:
    """The value in a bucket of so many seconds; None where no row has the field."""
    found: float | int | None = _raw(measure, place, bucket)
    if found is None or (isinstance(found, float) and math.isnan(found)):
        return None
    if measure.kind not in ADDED:
        return found
    found = found * measure.factor
    return found / seconds if measure.per_second else found


def _raw(measure: Measure, place: int, bucket: Dsl) -> Any:
    if measure.kind == "count":
        return bucket["doc_count"]
    answer = bucket[name(place)]
    if measure.kind == "percentile":
        (found,) = answer["values"].values()
        return None if found == "NaN" else found
    return answer["value"]


def dtype(measure: Measure) -> pl.DataType:
    """Of the measure's column."""
    whole = measure.kind in ("count", "unique") and not measure.per_second
    return pl.Int64() if whole else pl.Float64()
