"""The table of fields: what a flow may carry, under which name, with which type, fed by which information elements.

Everything else about a field follows from here: the decoder's columns, the Parquet types, the JSON rendering, the index
template and docs/fields.md. The table itself is data/fields.csv:

* `name`: dotted, after ECS and the ElastiFlow 4.0.1 data model;
* `kind`: a key of `KINDS`;
* `elements`: information elements that feed the field, in order of preference, as IANA names or `pen:name`;
* `table`: the table whose row numbers the column holds while flows are under way (many flows point at few things):
  `addresses`, `exporters`, `interfaces` and others that exporters name are the batch's own, those of registry.py are
  constant;
* `via`: `CODE>ATTRIBUTE` for a field that is not a column of the flow but an attribute of the table entry which the
  column CODE points at (`source.ip>domain`: the host name of the address in `source.ip`);
* `description`: one sentence for docs/fields.md.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

VERSION = "1"
"""Version of the data model, part of the index names (`elastiflow-<version>-YYYY.MM.DD`)."""


@dataclass(frozen=True)
class Kind:
    """How a kind of field is kept: in polars and Parquet, and in a search engine."""

    dtype: pl.DataType
    elasticsearch: Mapping[str, Any]

    @property
    def numeric(self) -> bool:
        """Whether the JSON form is a bare number."""
        return self.dtype.is_numeric()


_LONG = {"type": "long"}
KINDS: Mapping[str, Kind] = {
    "ip": Kind(pl.String(), {"type": "ip"}),
    "mac": Kind(pl.String(), {"type": "keyword"}),
    # Longer values than Lucene's limit of 32,766 bytes would cost the whole document.
    "keyword": Kind(pl.String(), {"type": "keyword", "ignore_above": 1024}),
    "keywords": Kind(pl.List(pl.String()), {"type": "keyword", "ignore_above": 1024}),
    "geo_point": Kind(pl.String(), {"type": "geo_point"}),
    "bool": Kind(pl.Boolean(), {"type": "boolean"}),
    "time": Kind(pl.Datetime("ms"), {"type": "date"}),
    "u8": Kind(pl.UInt8(), _LONG),
    "u16": Kind(pl.UInt16(), _LONG),
    "u32": Kind(pl.UInt32(), _LONG),
    "u64": Kind(pl.UInt64(), _LONG),
    # Hashed to 64 bits by some exporters, and nobody counts with it: larger than an engine's long.
    "id": Kind(pl.UInt64(), {"type": "keyword"}),
    # Summed, not searched: kept as doc values without an inverted index.
    "counter": Kind(pl.UInt64(), {"type": "long", "index": False}),
    "f64": Kind(pl.Float64(), {"type": "double"}),
    # JSON text: what its names are is known when it comes.
    "object": Kind(pl.String(), {"type": "object", "dynamic": True}),
}


@dataclass(frozen=True)
class Field:
    """One row of data/fields.csv."""

    name: str
    kind: str
    elements: tuple[str, ...]
    table: str | None
    """The table whose row numbers the column holds, or None for a column that holds its own values."""
    code: str | None
    """The coded column through which the value is reached, or None for a column of the flow itself."""
    attribute: str | None
    """The attribute of that column's table."""
    description: str

    @property
    def dtype(self) -> pl.DataType:
        """Polars type of the field as stored."""
        return KINDS[self.kind].dtype

    @property
    def elasticsearch(self) -> Mapping[str, Any]:
        """Mapping parameters of the field."""
        return KINDS[self.kind].elasticsearch


def _field(row: dict[str, str]) -> Field:
    code, _, attribute = row["via"].partition(">")
    elements = tuple(row["elements"].split())
    table = row["table"] or None
    return Field(row["name"], row["kind"], elements, table, code or None, attribute or None, row["description"])


@cache
def fields() -> dict[str, Field]:
    """All fields by name, in the order of the documents."""
    table = files("collector").joinpath("data/fields.csv").read_text(encoding="utf-8")
    return {row["name"]: _field(row) for row in csv.DictReader(table.splitlines())}


def field(name: str) -> Field:
    """The field of that name; KeyError where the schema has none."""
    return fields()[name]


def table_of(name: str) -> str | None:
    """Name of the table whose row numbers the column holds, or None for a column that holds its own values."""
    return field(name).table
