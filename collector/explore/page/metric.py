"""A panel of one number."""

from typing import TYPE_CHECKING

from collector.explore import labels, units
from collector.explore.dashboard import Panel
from collector.explore.page.answers import Request
from collector.explore.page.words import words
from collector.query.model import Answer

if TYPE_CHECKING:
    from collector.explore.page.panels import Drawn
    from collector.explore.page.visit import Visit
from nicegui import ui


def draw_metric(_: "Visit", panel: Panel, request: Request, answer: Answer) -> "Drawn":
    """The first ratio or measure, large."""
    name = panel.ratios[0].title if panel.ratios else panel.measures[0]

    with ui.element("div").classes("fc-metric"):
        made = words("span", "")

    def show(_: Request, answer: Answer) -> bool:
        value = answer.frame.get_column(name)[0]
        made.text = units.text(value, labels.unit(name, panel))
        made.props["data-value"] = value
        return True

    show(request, answer)
    return show
