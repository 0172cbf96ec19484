"""A panel that ECharts draws."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nicegui import ui
from nicegui.events import GenericEventArguments

from collector.explore import colours, labels
from collector.explore.asking import interval
from collector.explore.charts import CLICK, Look, chart, clicked
from collector.explore.dashboard import Panel
from collector.explore.page.answers import Request
from collector.explore.page.choosing import choose
from collector.explore.page.words import words
from collector.query.model import Answer

if TYPE_CHECKING:
    from collector.explore.page.panels import Drawn
    from collector.explore.page.visit import Visit


def draw_chart(visit: "Visit", panel: Panel, request: Request, answer: Answer) -> "Drawn":
    """The chart; what is clicked can be filtered for or out."""
    made = ui.echart(chart(panel, answer, look(visit, panel, request))).classes("fc-chart")
    made.props.update({"aria-label": panel.title, "role": "img"})
    dark = visit.dark

    def click(event: GenericEventArguments) -> None:
        choose(visit, clicked(panel, event.args))

    def show(request: Request, answer: Answer) -> bool:
        if visit.dark != dark:
            return False
        made.options.clear()
        made.options.update(chart(panel, answer, look(visit, panel, request)))
        made.update()
        return True

    made.on("componentClick", click, [*CLICK])
    if panel.by:
        _by_keyboard(made, panel, click)
    return show


def _by_keyboard(made: ui.echart, panel: Panel, click: Callable[[GenericEventArguments], None]) -> None:
    """Let arrows go from mark to mark, each told below the chart, and Enter do what a click does."""
    words("div", "", "fc-mark").props("role=status")
    made.props.update({"role": "application", "tabindex": 0})
    made.props["aria-label"] = f"{panel.title}: arrows choose, Enter filters"
    made.on("keydown", click, js_handler="(event) => flowCharts.pressed(event, emit)")
    made.on("focus", js_handler="(event) => flowCharts.reached(event)")
    made.on("blur", js_handler="(event) => flowCharts.left(event)")


def look(visit: "Visit", panel: Panel, request: Request) -> Look:
    """How it looks to this visitor."""
    return Look(
        dark=visit.dark,
        zone=visit.site.settings.timezone,
        label=lambda name: labels.label(name, panel),
        colour=colours.colour,
        step=interval(request.within) if panel.kind == "series" else None,
        range=request.within,
    )
