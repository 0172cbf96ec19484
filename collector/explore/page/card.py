"""A panel: its title, what it shows, or why it does not."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nicegui import ui

from collector.explore.dashboard import Panel
from collector.explore.page import export
from collector.explore.page.answers import Found, Request, empty
from collector.explore.page.panels import Drawn, drawn
from collector.explore.page.state import NEWEST_FIRST
from collector.explore.page.words import words
from collector.query.model import Answer

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

log = logging.getLogger(__name__)
NOTHING = "No rows in this time range"
FAULT = "this failed by a fault of the collector; its log has more"


class Card:
    """Draws what is found for a panel."""

    def __init__(self, visit: "Visit", panel: Panel, height: int) -> None:
        self.visit = visit
        self.panel = panel
        self._found: Found | None = None
        self._drawn: Drawn | None = None
        self._card = ui.element("section").classes(f"fc-panel fc-is-{panel.kind}")
        self._card.props.update({"aria-label": panel.title, "data-panel": panel.id, "aria-busy": "false"})
        self._card.style(f"--w:{panel.width};--h:{height}")
        with self._card:
            self._head()
            ui.element("div").classes("fc-work")
            self._body = ui.element("div").classes("fc-body")
            self._notes = ui.element("div").classes("fc-notes")
        with self._body:
            if panel.kind == "text":
                ui.markdown(panel.text).classes("fc-text")
            else:
                ui.element("div").classes("fc-bones")

    def _head(self) -> None:
        with ui.element("div").classes("fc-head"):
            words("h2", self.panel.title)
            if self.panel.description:
                info = ui.button(icon="info_outline").props("flat round")
                info.props["aria-label"] = self.panel.description
                info.tooltip(self.panel.description)
            ui.element("div").classes("fc-space")
            if self.panel.kind not in ("text", "metric"):
                label = f"{self.panel.title}: save as CSV"
                ui.button(icon="download", on_click=self._save).props("flat round").props.update({"aria-label": label})

    def busy(self, busy: bool) -> None:
        """Whether an answer is awaited."""
        if self.panel.kind == "text":
            return
        if busy:
            self._card.classes("fc-busy")
        else:
            self._card.classes(remove="fc-busy")
        self._card.props["aria-busy"] = str(busy).lower()

    def draw(self, request: Request, found: Found) -> None:
        """Show what is found."""
        self._found = found
        if isinstance(found, str):
            self.fail(found)
        elif empty(found):
            self._say(NOTHING, "fc-none")
        else:
            self._show(request, found)

    def _show(self, request: Request, answer: Answer) -> None:
        self._note(answer.notes)
        if self._drawn and self._drawn(request, answer):
            return
        self._body.clear()
        with self._body:
            try:
                self._drawn = drawn(self.visit, self.panel, request, answer)
            except Exception:
                log.exception("panel %s cannot be drawn by a fault of the collector: please report it", self.panel.id)
                self._say(FAULT, "fc-wrong")

    def _note(self, notes: Sequence[str]) -> None:
        """What to know about the answer, also where its chart stays and only its numbers change."""
        self._notes.clear()
        with self._notes:
            for note in notes:
                words("div", note, "fc-note")

    def fail(self, fault: str) -> None:
        """Say why there is nothing."""
        if self.panel.kind != "text":
            self._say(fault, "fc-wrong")
            self._back()

    def _back(self) -> None:
        """Offer the first page as it usually is, where that is not what failed."""
        view = self.visit.view
        usual = view.ordered(self.panel.id, *NEWEST_FIRST)
        if usual != view:
            with self._body:
                back = ui.button("Back to the newest rows", on_click=lambda: self.visit.go(usual))
                back.props("no-caps unelevated dense").classes("fc-back")

    def _say(self, text: str, classes: str) -> None:
        self._drawn = None
        self._note(())
        self._body.clear()
        with self._body:
            words("div", text, classes)

    def _save(self) -> None:
        if isinstance(self._found, Answer):
            name = f"{self.visit.view.dashboard}-{self.panel.id}.csv"
            ui.download.content(export.csv(self._found.frame), name, "text/csv")
        else:
            self.visit.messages.say("There is nothing to save.")
