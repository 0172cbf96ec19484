"""Changes of some flows of a batch, in columns.

A value that hangs on the entry of a table (`host.name` on that of the exporter) is changed by giving the flows an entry
of their own: the batch's table grows by a row for each entry that such a flow pointed at.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from collector import schema
from collector.flows import Flows
from collector.index import compacted
from collector.query.columns import Mask, place
from collector.registry import VALUE

TAGS = "tags"


def set_value(flows: Flows, name: str, value: Any, which: Mask) -> Flows:
    """The flows, some with another value of a field in a column of their own; None takes it away."""
    return _with(flows, _chosen(flows.frame, name, value, schema.field(name).dtype, which))


def set_code(flows: Flows, name: str, row: int | None, which: Mask) -> Flows:
    """The flows, some pointing at another row of a table of registry.py; None: at none, of any table."""
    dtype = flows.frame.schema.get(name, pl.UInt32())
    return _with(flows, _chosen(flows.frame, name, row, dtype, which))


def set_entry(flows: Flows, name: str, value: Any, which: Mask) -> Flows:
    """The flows, some with another value of a field that one of the batch's tables has.

    An attribute stays missing where the flow points at no entry.
    """
    code, column = place(name)
    if code is None or (code != name and code not in flows.frame.columns):
        return flows
    codes, there = _codes(flows.frame, code)
    table = _table(flows, code, column, schema.field(name).dtype)
    hit = which & there
    places, used = compacted(codes[hit], table.height)
    parts = [table, _with_value(table[used], column, value)]
    codes[hit] = table.height + places
    if column == VALUE and (bare := which & ~there).any():
        codes[bare] = table.height + len(used)
        there = there | bare
        parts.append(_with_value(table.clear(1), column, value))
    tables = {**flows.tables, schema.table_of(code) or "": pl.concat(parts)}
    return Flows(flows.frame.with_columns(_nullable(code, codes, there)), tables)


def add_tags(flows: Flows, tags: tuple[str, ...], which: Mask) -> Flows:
    """The flows, some with tags beside those that they have."""
    dtype = schema.field(TAGS).dtype
    if TAGS not in flows.frame.columns:
        return set_value(flows, TAGS, list(tags), which)
    old = flows.frame.get_column(TAGS)
    words = old.unique()  # flows have few different lists
    longer = [list(dict.fromkeys([*(some or []), *tags])) for some in words.to_list()]
    known = pl.DataFrame([words, pl.Series("longer", longer, dtype=dtype)])
    found = old.to_frame().join(known, on=TAGS, how="left", nulls_equal=True, maintain_order="left")["longer"]
    return Flows(flows.frame.with_columns(found.alias(TAGS).zip_with(pl.Series(which), old)), flows.tables)


def _chosen(frame: pl.DataFrame, name: str, value: Any, dtype: pl.DataType, which: Mask) -> pl.Series:
    """A column with a value in some rows, and what it had in the others."""
    old = frame.get_column(name) if name in frame.columns else _constant(name, None, dtype, frame.height)
    return _constant(name, value, dtype, frame.height).zip_with(pl.Series(which), old)


def _constant(name: str, value: Any, dtype: pl.DataType, height: int) -> pl.Series:
    return pl.Series(name, [value], dtype=dtype).new_from_index(0, height)


def _with(flows: Flows, column: pl.Series) -> Flows:
    """The flows with a column, without it where it has no value at all."""
    if column.null_count() == len(column):
        return Flows(flows.frame.drop(column.name, strict=False), flows.tables)
    return Flows(flows.frame.with_columns(column), flows.tables)


def _codes(frame: pl.DataFrame, name: str) -> tuple[npt.NDArray[np.uint32], Mask]:
    """Row numbers to be changed in place, and which are there."""
    if name not in frame.columns:
        return np.zeros(frame.height, np.uint32), np.zeros(frame.height, np.bool_)
    column = frame.get_column(name)
    return column.cast(pl.UInt32).fill_null(0).to_numpy().copy(), column.is_not_null().to_numpy()


def _nullable(name: str, codes: npt.NDArray[np.uint32], there: Mask) -> pl.Series:
    column = pl.Series(name, codes)
    return column if there.all() else column.zip_with(pl.Series(there), _constant(name, None, column.dtype, len(codes)))


def _table(flows: Flows, code: str, column: str, dtype: pl.DataType) -> pl.DataFrame:
    """The table that a coded column points into, with that column."""
    table = flows.tables.get(schema.table_of(code) or "", pl.DataFrame({VALUE: pl.Series([], dtype=pl.String)}))
    return table if column in table.columns else table.with_columns(pl.lit(None, dtype).alias(column))


def _with_value(table: pl.DataFrame, column: str, value: Any) -> pl.DataFrame:
    return table.with_columns(pl.lit(value, table.schema[column]).alias(column))
