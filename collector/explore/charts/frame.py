"""What all charts have: colours of text, a tooltip that stays inside, a legend that scrolls."""

from typing import Any

from collector.explore.charts.look import Look, ink

LETTER = 6
"""Pixels of a letter, about."""
FONT = "Roboto, system-ui, sans-serif"


def base(look: Look) -> dict[str, Any]:
    """Options of every chart."""
    colours = ink(look)
    return {
        "backgroundColor": "transparent",
        "animation": False,
        "textStyle": {"color": colours.text, "fontFamily": FONT, "fontSize": 12},
    }


def tooltip(look: Look, formatter: str, **more: Any) -> dict[str, Any]:
    """A tooltip; `formatter` is a JavaScript expression."""
    colours = ink(look)
    return {
        "confine": True,
        "backgroundColor": colours.paper,
        "borderColor": colours.line,
        "textStyle": {"color": colours.text, "fontSize": 12},
        ":formatter": formatter,
        **more,
    }


def legend(look: Look, width: int = 150, **more: Any) -> dict[str, Any]:
    """A legend whose names are keys of groups, cut at so many pixels."""
    colours = ink(look)
    return {
        "type": "scroll",
        "icon": "roundRect",
        "itemWidth": 10,
        "itemHeight": 10,
        "itemGap": 12,
        "textStyle": {"color": colours.text, "width": width, "overflow": "truncate"},
        "pageTextStyle": {"color": colours.faint},
        "pageIconColor": colours.text,
        "pageIconInactiveColor": colours.line,
        "pageIconSize": 11,
        ":formatter": f"flowCharts.brief({width // LETTER})",
        "tooltip": {"show": True, ":formatter": "flowCharts.legendTip"},
        **more,
    }


def number_axis(look: Look, unit: str, **more: Any) -> dict[str, Any]:
    """An axis of values in a unit."""
    colours = ink(look)
    return {
        "type": "value",
        "axisLabel": {"color": colours.faint, "hideOverlap": True, ":formatter": f"flowCharts.value({unit!r})"},
        "splitLine": {"lineStyle": {"color": colours.line}},
        **more,
    }
