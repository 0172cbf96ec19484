"""Flows between the truly largest pairs, as Vega."""

from collector.datasets import Dataset
from collector.explore.dashboard import Panel
from collector.explore.kibana.objects import Json, Target
from collector.explore.kibana.vega import SEPARATOR, SHAPE, TEXT, buckets, clicked, source, spec, value
from collector.explore.kibana.words import Words

BAR = 12
"""Pixels of a node's width."""
GAPS = 0.25
"""What all gaps of a side take, as a share of all nodes."""
GAP = 6
"""Pixels between a node and its name."""


def sankey(target: Target, panel: Panel, dataset: Dataset, words: Words) -> Json:
    """The first and the last field of `by`, side by side."""
    fields = panel.by[0], panel.by[-1]
    return spec(
        data=_data(target, panel, dataset, words),
        scales=_scales(),
        marks=[_edges(value(panel, words)[2]), *_nodes("s"), *_nodes("t")],
        signals=[
            clicked(target, dataset, "edge", {fields[0]: "datum.s", fields[1]: "datum.t"}),
            clicked(target, dataset, "node_s", {fields[0]: "datum.name"}),
            clicked(target, dataset, "node_t", {fields[1]: "datum.name"}),
        ],
    )


def pairs(target: Target, panel: Panel, words: Words) -> Json:
    """The aggregation: nested terms would give the servers of the largest clients, which are other pairs."""
    measured = value(panel, words)[0]
    fields = panel.by[0], panel.by[-1]
    order = {"v" if measured else "_count": "desc"}
    if target.multi_terms:
        terms: Json = {"multi_terms": {"size": panel.top, "terms": [{"field": one} for one in fields], "order": order}}
    else:
        terms = {
            "terms": {"size": panel.top, "script": {"lang": "painless", "source": _script(*fields)}, "order": order}
        }
    return {"pairs": terms | ({"aggs": measured} if measured else {})}


def _script(first: str, second: str) -> str:
    """Documents that lack an end are in no pair."""
    ends = [f"doc['{name}']" for name in (first, second)]
    missing = "||".join(f"{end}.size()==0" for end in ends)
    return f"{missing}?null:{ends[0]}.value+'{SEPARATOR}'+{ends[1]}.value"


def _data(target: Target, panel: Panel, dataset: Dataset, words: Words) -> list[Json]:
    ends = [f"datum.k.key[{number}]" for number in (0, 1)]
    if not target.multi_terms:
        ends = [f"split(datum.k.key,'{SEPARATOR}')[{number}]" for number in (0, 1)]
    raw = [
        *buckets(panel, "pairs"),
        *({"type": "formula", "expr": expr, "as": name} for name, expr in zip("st", ends, strict=True)),
        {"type": "formula", "expr": value(panel, words)[1], "as": "v"},
        {"type": "filter", "expr": "datum.v>0"},
    ]
    return [
        {"name": "raw", "url": source(panel, dataset, pairs(target, panel, words)), "transform": raw},
        {"name": "nodes", "source": "raw", "transform": _stacked_nodes()},
        *(
            {
                "name": f"nodes_{side}",
                "source": "nodes",
                "transform": [{"type": "filter", "expr": f"datum.side=='{side}'"}],
            }
            for side in "st"
        ),
        {"name": "edges", "source": "raw", "transform": _bent()},
    ]


def _stacked_nodes() -> list[Json]:
    """The largest on top, with gaps between them that are a share of the height."""
    order = {"field": ["v", "name"], "order": ["descending", "ascending"]}
    gap = f"datum.n>1?{GAPS}*datum.all/(datum.n-1)*(datum.rank-1):{GAPS}/2*datum.all"
    return [
        {"type": "fold", "fields": ["s", "t"], "as": ["side", "name"]},
        {"type": "aggregate", "groupby": ["side", "name"], "fields": ["v"], "ops": ["sum"], "as": ["v"]},
        {"type": "stack", "groupby": ["side"], "field": "v", "sort": order},
        {
            "type": "joinaggregate",
            "groupby": ["side"],
            "fields": ["v", None],
            "ops": ["sum", "count"],
            "as": ["all", "n"],
        },
        {"type": "window", "groupby": ["side"], "sort": order, "ops": ["row_number"], "as": ["rank"]},
        {"type": "formula", "expr": gap, "as": "gap"},
        *({"type": "formula", "expr": f"datum.{end}+datum.gap", "as": end} for end in ("y0", "y1")),
    ]


def _bent() -> list[Json]:
    """Where each edge begins and ends, and its outline."""
    steps: list[Json] = []
    for side in "st":
        lookup = {"type": "lookup", "from": f"nodes_{side}", "key": "name", "fields": [side], "values": ["y0"]}
        steps.append({**lookup, "as": [f"{side}y"]})
        sort = {"field": "v", "order": "descending"}
        steps.append({"type": "stack", "groupby": [side], "field": "v", "sort": sort, "as": [f"{side}0", f"{side}1"]})
    places = {"a0": "s", "a1": "s", "b0": "t", "b1": "t"}
    for name, side in places.items():
        expr = f"scale('y',datum.{side}y+datum.{side}{name[1]})"
        steps.append({"type": "formula", "expr": expr, "as": name})
    left, middle, right = f"{BAR}", "width/2", f"(width-{BAR})"
    path = (
        f"'M'+{left}+','+datum.a0+'C'+{middle}+','+datum.a0+' '+{middle}+','+datum.b0+' '+{right}+','+datum.b0"
        f"+'L'+{right}+','+datum.b1+'C'+{middle}+','+datum.b1+' '+{middle}+','+datum.a1+' '+{left}+','+datum.a1+'Z'"
    )
    return [*steps, {"type": "formula", "expr": path, "as": "path"}]


def _scales() -> list[Json]:
    return [
        {"name": "y", "type": "linear", "domain": {"data": "nodes", "field": "y1"}, "range": {"signal": "[0,height]"}},
        {
            "name": "colour",
            "type": "ordinal",
            "domain": {"data": "nodes_s", "field": "name"},
            "range": {"scheme": "tableau20"},
        },
    ]


def _edges(label: str) -> Json:
    tooltip = f"{{'from':datum.s,'to':datum.t,'{label}':format(datum.v,'.3s')}}"
    return {
        "type": "path",
        "name": "edge",
        "from": {"data": "edges"},
        "encode": {
            "update": {
                "path": {"field": "path"},
                "fill": {"scale": "colour", "field": "s"},
                "opacity": {"value": 0.45},
                "tooltip": {"signal": tooltip},
                "cursor": {"value": "pointer"},
            },
            "hover": {"opacity": {"value": 0.8}},
        },
    }


def _nodes(side: str) -> list[Json]:
    """Bars and names of one side."""
    left = side == "s"
    fill = {"scale": "colour", "field": "name"} if left else {"value": SHAPE}
    bar: Json = {
        "x": {"value": 0} if left else {"signal": f"width-{BAR}"},
        "width": {"value": BAR},
        "y": {"scale": "y", "field": "y0"},
        "y2": {"scale": "y", "field": "y1"},
        "fill": fill,
        "tooltip": {"signal": "{'name':datum.name,'all':format(datum.v,'.3s')}"},
        "cursor": {"value": "pointer"},
    }
    name: Json = {
        "x": {"value": BAR + GAP} if left else {"signal": f"width-{BAR + GAP}"},
        "y": {"scale": "y", "signal": "(datum.y0+datum.y1)/2"},
        "align": {"value": "left" if left else "right"},
        "baseline": {"value": "middle"},
        "text": {"field": "name"},
        "limit": {"signal": "width/2-30"},
        "fill": {"value": TEXT},
    }
    origin = {"data": f"nodes_{side}"}
    return [
        {"type": "rect", "name": f"node_{side}", "from": origin, "encode": {"update": bar}},
        {"type": "text", "interactive": False, "from": origin, "encode": {"update": name}},
    ]
