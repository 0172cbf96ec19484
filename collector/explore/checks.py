"""What a panel may ask of the rows that it shows: fields that there are, of kinds that stores can group and sum."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from collector.datasets import Dataset
from collector.errors import CollectorError
from collector.query.filter import parse
from collector.query.measures import Measure, measure
from collector.query.syntax import unknown
from collector.schema import KINDS, Field

if TYPE_CHECKING:
    from collector.explore.dashboard import Panel

Place = tuple[str | int, ...]
"""Keys and positions that lead to a part of a file."""
Fault = tuple[Place, str]
FAULTS = "faults"
"""Type of pydantic's error that stands for them."""
UNGROUPED = ("counter", "object")
"""Kinds of fields without an index that groups, or lists of values, could be read from."""
POINT = "geo_point"


def controls(names: tuple[str, ...], dataset: Dataset) -> Iterator[Fault]:
    """What is wrong with fields to choose values of."""
    for number, name in enumerate(names):
        for text in _grouped(name, dataset.asked):
            yield ("controls", number), text


def of_panel(panel: "Panel", dataset: Dataset, seen: set[str]) -> Iterator[Fault]:
    """What is wrong with a panel; `seen`, the ids of those before it, grows by its own."""
    if panel.id in seen:
        yield ("id",), "another panel has the same id"
    seen.add(panel.id)
    known = dataset.asked
    try:
        parse(panel.filter, known)
    except CollectorError as error:
        yield ("filter",), str(error)
    yield from _names(panel, known)
    for number, text in enumerate(panel.measures):
        for wrong in _measured(measure(text), known):
            yield ("measures", number), wrong


def _names(panel: "Panel", known: Mapping[str, Field]) -> Iterator[Fault]:
    for number, name in enumerate(panel.by):
        for text in _grouped(name, known, points=panel.kind == "map"):
            yield ("by", number), text
    for number, name in enumerate(panel.fields):
        if name not in known:
            yield ("fields", number), unknown(name, known)


def _grouped(name: str, known: Mapping[str, Field], *, points: bool = False) -> Iterator[str]:
    if name not in known:
        yield unknown(name, known)
    elif known[name].kind in UNGROUPED:
        yield f"{name} is a number to be summed: no groups can be made of it"
    elif known[name].kind == POINT and not points:
        yield f"{name} is a place: only a map can show it"


def _measured(one: Measure, known: Mapping[str, Field]) -> Iterator[str]:
    if one.field is None:
        return
    if one.field not in known:
        yield unknown(one.field, known)
    elif one.kind != "unique" and not _numeric(known[one.field]):
        yield f"{one.text}: {one.field} is no number; unique:{one.field} counts different values"


def _numeric(field: Field) -> bool:
    return KINDS[field.kind].numeric and field.kind != "id"
