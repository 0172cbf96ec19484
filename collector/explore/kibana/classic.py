"""Panels in the classic dialect: `visState` with its aggregations.

The order of aggregations decides what a series means: terms before the date histogram are the same groups over the
whole range.
"""

from collections.abc import Sequence

from collector.datasets import Dataset
from collector.explore.dashboard import Panel
from collector.explore.kibana.metrics import CLASSIC, Metric, description, metrics
from collector.explore.kibana.objects import (
    SEARCH_SOURCE,
    Json,
    Reference,
    Target,
    saved,
    search_source,
    text,
)
from collector.explore.kibana.words import Words

NARROW = 16
"""Columns below which labels of a pie are cut."""
AXIS = "ValueAxis-1"
TYPES = {"series": "area", "bars": "horizontal_bar", "pie": "pie", "table": "table", "metric": "metric"}


def classic(target: Target, identifier: str, panel: Panel, dataset: Dataset, words: Words) -> Json:
    """A panel of the kinds in `TYPES`."""
    view = Reference(SEARCH_SOURCE, "index-pattern", words.view(dataset))
    kind = "line" if panel.kind == "series" and not panel.by else TYPES[panel.kind]
    shown = metrics(panel, words, rates=panel.kind == "series")
    params, more = _params(panel, kind, shown)
    state = {"title": panel.title, "type": kind, "params": params, "aggs": aggregations(panel, shown, words)} | more
    return visualization(target, identifier, panel, state, [view], _colours(panel, words))


def visualization(
    target: Target,
    identifier: str,
    panel: Panel,
    state: Json,
    references: Sequence[Reference] = (),
    colours: Json | None = None,
) -> Json:
    """The object around a `visState`."""
    indexed = any(one.name == SEARCH_SOURCE for one in references)
    query = panel.filter if indexed and panel.filter != "*" else ""
    attributes = {
        "title": panel.title,
        "description": description(panel),
        "version": 1,
        "visState": text(state),
        "uiStateJSON": text(colours or {}),
        "kibanaSavedObjectMeta": search_source(query, indexed),
    }
    return saved(target, "visualization", identifier, attributes, references)


def aggregations(panel: Panel, shown: Sequence[Metric], words: Words) -> list[Json]:
    """Metrics, groups, and time where it is a series."""
    numbered = [_metric(number, one) for number, one in enumerate(shown, 1)]
    groups = [
        _terms(len(shown) + number, panel, field, words, last=number == len(panel.by))
        for number, field in enumerate(panel.by, 1)
    ]
    if panel.kind != "series":
        return numbered + groups
    return [*numbered, *groups, _time(len(numbered) + len(groups) + 1, shown[0].per_second)]


def _metric(number: int, one: Metric) -> Json:
    params: Json = {"customLabel": one.label}
    if one.field is not None:
        params["field"] = one.field
    if one.measure.kind == "percentile":
        params["percents"] = [one.measure.percent]
    return _agg(number, CLASSIC[one.measure.kind], "metric", params)


def _terms(number: int, panel: Panel, field: str, words: Words, *, last: bool) -> Json:
    schema = {"series": "group", "table": "bucket"}.get(panel.kind, "segment")
    params: Json = {
        "field": field,
        "size": panel.top,
        "orderBy": "1",
        "order": "asc" if panel.ascending else "desc",
        "otherBucket": panel.other and last,
        "otherBucketLabel": "Other",
        "missingBucket": False,
        "customLabel": words.of(panel, field),
    }
    return _agg(number, "terms", schema, params)


def _time(number: int, per_second: bool) -> Json:
    params: Json = {
        "field": "@timestamp",
        # Seconds are widened to what fits the range, and the values divided: per second at every zoom.
        "interval": "s" if per_second else "auto",
        "scaleMetricValues": per_second,
        "useNormalizedEsInterval": True,
        "min_doc_count": 1,
        "drop_partials": False,
        "extended_bounds": {},
    }
    return _agg(number, "date_histogram", "segment", params)


def _agg(number: int, kind: str, schema: str, params: Json) -> Json:
    return {"id": str(number), "enabled": True, "type": kind, "schema": schema, "params": params}


def _params(panel: Panel, kind: str, shown: Sequence[Metric]) -> tuple[Json, Json]:
    """`params`, and what stands beside them."""
    if kind == "table":
        return _table(len(panel.by), shown)
    if kind == "pie":
        return {"isDonut": True, "addLegend": True, "labels": {"show": panel.width >= NARROW}}, {}
    if kind == "metric":
        return {"metric": {"style": {"fontSize": 30}, "labels": {"show": False}}}, {}
    return _axes(panel, kind, shown), {}


def _table(groups: int, shown: Sequence[Metric]) -> tuple[Json, Json]:
    params: Json = {
        "perPage": 10,
        "showTotal": True,
        "totalFunc": "sum",
        "percentageCol": shown[0].label if shown[0].measure.kind in ("sum", "count") else "",
        "sort": {"columnIndex": groups, "direction": "desc"},
    }
    # Kibana keeps the order in the parameters, OpenSearch Dashboards beside them.
    return params, {"sortColumn": {"colIndex": groups, "direction": "desc"}}


def _axes(panel: Panel, kind: str, shown: Sequence[Metric]) -> Json:
    stacked = kind == "area" and panel.stacked
    shape = "histogram" if kind == "horizontal_bar" else kind
    across = kind == "horizontal_bar"
    return {
        "type": kind if kind != "horizontal_bar" else "histogram",
        "addLegend": bool(panel.by) and not across,
        "legendPosition": "right",
        "addTooltip": True,
        "categoryAxes": [
            {
                "id": "CategoryAxis-1",
                "type": "category",
                "position": "left" if across else "bottom",
                "show": True,
                "scale": {"type": "linear"},
                "labels": {"show": True, "filter": not across, "truncate": 200},
                "title": {},
            }
        ],
        "valueAxes": [
            {
                "id": AXIS,
                "name": "BottomAxis-1" if across else "LeftAxis-1",
                "type": "value",
                "position": "bottom" if across else "left",
                "show": True,
                "scale": {"type": "linear", "mode": "normal"},
                "labels": {"show": True, "filter": across, "truncate": 100},
                "title": {"text": shown[0].label},
            }
        ],
        "seriesParams": [
            {
                "show": True,
                "type": shape,
                "mode": "stacked" if stacked else "normal",
                "data": {"id": str(number), "label": one.label},
                "valueAxis": AXIS,
                "interpolate": "linear",
                "drawLinesBetweenPoints": True,
                "showCircles": not stacked and not across,
                "lineWidth": 2,
            }
            for number, one in enumerate(shown, 1)
        ],
    }


def _colours(panel: Panel, words: Words) -> Json:
    """Colours of known names, so that they are alike in all charts; others get one by the program."""
    known = words.coloured(panel)
    return {"vis": {"colors": {**known, "Other": words.other}}} if known else {}
