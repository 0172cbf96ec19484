"""Panels as charts: what ECharts draws on the page, and what a click on it means.

Everything here is a function of a panel and its answer. The page that shows the charts loads `assets` beside them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from collector.explore.charts.bars import bars
from collector.explore.charts.clicks import CLICK, clicked
from collector.explore.charts.look import Look
from collector.explore.charts.pie import pie
from collector.explore.charts.places import places
from collector.explore.charts.sankey import sankey
from collector.explore.charts.series import series
from collector.explore.dashboard import Panel
from collector.query.model import Answer

__all__ = ["CLICK", "Look", "chart", "clicked"]

KINDS: Mapping[str, Callable[[Panel, Answer, Look], dict[str, Any]]] = {
    "series": series,
    "bars": bars,
    "pie": pie,
    "sankey": sankey,
    "map": places,
}
"""Kinds of panels that are charts; the others are text and tables."""


def chart(panel: Panel, answer: Answer, look: Look) -> dict[str, Any]:
    """The options of the chart of a panel, for NiceGUI's `ui.echart`. KeyError where its kind is none of `KINDS`."""
    return KINDS[panel.kind](panel, answer, look)
