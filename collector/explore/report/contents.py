"""What a report is of: a dashboard, a range, a filter, and the answers to its panels."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from collector.errors import CollectorError
from collector.explore.asking import interval
from collector.explore.charts.look import Look
from collector.explore.colours import colour
from collector.explore.dashboard import Dashboard
from collector.explore.labels import label
from collector.explore.load import DashboardError, read, with_own
from collector.explore.page.answers import Found, Request, answers
from collector.explore.page.state import View
from collector.query.filter import parse
from collector.query.model import Answer, Engine, Patience, Range
from collector.query.ranges import local
from collector.schema import Field

SECONDS = 900.0
"""What the store may take for all panels."""
FILE = ".yaml"


@dataclass(frozen=True)
class Report:
    """All that is drawn."""

    dashboard: Dashboard
    within: Range
    zone: str
    filter: str
    found: Mapping[str, Found]
    """By the ids of panels."""
    made: datetime

    @property
    def look(self) -> Look:
        """As on a bright page."""
        step = interval(self.within)
        return Look(dark=False, zone=self.zone, label=label, colour=colour, step=step, range=self.within)

    @property
    def title(self) -> str:
        """Of the dashboard."""
        return self.dashboard.title

    @property
    def span(self) -> str:
        """The range in words."""
        return span(self.within, self.zone)

    @property
    def notes(self) -> tuple[str, ...]:
        """What stores said of their answers, each once."""
        given = (note for one in self.found.values() if isinstance(one, Answer) for note in one.notes)
        return tuple(dict.fromkeys(given))

    def texts(self) -> Iterator[str]:
        """All texts that come from outside, in which any character may be."""
        yield from (self.title, self.dashboard.description, self.filter, *self.notes)
        for panel in self.dashboard.panels():
            yield from (panel.title, panel.description, panel.text, *panel.labels.values())
        for one in self.found.values():
            yield from _texts(one)


def _texts(found: Found) -> Iterator[str]:
    if isinstance(found, str):
        yield found
        return
    for column in found.frame.iter_columns():
        if isinstance(column.dtype, pl.List):
            yield from (str(value) for values in column.drop_nulls() for value in values)
        elif not column.dtype.is_numeric():
            yield from column.drop_nulls().cast(pl.String).to_list()


def chosen(name: str, own: Path | None = None) -> Dashboard:
    """A dashboard by its name, also of an operator's own folder, or by the path of its file. CollectorError."""
    if name.endswith(FILE):
        return read(Path(name))
    known, wrong = with_own(own)
    if name not in known:
        if wrong:
            raise DashboardError("\n".join(wrong))
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise CollectorError(f"there is no dashboard {name}; {hint}")
    return known[name]


def ask(
    engine: Engine, dashboard: Dashboard, within: Range, zone: str, filter_: str = "", *, spread: bool = False
) -> Report:
    """Ask the store for all panels; with `spread` series spread flows over their time.

    CollectorError where the filter makes no sense, the store is not there, or nothing is answered in time.
    """
    check(dashboard, filter_)
    request = Request(dashboard, View("report", filter=filter_, spread=spread), within)
    found = answers(engine, request, Patience(SECONDS))
    wrong = [one for one in found.values() if isinstance(one, str)]
    if wrong and len(wrong) == len(found):
        raise CollectorError(wrong[0])
    return Report(dashboard, within, zone, filter_, found, datetime.now(UTC))


def check(dashboard: Dashboard, filter_: str) -> None:
    """FilterError where a filter makes no sense for any of the panels."""
    if filter_:
        parse(filter_, _asked(dashboard))


def _asked(dashboard: Dashboard) -> Mapping[str, Field]:
    return {name: field for panel in dashboard.panels() for name, field in dashboard.dataset_of(panel).asked.items()}


def span(within: Range, zone: str) -> str:
    """A range in words: days where it is of whole ones."""
    begin, end = (local(time, ZoneInfo(zone)) for time in (within.start, within.end))
    if begin.time() == end.time() == begin.min.time():
        last = local(within.end - 1, ZoneInfo(zone))
        days = [f"{day:%A} {day.day} {day:%B %Y}" for day in (begin, last)]
        return f"{' – '.join(dict.fromkeys(days))} ({zone})"
    return f"{begin.day} {begin:%B %Y %H:%M} – {end.day} {end:%B %Y %H:%M} ({zone})"
