"""The header: list of dashboards, title, time range, refresh and look."""

from typing import TYPE_CHECKING

from nicegui import ui

from collector.explore.page.filterbar import FilterBar
from collector.explore.page.menu import Menu
from collector.explore.page.state import REFRESH
from collector.explore.page.timebar import TimeBar
from collector.explore.page.words import words

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

THEMES = {"auto": "brightness_auto", "light": "light_mode", "dark": "dark_mode"}
"""Looks and their icons, in the order in which a button goes through them."""


def button(icon: str, label: str) -> ui.button:
    """A flat button with an icon, and words for those who do not see it."""
    made = ui.button(icon=icon).props(f'flat dense round aria-label="{label}"')
    made.tooltip(label)
    return made


def interval(seconds: int) -> str:
    """A time between refreshes in words."""
    if not seconds:
        return "Off"
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"


class Header:
    """The first two lines of the page, and the drawer."""

    def __init__(self, visit: "Visit") -> None:
        self.visit = visit
        self.menu = Menu(visit)
        self.time = TimeBar(visit)
        self._syncing = False

    def build(self, bar: FilterBar) -> None:
        """Make them."""
        with ui.header().classes("fc-header"):
            with ui.element("div").classes("fc-bar"):
                button("menu", "Dashboards").on_click(self.menu.toggle)
                self._words = words("h1", "")
                self._tools()
            bar.build()
        self.menu.build()

    def _tools(self) -> None:
        with ui.element("div").classes("fc-tools"):
            self.time.build()
            options = {seconds: interval(seconds) for seconds in REFRESH}
            self._refresh = (
                ui.select(options, value=self.visit.view.refresh, on_change=self._chosen)
                .props('dense outlined options-dense aria-label="Refresh"')
                .classes("fc-refresh")
            )
            self._refresh.tooltip("Refresh")
            self._again = button("refresh", "Ask again").on_click(self.visit.ask)
            self._stop = button("stop_circle", "Cancel").on_click(self.visit.stop)
            self._stop.set_visibility(False)
            self._theme = button(THEMES.get(self.visit.theme, THEMES["auto"]), "Light, dark or as the system is")
            self._theme.on_click(self._next_theme)

    def show(self) -> None:
        """Say what the view is."""
        view = self.visit.view
        self._words.text = self.visit.site.dashboards[view.dashboard].title
        self._syncing = True
        self._refresh.value = view.refresh
        self._syncing = False
        self.time.show()
        self.menu.show()

    def busy(self, busy: bool) -> None:
        """While questions are under way there is a button that ends them."""
        self._again.set_visibility(not busy)
        self._stop.set_visibility(busy)

    def _chosen(self) -> None:
        if not self._syncing:
            self.visit.refreshed(int(self._refresh.value))

    def _next_theme(self) -> None:
        names = list(THEMES)
        theme = names[(names.index(self.visit.theme) + 1) % len(names)] if self.visit.theme in names else names[0]
        self._theme.props(f"icon={THEMES[theme]}")
        self.visit.look(theme)
