"""Panels as questions."""

import pytest

from collector.datasets import DATASETS
from collector.explore.asking import BUCKETS, interval, question, rows
from collector.explore.dashboard import Dashboard, Panel
from collector.explore.load import dashboards
from collector.query.filter import parse
from collector.query.model import MOST_BUCKETS, Range

MINUTE, DAY = 60_000, 86_400_000


def within(length: int) -> Range:
    return Range(DAY, DAY + length)


def panel(name: str, which: str) -> tuple[Dashboard, Panel]:
    dashboard = dashboards()[name]
    return dashboard, next(one for one in dashboard.panels() if one.id == which)


@pytest.mark.parametrize(
    ("length", "step"),
    [(MINUTE, 1000), (15 * MINUTE, 10_000), (60 * MINUTE, 30_000), (DAY, 15 * MINUTE), (30 * DAY, 8 * 60 * MINUTE)],
)
def test_series_have_some_hundred_buckets_at_most(length: int, step: int) -> None:
    assert interval(within(length)) == step
    assert length / step <= BUCKETS


def test_no_range_has_more_buckets_than_stores_give() -> None:
    assert 3650 * DAY / interval(within(3650 * DAY)) <= MOST_BUCKETS


def test_rows_of_each_minute_are_not_cut_finer() -> None:
    for name, which in (("collector-health", "flows"), ("interface-counters", "in-rate")):
        assert question(*panel(name, which), within(15 * MINUTE)).interval == MINUTE
        assert question(*panel(name, which), within(DAY)).interval == 15 * MINUTE


def test_only_series_of_flows_are_spread() -> None:
    asked = [
        question(*panel(name, which), within(DAY), spread=True).spread
        for name, which in (("overview", "services"), ("overview", "bits"), ("collector-health", "flows"))
    ]
    assert asked == [True, False, False]


def test_filters_of_page_and_panel_hold_together() -> None:
    given = parse("host.name:core OR host.name:edge", DATASETS["flows"].asked)
    alone = question(*panel("overview", "services"), within(DAY), given)
    both = question(*panel("threats", "listed"), within(DAY), given)
    assert alone.filter is given
    assert both.filter is not None
    assert both.filter.text == "(flow.rep_tags:*) AND (host.name:core OR host.name:edge)"
    assert question(*panel("overview", "services"), within(DAY)).filter is None


def test_records_are_asked_page_by_page() -> None:
    dashboard, shown = panel("flow-records-client-server", "records")
    asked = rows(dashboard, shown, within(DAY), offset=200)
    assert (asked.fields, asked.limit, asked.offset, asked.dataset.name) == (shown.fields, 100, 200, "flows")
