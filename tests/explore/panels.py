"""A panel of each kind of chart and an answer to it, small enough to count by hand."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from collector.explore.charts import Look
from collector.explore.colours import colour
from collector.explore.dashboard import Panel
from collector.explore.labels import label
from collector.query.model import Answer, Range

BEGIN = 1_764_288_000_000
"""Midnight UTC of 28 November 2025."""
MINUTE = 60_000
RANGE = Range(BEGIN, BEGIN + 10 * MINUTE)
EVIL = "<img src=x onerror=alert(1)>"
"""A name as nobody should call a host."""


def look(*, dark: bool = False, zone: str = "UTC") -> Look:
    return Look(dark=dark, zone=zone, label=label, colour=colour, step=MINUTE, range=RANGE)


def panel(kind: str, by: Sequence[str] = (), measures: Sequence[str] = ("bytes",)) -> Panel:
    return Panel.model_validate({"id": kind, "title": kind.title(), "kind": kind, "by": by, "measures": measures})


def answer(asked: Panel, *rows: Sequence[Any], times: bool = False) -> Answer:
    """Rows of the fields of `by`, the minute where there are times, and the measures; without a name: the others."""
    columns = [*asked.by, *(["@timestamp"] if times else []), *asked.measures]
    frame = pl.DataFrame([tuple(row) for row in rows], schema=columns, orient="row")
    if times:
        moment = BEGIN + pl.col("@timestamp").cast(pl.Int64) * MINUTE
        frame = frame.with_columns(moment.cast(pl.Datetime("ms")).alias("@timestamp"))
    other = pl.any_horizontal(pl.col(name).is_null() for name in asked.by) if asked.by else pl.lit(value=False)
    return Answer(frame.with_columns(other.alias("other")))


def each() -> dict[str, tuple[Panel, Answer]]:
    """All kinds."""
    stacked = panel("series", ["flow.service_name"], ["bits/s"])
    lines = panel("series", [], ["bits/s", "average:event.duration"])
    bars = panel("bars", ["client.domain", "server.domain"], ["bytes", "packets"])
    pie = panel("pie", ["destination.port"])
    sankey = panel("sankey", ["client.domain", "flow.service_name", "server.domain"])
    countries = panel("map", ["server.geo.country_iso_code"])
    points = panel("map", ["server.geo.location", "server.geo.city_name"])
    return {
        "stacked": (
            stacked,
            answer(stacked, ["https", 0, 8e6], ["https", 2, 4e6], ["ssh", 1, 2e6], [None, 2, 1e6], times=True),
        ),
        "lines": (lines, answer(lines, [0, 8e6, 5e9], [2, 4e6, 7e9], times=True)),
        "bars": (bars, answer(bars, ["a.example", EVIL, 3_000, 30], ["b.example", "c.example", 1_000, 10])),
        "pie": (pie, answer(pie, [443, 3_000], [53, 1_000], [None, 500])),
        "sankey": (
            sankey,
            answer(sankey, ["a.example", "https", "b.example", 30], ["b.example", "https", "a.example", 20]),
        ),
        "countries": (countries, answer(countries, ["US", 4e12], ["DE", 1e12], ["SG", 1e9])),
        "points": (
            points,
            answer(points, ["37.8,-97.8", "Wichita", 4e12], ["52.5,13.4", "Berlin", 1e12], ["nowhere", "X", 1.0]),
        ),
    }
