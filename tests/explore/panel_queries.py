"""What the panels of an export ask of a search engine, as the programs that import them would."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collector.explore.kibana.views import BITS, RUNTIME, SCRIPT

Json = dict[str, Any]
STEP = "30m"


@dataclass(frozen=True)
class Question:
    """A search; its answer is to have rows."""

    id: str
    index: str
    body: Json


def questions(lines: Sequence[Json], begin: int, end: int) -> Iterator[Question]:
    """Of all panels, for a time in milliseconds since 1970."""
    titles = {line["id"]: line["attributes"]["title"] for line in lines if line["type"] == "index-pattern"}
    for line in lines:
        views = [titles[one["id"]] for one in line["references"] if one["type"] == "index-pattern"]
        for index, body in _asked(line, views[0] if views else ""):
            _put_in(body, {"min": begin, "max": end})
            yield Question(line["id"], index, body | {"query": _query(body.get("query"), begin, end)})


def _put_in(part: Any, ends: dict[str, int]) -> None:
    """The ends of the range, where Vega's questions have a place for them."""
    for key, inner in list(part.items()) if isinstance(part, dict) else ():
        if isinstance(inner, dict) and "%timefilter%" in inner:
            part[key] = ends[inner["%timefilter%"]]
        _put_in(part[key], ends)


def _asked(line: Json, view: str) -> Iterator[tuple[str, Json]]:
    """Index and body of each search of a panel; `query` is its own filter as text."""
    attributes = line["attributes"]
    if line["type"] == "lens":
        state = attributes["state"]
        (layer,) = state["datasourceStates"]["formBased"]["layers"].values()
        yield view, {"size": 0, "query": state["query"]["query"], **_lens(layer)}
    elif line["type"] == "search":
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        yield view, {"size": 10, "query": source["query"]["query"], "sort": [{"@timestamp": "desc"}]}
    elif line["type"] == "visualization":
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        state = json.loads(attributes["visState"])
        if state["type"] == "vega":
            spec = json.loads(state["params"]["spec"])
            urls = [one["url"] for one in spec["data"] if "url" in one]
            yield from ((url["index"], url["body"]) for url in urls)
        elif state["type"] == "input_control_vis":
            for control in state["params"]["controls"]:
                terms = {"terms": {"field": control["fieldName"], "size": control["options"]["size"]}}
                yield view, {"size": 0, "aggs": {"values": terms}}
        elif state["aggs"]:
            yield view, {"size": 0, "query": source["query"]["query"], "aggs": _nested(*_classic(state["aggs"]))}


def _query(text: Any, begin: int, end: int) -> Json:
    time = {"range": {"@timestamp": {"gte": begin, "lt": end, "format": "epoch_millis"}}}
    return {"bool": {"filter": [time, *([{"query_string": {"query": text}}] if text else [])]}}


def _classic(aggs: Sequence[Json]) -> tuple[list[Json], Json]:
    """Groups from the outside to the inside, and metrics by id."""
    groups, metrics = list[Json](), Json()
    for agg in aggs:
        kind, params = agg["type"], agg["params"]
        if agg["schema"] == "metric":
            if kind != "count":
                metrics[agg["id"]] = {kind: _measured(params)}
        elif kind == "terms":
            groups.append(_terms(params["field"], params["size"], params["orderBy"], params["order"]))
        else:
            groups.append({"date_histogram": {"field": params["field"], "fixed_interval": STEP}})
    for group in groups:
        _by_count(group, metrics)
    return groups, metrics


def _measured(params: Json) -> Json:
    if params["field"] == BITS:
        return {"script": {"lang": "painless", "source": SCRIPT}}
    return {"field": params["field"], **({"percents": params["percents"]} if "percents" in params else {})}


def _terms(field: str, size: int, by: str, order: str) -> Json:
    return {"terms": {"field": field, "size": size, "order": {by: order}}}


def _by_count(group: Json, metrics: Json) -> None:
    """A count is no aggregation of its own, and a percentile has several values."""
    for kind in ("terms", "multi_terms"):
        for name, order in list(group.get(kind, {}).get("order", {}).items()):
            one = metrics.get(name)
            group[kind]["order"] = (
                {"_count": order}
                if one is None
                else {f"{name}.{one['percentiles']['percents'][0]}": order}
                if "percentiles" in one
                else {name: order}
            )


def _nested(groups: Sequence[Json], metrics: Json) -> Json:
    """Groups in one another, each with the metrics."""
    if not groups:
        return metrics or {"count": {"value_count": {"field": "@timestamp"}}}
    inner = _nested(groups[1:], metrics) if groups[1:] else metrics
    return {"group": {**groups[0], **({"aggs": {**metrics, **inner}} if metrics or groups[1:] else {})}}


def vega_specs(lines: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    """Specs of Vega by the id of their panel."""
    for line in lines:
        if line["type"] == "visualization":
            state = json.loads(line["attributes"]["visState"])
            if state["type"] == "vega":
                yield line["id"], json.loads(state["params"]["spec"])


LENS = {"average": "avg", "unique_count": "cardinality", "percentile": "percentiles"}


def _lens(layer: Json) -> Json:
    groups, metrics, runtime = list[Json](), Json(), False
    for name in layer["columnOrder"]:
        column = layer["columns"][name]
        kind, field, params = column["operationType"], column["sourceField"], column["params"]
        if kind == "terms":
            by, order = params["orderBy"]["columnId"], params["orderDirection"]
            one = _terms(field, params["size"], by, order)
            if more := params.get("secondaryFields"):
                fields = [{"field": other} for other in (field, *more)]
                one = {"multi_terms": {"terms": fields, "size": params["size"], "order": {by: order}}}
            groups.append(one)
        elif kind == "date_histogram":
            groups.append({"date_histogram": {"field": field, "fixed_interval": STEP}})
        elif kind != "count":
            percents = {"percents": [params["percentile"]]} if kind == "percentile" else {}
            metrics[name] = {LENS.get(kind, kind): {"field": field, **percents}}
            runtime = runtime or field == BITS
    for group in groups:
        _by_count(group, metrics)
    made = {BITS: {"type": "long", "script": {"source": RUNTIME}}}
    return {"aggs": _nested(groups, metrics), **({"runtime_mappings": made} if runtime else {})}


def rows(answer: Json) -> int:
    """Buckets of the outermost aggregation that has any, or documents of a search without groups."""
    for one in answer.get("aggregations", {}).values():
        inner = next(iter(one.values())) if "doc_count" in one and "buckets" not in one else one
        for found in (one, inner, *(value for value in one.values() if isinstance(value, dict))):
            if isinstance(found, dict) and "buckets" in found:
                return len(found["buckets"])
    return int(answer["hits"]["total"]["value"])
