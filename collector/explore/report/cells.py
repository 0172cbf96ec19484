"""Tables as texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from collector.explore import labels, units
from collector.explore.charts.groups import shown
from collector.explore.charts.look import Look
from collector.explore.dashboard import Panel
from collector.query.model import OTHER, Answer
from collector.query.ranges import local, milliseconds


@dataclass(frozen=True)
class Column:
    """One of a table."""

    title: str
    cells: tuple[str, ...]
    right: bool = False
    """Whether it is of numbers."""


def columns(panel: Panel, answer: Answer, look: Look) -> list[Column]:
    """Those of a panel of the kinds `table` and `records`."""
    return _records(panel, answer, look) if panel.kind == "records" else _groups(panel, answer)


def _groups(panel: Panel, answer: Answer) -> list[Column]:
    frame = answer.frame
    others = frame.get_column(OTHER).to_list() if OTHER in frame.columns else [False] * frame.height
    named = [_named(panel, name, frame.get_column(name).to_list(), others) for name in panel.by]
    numbers = [*panel.measures, *(one.title for one in panel.ratios)]
    return [*named, *(_numbers(panel, name, frame.get_column(name).to_list()) for name in numbers)]


def _named(panel: Panel, name: str, values: Sequence[Any], others: Sequence[bool]) -> Column:
    """The others are told once, in the first column."""
    instead = labels.OTHERS if name == panel.by[0] else ""
    cells = (instead if other else shown(value) for value, other in zip(values, others, strict=True))
    return Column(labels.label(name, panel), tuple(cells))


def _numbers(panel: Panel, name: str, values: Sequence[Any]) -> Column:
    unit = labels.unit(name, panel)
    return Column(labels.label(name, panel), tuple(units.text(value, unit) for value in values), right=True)


def _records(panel: Panel, answer: Answer, look: Look) -> list[Column]:
    frame = answer.frame
    return [
        Column(
            labels.label(name, panel),
            tuple(cell(name, value, look.zone) for value in frame.get_column(name).to_list()),
            right=frame.schema[name].is_numeric(),
        )
        for name in panel.fields
        if name in frame.columns
    ]


def cell(name: str, value: Any, zone: str) -> str:
    """A value of a field; times are those of the zone."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, datetime):
        time = local(milliseconds(value.replace(tzinfo=UTC)), ZoneInfo(zone))
        return time.isoformat(" ", "seconds")[:19]
    unit = labels.unit_of_field(name)
    if unit is not None and isinstance(value, int | float):
        return units.text(value, unit)
    return shown(value)
