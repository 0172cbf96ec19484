"""Panels in the dialect of Kibana 8.9 and later: Lens, which can be edited there."""

from collections.abc import Sequence

from collector.datasets import Dataset
from collector.explore.dashboard import Panel
from collector.explore.kibana.metrics import LENS, Metric, description, metrics
from collector.explore.kibana.objects import Json, Reference, Target, saved
from collector.explore.kibana.words import Words

LAYER = "L"
TIME = "x"
TYPES = {"series": "lnsXY", "bars": "lnsXY", "pie": "lnsPie", "table": "lnsDatatable", "metric": "lnsMetric"}
RECORDS = "___records___"
OTHER = "__other__"
"""The key of what is beyond the top."""
PALETTE = "eui_amsterdam_color_blind"
"""Of names without a colour of their own."""


def lens(target: Target, identifier: str, panel: Panel, dataset: Dataset, words: Words) -> Json:
    """A panel of the kinds in `TYPES`."""
    # Without a histogram, Lens scales by the whole time range (since 8.5).
    shown = metrics(panel, words, rates=True)
    columns = {**_groups(panel, words), **({TIME: _time()} if panel.kind == "series" else {})}
    columns |= {f"m{number}": _metric(one) for number, one in enumerate(shown)}
    layer = {"columnOrder": list(columns), "incompleteColumns": {}, "columns": columns}
    state = {
        "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
        "visualization": _visualization(panel, shown, _colours(panel, words)),
        "query": {"query": "" if panel.filter == "*" else panel.filter, "language": "lucene"},
        "filters": [],
        "internalReferences": [],
        "adHocDataViews": {},
    }
    attributes = {
        "title": panel.title,
        "description": description(panel),
        "visualizationType": TYPES[panel.kind],
        "state": state,
    }
    view = Reference(f"indexpattern-datasource-layer-{LAYER}", "index-pattern", words.view(dataset))
    return saved(target, "lens", identifier, attributes, [view])


def _names(panel: Panel) -> list[str]:
    """Columns of groups: a table has one for each field, the others one for all of them."""
    if not panel.by:
        return []
    return [f"g{number}" for number in range(len(panel.by))] if panel.kind == "table" else ["g0"]


def _groups(panel: Panel, words: Words) -> Json:
    if panel.kind == "table":
        return {f"g{number}": _terms(panel, field, (), words) for number, field in enumerate(panel.by)}
    return {"g0": _terms(panel, panel.by[0], panel.by[1:], words)} if panel.by else {}


def _terms(panel: Panel, field: str, more: Sequence[str], words: Words) -> Json:
    """The top values of a field, or of several fields together."""
    params: Json = {
        "size": panel.top,
        "orderBy": {"type": "column", "columnId": "m0"},
        "orderDirection": "asc" if panel.ascending else "desc",
        "otherBucket": panel.other,
        "missingBucket": False,
        "parentFormat": {"id": "multi_terms" if more else "terms"},
    }
    if more:
        params["secondaryFields"] = list(more)
    label = " › ".join(words.of(panel, one) for one in (field, *more))
    return {
        "label": label,
        "customLabel": True,
        "dataType": "ip" if field.endswith(".ip") and not more else "string",
        "operationType": "terms",
        "sourceField": field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": params,
    }


def _time() -> Json:
    return {
        "label": "@timestamp",
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": "@timestamp",
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": "auto", "includeEmptyRows": True},
    }


def _metric(one: Metric) -> Json:
    params: Json = {"format": _format(one)}
    if one.measure.kind == "percentile":
        params["percentile"] = one.measure.percent
    elif one.measure.kind in ("sum", "count", "unique"):
        params["emptyAsNull"] = True
    return {
        "label": one.label,
        "customLabel": True,
        "dataType": "number",
        "operationType": LENS[one.measure.kind],
        "sourceField": one.field or RECORDS,
        "isBucketed": False,
        "scale": "ratio",
        "params": params,
        **({"timeScale": "s"} if one.per_second else {}),
    }


def _format(one: Metric) -> Json:
    ends = (one.field or "").rpartition(".")[2].rpartition("_")[2]
    kind = ends if ends in ("bytes", "bits") and one.measure.kind != "unique" else "number"
    decimals = 0 if kind == "number" and not one.per_second else 1
    return {"id": kind, "params": {"decimals": decimals, "compact": kind == "number"}}


def _colours(panel: Panel, words: Words) -> Json:
    """Colours of known names, as Kibana 8.13 and later have them; 9 turns them into its own form.

    Not of several fields together, whose groups have no names of their own.
    """
    known = words.coloured(panel)
    if not known or panel.by[1:]:
        return {}
    given = [
        {
            "rule": {"type": "matchExactly", "values": [name]},
            "color": {"type": "colorCode", "colorCode": colour},
            "touched": True,
        }
        for name, colour in {**known, OTHER: words.other}.items()
    ]
    rest = {"rule": {"type": "other"}, "color": {"type": "loop"}, "touched": False}
    mapping = {
        "assignments": given,
        "specialAssignments": [rest],
        "paletteId": PALETTE,
        "colorMode": {"type": "categorical"},
    }
    return {"colorMapping": mapping}


def _visualization(panel: Panel, shown: Sequence[Metric], colours: Json) -> Json:
    accessors = [f"m{number}" for number in range(len(shown))]
    groups = _names(panel)
    layer: Json = {"layerId": LAYER, "layerType": "data", **colours}
    if panel.kind == "metric":
        return layer | {"metricAccessor": accessors[0]}
    if panel.kind == "table":
        columns = [{"columnId": one} for one in (*groups, *accessors)]
        return layer | {"columns": columns, "paging": {"size": 10, "enabled": True}}
    if panel.kind == "pie":
        return {"shape": "donut", "layers": [layer | _slices(groups, accessors)]}
    return _axes(panel, layer, groups, accessors)


def _slices(groups: Sequence[str], accessors: Sequence[str]) -> Json:
    return {
        "primaryGroups": list(groups),
        "metrics": list(accessors[:1]),
        "numberDisplay": "percent",
        "categoryDisplay": "default",
        "legendDisplay": "default",
        "nestedLegend": False,
    }


def _axes(panel: Panel, layer: Json, groups: Sequence[str], accessors: Sequence[str]) -> Json:
    kind = "bar_horizontal" if panel.kind == "bars" else "area_stacked" if groups else "line"
    layer |= {"seriesType": kind, "accessors": list(accessors)}
    if panel.kind == "bars":
        layer["xAccessor"] = groups[0]
    else:
        layer["xAccessor"] = TIME
        if groups:
            layer["splitAccessor"] = groups[0]
    return {
        "legend": {"isVisible": panel.kind == "series", "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "preferredSeriesType": kind,
        "layers": [layer],
    }
