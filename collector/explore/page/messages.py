"""What the page says above the panels: above all why nothing is there."""

from typing import TYPE_CHECKING

from nicegui import ui

from collector.errors import CollectorError
from collector.explore.page import times
from collector.explore.page.answers import Found, Request, empty
from collector.explore.page.silence import silence, unfilled
from collector.explore.page.words import words
from collector.query import ranges
from collector.query.model import Range

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

HOUR = 3_600_000


class Messages:
    """One message at a time about the panels, and short-lived ones."""

    def __init__(self, visit: "Visit") -> None:
        self.visit = visit
        self._place = ui.element("div").props("role=status aria-live=polite").classes("fc-messages")

    def say(self, text: str) -> None:
        """A short-lived one."""
        with self.visit.client:
            ui.notify(text, type="warning", multi_line=True, close_button="Close", timeout=8000)

    async def explain(self, request: Request, found: dict[str, Found]) -> None:
        """Say why all panels are empty, where they are."""
        self._place.clear()
        if not found or not all(map(empty, found.values())):
            return
        dataset = request.dashboard.dataset_of(next(request.dashboard.panels()))
        try:
            newest = await self.visit.site.ask(lambda engine: engine.newest(dataset))
        except CollectorError as error:
            self.say(str(error))
            return
        with self._place, ui.element("div").classes("fc-message"):
            if newest is None:
                self._nothing(dataset.title)
            elif request.within.start <= newest < request.within.end:
                self._filtered()
            else:
                self._elsewhere(newest)

    def _nothing(self, rows: str) -> None:
        """There is no row at all."""
        site = self.visit.site
        words("h2", f"There are no {rows} yet")
        if site.report is None:
            words("p", unfilled(site.settings))
            return
        for line in silence(site.report, site.settings):
            words("p", line)

    def _filtered(self) -> None:
        """The filter leaves none."""
        view = self.visit.view
        if not (view.filter or view.chips):
            words("h2", "Nothing in this time range")
            words("p", "There are rows, but none that these panels are about.")
            return
        words("h2", "No row in this time range fits the filter")
        clear = view.narrowed(filter="", chips=())
        ui.button("Clear the filter", on_click=lambda: self.visit.go(clear)).props("no-caps unelevated dense")

    def _elsewhere(self, newest: int) -> None:
        """The rows are of another time."""
        zone = self.visit.site.zone
        words("h2", "Nothing in this time range")
        when = ranges.local(newest, zone).strftime("%A, %-d %B %Y, %H:%M:%S")
        words("p", f"The newest row is of {when} ({self.visit.site.settings.timezone}).")
        around = Range(newest - HOUR, newest + 1)
        start, end = times.written(around.start, zone), times.written(around.end, zone)
        ui.button("Show that time", on_click=lambda: self.visit.zoom(start, end)).props("no-caps unelevated dense")
