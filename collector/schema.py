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

Rows of other kinds (datasets.py) have tables of their own: data/counters.csv and the structures of
data/sflow-structures.csv for counter samples, the fields of flows and data/discards.csv for dropped packets,
data/health.csv for the state of the collector. A name means the same in all of them.
"""

import csv
from collections.abc import Iterator, Mapping
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
    # Read, not searched, since other fields have each word of it; keyword would need `doc_values` off as well.
    "line": Kind(pl.String(), {"type": "text", "index": False}),
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


VOLUMES = frozenset(("bytes", "packets", "bytes_unscaled", "packets_unscaled", "sampling_interval", "sampling_from"))
"""Last parts of the names of fields that tell how much traffic a flow is, and how that was worked out."""

STRUCTURE_KINDS: Mapping[str, str] = {
    "u32": "u32",
    "u64": "u64",
    "i32": "f64",
    "f32": "f64",
    "pct": "f64",
    "mac": "mac",
    "str": "keyword",
    "opaque[4]": "keyword",
    "opaque[16]": "keyword",
}
"""The kinds of what structures of counters hold, by its type there."""


@dataclass(frozen=True)
class Field:
    """One row of data/fields.csv, or of another such table."""

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


def _read(name: str) -> dict[str, Field]:
    return {row["name"]: _field(row) for row in _rows(name)}


def _rows(name: str) -> Iterator[dict[str, str]]:
    table = files("collector").joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
    return csv.DictReader(table.splitlines())


@cache
def fields() -> dict[str, Field]:
    """All fields of flows by name, in the order of the documents."""
    return _read("fields")


@cache
def copies() -> dict[str, Field]:
    """Fields that full documents of flows have beside those: they repeat what others say."""
    return _read("copies")


@cache
def counters() -> dict[str, Field]:
    """All fields of counter samples: those of every sample, then `<structure>.<field>`."""
    structures = (row for row in _rows("sflow-structures") if row["kind"] == "counter_record")
    return _read("counters") | {one.name: one for row in structures for one in _structure(row)}


@cache
def discards() -> dict[str, Field]:
    """All fields of dropped packets: those of flows, without the volumes that sums are taken of."""
    return {name: one for name, one in fields().items() if name.rpartition(".")[2] not in VOLUMES} | _read("discards")


@cache
def health() -> dict[str, Field]:
    """All fields of the collector's own state over time."""
    return _read("health")


def _structure(row: dict[str, str]) -> Iterator[Field]:
    """The fields of a structure that are read: not its lists."""
    for given in filter(None, row["fields"].split(";")):
        name, kind, unit = (*given.split(":"), "")[:3]
        kept = STRUCTURE_KINDS.get(kind.partition("(")[0])
        if kept is not None:
            text = f"{name} of the structure {row['enterprise']}:{row['format']}"
            unit = "%" if kind == "pct" else unit
            yield Field(f"{row['name']}.{name}", kept, (), None, None, None, text + (f", in {unit}" if unit else ""))


@cache
def _all() -> dict[str, Field]:
    return health() | counters() | discards() | copies() | fields()


def field(name: str) -> Field:
    """The field of that name; KeyError where the schema has none."""
    return _all()[name]


def table_of(name: str) -> str | None:
    """Name of the table whose row numbers the column holds, or None for a column that holds its own values."""
    return field(name).table
