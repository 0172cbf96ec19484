"""Pages of a report: what is drawn on all of them, and the panels."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from collector.explore.report.contents import Report
from collector.explore.report.fonts import Ruler, choose
from collector.explore.report.layout import Placed, column, pages
from collector.explore.report.panels import draw
from collector.explore.report.sheet import BOLD, INK, LINE, SIZE, Box, Sheet

WIDTH, HEIGHT = 11.69, 8.27
"""A4, landscape."""
MARGIN = 0.45
HEAD, REPEATED, FOOT = 0.95, 0.32, 0.3
"""Inches of the head of the first page and of the others, and of the foot."""
BRAND = "flow-collector"
UNFILTERED = "none: all traffic"
NAMES = 0.5
"""Inches of the words before range and filter."""
MOST_LINES = 6
"""Of a filter."""
ACROSS = WIDTH - 2 * MARGIN
SMALL = SIZE - 0.5
"""Points of what stands at the foot."""
MOST_NOTES = 24
"""Lines of notes on a page."""
SNUG = 0.92
"""Part of a line that small letters may fill: in a picture they are rounded to whole dots, and so become broader."""


def ruler(report: Report) -> Ruler:
    """Fonts for all that a report says."""
    return Ruler(choose(report.texts()))


def sheets(report: Report) -> Iterator[Sheet]:
    """The pages, drawn one after the other."""
    measures = ruler(report)
    notes = _few(_notes(report, measures))
    laid = _laid(report, _head(report, measures), LINE * len(notes))
    for number, placed in enumerate(laid):
        sheet = Sheet(WIDTH, HEIGHT, measures)
        _first_head(sheet, report) if number == 0 else _other_head(sheet, report)
        for one in placed:
            draw(sheet, one.box, one.panel, report.found.get(one.panel.id), report.look, one.part)
        last = number == len(laid) - 1
        _foot(sheet, f"Page {number + 1} of {len(laid)}", notes if last else [])
        yield sheet


def tall(report: Report) -> Sheet:
    """All panels on one sheet, as high as they need."""
    measures = ruler(report)
    head = _head(report, measures)
    placed, height = column(report, Box(MARGIN, MARGIN + head, ACROSS, 0))
    notes = _notes(report, measures)
    sheet = Sheet(WIDTH, height + 2 * MARGIN + head + FOOT + LINE * len(notes) + 0.05, measures)
    _first_head(sheet, report)
    for one in placed:
        draw(sheet, one.box, one.panel, report.found.get(one.panel.id), report.look, one.part)
    _foot(sheet, "", notes)
    return sheet


def _laid(report: Report, head: float, notes: float) -> list[list[Placed]]:
    """The panels of each page, the last of which has room for notes that are so many inches high."""
    plain = pages(report, lambda number: _room(REPEATED if number else head))
    if not notes:
        return plain
    last = len(plain) - 1
    return pages(report, lambda number: _room(REPEATED if number else head, notes if number >= last else 0))


def _room(head: float, notes: float = 0) -> Box:
    return Box(MARGIN, MARGIN + head, ACROSS, HEIGHT - 2 * MARGIN - head - FOOT - notes)


def _notes(report: Report, measures: Ruler) -> list[str]:
    """The lines of what stores said, each note on lines of its own."""
    return [line for note in report.notes for line in measures.lines(note, SMALL, ACROSS * SNUG)]


def _few(notes: list[str]) -> list[str]:
    """As many lines as a page has room for."""
    if len(notes) <= MOST_NOTES:
        return notes
    kept = MOST_NOTES - 1
    return [*notes[:kept], f"… and {len(notes) - kept} more lines, which the command `flow-collector report` prints"]


def made(report: Report) -> str:
    """When, in the operator's zone."""
    time = report.made.astimezone(ZoneInfo(report.zone))
    return f"made {time.day} {time:%B %Y %H:%M}"


def _first_head(sheet: Sheet, report: Report) -> None:
    left, top = MARGIN, MARGIN
    sheet.write(left, top + 0.12, report.title, ACROSS * 0.6, size=17, weight="bold")
    sheet.write(left + ACROSS, top + 0.12, f"{BRAND}, {made(report)}", ACROSS * 0.4, ha="right", color=INK.faint)
    sheet.write(left, top + 0.38, report.dashboard.description, ACROSS, size=SIZE + 1, color=INK.faint)
    sheet.write(left, top + 0.6, "Range", NAMES, color=INK.faint)
    sheet.write(left + NAMES, top + 0.6, report.span, ACROSS - NAMES, weight="bold")
    sheet.write(left, top + 0.6 + LINE, "Filter", NAMES, color=INK.faint)
    place = Box(left + NAMES, top + 0.6 + LINE / 2, ACROSS - NAMES, LINE * MOST_LINES)
    sheet.paragraph(place, report.filter or UNFILTERED, weight="bold")


def _head(report: Report, measures: Ruler) -> float:
    """Inches of the head of the first page: long filters have several lines."""
    lines = list(measures.lines(report.filter, SIZE, (ACROSS - NAMES) / BOLD))
    return HEAD + LINE * max(min(len(lines), MOST_LINES) - 1, 0)


def _other_head(sheet: Sheet, report: Report) -> None:
    y = MARGIN + 0.1
    used = sheet.write(MARGIN, y, report.title, ACROSS * 0.5, size=SIZE + 2, weight="bold")
    sheet.write(MARGIN + used + 0.15, y, report.span, ACROSS - used - 0.15, color=INK.faint)


def _foot(sheet: Sheet, page: str, notes: Sequence[str]) -> None:
    y = sheet.height - MARGIN - FOOT / 2
    top = y - LINE * len(notes)
    sheet.rule(MARGIN, WIDTH - MARGIN, top - 0.08)
    for number, note in enumerate(notes):
        sheet.write(MARGIN, top + 0.06 + LINE * number, note, ACROSS, size=SMALL, color=INK.faint)
    sheet.write(WIDTH - MARGIN, y + 0.06, page, 1.0, ha="right", color=INK.faint)
