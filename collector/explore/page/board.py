"""The panels of a dashboard in their grid."""

from typing import TYPE_CHECKING

from nicegui import ui

from collector.explore.dashboard import Dashboard
from collector.explore.page.answers import Found, Request
from collector.explore.page.card import Card

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit


class Board:
    """Stays as long as the dashboard does; answers come and go."""

    def __init__(self, visit: "Visit") -> None:
        self.visit = visit
        self._grid = ui.element("main").classes("fc-grid")
        self._shown = ""
        self._cards: dict[str, Card] = {}
        self._last: tuple[Request, dict[str, Found]] | None = None

    def show(self) -> None:
        """The cards of the view's dashboard, empty at first."""
        name = self.visit.view.dashboard
        if name != self._shown:
            self._shown, self._last = name, None
            self._fill(self.visit.site.dashboards[name])

    def _fill(self, dashboard: Dashboard) -> None:
        self._grid.clear()
        with self._grid:
            self._cards = {
                panel.id: Card(self.visit, panel, row.height) for row in dashboard.rows for panel in row.panels
            }

    def busy(self, busy: bool) -> None:
        """Whether answers are awaited."""
        for card in self._cards.values():
            card.busy(busy)

    def draw(self, request: Request, found: dict[str, Found]) -> None:
        """Show answers."""
        self._last = request, found
        for name, one in found.items():
            self._cards[name].draw(request, one)

    def fail(self, fault: str) -> None:
        """Say the same in all of them."""
        for card in self._cards.values():
            card.fail(fault)

    def redraw(self) -> None:
        """Show the same in other colours."""
        if self._last:
            self.draw(*self._last)
