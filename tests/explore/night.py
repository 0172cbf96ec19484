"""A night of made-up traffic, across midnight, and what panels show of it."""

from collections.abc import Iterator

from collector.demo.fill import Wish, fill, pipeline
from collector.explore.asking import question, rows
from collector.explore.dashboard import Dashboard, Panel
from collector.flows import Flows
from collector.query.model import Answer, Engine, Range
from tests.builders.health import Kept

END = 1_772_344_800
"""Six in the morning of 1 March 2026, UTC, in seconds since 1970."""
HOURS = 12
NIGHT = Range((END - HOURS * 3600) * 1000, END * 1000)
FLOWS = 6_000


def night() -> list[Flows]:
    """All rows of the night, of every kind."""
    kept = Kept()
    fill(pipeline(kept), Wish(flows=FLOWS, hours=HOURS, end=END))
    return kept.batches


def shown(engine: Engine, dashboard: Dashboard) -> Iterator[tuple[Panel, Answer]]:
    """Panels and their answers, those that are counted by one question to the engine."""
    counted = [panel for panel in dashboard.panels() if panel.kind not in ("records", "text")]
    answers = engine.ask([question(dashboard, panel, NIGHT) for panel in counted])
    yield from zip(counted, answers, strict=True)
    for panel in dashboard.panels():
        if panel.kind == "records":
            yield panel, engine.records(rows(dashboard, panel, NIGHT))
