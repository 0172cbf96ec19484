"""Tables, as many rows as there is room for."""

from collections.abc import Sequence
from typing import NamedTuple

from collector.explore.charts.look import Look
from collector.explore.dashboard import Panel
from collector.explore.report.cells import Column, columns
from collector.explore.report.sheet import BOLD, INK, LINE, SIZE, Box, Sheet
from collector.query.model import Answer

GAP = 0.12
"""Inches between columns."""
NARROWEST = 0.35
MOST_ROWS = 100
"""Rows that a document has of a table."""
FOLLOWS = "continued on the next page"
BAND = "#f5f7f9"
"""Behind every second row."""


class Part(NamedTuple):
    """Rows of a table that stand on one page."""

    first: int = 0
    goes_on: bool = False
    """Whether the next page has more of them."""


WHOLE = Part()


def draw(sheet: Sheet, box: Box, panel: Panel, answer: Answer, look: Look, part: Part = WHOLE) -> None:
    """The rows that there is room for, and how many more there are."""
    made, height, first = columns(panel, answer, look), answer.frame.height, part.first
    count = fitting(box.height, min(height, MOST_ROWS) - first, height > MOST_ROWS)
    _rows(sheet, box, made, range(first, first + count))
    left = height - first - count
    if left:
        text = FOLLOWS if part.goes_on else more(left)
        sheet.write(box.left, box.top + (count + 1.5) * LINE, text, box.width, color=INK.faint)


def more(count: int) -> str:
    """That rows are left out."""
    return f"… and {count:,} more"


def fitting(height: float, rows: int, cut: bool) -> int:
    """How many of so many rows have room below the head; `cut`: those that are left out are told in any case."""
    room = max(int(height / LINE + 1e-6) - 1, 1)
    return rows if rows + cut <= room else max(room - 1, 1)


def needed(rows: int) -> float:
    """Inches of a table of so many rows."""
    shown = min(rows, MOST_ROWS)
    return LINE * (1 + shown + (rows > MOST_ROWS)) + 0.02


def _rows(sheet: Sheet, box: Box, made: Sequence[Column], rows: range) -> None:
    wide = widths(sheet, made, rows, box.width)
    x = box.left
    for column, width in zip(made, wide, strict=True):
        place = Box(x, box.top, width, LINE)
        _cell(sheet, place, column.title, column.right, color=INK.faint, weight="bold")
        x += width + GAP
    sheet.rule(box.left, box.left + box.width, box.top + LINE)
    for line, row in enumerate(rows, 1):
        if line % 2 == 0:
            sheet.block(Box(box.left, box.top + line * LINE, box.width, LINE), BAND, zorder=0.5)
        x = box.left
        for column, width in zip(made, wide, strict=True):
            _cell(sheet, Box(x, box.top + line * LINE, width, LINE), column.cells[row], column.right)
            x += width + GAP


def _cell(sheet: Sheet, box: Box, text: str, right: bool, **look: object) -> None:
    x = box.left + box.width if right else box.left
    sheet.write(x, box.top + box.height / 2, text, box.width, ha="right" if right else "left", **look)


def widths(sheet: Sheet, made: Sequence[Column], rows: range, room: float) -> list[float]:
    """Inches of each column: what its texts need; where that is too much, the widest names are cut."""
    wanted = [_wanted(sheet, column, rows) for column in made]
    room -= GAP * (len(made) - 1)
    spare = room - sum(wanted)
    if spare >= 0:
        names = [not column.right for column in made]
        return [width + spare * name / max(sum(names), 1) for width, name in zip(wanted, names, strict=True)]
    limit = _limit(wanted, room)
    return [min(width, limit) for width in wanted]


def _limit(wanted: Sequence[float], room: float) -> float:
    """The width that columns may have at most, so that all have room."""
    rest, left = sorted(wanted), room
    for number, width in enumerate(rest):
        share = left / (len(rest) - number)
        if width > share:
            return max(share, NARROWEST)
        left -= width
    return room


def _wanted(sheet: Sheet, column: Column, rows: range) -> float:
    texts = [column.title, *(column.cells[row] for row in rows)]
    longest = max(
        sheet.ruler.width(sheet.ruler.shown(text), SIZE) * (BOLD if place == 0 else 1.0)
        for place, text in enumerate(texts)
    )
    return longest + 0.02
