"""What was clicked."""

import json
from collections.abc import Mapping
from typing import Any

from collector.explore.dashboard import Panel

CLICK = ("componentType", "seriesType", "seriesName", "name", "dataType", "data", "value")
"""Arguments of ECharts' click event that tell which group was meant: `chart.on("componentClick", …, CLICK)`."""


def key(values: tuple[Any, ...]) -> str:
    """Values of a group as the name of a series or of a category."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def clicked(panel: Panel, event: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Fields and values of the group that a click event of ECharts is about; none for the others and for axes.

    A link of a Sankey diagram has those of both its ends, a node the one.
    """
    data = event.get("data")
    if isinstance(data, Mapping):
        return tuple((str(name), value) for name, value in data.get("pairs") or ())
    for name in (event.get("seriesName"), event.get("value")):
        if isinstance(name, str) and name.startswith("["):
            return tuple(zip(panel.by, json.loads(name), strict=False))
    return ()
