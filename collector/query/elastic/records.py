"""Rows as they are: documents by page, as columns."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from collector import schema
from collector.datasets import Dataset
from collector.query.elastic.dsl import Dsl, Look, between, dsl
from collector.query.elastic.others import listed
from collector.query.elastic.search import Asked, Search
from collector.query.elastic.view import View
from collector.query.model import MOST_RECORDS, TIME, Answer, QueryError, Records
from collector.query.syntax import unknown

UNSORTED = ("geo_point", "object")


def check(records: Records, view: View) -> None:
    """QueryError where the question makes no sense."""
    known = records.dataset.asked
    for name in (*records.fields, records.sort):
        if name not in known:
            raise QueryError(unknown(name, known))
    if known[records.sort].kind in UNSORTED:
        raise QueryError(f"{records.sort} has no order to sort by")
    if listed(records.sort):
        raise QueryError(f"{records.sort} is a list, by which rows cannot be sorted")
    if not view.plain(records.sort):
        raise QueryError(f"lean documents have no {records.sort}, by which rows could be sorted")
    if records.offset + records.limit > MOST_RECORDS:
        raise QueryError(f"only the first {MOST_RECORDS:,} rows can be paged: sort them the other way, or filter")


def asked(records: Records, indices: Sequence[str], view: View, look: Look) -> Asked[Answer]:
    """The page."""
    (reply,) = yield [Search(indices, _body(records, view, look))]
    found = [dict(flat(hit["_source"], records.dataset)) for hit in reply.hits]
    names = records.fields or [name for name in records.dataset.asked if view.spot(name).constant is None]
    columns = {name: [view.values(row, name) for row in found] for name in names}
    kept = {name: rows for name, rows in columns.items() if records.fields or any(rows)}
    frame = pl.DataFrame([column(name, rows) for name, rows in kept.items()])
    return Answer(frame, reply.total, reply.notes)


def _body(records: Records, view: View, look: Look) -> Dsl:
    within = records.range
    time = between(TIME, {"gte": within.start, "lt": within.end}, format="epoch_millis")
    given = [] if records.filter is None else [dsl(view.tree(records.filter.tree), look)]
    return {
        "from": records.offset,
        "size": records.limit,
        "query": {"bool": {"filter": [time, *given]}},
        "sort": list(_sort(records)),
        "_source": [one for name in records.fields for one in view.names(name)] or not records.fields,
    }


def _sort(records: Records) -> Iterator[Any]:
    """Rows that are alike stay in one order from page to page."""
    order = "desc" if records.descending else "asc"
    kind = schema.field(records.sort).elasticsearch["type"]
    yield {records.sort: {"order": order, "missing": "_last", "unmapped_type": kind}}
    if records.sort != TIME:
        yield {TIME: {"order": "desc", "unmapped_type": "date"}}
    yield "_doc"


def flat(value: Any, dataset: Dataset, name: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The values of each field of a document under its dotted name."""
    found: dict[str, list[Any]] = {}
    for field, one in _leaves(value, dataset.asked, name):
        found.setdefault(field, []).append(one)
    return iter(found.items())


def _leaves(value: Any, known: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    if name in known and known[name].kind == "object":
        yield name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, known, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, known, f"{name}.{key}" if name else key)
    elif value is not None:
        yield name, value


def column(name: str, rows: list[list[Any]]) -> pl.Series:
    """A column of the values of some rows in the schema's type; of lists where rows may have several."""
    field = schema.field(name)
    if listed(name):
        lists = [list(dict.fromkeys(map(str, row))) or None for row in rows]
        return pl.Series(name, lists, pl.List(pl.String))
    values = [row[0] if row else None for row in rows]
    if field.kind == "time":
        return pl.Series(name, values, pl.String).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms")
    if field.kind == "id":
        return pl.Series(name, [None if one is None else int(one) for one in values], field.dtype)
    return pl.Series(name, values, field.dtype, strict=False)
