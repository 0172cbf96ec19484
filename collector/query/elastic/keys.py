"""Values of fields as the keys of groups: what engines give, and filters for them."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from math import atan, degrees, pi, sinh
from typing import Any

import polars as pl

from collector import schema
from collector.coordinates import coordinates
from collector.query.conditions import Condition, Instant, Real, Span
from collector.query.elastic.dsl import MAPPED, Dsl, Look, dsl
from collector.query.elastic.view import View
from collector.query.tree import Has
from collector.query.values import Text, equal

Key = tuple[Any, ...]
"""A value for each field of a group, times in milliseconds since 1970."""
GEO = "geo_point"
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
    """As it was written: engines keep a little more or less than that."""
    latitude, longitude = _tile(*map(int, raw.split("/"))) if "/" in raw else map(float, raw.split(","))
    return coordinates(latitude, longitude)


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
    if field.kind == "time":
        condition: Condition = Span(Instant(part), Instant(part))
    elif field.kind == "f64":
        condition = Real(part, part)
    else:
        condition = equal(field, Text(str(part).lower() if field.kind == "bool" else str(part), quoted=True))
    return dsl(view.tree(Has(name, condition)), look)
