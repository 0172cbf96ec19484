"""The state of each exporter, in the words of the command `exporters`."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from nicegui import ui

from collector.explore.page.silence import came
from collector.explore.page.tables import HEADING
from collector.explore.page.words import words
from collector.exporters.cells import NO_VALUE, clock, rate, share, short, since, templates
from collector.exporters.view import Exporter, Overview, Stream
from collector.report import Report

SECONDS = 10
"""Between refreshes."""
MOST, MOST_NOTES, PAGE = 1000, 12, 50
"""Exporters and sentences that are shown, and rows of the table at a time."""
COLUMNS = (
    ("exporter", "Exporter", "left"),
    ("protocol", "Protocol", "left"),
    ("datagrams", "Datagrams", "right"),
    ("flows", "Flows", "right"),
    ("templates", "Templates", "right"),
    ("rate", "Sampling", "right"),
    ("lost", "Lost", "right"),
    ("clock", "Clock", "right"),
    ("seen", "Seen", "right"),
    ("notes", "Notes", "right"),
)
"""Name, title and alignment."""
STREAM_COLUMNS = ("Protocol", "Domain", "Datagrams", "Flows", "Templates", "Sampling", "Lost", "Clock", "Seen")
BODY = """
<q-tr :props="props" class="fc-exporter" @click="props.expand = !props.expand">
  <q-td v-for="col in props.cols" :key="col.name" :props="props" :class="'fc-x-' + col.name">
    <button v-if="col.name === 'exporter'" type="button" class="fc-fold" :aria-expanded="String(props.expand)"
      @click.stop="props.expand = !props.expand">
      <q-icon :name="props.expand ? 'expand_more' : 'chevron_right'" size="18px" />{{ props.row.cells.exporter }}
    </button>
    <q-badge v-else-if="col.name === 'notes' && props.row.notes" color="warning" text-color="dark">
      {{ props.row.notes }}</q-badge>
    <template v-else>{{ props.row.cells[col.name] }}</template>
  </q-td>
</q-tr>
<q-tr v-if="props.expand" class="fc-streams"><q-td colspan="100%">
  <ul v-if="props.row.notes"><li v-for="note in props.row.sentences">{{ note }}</li></ul>
  <div class="fc-scroll"><table>
    <thead><tr><th v-for="title in props.row.titles">{{ title }}</th></tr></thead>
    <tbody><tr v-for="stream in props.row.streams"><td v-for="cell in stream">{{ cell }}</td></tr></tbody>
  </table></div>
  <p v-for="fact in props.row.facts">{{ fact }}</p>
</q-td></q-tr>
"""
"""A row that unfolds; all texts are escaped by Vue."""


def exporters_page(report: Report) -> None:
    """The content of a page, which keeps itself up to date."""
    heading()
    place = ui.element("div").props("role=status").classes("fc-messages")
    table = ui.table(rows=[], columns=_columns(), row_key="address", pagination=PAGE)
    table.props(f'flat dense binary-state-sort :rows-per-page-options=[{PAGE}] aria-label="Exporters"')
    table.classes("fc-table fc-exporters").add_slot("body", BODY)
    table.add_slot("header-cell", HEADING)

    async def refresh() -> None:
        now = round(time.time() * 1000)
        overview = await asyncio.to_thread(report.exporters, now)
        show(place, table, overview, datetime.fromtimestamp(now / 1000, UTC), came(report, report.snapshot()))

    ui.timer(SECONDS, refresh)


def heading() -> None:
    """The header of a page about exporters."""
    with ui.header().classes("fc-header"), ui.element("div").classes("fc-bar"):
        ui.button(icon="arrow_back").props('flat dense round href="/" aria-label="Dashboards"').tooltip("Dashboards")
        words("h1", "Exporters")


def show(place: ui.element, table: ui.table, overview: Overview, now: datetime, received: str) -> None:
    """Bring the page up to date; `received` says whether anything has come at all."""
    shown = overview.exporters[:MOST]
    table.rows = [row(one, now) for one in shown]
    table.props["hide-pagination"] = len(shown) <= PAGE
    table.set_visibility(bool(shown))
    place.clear()
    told = _told(overview, shown, received)
    if not told:
        return
    with place, ui.element("div").classes("fc-message fc-told"):
        for line in told:
            words("p", line)


def _told(overview: Overview, shown: Sequence[Exporter], received: str) -> list[str]:
    """What is said above the table."""
    if not shown:
        return ["No exporter has sent anything yet.", received, *overview.notes]
    lines = [*overview.notes, *(f"{one.name}: {note}" for one in shown for note in one.notes)]
    more = [f"and {len(lines) - MOST_NOTES:,} more sentences in the rows below"] if len(lines) > MOST_NOTES else []
    hidden = len(overview.exporters) - len(shown) + overview.more_exporters
    others = [f"and {hidden:,} more exporters, which gave fewer flows"] if hidden else []
    return [*lines[:MOST_NOTES], *more, *others]


def _columns() -> list[dict[str, Any]]:
    return [
        {"name": name, "label": title, "field": name, "align": align, "sortable": True, "headerClasses": f"fc-x-{name}"}
        for name, title, align in COLUMNS
    ]


def row(one: Exporter, now: datetime) -> dict[str, Any]:
    """An exporter: what the columns are sorted by, `cells` to be shown, and what unfolds."""
    known, missing = _sum(one.streams, "templates"), _sum(one.streams, "missing_templates")
    skew = max((stream.skew for stream in one.streams), key=abs, default=0.0)
    rates = sorted({stream.sampling_rate for stream in one.streams if stream.sampling_rate})
    protocols = ", ".join(dict.fromkeys(stream.protocol for stream in one.streams)) or NO_VALUE
    cells = {
        "exporter": one.name,
        "protocol": protocols,
        "datagrams": short(one.datagrams),
        "flows": short(one.flows),
        "templates": templates(known, missing),
        "rate": ", ".join(map(rate, rates)) or NO_VALUE,
        "lost": share(one.lost_percent),
        "clock": clock(skew),
        "seen": since(one.last_seen, now),
        "notes": "",
    }
    return {
        "address": one.address,
        **cells,
        "datagrams": one.datagrams,
        "flows": one.flows,
        "templates": known,
        "rate": max(rates, default=0),
        "lost": one.lost_percent,
        "clock": abs(skew),
        "seen": (now - one.last_seen).total_seconds(),
        "notes": len(one.notes),
        "sentences": one.notes,
        "cells": cells,
        "titles": STREAM_COLUMNS,
        "streams": [_stream(stream, now) for stream in one.streams],
        "facts": [*_facts(one)],
    }


def _sum(streams: Iterable[Stream], name: str) -> int:
    return sum(getattr(stream, name) for stream in streams)


def _stream(stream: Stream, now: datetime) -> list[str]:
    agent = f" (agent {stream.agent})" if stream.agent else ""
    found = f" from {stream.sampling_from}" if stream.sampling_from else ""
    unit = (stream.lost_unit or "").removesuffix("s" if stream.lost == 1 else "")
    lost = f" ({stream.lost:,} {unit})" if stream.lost else ""
    return [
        stream.protocol,
        f"{stream.domain}{agent}",
        short(stream.datagrams),
        short(stream.flows),
        templates(stream.templates, stream.missing_templates),
        rate(stream.sampling_rate) + found,
        share(stream.lost_percent) + lost,
        clock(stream.skew),
        since(stream.last_seen, now),
    ]


def _facts(one: Exporter) -> Iterable[str]:
    """What else is known."""
    if one.more_streams:
        yield f"and {one.more_streams:,} more streams"
    missing = [(stream, lack) for stream in one.streams for lack in stream.missing]
    for stream, lack in missing:
        yield f"Missing: template {lack.template} of domain {stream.domain}, {lack.sets:,} data sets wait"
    if one.sampling_rates:
        yield f"Sampling rates that it told: {', '.join(map(rate, one.sampling_rates))}"
    if one.named:
        yield "Named: " + ", ".join(f"{count:,} {kind}" for kind, count in one.named.items())
    yield f"First seen {one.first_seen:%Y-%m-%d %H:%M:%S} UTC"
