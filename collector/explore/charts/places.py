"""The world."""

import math
from collections.abc import Sequence
from typing import Any

from collector.explore.charts.frame import base, tooltip
from collector.explore.charts.groups import Group, groups, item
from collector.explore.charts.look import Look, ink
from collector.explore.dashboard import Panel
from collector.explore.labels import unit
from collector.query.model import Answer

WORLD = "world"
LOCATION = "location"
SMALLEST, LARGEST = 5, 34
"""Pixels of a point; its area follows the value."""
HOVERED = {"label": {"show": False}, "itemStyle": {"areaColor": "inherit", "borderWidth": 1.6}}
FACTOR = math.sqrt(10)
"""What the most is divided by for the darkest shade."""


def places(panel: Panel, answer: Answer, look: Look) -> dict[str, Any]:
    """Countries in shades, where the first field is a country code; points where it is a location."""
    found = [one for one in groups(panel, answer) if not one.other]
    if panel.by[0].endswith(LOCATION):
        return {**_base(look, silent=True), "series": [_scatter(_points(panel, found, look), look)]}
    measured = unit(panel.measures[0])
    return {
        **_base(look),
        "visualMap": _scale(found, measured, look),
        "series": [_regions(_countries(panel, found, look))],
    }


def _base(look: Look, *, silent: bool = False) -> dict[str, Any]:
    """Options of both kinds; a silent map takes no notice of the pointer, so that only its points do."""
    return {**base(look), "tooltip": tooltip(look, "flowCharts.item"), "geo": {**_geo(look), "silent": silent}}


def _geo(look: Look) -> dict[str, Any]:
    colour = ink(look)
    return {
        "map": WORLD,
        "roam": False,
        "left": 4,
        "right": 4,
        "top": 4,
        "bottom": 4,
        "itemStyle": {"areaColor": colour.land, "borderColor": colour.border, "borderWidth": 0.6},
        "emphasis": HOVERED,
        "select": {"disabled": True},
    }


def _scale(found: Sequence[Group], measured: str, look: Look) -> dict[str, Any]:
    """Shades by powers of the most: volumes of countries differ by orders of magnitude."""
    ramp = ink(look).ramp
    edges = limits(max((one.amount for one in found), default=0), len(ramp))
    pieces = [{"gte": low, "color": colour} for low, colour in zip(edges, ramp[1:], strict=True)]
    bounded = [{**one, "lt": high} for one, high in zip(pieces, edges[1:], strict=False)]
    return {
        "type": "piecewise",
        "pieces": [{"lt": edges[0], "color": ramp[0]}, *bounded, pieces[-1]],
        "show": bool(found),
        "left": 4,
        "bottom": 4,
        "itemWidth": 12,
        "itemHeight": 10,
        "itemGap": 4,
        "textStyle": {"color": ink(look).faint, "fontSize": 11},
        ":formatter": f"flowCharts.piece({measured!r})",
    }


def limits(most: float, shades: int) -> list[float]:
    """Where each shade but the lightest begins: 1 or 3 times a power of ten, the last at about a third of the most."""
    last = (most if most > 0 else 1) / FACTOR
    power = math.floor(math.log10(last))
    half = 2 * power + (last >= 3 * 10.0**power)
    return [float(f"{3 if step % 2 else 1}e{step // 2}") for step in range(half - shades + 2, half + 1)]


def _regions(data: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "map",
        "geoIndex": 0,
        "data": data,
        "cursor": "pointer",
        "selectedMode": False,
        "emphasis": HOVERED,
    }


def _scatter(data: Sequence[dict[str, Any]], look: Look) -> dict[str, Any]:
    return {
        "type": "scatter",
        "coordinateSystem": "geo",
        "data": [*data],
        "cursor": "pointer",
        "itemStyle": {"color": ink(look).ramp[3], "opacity": 0.7, "borderColor": ink(look).border, "borderWidth": 0.5},
    }


def _countries(panel: Panel, found: Sequence[Group], look: Look) -> list[dict[str, Any]]:
    return [{**item(panel, one, look), "name": str(one.values[0])} for one in found]


def _points(panel: Panel, found: Sequence[Group], look: Look) -> list[dict[str, Any]]:
    most = max((one.amount for one in found), default=0)
    return [
        {
            **item(panel, one, look),
            "value": [*_place(one), one.amount],
            "symbolSize": _size(one.amount, most),
        }
        for one in found
        if _place(one)
    ]


def _place(group: Group) -> list[float]:
    """Longitude and latitude of `lat,lon`; empty where it is something else."""
    try:
        latitude, longitude = map(float, str(group.values[0]).split(","))
    except ValueError:
        return []
    return [longitude, latitude]


def _size(amount: float, most: float) -> float:
    share = max(amount, 0) / most if most > 0 else 0
    return round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(share), 1)
