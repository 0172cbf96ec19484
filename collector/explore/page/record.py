"""Every field of a record."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from collector import schema
from collector.explore import labels, units
from collector.explore.page.choosing import UNASKED, told
from collector.explore.page.words import words

Entry = dict[str, Any]
BODY = """
<q-tr v-if="props.row.heading" class="fc-group"><q-td colspan="2">{{ props.row.heading }}</q-td></q-tr>
<q-tr v-else>
  <q-td class="fc-name" :title="props.row.description">{{ props.row.label }}<code>{{ props.row.name }}</code></q-td>
  <q-td class="fc-values"><div v-for="(value, n) in props.row.values" class="fc-value">
    <button v-if="props.row.asked" type="button" class="fc-cell" :aria-label="'Filter for ' + value"
      @click="$parent.$emit('pick', [props.row.name, n, false])">{{ value }}</button>
    <span v-else>{{ value }}</span>
    <button v-if="props.row.asked" type="button" class="fc-out-button" title="Filter it out"
      :aria-label="'Filter out ' + value" @click="$parent.$emit('pick', [props.row.name, n, true])">
      <q-icon name="filter_alt_off" size="16px" /></button>
  </div></q-td>
</q-tr>
"""
"""A heading, or a field with its values; all texts are escaped by Vue."""


def record_panel(record: Mapping[str, Any], on_filter: Callable[[str, Any, bool], None], zone: tzinfo = UTC) -> None:
    """A panel at the side with the fields that have a value, in groups; times are of the zone.

    A value that is clicked is filtered for, and the button behind it filters it out: `on_filter` gets the field, the
    value as a filter has it, and whether it is to be left out.
    """
    with ui.dialog(value=True).props("position=right full-height") as dialog, ui.card().classes("fc-record"):
        with ui.element("div").classes("fc-bar"):
            words("h1", "All fields")
            ui.button(icon="close", on_click=dialog.close).props('flat dense round aria-label="Close"')
        search = ui.input(placeholder="Find a field or value").props("dense outlined clearable debounce=200")
        search.props["aria-label"] = "Find a field or value"
        table = ui.table(rows=entries(record, zone), row_key="key", columns=_columns(), pagination=0)
        table.props("flat dense hide-header hide-pagination").classes("fc-table").add_slot("body", BODY)

    def pick(event: GenericEventArguments) -> None:
        name, number, out = event.args
        dialog.close()
        on_filter(name, told(_values(record[name])[int(number)]), bool(out))

    def find() -> None:
        table.rows = entries(record, zone, search.value or "")

    search.on_value_change(find)
    table.on("pick", pick)
    dialog.on("hide", dialog.delete)


def _columns() -> list[dict[str, Any]]:
    return [{"name": name, "label": name, "field": "label"} for name in ("name", "values")]


def entries(record: Mapping[str, Any], zone: tzinfo, search: str = "") -> list[Entry]:
    """The rows: a heading for each first part of a name, and below it the fields where the text is found."""
    groups: dict[str, list[Entry]] = {}
    for name, value in record.items():
        if values := _values(value):
            made = _entry(name, values, zone)
            if _holds(made, search):
                groups.setdefault(_group(name), []).append(made)
    return [one for group, found in groups.items() for one in ({"key": f"#{group}", "heading": group}, *found)]


def _group(name: str) -> str:
    first, _, rest = name.partition(".")
    return first.capitalize() if rest else "General"


def _values(value: Any) -> list[Any]:
    """Of a list its elements."""
    if value is None:
        return []
    return [one for one in value if one is not None] if isinstance(value, list) else [value]


def _entry(name: str, values: list[Any], zone: tzinfo) -> Entry:
    try:
        field = schema.field(name)
    except KeyError:
        kind, description = "", ""
    else:
        kind, description = field.kind, field.description
    return {
        "key": name,
        "name": name,
        "label": labels.label(name),
        "description": description,
        "values": [_shown(name, value, zone) for value in values],
        "asked": bool(kind) and kind not in UNASKED,
    }


def _holds(entry: Entry, search: str) -> bool:
    texts = (entry["name"], entry["label"], *entry["values"])
    return any(search.casefold() in text.casefold() for text in texts)


def _shown(name: str, value: Any, zone: tzinfo) -> str:
    """A value in words; an amount also in full."""
    if isinstance(value, datetime):
        local = value.replace(tzinfo=UTC).astimezone(zone)
        return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03} {local.tzname()}"
    unit = labels.unit_of_field(name)
    if unit is None or isinstance(value, bool) or not isinstance(value, int | float):
        return told(value)
    short, full = units.text(value, unit), f"{value:,}"
    return short if short.split()[0] == full else f"{short} ({full})"
