"""The list of dashboards, in a drawer that folds on a phone."""

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from nicegui import ui

from collector.explore.page.state import address
from collector.explore.page.words import words

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

WIDTH, BREAKPOINT = 232, 1000
"""Pixels of the drawer, and of a window below which it is folded."""
OWN = "Collector"
"""The group that the page of exporters stands in."""


class Menu:
    """Links that keep range and filter."""

    def __init__(self, visit: "Visit") -> None:
        self.visit = visit
        self._links: dict[str, ui.element] = {}

    def build(self) -> None:
        """Make the drawer."""
        self._drawer = ui.left_drawer(value=False).props(f"width={WIDTH} breakpoint={BREAKPOINT} show-if-above")
        with self._drawer, ui.element("nav").classes("fc-menu").props('aria-label="Dashboards"'):
            ui.label("flow-collector").classes("fc-brand")
            boards = self.visit.site.dashboards
            groups = [(group, list(names)) for group, names in groupby(boards, lambda name: boards[name].group)]
            if OWN not in dict(groups):
                groups.append((OWN, []))
            last = max(place for place, (group, _) in enumerate(groups) if group == OWN)
            for place, (group, names) in enumerate(groups):
                words("h2", group)
                for name in names:
                    self._links[name] = self._link(boards[name].title, boards[name].description)
                if place == last:
                    words("a", "State of exporters").props('href="/exporters"')

    def _link(self, title: str, description: str) -> ui.element:
        link = words("a", title).props("data-view")
        link.tooltip(description).props('anchor="center right" self="center left" delay=600')
        return link

    def show(self) -> None:
        """Point to the view's range and filter."""
        view = self.visit.view
        for name, link in self._links.items():
            link.props["href"] = address(replace(view, dashboard=name, pages=()))
            if name == view.dashboard:
                link.props["aria-current"] = "page"
            else:
                link.props.pop("aria-current", None)
            link.update()

    def toggle(self) -> None:
        """Fold it, or unfold it."""
        self._drawer.run_method("toggle")
