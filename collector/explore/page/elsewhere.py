"""The page of exporters where no collector runs: who knows their state, and how they were when it last looked."""

from dataclasses import replace

from nicegui import ui

from collector.datasets import HEALTH
from collector.errors import CollectorError
from collector.explore.page import times
from collector.explore.page.exporters import heading
from collector.explore.page.site import Site
from collector.explore.page.state import View, address
from collector.explore.page.words import words
from collector.query import ranges
from collector.report import ABSENT
from collector.stores import store_name

BOARD = "collector-health"
"""The dashboard about the rows of HEALTH."""
HOUR = 3_600_000


def elsewhere_page(site: Site) -> None:
    """The content of a page: nothing is received here, so it tells where to look."""
    heading()
    place = ui.element("div").props("role=status").classes("fc-message")
    with place:
        words("h2", "The state of exporters is told by the collector that hears them")
        words("p", f"Here {ABSENT}.")
        words("p", "That collector has this page too, where it serves its own; flow-collector exporters asks it there.")

    async def look() -> None:
        try:
            newest = await site.ask(lambda engine: engine.newest(HEALTH))
        except CollectorError as error:
            newest, fault = None, str(error)
        else:
            fault = f"The store has no rows about how exporters were: {store_name(site.settings)}."
        with place:
            if newest is None:
                words("p", fault)
            else:
                _link(site, newest)

    ui.timer(0, look, once=True)


def _link(site: Site, newest: int) -> None:
    """To the hour before the newest row about them."""
    start, end = times.written(newest - HOUR, site.zone), times.written(newest + 1, site.zone)
    when = ranges.local(newest, site.zone).strftime("%A, %-d %B %Y, %H:%M")
    with words("p", f"As of {when} ({site.settings.timezone}), when the collector last wrote how they are: "):
        words("a", "the hour before, exporter by exporter").props["href"] = address(
            replace(View(BOARD), start=start, end=end)
        )
