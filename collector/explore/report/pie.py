"""Shares of a whole."""

from matplotlib.patches import Wedge

from collector.explore import units
from collector.explore.charts.groups import Group, colours, groups
from collector.explore.charts.look import Look
from collector.explore.dashboard import Panel
from collector.explore.labels import unit
from collector.explore.report.legend import Entry, legend, needed
from collector.explore.report.sheet import INK, LINE, Box, Sheet
from collector.query.model import Answer

RING = 0.42
"""Of the radius."""
BESIDE, GAP = 2.6, 0.25
"""Inches of the legend at most, and between the two."""
LEAST = 0.35
"""Share of the width that the ring has at least, with the gap, where it is not too high for that."""


def draw(sheet: Sheet, box: Box, panel: Panel, answer: Answer, look: Look) -> None:
    """Groups as slices of a ring by their first measure, with their shares beside it."""
    found = [one for one in groups(panel, answer) if one.amount > 0]
    painted = colours(found, look)
    whole = sum(one.amount for one in found)
    entries = [Entry(one.text, colour, _told(panel, one, whole)) for one, colour in zip(found, painted, strict=True)]
    beside = min(needed(sheet, entries), BESIDE, box.width * (1 - LEAST))
    across = min(box.height, box.width - beside - GAP)
    spare = max(box.width - across - GAP - beside, 0) / 2
    _ring(sheet, Box(box.left + spare, box.top + (box.height - across) / 2, across, across), found, painted)
    rest = box.inside(left=spare + across + GAP, right=spare)
    high = min(LINE * len(entries), rest.height)
    legend(sheet, rest.inside(top=(rest.height - high) / 2), entries, sideways=False)


def _told(panel: Panel, one: Group, whole: float) -> str:
    return f"{units.text(one.amount, unit(panel.measures[0]))}  {units.text(100 * one.amount / whole, units.PERCENT)}"


def _ring(sheet: Sheet, box: Box, found: list[Group], painted: list[str]) -> None:
    axes = sheet.plain(box)
    centre = (box.left + box.width / 2, box.top + box.height / 2)
    radius = box.width / 2 - 0.02
    whole = sum(one.amount for one in found)
    begin = -90.0
    for one, colour in zip(found, painted, strict=True):
        end = begin + 360 * one.amount / whole
        # The axis of the page goes down, so that growing angles go round as clocks do.
        edge = {"edgecolor": INK.paper, "linewidth": 0.6 if len(found) > 1 else 0}
        axes.add_patch(Wedge(centre, radius, begin, end, width=radius * (1 - RING), facecolor=colour, **edge))
        begin = end
