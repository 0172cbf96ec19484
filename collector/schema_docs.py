"""The page of all fields, which follows from the schema: `python -m collector.schema_docs > docs/fields.md`."""

import sys

import polars as pl

from collector import schema

_HEAD = f"""# Fields

A flow is one document of an index `elastiflow-{schema.VERSION}-YYYY.MM.DD`, or one row of the Parquet files, with the
fields that its exporter and the enrichment could fill; a field without a value is left out (null in Parquet). Names
follow ECS and the ElastiFlow OSS 4.0.1 data model. A mapping type in *italics* is kept to sum and sort by, and has no
index to search by. The last column has the information elements that feed a field, of which the first one present is
taken: IANA's names, those of other enterprises after their number (PEN), elements of NetFlow v9 alone after `v9`.

Counter samples and dropped packets of sFlow are kept apart: see [interface counters](interface-counters.md).
So are rows about what the exporters and the collector did: see [health over time](health.md).

This page is made by `python -m collector.schema_docs > docs/fields.md`.
"""

_COPIES = """
## Copies

Full documents (`--document full`, the default) repeat what other fields say under the names by which dashboards,
searches and alerts find it; lean ones and Parquet files do not. `client` and `server` are `source` and `destination`,
or the other way round where `flow.client_end` is `destination`.
"""

_TABLE = "\n| field | mapping | Parquet | description | fed by |\n| --- | --- | --- | --- | --- |\n"

_PARQUET = {
    pl.String(): "string",
    pl.List(pl.String()): "list of strings",
    pl.Boolean(): "boolean",
    pl.Datetime("ms"): "timestamp, ms",
    pl.Float64(): "double",
}


def page() -> str:
    """The text of docs/fields.md."""
    groups: dict[str, list[schema.Field]] = {}
    for field in schema.fields().values():
        groups.setdefault(field.name.partition(".")[0], []).append(field)
    return _HEAD + "".join(_group(name, fields) for name, fields in groups.items()) + _copies()


def _copies() -> str:
    rows = (_row(field).replace(f"| {_parquet(field)} |", "| |", 1) for field in schema.copies().values())
    return _COPIES + _TABLE + "".join(rows)


def _group(name: str, fields: list[schema.Field]) -> str:
    title = f"\n## {name}\n"
    return title + _TABLE + "".join(map(_row, fields))


def _row(field: schema.Field) -> str:
    mapping = str(field.elasticsearch["type"])
    if not field.elasticsearch.get("index", True):
        mapping = f"*{mapping}*"
    elements = ", ".join(f"`{element}`" for element in field.elements)
    description = field.description.replace("|", "\\|")
    return f"| `{field.name}` | {mapping} | {_parquet(field)} | {description} | {elements} |\n"


def _parquet(field: schema.Field) -> str:
    return _PARQUET.get(field.dtype, str(field.dtype).lower())


if __name__ == "__main__":
    sys.stdout.write(page())
