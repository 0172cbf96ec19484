"""From settings to a document."""

from typing import NamedTuple

from collector.explore.report.contents import ask, chosen
from collector.explore.report.document import render
from collector.explore.report.order import Order
from collector.query.engines import check_there, open_engine
from collector.settings import Settings


class Made(NamedTuple):
    """A document, and what the store had to say."""

    data: bytes
    notes: tuple[str, ...]


def make(settings: Settings, order: Order) -> Made:
    """A report of what the store holds. CollectorError, also where its folder is not there."""
    found = chosen(order.dashboard, settings.dashboards)
    check_there(settings)
    engine = open_engine(settings)
    try:
        asked = ask(engine, found, order.within, settings.timezone, order.filter, spread=order.spread)
    finally:
        engine.close()
    return Made(render(asked, order.format), asked.notes)
