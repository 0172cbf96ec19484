"""Panels as questions to a store."""

from collector.datasets import FLOWS
from collector.explore.dashboard import Dashboard, Panel
from collector.query.filter import Filter, parse
from collector.query.measures import measure
from collector.query.model import Query, Range, Records
from collector.query.tree import All

EVERYTHING = "*"
STEPS = tuple(
    1000 * seconds
    for seconds in (1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 7 * 86_400)
)
"""Milliseconds that the buckets of a series may have."""
BUCKETS = 120
"""How many a series has about, at most."""
SHORTEST = {"counters": 60_000, "health": 60_000}
"""Milliseconds of the shortest buckets of rows that come once or twice a minute: shorter ones would have gaps."""


def interval(within: Range, buckets: int = BUCKETS) -> int:
    """The shortest step that makes at most so many buckets."""
    length = within.end - within.start
    return next((step for step in STEPS if step * buckets >= length), STEPS[-1])


def question(
    dashboard: Dashboard, panel: Panel, within: Range, given: Filter | None = None, *, spread: bool = False
) -> Query:
    """What a panel asks of a time range, beside the filter of the page; not for `records` and `text`."""
    dataset = dashboard.dataset_of(panel)
    step = max(interval(within), SHORTEST.get(dataset.name, 0))
    return Query(
        range=within,
        measures=tuple(measure(text) for text in panel.measures),
        by=panel.by,
        filter=both(dashboard, panel, given),
        interval=step if panel.kind == "series" else None,
        top=panel.top,
        other=panel.other,
        ascending=panel.ascending,
        spread=spread and panel.kind == "series" and dataset is FLOWS,
        dataset=dataset,
    )


def rows(dashboard: Dashboard, panel: Panel, within: Range, given: Filter | None = None, offset: int = 0) -> Records:
    """The page of rows that a panel of records asks for."""
    return Records(
        range=within,
        filter=both(dashboard, panel, given),
        fields=panel.fields,
        limit=panel.top,
        offset=offset,
        dataset=dashboard.dataset_of(panel),
    )


def both(dashboard: Dashboard, panel: Panel, given: Filter | None) -> Filter | None:
    """The panel's filter and the page's."""
    own = None if panel.filter == EVERYTHING else parse(panel.filter, dashboard.dataset_of(panel).asked)
    if own is None or given is None:
        return own or given
    return Filter(f"({own.text}) AND ({given.text})", All((own.tree, given.tree)))
