"""Rankings."""

from typing import Any

from collector.explore.charts.clicks import key
from collector.explore.charts.frame import base, tooltip
from collector.explore.charts.groups import colours, groups, item
from collector.explore.charts.look import Look, ink
from collector.explore.dashboard import Panel
from collector.explore.labels import OTHERS, unit
from collector.query.model import Answer

NAME_WIDTH, WIDE_NAME = 140, 190
"""Pixels of a name beside its bar: of one field, and of several."""
NAME_LETTERS, WIDE_LETTERS = 24, 34
"""What has room there."""


def bars(panel: Panel, answer: Answer, look: Look) -> dict[str, Any]:
    """Groups as horizontal bars by their first measure, the largest on top."""
    found = groups(panel, answer)
    data = [
        {**item(panel, one, look), "itemStyle": {"color": colour}}
        for one, colour in zip(found, colours(found, look), strict=True)
    ]
    measured = unit(panel.measures[0])
    return {
        **base(look),
        "tooltip": tooltip(look, "flowCharts.item"),
        "grid": {"left": 4, "right": 70, "top": 4, "bottom": 4, "outerBoundsMode": "same"},
        "xAxis": {"type": "value", "show": False},
        "yAxis": _names(panel, [OTHERS if one.other else key(one.values) for one in found], look),
        "series": [_series(data, measured, look)],
    }


def _names(panel: Panel, names: list[str], look: Look) -> dict[str, Any]:
    return {
        "type": "category",
        "inverse": True,
        "data": names,
        "triggerEvent": True,
        "axisTick": {"show": False},
        "axisLine": {"show": False},
        "axisLabel": {
            "color": ink(look).text,
            "interval": 0,
            "width": NAME_WIDTH if len(panel.by) == 1 else WIDE_NAME,
            "overflow": "truncate",
            ":formatter": f"flowCharts.brief({NAME_LETTERS if len(panel.by) == 1 else WIDE_LETTERS})",
        },
    }


def _series(data: list[dict[str, Any]], measured: str, look: Look) -> dict[str, Any]:
    return {
        "type": "bar",
        "data": data,
        "cursor": "pointer",
        "barMinHeight": 2,
        "barMaxWidth": 22,
        "barCategoryGap": "25%",
        "itemStyle": {"borderRadius": [0, 2, 2, 0]},
        "label": {
            "show": True,
            "position": "right",
            "color": ink(look).text,
            ":formatter": f"p => flowCharts.text(p.value, {measured!r})",
        },
    }
