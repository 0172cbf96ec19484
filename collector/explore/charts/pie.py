"""Shares of a whole."""

import json
from typing import Any

from collector.explore import units
from collector.explore.charts.clicks import key
from collector.explore.charts.frame import base, legend, tooltip
from collector.explore.charts.groups import colours, groups, item
from collector.explore.charts.look import Look, ink
from collector.explore.dashboard import Panel
from collector.explore.labels import OTHERS
from collector.query.model import Answer

NAME_LETTERS = 24
"""Of a name in the legend; what has no room is cut off there."""
SMALL = {
    "query": {"minAspectRatio": 1.02, "maxAspectRatio": 1.35},
    "option": {
        "legend": {"left": "53%", "itemGap": 8, "textStyle": {"width": 125, "fontSize": 11}},
        "series": [{"center": ["26%", "50%"], "radius": ["36%", "62%"]}],
    },
}
"""Where there is little room for the legend beside the ring, which is smaller then."""
NARROW = {
    "query": {"maxAspectRatio": 1.02},
    "option": {
        "legend": {"orient": "horizontal", "left": "center", "top": "auto", "bottom": 0},
        "series": [{"center": ["50%", "44%"], "radius": ["42%", "74%"]}],
    },
}
"""Where there is none, the legend lies below."""


def pie(panel: Panel, answer: Answer, look: Look) -> dict[str, Any]:
    """Groups as slices of a ring by their first measure."""
    found = groups(panel, answer)
    data = [
        {
            **item(panel, one, look),
            "name": OTHERS if one.other else key(one.values),
            "itemStyle": {"color": colour},
        }
        for one, colour in zip(found, colours(found, look), strict=True)
    ]
    return {
        **base(look),
        "tooltip": tooltip(look, "flowCharts.item"),
        "legend": legend(look, 170, orient="vertical", left="60%", top="middle", **{":formatter": _shares(data)}),
        "series": [_series(data, look)],
        "media": [SMALL, NARROW],
    }


def _shares(data: list[dict[str, Any]]) -> str:
    """How the legend tells a slice: its name and how much of the whole it is."""
    whole = sum(one["value"] for one in data)
    shares = {one["name"]: units.text(100 * one["value"] / whole, "percent") for one in data} if whole > 0 else {}
    return f"flowCharts.shares({NAME_LETTERS}, {json.dumps(shares)})"


def _series(data: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    return {
        "type": "pie",
        "data": data,
        "cursor": "pointer",
        "radius": ["46%", "80%"],
        "center": ["30%", "50%"],
        "label": {"show": False},
        "itemStyle": {"borderColor": ink(look).paper, "borderWidth": 1},
        "emphasis": {"scaleSize": 4},
    }
