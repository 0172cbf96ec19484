"""Panels of rows: groups with their measures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl
from nicegui import ui
from nicegui.events import GenericEventArguments

from collector.explore import labels, units
from collector.explore.dashboard import Panel
from collector.explore.page.answers import Request
from collector.explore.page.choosing import choose, told
from collector.query.model import OTHER, Answer

if TYPE_CHECKING:
    from collector.explore.page.panels import Drawn
    from collector.explore.page.visit import Visit

PAGE = 25
"""Rows that are shown at a time."""
SHOWN = "·"
"""Before the name of a column: its text, beside the number that it is sorted by."""
CELL = """<q-td :props="props"><button type="button" class="fc-cell" :title="props.value"
 @click.stop="() => $parent.$emit('cell', [props.row.n, props.col.name])">{{ props.value }}</button></q-td>"""
"""A cell that can be clicked; the text is escaped by Vue."""
HEADING = """<q-th :props="props" :aria-sort="/ sort-desc/.test(props.col.__thClass) ? 'descending' :
 / sorted/.test(props.col.__thClass) ? 'ascending' : undefined"><button v-if="props.col.sortable" type="button"
 class="fc-sort">{{ props.col.label }}</button><template v-else>{{ props.col.label }}</template></q-th>"""
"""A heading that the keyboard reaches; its click is that of the cell, which sorts."""


def draw_table(visit: "Visit", panel: Panel, request: Request, answer: Answer) -> "Drawn":
    """A row a group, sorted by any column."""
    table = ui.table(rows=[], columns=columns(panel, answer.frame), row_key="n", pagination=PAGE)
    table.props(f"flat dense binary-state-sort :rows-per-page-options=[{PAGE}]").classes("fc-table")
    table.props["aria-label"] = panel.title
    table.add_slot("header-cell", HEADING)
    for name in panel.by:
        table.add_slot(f"body-cell-{name}", CELL)
    last: dict[str, pl.DataFrame] = {}

    def show(_: Request, answer: Answer) -> bool:
        last["frame"] = answer.frame
        table.rows = rows(panel, answer.frame)
        table.props["hide-pagination"] = answer.frame.height <= PAGE
        return True

    def click(event: GenericEventArguments) -> None:
        number, name = event.args
        choose(visit, [(str(name), last["frame"].get_column(name)[int(number)])])

    table.on("cell", click)
    show(request, answer)
    return show


def columns(panel: Panel, frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Those of an answer, as NiceGUI has them."""
    names = [name for name in frame.columns if name != OTHER]
    return [column(name, labels.label(name, panel), frame.schema[name], name not in panel.by) for name in names]


def column(name: str, label: str, dtype: pl.DataType, number: bool) -> dict[str, Any]:
    """A column that is sorted by its values and shows their texts."""
    return {
        "name": name,
        "label": label,
        "field": name,
        "sortable": not isinstance(dtype, pl.List),
        "align": "right" if number or dtype.is_numeric() else "left",
        ":format": f"(_, row) => row[{(SHOWN + name)!r}]",
    }


def rows(panel: Panel, frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of an answer, as NiceGUI has them: numbers and texts."""
    named = {name: labels.unit(name, panel) for name in frame.columns if name not in (*panel.by, OTHER)}
    return [_row(number, row, named) for number, row in enumerate(frame.iter_rows(named=True))]


def _row(number: int, row: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"n": number}
    for name, value in row.items():
        if name == OTHER:
            continue
        made[name] = value if isinstance(value, int | float | str) else told(value)
        if name in named:
            made[SHOWN + name] = units.text(value, named[name])
        else:
            made[SHOWN + name] = labels.OTHERS if row.get(OTHER) else told(value)
    return made
