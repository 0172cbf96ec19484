"""Panels that neither program has of its own, as Vega: flows between the truly largest pairs, and the world.

Vega itself, not Vega-Lite, whose versions differ; one answer of the engine is one row, so that an empty range is an
empty picture instead of an error; colours are readable on both themes.
"""

from collections.abc import Mapping
from typing import Any

from collector.datasets import Dataset
from collector.explore.dashboard import Panel
from collector.explore.kibana.metrics import metric
from collector.explore.kibana.objects import Json, Target
from collector.explore.kibana.views import view_title
from collector.explore.kibana.words import Words
from collector.query.measures import measure

SCHEMA = "https://vega.github.io/schema/vega/v5.json"
SEPARATOR = "\x1f"
"""Between the two ends of a pair that a script makes. Painless has no escapes for it: it stands in the script."""
TEXT, SHAPE = "#69707D", "#98A2B3"
"""Colours of words and of shapes without one of their own."""


def spec(*, data: list[Json], **rest: Any) -> Json:
    """What all pictures share."""
    return {
        "$schema": SCHEMA,
        "config": {"kibana": {"hideWarnings": True}},
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 5,
        "data": data,
        **rest,
    }


def source(panel: Panel, dataset: Dataset, aggregations: Json) -> Json:
    """Where the answer of the engine comes from: the page's time and filters apply."""
    # A query would take the place of the page's: the panel's own filter goes into the aggregation.
    own = {"own": {**_own(panel), "aggs": aggregations}}
    return _asked(dataset, aggregations if panel.filter == "*" else own)


def whole(panel: Panel, dataset: Dataset, asked: Json) -> Json:
    """As `source`, of all rows together: `asked` stands beside their filter, in the aggregation `all`."""
    return _asked(dataset, {"all": {**_own(panel), **asked}})


def _own(panel: Panel) -> Json:
    """A panel's filter, as an aggregation."""
    query: Json = {"match_all": {}} if panel.filter == "*" else {"query_string": {"query": panel.filter}}
    return {"filter": query}


def _asked(dataset: Dataset, aggregations: Json) -> Json:
    body: Json = {"size": 0, "aggs": aggregations}
    return {"%context%": True, "%timefield%": "@timestamp", "index": view_title(dataset), "body": body}


def buckets(panel: Panel, name: str) -> list[Json]:
    """From the answer to a row a bucket, `k`; nothing where there is no answer."""
    path = f"aggregations.{name}" if panel.filter == "*" else f"aggregations.own.{name}"
    return [
        {"type": "filter", "expr": "datum.aggregations"},
        {"type": "flatten", "fields": [f"{path}.buckets"], "as": ["k"]},
    ]


def value(panel: Panel, words: Words) -> tuple[Json, str, str]:
    """The aggregation of the first measure, where its value is in a bucket, and its label."""
    one = metric(measure(panel.measures[0]), words.of(panel, panel.measures[0]), rates=False)
    if one.measure.kind == "count":
        return {}, "datum.k.doc_count", one.label
    name = {"average": "avg", "unique": "cardinality"}.get(one.measure.kind, one.measure.kind)
    return {"v": {name: {"field": one.field}}}, "datum.k.v.value", one.label


def clicked(target: Target, dataset: Dataset, mark: str, fields: Mapping[str, str]) -> Json:
    """A signal: a click on a mark filters by its values, which are expressions by field."""
    terms = ",".join(f"{{term:{{'{field}':{expression}}}}}" for field, expression in fields.items())
    update = f"{target.add_filter}({{bool:{{filter:[{terms}]}}}},'{view_title(dataset)}')"
    return {"name": f"clicked_{mark}", "on": [{"events": f"@{mark}:click", "update": update}]}
