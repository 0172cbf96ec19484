"""One number."""

from collector.explore import units
from collector.explore.charts.look import Look
from collector.explore.dashboard import Panel
from collector.explore.labels import unit
from collector.explore.report.sheet import Box, Sheet
from collector.query.model import Answer

LARGEST = 20.0
"""Points."""


def draw(sheet: Sheet, box: Box, panel: Panel, answer: Answer, _: Look) -> None:
    """The first ratio or measure, large."""
    size = min(LARGEST, box.height * 72 * 0.7)
    place = (box.left + box.width / 2, box.top + box.height * 0.45)
    sheet.write(*place, number(panel, answer), box.width, size=size, ha="center")


def number(panel: Panel, answer: Answer) -> str:
    """As it is written."""
    name = panel.ratios[0].title if panel.ratios else panel.measures[0]
    return units.text(answer.frame.get_column(name)[0], unit(name, panel))
