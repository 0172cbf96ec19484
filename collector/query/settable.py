"""Which fields rules may change, and to what. ValueError where they may not."""

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from collector import registry, schema
from collector.registry import VALUE
from collector.schema import KINDS, Field

KEPT = ("@timestamp", "event.ingested", "host.ip")
"""Fields that every flow has, and that stores and order need."""
REFUSED = ("ip", "mac", "time", "geo_point", "object")
"""Kinds that rules may take away but not set."""
MOST_LISTED = 20


class Way(Enum):
    """Where the values of a field are, and so how they are changed."""

    COLUMN = "a column of the flows"
    CONSTANT = "row numbers of one of registry.py's tables"
    ENTRY = "an entry of one of the batch's tables"


def way(field: Field) -> Way:
    """How a field is changed."""
    if field.table is None and field.code is None:
        return Way.COLUMN
    return Way.CONSTANT if _is_constant(schema.table_of(field.code or field.name) or "") else Way.ENTRY


def checked(name: str, value: Any) -> Any:
    """The value that a rule sets, as it is kept."""
    field = _changeable(name)
    if field.kind in REFUSED or (field.kind == "keywords" and field.table):
        raise ValueError("rules can remove it, not set it")
    kept = _checked(field, value)
    if way(field) is Way.CONSTANT:
        code_of(name, kept)
    return kept


def removable(name: str) -> str:
    """A field that a rule takes away."""
    field = _changeable(name)
    if name in KEPT:
        raise ValueError("every flow needs it")
    return field.name


def code_of(name: str, value: Any) -> int:
    """The row of a value in the constant table of a field."""
    rows = _rows(schema.table_of(name) or "")
    if value not in rows:
        some = ", ".join(map(str, rows)) if len(rows) <= MOST_LISTED else "those of the registry"
        raise ValueError(f"{value!r} is none of its values: {some}")
    return rows[value]


def _changeable(name: str) -> Field:
    field = schema.field(name)
    if field.code is not None and way(field) is Way.CONSTANT:
        raise ValueError(f"it follows from {field.code}: change that")
    return field


def _checked(field: Field, value: Any) -> Any:
    if field.kind == "keywords":
        return list(texts(value))
    if field.kind == "keyword":
        return _expected(value, isinstance(value, str) and value != "", "a text")
    if field.kind == "bool":
        return _expected(value, isinstance(value, bool), "true or false")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if field.kind == "f64":
        return _expected(value, number and np.isfinite(value), "a number")
    most = np.iinfo(pl.Series([], dtype=KINDS[field.kind].dtype).to_numpy().dtype).max
    whole = number and isinstance(value, int) and 0 <= value <= most
    return _expected(value, whole, f"a whole number from 0 to {most}")


def texts(value: Any) -> tuple[str, ...]:
    """A text, or a list of them."""
    words = [value] if isinstance(value, str) else value
    fits = isinstance(words, list) and words and all(isinstance(word, str) and word for word in words)
    return tuple(dict.fromkeys(_expected(words, fits, "a text or a list of texts")))


def _expected(value: Any, fits: Any, what: str) -> Any:
    if not fits:
        raise ValueError(f"{value!r} is not {what}")
    return value


def _is_constant(table: str) -> bool:
    try:
        registry.table(table)
    except KeyError:
        return False
    return True


@lru_cache(maxsize=16)
def _rows(table: str) -> Mapping[Any, int]:
    """The row of each value of a constant table, the first where there are more."""
    values = registry.table(table)[VALUE].to_list()
    found: dict[Any, int] = {}
    for row, value in enumerate(values):
        found.setdefault(value, row)
    found.pop(None, None)
    return found
