"""A panel that ECharts draws."""

from typing import TYPE_CHECKING

from nicegui import ui
from nicegui.events import GenericEventArguments

from collector.explore import colours, labels
from collector.explore.asking import interval
from collector.explore.charts import CLICK, Look, chart, clicked
from collector.explore.dashboard import Panel
from collector.explore.page.answers import Request
from collector.explore.page.choosing import choose
from collector.query.model import Answer

if TYPE_CHECKING:
    from collector.explore.page.panels import Drawn
    from collector.explore.page.visit import Visit


def draw_chart(visit: "Visit", panel: Panel, request: Request, answer: Answer) -> "Drawn":
    """The chart; what is clicked can be filtered for or out."""
    made = ui.echart(chart(panel, answer, look(visit, panel, request))).classes("fc-chart")
    made.props["aria-label"] = panel.title
    made.props["role"] = "img"
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
    return show


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
