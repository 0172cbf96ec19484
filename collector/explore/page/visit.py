"""One open tab: what it shows, and what happens when something is clicked."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from collector.errors import CollectorError
from collector.explore.page.answers import Found, Request, answers
from collector.explore.page.board import Board
from collector.explore.page.card import FAULT
from collector.explore.page.chips import Chip, added
from collector.explore.page.filterbar import FilterBar
from collector.explore.page.filters import Chips
from collector.explore.page.header import Header
from collector.explore.page.messages import Messages
from collector.explore.page.site import Site
from collector.explore.page.state import View, address, read, strange
from collector.query.model import Patience
from collector.query.ranges import within

LOOKS = {"dark": True, "light": False}
"""Whether the page is dark, by what was chosen; otherwise it is as the system is."""
log = logging.getLogger(__name__)


class Visit:
    """Holds the view and its parts together. Everything here runs in the web server's thread, questions do not."""

    def __init__(self, site: Site, view: View, *, dark: bool, theme: str) -> None:
        self.site = site
        self.view = view
        self.dark = dark
        self.theme = theme
        self.client = ui.context.client
        self._patience = Patience()
        self._turn = 0

    def build(self, faults: Sequence[str]) -> None:
        """Make the page and begin to ask."""
        self._look = ui.dark_mode(LOOKS.get(self.theme))
        ui.element("div").props("data-fc=anchor").classes("fc-anchor")
        self.header = Header(self)
        self.bar = FilterBar(self)
        self.header.build(self.bar)
        self.messages = Messages(self)
        self.chips = Chips(self)
        self.board = Board(self)
        self._listen()
        self.client.on_delete(self.stop)
        self.show()
        self._tell(faults)

    def _tell(self, faults: Sequence[str]) -> None:
        """Say what makes no sense in the address."""
        panels = self.site.dashboards[self.view.dashboard].panels()
        for fault in (*faults, *strange(self.view, [one.id for one in panels if one.kind == "records"])):
            self.messages.say(fault)

    def _listen(self) -> None:
        ui.on("fc_went", self._went)
        ui.on("fc_goes", lambda event: self.go(read(str(event.args), self.site.dashboards)[0]))
        ui.on("fc_look", self._looks)
        ui.on("fc_again", lambda _: self.ask())
        self.script(f"fcStart({json.dumps(self.dark)})")

    def go(self, view: View) -> None:
        """Show something else, which becomes a step of the browser's history."""
        if view == self.view:
            self.ask()
            return
        self.view = view
        self.script(f"history.pushState({{}}, '', {json.dumps(address(view))})")
        self.show()

    def pick(self, field: str, value: str, out: bool) -> None:
        """Filter for a value, or filter it out."""
        self.go(self.view.narrowed(chips=added(self.view.chips, Chip(field, value, out))))

    def pick_all(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Filter for several values, of a field each."""
        chips = self.view.chips
        for field, value in pairs:
            chips = added(chips, Chip(field, value))
        self.go(self.view.narrowed(chips=chips))

    def zoom(self, start: str, end: str) -> None:
        """Another time range."""
        self.go(self.view.narrowed(start=start, end=end))

    def turn(self, panel: str, page: int) -> None:
        """Another page of records."""
        self.go(self.view.turned(panel, page))

    def show(self) -> None:
        """Bring all parts in line with the view, and ask."""
        dashboard = self.site.dashboards[self.view.dashboard]
        with self.client:  # what was clicked may be gone by now, and its place with it
            ui.page_title(f"{dashboard.title} – flow-collector")
            for part in (self.header, self.bar, self.chips, self.board):
                part.show()
        self.script(f"fcRefresh({self.view.refresh})")
        self.ask()

    def script(self, code: str) -> None:
        """Let the browser do something."""
        self.client.run_javascript(code)

    def request(self) -> Request:
        """The view as a question, now. CollectorError."""
        within_ = within(self.view.start, self.view.end, self.site.clock(), self.site.zone)
        return Request(self.site.dashboards[self.view.dashboard], self.view, within_)

    def ask(self) -> None:
        """Ask anew; what is under way is given up."""
        self.stop()
        self._turn += 1
        self._patience = Patience()
        self._busy(True)
        background_tasks.create(self._answer(self._turn, self._patience), name="answers of a page")

    def stop(self) -> None:
        """Give up the questions that are under way."""
        self._patience.stop()

    async def _answer(self, turn: int, patience: Patience) -> None:
        with self.client:
            request, found = await self._found(patience)
            if turn != self._turn or self.client.is_deleted:
                return
            self._busy(False)
            if request is None or isinstance(found, str):
                self.board.fail(str(found))
                return
            self.board.draw(request, found)
            await self.messages.explain(request, found)

    async def _found(self, patience: Patience) -> tuple[Request | None, dict[str, Found] | str]:
        """The question, and the answers or why there are none."""
        try:
            request = self.request()
            return request, await self.site.ask(lambda engine: answers(engine, request, patience))
        except CollectorError as error:
            return None, str(error)
        except Exception:
            log.exception("a question of the page failed by a fault of the collector: please report it")
            return None, FAULT

    def _busy(self, busy: bool) -> None:
        self.header.busy(busy)
        self.board.busy(busy)

    def _went(self, event: GenericEventArguments) -> None:
        """The browser went back or forward."""
        self.view, faults = read(str(event.args), self.site.dashboards)
        self.show()
        self._tell(faults)

    def look(self, theme: str) -> None:
        """Choose a theme."""
        self.theme = theme
        self._look.value = LOOKS.get(theme)
        self.script(f"fcTheme({json.dumps(theme)})")

    def _looks(self, event: GenericEventArguments) -> None:
        """The browser is dark or light now."""
        self.dark = bool(event.args)
        self.board.redraw()

    def refreshed(self, seconds: int) -> None:
        """Ask again after so many seconds, always."""
        self.go(replace(self.view, refresh=seconds))
