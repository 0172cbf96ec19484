"""Panels of rows as they are, a page at a time, and every field of a chosen one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

import polars as pl
from nicegui import ui
from nicegui.events import GenericEventArguments

from collector.errors import CollectorError
from collector.explore import labels, units
from collector.explore.dashboard import Panel
from collector.explore.page.answers import Request
from collector.explore.page.choosing import told
from collector.explore.page.header import button
from collector.explore.page.record import record_panel
from collector.explore.page.tables import HEADING, SHOWN, column
from collector.explore.page.words import words
from collector.query import ranges
from collector.query.model import MOST_RECORDS, Answer

OPENS = """<q-td :props="props"><button type="button" class="fc-opens" title="All fields">
 {{ props.value || "–" }}</button></q-td>"""
"""The first cell of a row, for the keyboard; its click is that of the row. The text is escaped by Vue."""

if TYPE_CHECKING:
    from collector.explore.page.panels import Drawn
    from collector.explore.page.visit import Visit


def draw_records(visit: "Visit", panel: Panel, request: Request, answer: Answer) -> "Drawn":
    """A page of rows."""
    names = [name for name in panel.fields if name in answer.frame.columns]
    made = [column(name, labels.label(name, panel), answer.frame.schema[name], number=False) for name in names]
    name, descending = request.view.sort(panel.id)
    pagination = {"rowsPerPage": 0, "sortBy": name, "descending": descending}
    table = ui.table(rows=_rows(visit, answer.frame, names), columns=made, row_key="n", pagination=pagination)
    table.props("flat dense hide-pagination binary-state-sort").classes("fc-table fc-rows")
    table.props[":sort-method"] = "(rows) => rows"  # the store sorts, beyond this page
    table.on_pagination_change(lambda event: _sort(visit, panel, event.value))
    table.props["aria-label"] = panel.title
    table.add_slot("header-cell", HEADING)
    for first in names[:1]:
        table.add_slot(f"body-cell-{first}", OPENS)
    pager = Pager(visit, panel)
    pager.show(answer)
    last = {"request": request}

    async def open_record(event: GenericEventArguments) -> None:
        await _open(visit, panel, last["request"], int(event.args[1]["n"]))

    def show(request: Request, answer: Answer) -> bool:
        if not set(names) <= set(answer.frame.columns):
            return False
        if request.view != last["request"].view:
            table.run_method("scrollTo", 0)
        last["request"] = request
        table.rows = _rows(visit, answer.frame, names)
        name, descending = request.view.sort(panel.id)
        table.pagination = {**pagination, "sortBy": name, "descending": descending}
        pager.show(answer)
        return True

    table.on("rowClick", open_record, [[], ["n"], []])
    return show


def _sort(visit: "Visit", panel: Panel, chosen: Mapping[str, Any]) -> None:
    """Told also when a table is made, of what it was made with."""
    name, descending = chosen.get("sortBy"), bool(chosen.get("descending"))
    if name and (name, descending) != visit.view.sort(panel.id):
        visit.go(visit.view.ordered(panel.id, str(name), descending))


def _rows(visit: "Visit", frame: pl.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    return [
        {"n": number, **{name: _plain(row[name]) for name in names}, **_texts(visit, row, names)}
        for number, row in enumerate(frame.iter_rows(named=True))
    ]


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | None) else shown(value)


def _texts(visit: "Visit", row: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    return {SHOWN + name: cell(visit, name, row[name]) for name in names}


def cell(visit: "Visit", name: str, value: Any) -> str:
    """A value of a field in words."""
    if value is None:
        return ""
    unit = labels.unit_of_field(name)
    if unit is not None and isinstance(value, int | float):
        return units.text(value, unit)
    if hasattr(value, "isoformat"):
        since = ranges.milliseconds(value.replace(tzinfo=UTC))
        return ranges.local(since, visit.site.zone).isoformat(" ", "milliseconds")[:23]
    return shown(value)


def shown(value: Any) -> str:
    """A value without more ado; lists are joined."""
    return ", ".join(map(told, value)) if isinstance(value, list) else told(value)


class Pager:
    """Where a page begins and ends, and buttons to those beside it; they stay, and the focus with them."""

    def __init__(self, visit: "Visit", panel: Panel) -> None:
        self.visit = visit
        self.panel = panel
        self._page = 0
        with ui.element("div").classes("fc-pager"):
            self._where = words("span", "")
            self._back = button("chevron_left", "Page before").on_click(lambda: visit.turn(panel.id, self._page - 1))
            self._on = button("chevron_right", "Next page").on_click(lambda: visit.turn(panel.id, self._page + 1))

    def show(self, answer: Answer) -> None:
        """Tell which rows an answer has."""
        page, top, total = self.visit.view.page(self.panel.id), self.panel.top, answer.total
        self._page = page
        last = page * top + answer.frame.height
        more = last < total if total is not None else answer.frame.height == top
        self._where.text = f"{page * top + 1:,}–{last:,}" + (f" of {total:,}" if total is not None else "")
        self._back.set_enabled(page > 0)
        self._on.set_enabled(more and last + top <= MOST_RECORDS)


async def _open(visit: "Visit", panel: Panel, request: Request, number: int) -> None:
    """Ask for all fields of a row, and show them."""
    try:
        wanted = replace(request.rows(panel, number), fields=(), limit=1)
        found = (await visit.site.ask(lambda engine: engine.records(wanted))).frame
    except CollectorError as error:
        visit.messages.say(str(error))
        return
    if found.is_empty():
        visit.messages.say("That row is no longer there.")
        return
    with visit.client.layout:
        record_panel(found.row(0, named=True), visit.pick, visit.site.zone)
