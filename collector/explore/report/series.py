"""Measures over time: areas on top of one another, or lines."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from collector.explore import units
from collector.explore.charts.groups import BETWEEN, shown
from collector.explore.charts.look import Look
from collector.explore.charts.series import Curve, curves
from collector.explore.charts.times import ticks
from collector.explore.dashboard import Panel
from collector.explore.labels import unit
from collector.explore.report.legend import Entry, legend
from collector.explore.report.sheet import INK, SIZE, Box, Sheet
from collector.query.model import Answer

LEFT, RIGHT, FOOT = 0.62, 0.12, 0.22
"""Inches of the axes' numbers; a second axis has as much at the right as the first at the left."""
INCHES_A_TICK = 0.75


class Drawn(NamedTuple):
    """A curve, and which of the two axes of values it belongs to."""

    curve: Curve
    second: bool


def draw(sheet: Sheet, box: Box, panel: Panel, answer: Answer, look: Look) -> None:
    """The first measure by group, or all measures."""
    found = list(_drawn(panel, answer, look))
    single = len(found) == 1 and not panel.by
    entries = [] if single else [Entry(name(one.curve), one.curve[1]) for one in found]
    rest = box.inside(bottom=legend(sheet, box, entries, sideways=True))
    second = next((unit_of for one, unit_of in zip(found, _units(panel, found), strict=True) if one.second), None)
    place = rest.inside(left=LEFT, right=LEFT if second is not None else RIGHT, top=0.06, bottom=FOOT)
    axes = sheet.axes(place)
    _times(sheet, axes, look, place.width)
    _values(sheet, axes, unit(panel.measures[0]))
    if panel.stacked:
        _areas(axes, found, look)
    else:
        _lines(axes, [one for one in found if not one.second], filled=single)
    _from_nothing(axes, [one for one in found if not one.second])
    if second is not None:
        _second(sheet, axes, [one for one in found if one.second], second)


def name(curve: Curve) -> str:
    """What a curve is called: its key is a list of values as JSON, or words."""
    text = curve[0]
    return BETWEEN.join(map(shown, json.loads(text))) if text.startswith("[") else text


def _drawn(panel: Panel, answer: Answer, look: Look) -> Iterator[Drawn]:
    found = curves(panel, answer, look)
    for curve, given in zip(found, _units(panel, found), strict=True):
        yield Drawn(curve, given != unit(panel.measures[0]))


def _units(panel: Panel, found: Sequence[Any]) -> list[str]:
    return [unit(panel.measures[0])] * len(found) if panel.by else [unit(one) for one in panel.measures[: len(found)]]


def _points(curve: Curve) -> tuple[Any, Any]:
    """Seconds, and values, not a number where there is none."""
    data = np.array([[at, np.nan if value is None else value] for at, value in curve[2]], dtype=float)
    return data[:, 0] / 1000, data[:, 1]


def _areas(axes: Axes, found: Sequence[Drawn], look: Look) -> None:
    """On top of one another, a point at the begin of each bucket."""
    if not found:
        return
    seconds = _points(found[0].curve)[0]
    heights = [np.nan_to_num(_points(one.curve)[1]) for one in found]
    colours = [one.curve[1] for one in found]
    if len(seconds) == 1:
        tops = [float(one[0]) for one in heights]
        wide = (look.step or 1000) / 1000
        axes.bar([seconds[0]] * len(found), tops, wide, _below(heights), color=colours, align="edge")
    else:
        axes.stackplot(seconds, heights, colors=colours, linewidth=0)


def _below(heights: Sequence[Any]) -> list[float]:
    """Where each part of the only column begins."""
    return [float(sum(one[0] for one in heights[:number])) for number in range(len(heights))]


def _lines(axes: Axes, found: Sequence[Drawn], *, filled: bool = False) -> None:
    for one in found:
        seconds, values = _points(one.curve)
        # What stands alone between gaps would not be seen as a line.
        axes.plot(seconds, values, color=one.curve[1], linewidth=1.2, marker="." if len(seconds) < 3 else None)
        if filled:
            axes.fill_between(seconds, np.nan_to_num(values), color=one.curve[1], alpha=0.15, linewidth=0)


def _from_nothing(axes: Axes, found: Sequence[Drawn]) -> None:
    """Let an axis begin at 0 where no value is below it."""
    lowest = min((value for one in found for _, value in one.curve[2] if value is not None), default=0)
    if lowest >= 0:
        axes.set_ylim(bottom=0)


def _times(sheet: Sheet, axes: Axes, look: Look, width: float) -> None:
    marks = ticks(look.range, look.zone, max(int(width / INCHES_A_TICK), 2))
    axes.set_xlim(look.range.start / 1000, look.range.end / 1000)
    axes.xaxis.set_major_locator(FixedLocator([at / 1000 for at in marks]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: marks.get(round(at * 1000), "")))
    _look(sheet, axes)


def _values(sheet: Sheet, axes: Axes, given: str) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: units.text(value, given)))
    axes.grid(visible=True, axis="y", color=INK.line, linewidth=0.5)
    axes.set_axisbelow(True)
    _look(sheet, axes)


def _look(sheet: Sheet, axes: Axes) -> None:
    families = list(sheet.ruler.families)
    axes.tick_params(labelsize=SIZE - 0.5, labelcolor=INK.faint, color=INK.line, labelfontfamily=families, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(INK.line)


def _second(sheet: Sheet, axes: Axes, found: Sequence[Drawn], given: str) -> None:
    """An axis at the right for the measures in another unit."""
    other = axes.twinx()
    _values(sheet, other, given)
    other.grid(visible=False)
    _lines(other, found)
    _from_nothing(other, found)
