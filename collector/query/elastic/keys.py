"""Values of fields as the keys of groups: what engines give, and filters for them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from math import atan, degrees, pi, sinh
from typing import Any

import polars as pl

from collector import schema
from collector.query.conditions import Condition, Instant, Real, Span
from collector.query.elastic.dsl import MAPPED, Dsl, Look, dsl
from collector.query.elastic.view import Spot, View
from collector.query.tree import Has
from collector.query.values import Text, equal
from collector.store.full import END, ENDS

Key = tuple[Any, ...]
"""A value for each field of a group, times in milliseconds since 1970."""
GEO = "geo_point"
NEAR = 0.00005
"""Degrees: places are kept to four decimals."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def value(name: str, raw: Any) -> Any:
    """The value that an engine means."""
    kind = schema.field(name).kind
    if kind == "bool":
        return raw in (1, "true")
    if kind == "time":
        return _milliseconds(raw)
    if kind == GEO:
        return _place(str(raw))
    dtype = dtype_of(name)
    return int(raw) if dtype.is_integer() else float(raw) if dtype.is_float() else str(raw)


def _milliseconds(raw: Any) -> int:
    if isinstance(raw, str) and "T" in raw:
        return (datetime.fromisoformat(raw) - EPOCH) // timedelta(milliseconds=1)
    return int(raw)


def _place(raw: str) -> str:
    """To four decimals, as the databases of places are read: engines keep a little more or less than was written."""
    if "/" in raw:
        latitude, longitude = _tile(*map(int, raw.split("/")))
    else:
        latitude, longitude = map(float, raw.split(","))
    return f"{round(latitude, 4) + 0.0:g},{round(longitude, 4) + 0.0:g}"


def _tile(zoom: int, x: int, y: int) -> tuple[float, float]:
    """The middle of a map tile: degrees of latitude and longitude."""
    tiles = 1 << zoom
    return degrees(atan(sinh(pi * (1 - 2 * (y + 0.5) / tiles)))), (x + 0.5) / tiles * 360 - 180


def dtype_of(name: str) -> pl.DataType:
    """Polars type of a field's values, of a list's elements."""
    dtype = schema.field(name).dtype
    return dtype.inner if isinstance(dtype, pl.List) else dtype  # type: ignore[return-value]


def series(name: str, values: list[Any]) -> pl.Series:
    """A column of keys in the schema's type."""
    dtype = dtype_of(name)
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, pl.Int64).cast(dtype)
    return pl.Series(name, values, dtype)


def rank(names: tuple[str, ...], key: Key) -> tuple[Any, ...]:
    """By which groups of the same measure are told apart: of addresses the number, of ids the text."""
    return tuple(_sortable(schema.field(name).kind, part) for name, part in zip(names, key, strict=True))


def _sortable(kind: str, part: Any) -> Any:
    if kind == "ip":
        address = ip_address(part)
        return int(address) | MAPPED if address.version == 4 else int(address)
    return str(part) if kind == "id" else part


def is_(names: tuple[str, ...], key: Key, view: View, look: Look) -> Dsl:
    """Documents of a group."""
    return {"bool": {"filter": [_equals(name, part, view, look) for name, part in zip(names, key, strict=True)]}}


def _equals(name: str, part: Any, view: View, look: Look) -> Dsl:
    field = schema.field(name)
    if field.kind == GEO:
        return _near(view.spot(name), part)
    if field.kind == "time":
        condition: Condition = Span(Instant(part), Instant(part))
    elif field.kind == "f64":
        condition = Real(part, part)
    else:
        condition = equal(field, Text(str(part).lower() if field.kind == "bool" else str(part), quoted=True))
    return dsl(view.tree(Has(name, condition)), look)


def _near(spot: Spot, place: str) -> Dsl:
    boxes = [_around(names[0], place) for names in spot.parts]
    if not spot.turned:
        return boxes[0]
    ends = [{"bool": {"filter": [{"term": {END: end}}, box]}} for end, box in zip(ENDS, boxes, strict=True)]
    return {"bool": {"should": ends, "minimum_should_match": 1}}


def _around(name: str, place: str) -> Dsl:
    latitude, longitude = map(float, place.split(","))
    corners: Mapping[str, Any] = {
        "top_left": {"lat": min(latitude + NEAR, 90), "lon": max(longitude - NEAR, -180)},
        "bottom_right": {"lat": max(latitude - NEAR, -90), "lon": min(longitude + NEAR, 180)},
    }
    return {"geo_bounding_box": {name: corners}}
