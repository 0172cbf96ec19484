"""The choice of a time range."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from nicegui import ui

from collector.errors import CollectorError
from collector.explore.page import times
from collector.explore.page.words import words
from collector.query import ranges

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit


class TimeBar:
    """A button that says the range, and a menu of presets and of two times."""

    def __init__(self, visit: "Visit") -> None:
        self.visit = visit

    def build(self) -> None:
        """Make it."""
        with ui.button(icon="schedule").props("flat no-caps dense data-fc=time").classes("fc-when") as self._button:
            self._words = words("span", "")
            self._menu = ui.menu().props("no-focus=false max-height=90vh")
            with self._menu, ui.element("div").classes("fc-times"):
                self._presets()
                self._exact()

    def _presets(self) -> None:
        with ui.element("div").classes("fc-presets").props('role=group aria-label="Presets"'):
            for one in times.PRESETS:
                ui.button(one.title, on_click=lambda one=one: self._go(one.start, one.end)).props(
                    "flat dense no-caps align=left"
                )

    def _exact(self) -> None:
        with ui.element("div").classes("fc-exact"):
            self._from, self._to = self._input("From"), self._input("To (not included)")
            self._fault = ui.label().classes("fc-fault")
            ui.label(f"Times are of {self.visit.site.settings.timezone}.").classes("fc-note")
            ui.button("Show", on_click=self._apply).props("no-caps unelevated")
            self._spread = ui.checkbox("Spread long flows over their time", on_change=self._spreading).props("dense")

    def _input(self, label: str) -> ui.element:
        with ui.element("label"):
            words("span", label)
            box = ui.element("input").props("type=datetime-local step=1 required")
        box.on("change", lambda event: box.props.update(value=event.args), js_handler="(e) => emit(e.target.value)")
        return box

    def show(self) -> None:
        """Say what the range is."""
        view, zone = self.visit.view, self.visit.site.zone
        words = times.title(view.start, view.end, zone)
        self._words.text = words
        self._button.props(f'aria-label="Time range: {words}"')
        self._fault.text = ""
        self._spread.value = view.spread
        try:
            within = self.visit.request().within
        except CollectorError:
            return
        for box, since in ((self._from, within.start), (self._to, within.end)):
            box.props["value"] = ranges.local(since, zone).strftime("%Y-%m-%dT%H:%M:%S")
            box.update()

    def _apply(self) -> None:
        zone = self.visit.site.zone
        try:
            begin, end = (self._moment(str(box.props["value"])) for box in (self._from, self._to))
            ranges.within(begin, end, self.visit.site.clock(), zone)
        except CollectorError as error:
            self._fault.text = str(error)
            return
        self._go(begin, end)

    def _moment(self, text: str) -> str:
        zone = self.visit.site.zone
        time = ranges.moment(text, datetime.now(zone), zone)
        return times.written(ranges.milliseconds(time), zone)

    def _spreading(self) -> None:
        if self._spread.value != self.visit.view.spread:
            self.visit.go(replace(self.visit.view, spread=bool(self._spread.value)))

    def _go(self, start: str, end: str) -> None:
        self._menu.close()
        self.visit.zoom(start, end)
