"""What fields and measures are called, and the units of their numbers (data/labels.yaml): the same everywhere."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from collector.explore.dashboard import Panel
from collector.query.measures import NAMED, Measure, MeasureError, measure
from collector.query.model import OTHER

OTHERS = "Other"
"""What the groups beyond the top ones are called together."""


def label(name: str, panel: Panel | None = None) -> str:
    """Words for a field, a measure or a ratio's title; those of the panel come first, and what has none stays."""
    if panel is not None and name in panel.labels:
        return panel.labels[name]
    if name == OTHER:
        return OTHERS
    return named().get(name) or _of_measure(name)


def unit(name: str, panel: Panel | None = None) -> str:
    """The unit of units.py that the numbers of a measure or ratio have; empty where there is none."""
    ratios = {one.title: one.unit for one in panel.ratios} if panel is not None else {}
    if name in ratios:
        return ratios[name]
    try:
        return _measured(measure(name))
    except MeasureError:
        return unit_of_field(name) or ""


def unit_of_field(name: str) -> str | None:
    """The unit of a field's numbers; None where they are names rather than amounts, as ports are."""
    return units_named().get(name)


def units_named() -> Mapping[str, str]:
    """Units by field."""
    return _words()["units"]


def _measured(one: Measure) -> str:
    plain = one.text.removesuffix("/s")
    if plain in NAMED:
        return one.text
    found = (unit_of_field(one.field or "") or "") if one.kind != "unique" else ""
    return f"{found}/s" if one.per_second and found else found


def _of_measure(text: str) -> str:
    words = _words()
    known: str | None = words["measures"].get(text) or words["special"].get(text)
    if known:
        return known
    try:
        one = measure(text)
    except MeasureError:
        return text
    made: str = words["kinds"][one.kind].format(label(one.field or ""), one.percent)
    return f"{made} per second" if one.per_second else made


@cache
def named() -> Mapping[str, str]:
    """Labels by field."""
    words = _words()
    ends = {
        f"{end}.{part}": f"{name} {word}".strip()
        for end, name in words["ends"].items()
        for part, word in words["parts"].items()
    }
    return {**ends, **words["fields"]}


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    given: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
        files("collector").joinpath("data/labels.yaml").read_text(encoding="utf-8")
    )
    return given
