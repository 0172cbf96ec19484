"""Measures over time."""

import json
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import polars as pl

from collector.explore.charts.clicks import key
from collector.explore.charts.frame import base, legend, number_axis, tooltip
from collector.explore.charts.groups import Group, colours, plain
from collector.explore.charts.look import Look, ink
from collector.explore.charts.times import starts, ticks
from collector.explore.dashboard import Panel
from collector.explore.labels import OTHERS, unit
from collector.query.measures import measure
from collector.query.model import OTHER, TIME, Answer

EMPTY_IS_ZERO = ("count", "sum", "unique")
"""Kinds of measures that are 0 where there is no row; the others are not known there."""
Curve = tuple[str, str, list[list[Any]]]
"""Key, colour, and points of time and value."""


def series(panel: Panel, answer: Answer, look: Look) -> dict[str, Any]:
    """The first measure stacked by group, the others on top in grey; or a line for each measure."""
    found = curves(panel, answer, look)
    units = list(dict.fromkeys(map(unit, _drawn(panel))))
    single = len(found) == 1 and not panel.by
    return {
        **base(look),
        "tooltip": tooltip(look, _tip(panel, look), trigger="axis"),
        "legend": legend(look, bottom=0, left=8, right=8, show=not single),
        "grid": {"left": 4, "right": 12, "top": 12, "bottom": 6 if single else 30, "outerBoundsMode": "same"},
        "xAxis": _time_axis(look),
        "yAxis": [number_axis(look, one) for one in units[:2]],
        "series": [
            _curve(panel, one, axis, filled=panel.stacked or single)
            for one, axis in zip(found, _axes(panel, units), strict=False)
        ],
    }


def curves(panel: Panel, answer: Answer, look: Look) -> list[Curve]:
    """One for each group, or for each measure where there are no groups."""
    return _stacked(panel, answer, look) if panel.by else _lines(panel, answer, look)


def _drawn(panel: Panel) -> tuple[str, ...]:
    """Measures that are shown."""
    return panel.measures[:1] if panel.by else panel.measures


def _axes(panel: Panel, units: list[str]) -> Iterator[int]:
    """The axis of each curve: all that have not the first unit share the second."""
    if panel.by:
        return repeat(0)
    return iter([min(units.index(one), 1) for one in map(unit, panel.measures)])


def _tip(panel: Panel, look: Look) -> str:
    """What the tooltip of a time needs to know."""
    told = {
        "units": [unit(name, panel) for name in _drawn(panel)],
        "zone": look.zone,
        "step": look.step,
        "stacked": panel.stacked,
        "start": look.range.start,
        "end": look.range.end,
    }
    return f"flowCharts.seriesTip({json.dumps(told)})"


def _time_axis(look: Look) -> dict[str, Any]:
    marks = ticks(look.range, look.zone)
    colours = ink(look)
    return {
        "type": "time",
        "min": look.range.start if look.step is None else look.range.start // look.step * look.step,
        "max": look.range.end,
        "axisLine": {"lineStyle": {"color": colours.line}},
        "axisTick": {"customValues": [*marks]},
        "axisLabel": {
            "color": colours.faint,
            "customValues": [*marks],
            "hideOverlap": True,
            ":formatter": f"flowCharts.tick({json.dumps(marks)})",
        },
        "splitLine": {"show": False},
    }


def _stacked(panel: Panel, answer: Answer, look: Look) -> list[Curve]:
    name = panel.measures[0]
    frame = _milliseconds(answer.frame)
    parts = frame.partition_by([*panel.by, OTHER], maintain_order=True)
    found = [_group(panel, part) for part in parts]
    painted = colours(found, look)
    return [
        (OTHERS if one.other else key(one.values), colour, _points(part, name, look))
        for one, colour, part in zip(found, painted, parts, strict=True)
    ]


def _group(panel: Panel, part: pl.DataFrame) -> Group:
    row = part.row(0, named=True)
    other = row[OTHER] or any(row[name] is None for name in panel.by)
    return Group(() if other else tuple((name, plain(row[name])) for name in panel.by), ())


def _lines(panel: Panel, answer: Answer, look: Look) -> list[Curve]:
    frame = _milliseconds(answer.frame)
    return [
        (look.words(panel, name), look.colour("measure", name), _points(frame, name, look))
        for name in _drawn(panel)
        if not frame.is_empty()
    ]


def _milliseconds(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(TIME).cast(pl.Datetime("ms")).cast(pl.Int64))


def _points(part: pl.DataFrame, name: str, look: Look) -> list[list[Any]]:
    """Of every bucket of the range, also those that the answer leaves out."""
    known = dict(part.select(TIME, name).iter_rows())
    empty = 0 if measure(name).kind in EMPTY_IS_ZERO else None
    times: Sequence[int] = starts(look.range, look.step) if look.step else sorted(known)
    return [[time, known.get(time, empty)] for time in times]


def _curve(panel: Panel, curve: Curve, axis: int, *, filled: bool) -> dict[str, Any]:
    name, colour, points = curve
    stacked = panel.stacked
    return {
        "type": "line",
        "name": name,
        "data": points,
        "stack": "all" if stacked else None,
        "yAxisIndex": axis,
        "color": colour,
        "symbol": "circle",
        "showSymbol": len(points) == 1,
        "triggerLineEvent": True,
        "cursor": "pointer" if panel.by else "default",
        "lineStyle": {"width": 1 if stacked else 2},
        "areaStyle": {"opacity": 0.7 if stacked else 0.15} if filled else None,
        "emphasis": {"focus": "series"},
    }
