"""What can be done with a value that was clicked."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nicegui import ui

from collector import schema
from collector.explore import labels
from collector.explore.page.words import words

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

UNASKED = ("object",)
"""Kinds of fields whose values a filter cannot name."""


def choose(visit: "Visit", pairs: Iterable[tuple[str, Any]]) -> None:
    """Open a menu, at the pointer or the focus, with both choices for each value."""
    pairs = [(field, value) for field, value in pairs if value is not None]
    if not pairs:
        return
    with visit.client.layout:
        menu = ui.menu().props('target="[data-fc=anchor]" no-parent-event auto-close').classes("fc-pick")
        menu.on("hide", menu.delete)
        with menu:
            for field, value in pairs:
                _entry(visit, field, told(value))
            if len(pairs) > 1:
                _all(visit, [(field, told(value)) for field, value in pairs])
    menu.open()


def told(value: Any) -> str:
    """A value as a filter has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat(timespec="milliseconds") + "Z" if isinstance(value, datetime) else str(value)


def _entry(visit: "Visit", field: str, value: str) -> None:
    words("div", f"{labels.label(field)}: {value}", "fc-what")
    if schema.field(field).kind not in UNASKED:
        _item("filter_alt", "Filter for it").on_click(lambda: visit.pick(field, value, False))
        _item("filter_alt_off", "Filter it out").on_click(lambda: visit.pick(field, value, True))
    copy = _item("content_copy", "Copy")
    copy.on("click", js_handler=f"() => navigator.clipboard?.writeText({json.dumps(value)})")


def _all(visit: "Visit", pairs: list[tuple[str, str]]) -> None:
    ui.separator()
    asked = [(field, value) for field, value in pairs if schema.field(field).kind not in UNASKED]
    _item("filter_alt", "Filter for all of these").on_click(lambda: visit.pick_all(asked))


def _item(icon: str, text: str) -> ui.item:
    with ui.item().props("clickable dense role=menuitem") as item:
        with ui.item_section().props("avatar style=min-width:32px"):
            ui.icon(icon, size="18px")
        with ui.item_section():
            ui.label(text)
    return item
