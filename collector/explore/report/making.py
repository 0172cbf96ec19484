"""From settings to a document."""

from collector.explore.report.contents import ask, chosen
from collector.explore.report.document import render
from collector.query.engines import open_engine
from collector.query.model import Range
from collector.settings import Settings


def make(settings: Settings, dashboard: str, within: Range, filter_: str, format_: str) -> bytes:
    """A report of what the store holds, as `pdf`, `html` or `png`. CollectorError."""
    found = chosen(dashboard, settings.dashboards)
    engine = open_engine(settings)
    try:
        asked = ask(engine, found, within, settings.timezone, filter_)
    finally:
        engine.close()
    return render(asked, format_)
