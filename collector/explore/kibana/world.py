"""Maps of the world as Vega, with the outline inside: no tile server is asked for anything.

The outline is the largest part of a file, so the maps of a dashboard are one picture, in rows, and share it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from collector.datasets import Dataset
from collector.explore.dashboard import Panel
from collector.explore.kibana.objects import Json, Target
from collector.explore.kibana.vega import SHAPE, TEXT, buckets, clicked, source, spec, value
from collector.explore.kibana.words import Words

COUNTRIES = 300
"""More than there are."""
PRECISION = 3
"""Characters of a geohash: cells of about 150 km."""
SCHEME = "tealblues"
LAND = "#d3dae6"
TITLE = 18
"""Pixels above a map."""
LOCATION = "location"
"""Last part of the names of fields with a place; the others have the code of a country."""


@dataclass(frozen=True)
class Map:
    """One of the maps, by its place in the picture."""

    number: int
    panel: Panel
    x: str
    y: str
    width: str
    height: str
    """Expressions of pixels."""

    @property
    def located(self) -> bool:
        """Whether it shows points instead of countries."""
        return self.panel.by[0].endswith(LOCATION)


def world(target: Target, rows: Sequence[Sequence[Panel]], dataset: Dataset, words: Words, outline: list[Any]) -> Json:
    """Maps over one outline: features of GeoJSON that are named by ISO code."""
    maps = list(_placed(rows))
    found = [_found(one, dataset, words) for one in maps]
    land = {"name": "world", "values": [_turned(one) for one in outline], "format": {"type": "json"}}
    return spec(
        data=[*found, land, *(_valued(one) for one in maps if not one.located)],
        marks=[_group(one, words) for one in maps],
        signals=[_clicked(target, one, dataset) for one in maps if not one.located],
    )


def _turned(feature: Json) -> Json:
    """A country as d3 wants it, on a sphere: to the right of its rings, or it is all the rest of the world."""
    shape = feature["geometry"]
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    turned = [[_wound(ring, clockwise=not number) for number, ring in enumerate(polygon)] for polygon in polygons]
    return {**feature, "geometry": {"type": "MultiPolygon", "coordinates": turned}}


def _wound(ring: list[list[float]], *, clockwise: bool) -> list[list[float]]:
    """A ring in that direction; the first of a polygon is its outside, the others are holes."""
    area = sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairwise(ring))
    return ring if (area < 0) == clockwise else ring[::-1]


def _placed(rows: Sequence[Sequence[Panel]]) -> Iterator[Map]:
    number = 0
    for line, row in enumerate(rows):
        for column, panel in enumerate(row):
            wide, high = f"width/{len(row)}", f"height/{len(rows)}"
            yield Map(number, panel, f"{column}*{wide}", f"{line}*{high}+{TITLE}", f"{wide}-8", f"{high}-{TITLE}")
            number += 1


def _found(one: Map, dataset: Dataset, words: Words) -> Json:
    """The answer of the engine for a map."""
    panel, field = one.panel, one.panel.by[0]
    measured, expr, _ = value(panel, words)
    if one.located:
        grid = {"geohash_grid": {"field": field, "precision": PRECISION, "size": panel.top}}
        aggs = {"places": grid | {"aggs": {"middle": {"geo_centroid": {"field": field}}, **measured}}}
    else:
        terms: Json = {"terms": {"field": field, "size": COUNTRIES}}
        aggs = {"places": terms | ({"aggs": measured} if measured else {})}
    steps = [*buckets(panel, "places"), {"type": "formula", "expr": expr, "as": "v"}]
    if one.located:
        steps += [{"type": "formula", "expr": f"datum.k.middle.location.{end}", "as": end} for end in ("lon", "lat")]
        steps.append({"type": "collect", "sort": {"field": "v", "order": "descending"}})
    else:
        steps.append({"type": "formula", "expr": "datum.k.key", "as": "code"})
    return {"name": f"found_{one.number}", "url": source(panel, dataset, aggs), "transform": steps}


def _valued(one: Map) -> Json:
    """The countries with their values."""
    lookup = {"type": "lookup", "from": f"found_{one.number}", "key": "code", "fields": ["properties.name"]}
    return {
        "name": f"land_{one.number}",
        "source": "world",
        "transform": [lookup | {"values": ["v"], "as": [f"v{one.number}"]}],
    }


def _clicked(target: Target, one: Map, dataset: Dataset) -> Json:
    return clicked(target, dataset, f"land_{one.number}", {one.panel.by[0]: "datum.properties.name"})


def _group(one: Map, words: Words) -> Json:
    """A map with its title, scale and projection."""
    label = value(one.panel, words)[2]
    place = {name: {"signal": getattr(one, name)} for name in ("x", "y", "width", "height")}
    title = {"text": one.panel.title, "color": TEXT, "anchor": "start", "fontWeight": "normal", "offset": 2}
    projection = {
        "name": "earth",
        "type": "equirectangular",
        "fit": {"signal": "data('world')"},
        "size": {"signal": f"[{one.width},{one.height}]"},
    }
    group: Json = {
        "type": "group",
        "encode": {"update": place},
        "title": title,
        "projections": [projection],
        "scales": [_scale(one)],
    }
    if one.located:
        return group | {"data": [_points(one)], "marks": [_land(one, None), _circles(label)]}
    legend = {
        "fill": "heat",
        "title": label,
        "format": ".2s",
        "orient": "bottom-left",
        "labelColor": TEXT,
        "gradientLength": 80,
    }
    return group | {"marks": [_land(one, label)], "legends": [legend | {"titleColor": TEXT}]}


def _scale(one: Map) -> Json:
    domain = {"data": f"found_{one.number}", "field": "v"}
    if one.located:
        return {"name": "size", "type": "linear", "domain": domain, "range": [16, 1200], "zero": True}
    # The largest country would make all others alike on a linear scale.
    return {"name": "heat", "type": "sqrt", "domain": domain, "range": {"scheme": SCHEME}, "zero": True}


def _points(one: Map) -> Json:
    project = {"type": "geopoint", "projection": "earth", "fields": ["lon", "lat"]}
    return {"name": "points", "source": f"found_{one.number}", "transform": [project]}


def _land(one: Map, label: str | None) -> Json:
    """The countries, by their value where there is a label for it."""
    fill: list[Json] = [{"value": LAND}]
    update: Json = {"stroke": {"value": SHAPE}, "strokeWidth": {"value": 0.4}}
    name = f"datum.v{one.number}"
    if label is not None:
        fill.insert(0, {"test": f"{name}>0", "scale": "heat", "field": f"v{one.number}"})
        told = f"{{'country':datum.properties.name,'{label}':format({name},'.3s')}}"
        update |= {"tooltip": {"signal": f"{name}>0?{told}:null"}, "cursor": {"value": "pointer"}}
    return {
        "type": "shape",
        "name": f"land_{one.number}",
        "from": {"data": "world" if label is None else f"land_{one.number}"},
        "encode": {"update": update | {"fill": fill}},
        "transform": [{"type": "geoshape", "projection": "earth"}],
    }


def _circles(label: str) -> Json:
    update = {
        "x": {"field": "x"},
        "y": {"field": "y"},
        "size": {"scale": "size", "field": "v"},
        "fill": {"value": "#1f77b4"},
        "fillOpacity": {"value": 0.55},
        "stroke": {"value": "#ffffff"},
        "tooltip": {"signal": f"{{'{label}':format(datum.v,'.3s')}}"},
    }
    return {"type": "symbol", "name": "place", "from": {"data": "points"}, "encode": {"update": update}}
