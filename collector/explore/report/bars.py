"""Rankings."""

from collections.abc import Sequence
from typing import NamedTuple

from collector.explore import units
from collector.explore.charts.groups import Group, colours, groups
from collector.explore.charts.look import Look
from collector.explore.dashboard import Panel
from collector.explore.labels import unit
from collector.explore.report.sheet import SIZE, Box, Sheet
from collector.query.model import Answer

NAMES, WIDE_NAMES = 0.42, 0.48
"""How much of the width names have at most: of one field, and of several."""
NUMBER, GAP = 0.62, 0.07
STEP = 0.24
"""Inches from bar to bar at most."""
BROAD = 0.62
"""Share of a step that a bar is."""


class Drawn(NamedTuple):
    """How a bar is drawn."""

    colour: str
    share: float
    """Of the longest."""
    names: float
    """Inches before it."""


def draw(sheet: Sheet, box: Box, panel: Panel, answer: Answer, look: Look) -> None:
    """Groups as horizontal bars by their first measure, the largest on top."""
    found = groups(panel, answer)
    most = max((one.amount for one in found), default=0)
    step = min(box.height / max(len(found), 1), STEP)
    names = _names(sheet, panel, found, box.width)
    for number, (one, colour) in enumerate(zip(found, colours(found, look), strict=True)):
        row = Box(box.left, box.top + number * step, box.width, step)
        _bar(sheet, row, panel, one, Drawn(colour, one.amount / most if most > 0 else 0, names))


def _names(sheet: Sheet, panel: Panel, found: Sequence[Group], width: float) -> float:
    """Inches that names need, or may have."""
    widest = max((sheet.ruler.width(sheet.ruler.shown(one.text), SIZE) for one in found), default=0.0)
    return min(widest + 0.02, width * (NAMES if len(panel.by) == 1 else WIDE_NAMES))


def _bar(sheet: Sheet, row: Box, panel: Panel, group: Group, drawn: Drawn) -> None:
    names = drawn.names
    size = min(SIZE, row.height * 72 * 0.8)
    y = row.top + row.height / 2
    sheet.write(row.left + names, y, group.text, names, ha="right", size=size)
    width = max((row.width - names - GAP - NUMBER) * max(drawn.share, 0), 0.02)
    left, height = row.left + names + GAP, row.height * BROAD
    sheet.block(Box(left, y - height / 2, width, height), drawn.colour)
    text = units.text(group.numbers[0], unit(panel.measures[0]))
    sheet.write(left + width + 0.05, y, text, NUMBER, size=size)
