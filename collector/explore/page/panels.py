"""How each kind of panel is drawn."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from collector.explore.charts import KINDS
from collector.explore.dashboard import Panel
from collector.explore.page.answers import Request
from collector.explore.page.chartpanel import draw_chart
from collector.explore.page.metric import draw_metric
from collector.explore.page.records import draw_records
from collector.explore.page.tables import draw_table
from collector.query.model import Answer

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

Drawn = Callable[[Request, Answer], bool]
"""Shows another answer in the place of the first; whether it could."""


def drawn(visit: "Visit", panel: Panel, request: Request, answer: Answer) -> Drawn:
    """Draw an answer, not an empty one, where NiceGUI puts elements now."""
    if panel.kind in KINDS:
        return draw_chart(visit, panel, request, answer)
    draw = {"metric": draw_metric, "table": draw_table, "records": draw_records}[panel.kind]
    return draw(visit, panel, request, answer)
