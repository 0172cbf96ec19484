"""A panel with its frame and title, whatever its kind."""

from collections.abc import Callable, Mapping

from collector.explore.charts.look import Look
from collector.explore.dashboard import Panel
from collector.explore.page.answers import Found, empty
from collector.explore.report import bars, metric, pie, sankey, series, tables, words, worldmap
from collector.explore.report.sheet import INK, LINE, SIZE, Box, Sheet
from collector.explore.report.tables import WHOLE, Part
from collector.query.model import Answer

Draw = Callable[[Sheet, Box, Panel, Answer, Look], None]
KINDS: Mapping[str, Draw] = {
    "series": series.draw,
    "bars": bars.draw,
    "pie": pie.draw,
    "metric": metric.draw,
    "sankey": sankey.draw,
    "map": worldmap.draw,
}
TABLES = ("table", "records")
PAD, HEAD = 0.1, 0.24
"""Inches inside the frame, and of the title."""
NOTHING = "Nothing in this time range."
FAULT = "#b42318"
CONTINUED = "continued"


def draw(sheet: Sheet, box: Box, panel: Panel, found: Found | None, look: Look, part: Part = WHOLE) -> None:
    """A panel; of a table perhaps a part."""
    sheet.block(box, INK.paper, edgecolor=INK.line, linewidth=0.6)
    _head(sheet, box, panel, part)
    body(sheet, inner(box), panel, found, look, part)


def inner(box: Box) -> Box:
    """What is left of a panel's box for what it shows."""
    return box.inside(left=PAD, right=PAD, top=PAD / 2 + HEAD, bottom=PAD * 0.8)


def body(sheet: Sheet, box: Box, panel: Panel, found: Found | None, look: Look, part: Part = WHOLE) -> None:
    """What a panel shows, or why it shows nothing."""
    if panel.kind == "text":
        words.draw(sheet, box, panel)
    elif found is None or isinstance(found, str):
        sheet.paragraph(box, found or NOTHING, color=FAULT)
    elif empty(found):
        sheet.write(box.left, box.top + LINE / 2, NOTHING, box.width, color=INK.faint)
    elif panel.kind in TABLES:
        tables.draw(sheet, box, panel, found, look, part)
    else:
        KINDS[panel.kind](sheet, box, panel, found, look)


def _head(sheet: Sheet, box: Box, panel: Panel, part: Part) -> None:
    y = box.top + PAD / 2 + HEAD / 2
    room = box.width - 2 * PAD
    title = f"{panel.title} ({CONTINUED})" if part.first else panel.title
    used = sheet.write(box.left + PAD, y, title, room, size=SIZE + 1, weight="bold") + 0.15
    if sheet.ruler.width(panel.description, SIZE - 1) <= room - used:
        sheet.write(box.left + PAD + used, y, panel.description, room - used, size=SIZE - 1, color=INK.faint)
