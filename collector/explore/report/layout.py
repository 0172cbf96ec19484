"""Rows of panels on pages."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from collector.explore.dashboard import COLUMNS, Panel, Row
from collector.explore.page.answers import empty
from collector.explore.report.contents import Report
from collector.explore.report.panels import HEAD, PAD, TABLES
from collector.explore.report.sheet import LINE, Box
from collector.explore.report.tables import MOST_ROWS, WHOLE, Part, fitting, needed
from collector.query.model import Answer

UNIT = 0.165
"""Inches of a dashboard's unit of height."""
GAP = 0.1
FRAME = PAD * 1.3 + HEAD
"""Inches of a panel that are not for what it shows."""
LEAST = 1.0
FLAT = FRAME + LINE + 0.02
"""Inches of a row that has nothing to show."""
STRETCH = 1.5
"""How much higher rows of charts may become, so that a page is full."""
FEWEST = 6
"""Rows of a table that are worth a begin at the foot of a page."""


@dataclass(frozen=True)
class Placed:
    """A panel on a page."""

    panel: Panel
    box: Box
    part: Part = WHOLE


@dataclass(frozen=True)
class _Strip:
    """A row of panels, or a part of a long table, before it has a place."""

    row: Row
    height: float
    part: Part = WHOLE


def pages(report: Report, room: Callable[[int], Box]) -> list[list[Placed]]:
    """The panels of each page; `room` tells the part of a page, from 0 on, that is for them."""
    done: list[list[Placed]] = []
    strips: list[_Strip] = []
    for row in report.dashboard.rows:
        waiting: _Strip | None = _Strip(row, natural(report, row))
        while waiting:
            box = room(len(done))
            free = box.height - sum(one.height + GAP for one in strips)
            fits, waiting = _split(report, waiting, free, fresh=not strips)
            if fits:
                strips.append(fits)
            if waiting:
                done.append(_placed(strips, box))
                strips = []
    return [*done, _placed(strips, room(len(done)))] if strips else done


def column(report: Report, box: Box) -> tuple[list[Placed], float]:
    """All rows one below the other, with no end of a page; and how high that is."""
    strips = [_Strip(row, natural(report, row)) for row in report.dashboard.rows]
    return _placed(strips, replace(box, height=0.0)), sum(one.height + GAP for one in strips) - GAP


def natural(report: Report, row: Row) -> float:
    """Inches that a row should have: tables as many as they have rows."""
    if all(_nothing(report, panel) for panel in row.panels):
        return FLAT
    tables = [_of_table(report, panel) for panel in row.panels if panel.kind in TABLES]
    own = row.height * UNIT
    if len(tables) == len(row.panels):
        return max(*tables, LEAST)
    return max(own, *tables, 0.0)


def _nothing(report: Report, panel: Panel) -> bool:
    found = report.found.get(panel.id)
    return panel.kind != "text" and isinstance(found, Answer) and empty(found)


def _of_table(report: Report, panel: Panel) -> float:
    return FRAME + needed(_rows(report, panel))


def _rows(report: Report, panel: Panel) -> int:
    found = report.found.get(panel.id)
    return found.frame.height if isinstance(found, Answer) and not empty(found) else 1


def _split(report: Report, strip: _Strip, free: float, *, fresh: bool) -> tuple[_Strip | None, _Strip | None]:
    """What of a strip comes on this page, and what on the next."""
    if strip.height <= free:
        return strip, None
    panel = strip.row.panels[0]
    if len(strip.row.panels) == 1 and panel.kind in TABLES:
        rows = _rows(report, panel)
        count = fitting(free - FRAME, min(rows, MOST_ROWS) - strip.part.first, rows > MOST_ROWS)
        if free >= FRAME + LINE * (FEWEST + 2):
            left = min(rows, MOST_ROWS) - strip.part.first - count
            height = FRAME + LINE * (1 + left + (rows > MOST_ROWS)) + 0.02
            begin = strip.part.first
            here, there = Part(begin, goes_on=True), Part(begin + count)
            return replace(strip, height=free, part=here), replace(strip, height=height, part=there)
    return (replace(strip, height=free), None) if fresh else (None, strip)


def _placed(strips: Sequence[_Strip], box: Box) -> list[Placed]:
    factor = _factor(strips, box)
    top = box.top
    found: list[Placed] = []
    for strip in strips:
        height = strip.height * (factor if _stretches(strip) else 1)
        found.extend(_across(strip, Box(box.left, top, box.width, height)))
        top += height + GAP
    return found


def _factor(strips: Sequence[_Strip], box: Box) -> float:
    spare = box.height - sum(one.height + GAP for one in strips) + GAP
    elastic = sum(one.height for one in strips if _stretches(one))
    return min(1 + max(spare, 0) / elastic, STRETCH) if elastic else 1.0


def _stretches(strip: _Strip) -> bool:
    return strip.height > FLAT and any(panel.kind not in (*TABLES, "metric", "text") for panel in strip.row.panels)


def _across(strip: _Strip, box: Box) -> Iterator[Placed]:
    left = 0
    for panel in strip.row.panels:
        begin, width = box.width * left / COLUMNS, box.width * panel.width / COLUMNS
        inside = Box(box.left + begin, box.top, width, box.height)
        first, last = left == 0, left + panel.width == COLUMNS
        yield Placed(panel, inside.inside(left=0 if first else GAP / 2, right=0 if last else GAP / 2), strip.part)
        left += panel.width
