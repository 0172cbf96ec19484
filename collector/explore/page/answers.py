"""The answers to all panels of a dashboard, or for each what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from collector.datasets import Dataset
from collector.errors import CollectorError
from collector.explore.asking import question, rows
from collector.explore.dashboard import Dashboard, Panel
from collector.explore.page.chips import Chip, condition
from collector.explore.page.state import View
from collector.explore.ratios import with_ratios
from collector.query.errors import FilterError
from collector.query.filter import Filter, parse
from collector.query.model import Answer, Engine, Patience, Query, QueryStoppedError, Range, Records

Found = Answer | str
"""An answer, or a sentence about why there is none."""


@dataclass(frozen=True)
class Request:
    """What is asked: a view of a dashboard, at a time."""

    dashboard: Dashboard
    view: View
    within: Range

    def rows(self, panel: Panel, number: int = 0) -> Records:
        """The page of a panel of records, from a row of it on. CollectorError."""
        offset = self.view.page(panel.id) * panel.top + number
        name, descending = self.view.sort(panel.id)
        wanted = rows(self.dashboard, panel, self.within, self.filter(panel), offset)
        return replace(wanted, sort=name, descending=descending)

    def question(self, panel: Panel) -> Query:
        """What a panel that is no records asks. CollectorError."""
        spread = self.view.spread
        return question(self.dashboard, panel, self.within, self.filter(panel), spread=spread)

    def filter(self, panel: Panel) -> Filter | None:
        """The page's filter for the rows of a panel. CollectorError where they have no such field."""
        return page_filter(self.view, self.dashboard.dataset_of(panel))


def page_filter(view: View, dataset: Dataset) -> Filter | None:
    """What was written and what was clicked. FilterError for what was written, CollectorError for what was clicked."""
    for chip in view.chips:
        _check(chip, dataset)
    clicked = condition(view.chips)
    if view.filter:
        parse(view.filter, dataset.asked)  # alone, so that a fault has its place in what was written
    both = [f"({text})" for text in (view.filter, clicked) if text]
    return parse(" AND ".join(both), dataset.asked) if both else None


def _check(chip: Chip, dataset: Dataset) -> None:
    """CollectorError without a place: nobody wrote the text that a click becomes."""
    try:
        parse(chip.text, dataset.asked)
    except FilterError as error:
        raise CollectorError(f"the filter {chip.text}: {error.reason}") from error


def answers(engine: Engine, request: Request, patience: Patience) -> dict[str, Found]:
    """By the panels' ids; those of `text` are left out. QueryStoppedError when it is given up."""
    found: dict[str, Found] = {}
    queries: dict[str, Query] = {}
    panels = {panel.id: panel for panel in request.dashboard.panels()}
    for panel in request.dashboard.panels():
        if panel.kind not in ("records", "text"):
            try:
                queries[panel.id] = request.question(panel)
            except CollectorError as error:
                found[panel.id] = str(error)
    for name, one in _asked(engine, queries, patience).items():
        found[name] = one if isinstance(one, str) else with_ratios(panels[name], one)
    for panel in request.dashboard.panels():
        if panel.kind == "records":
            found[panel.id] = records(engine, request, panel, patience)
    return found


def _asked(engine: Engine, queries: Mapping[str, Query], patience: Patience) -> Mapping[str, Found]:
    """All at once; each by itself where that fails, so that one fault costs one panel."""
    try:
        return dict(zip(queries, engine.ask([*queries.values()], patience), strict=True))
    except QueryStoppedError:
        raise
    except CollectorError:
        return dict(_singly(engine, queries, patience))


def _singly(engine: Engine, queries: Mapping[str, Query], patience: Patience) -> Iterator[tuple[str, Found]]:
    for name, query in queries.items():
        try:
            yield name, engine.ask([query], patience)[0]
        except QueryStoppedError:
            raise
        except CollectorError as error:
            yield name, str(error)


def records(engine: Engine, request: Request, panel: Panel, patience: Patience) -> Found:
    """A page of rows."""
    try:
        found = engine.records(request.rows(panel), patience)
    except QueryStoppedError:
        raise
    except CollectorError as error:
        return str(error)
    page = request.view.page(panel.id)
    beyond = page and found.frame.is_empty() and found.total != 0
    return f"there is no page {page + 1:,} of these rows" if beyond else found


def empty(found: Found) -> bool:
    """Whether an answer says that there are no rows."""
    if isinstance(found, str):
        return False
    return found.frame.is_empty() or found.total == 0
