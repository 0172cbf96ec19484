"""Reports made up for tests, and what has been written and drawn in them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from collector.explore.charts import Look
from collector.explore.dashboard import Dashboard, Panel
from collector.explore.page.answers import Found
from collector.explore.report.contents import Report
from collector.explore.report.fonts import Ruler, choose
from collector.explore.report.panels import body
from collector.explore.report.sheet import Box, Sheet
from collector.query.model import Answer
from tests.explore.panels import RANGE, look

MADE = datetime(2025, 11, 28, 6, 0, tzinfo=UTC)
WIDTH, HEIGHT = 5.0, 2.5


def drawn(panel: Panel, answer: Found, shown: Look | None = None) -> Sheet:
    """One panel on a sheet of its own."""
    names = [str(value) for one in _columns(answer) for value in one]
    sheet = Sheet(WIDTH, HEIGHT, Ruler(choose(names)))
    body(sheet, Box(0, 0, WIDTH, HEIGHT), panel, answer, shown or look())
    return sheet


def _columns(answer: Found) -> list[list[object]]:
    return [] if isinstance(answer, str) else [one.to_list() for one in answer.frame.iter_columns()]


def written(figure: Figure) -> list[str]:
    """All texts that are seen."""
    figure.draw_without_rendering()
    found = (one for one in figure.findobj(Text) if one.get_visible())
    return [one.get_text() for one in found if one.get_text()]


def shapes(sheet: Sheet, kind: type) -> list[Any]:
    """All shapes of a kind, in the order in which they were drawn."""
    return [*sheet.figure.findobj(kind)]


def report(rows: list[dict[str, object]], found: Mapping[str, Answer | str], filter_: str = "") -> Report:
    """With rows as a dashboard file has them."""
    given = {"title": "Made up", "group": "G", "position": 1, "description": "Of a test.", "rows": rows}
    return Report(Dashboard.model_validate(given), RANGE, "Europe/Berlin", filter_, found, MADE)
