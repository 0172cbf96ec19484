"""A batch of flows as columns of a row group: all fields of its dataset, in their order."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pyarrow as pa

from collector import registry, schema
from collector.flows import Flows
from collector.placed import ATTRIBUTES, Rows, places
from collector.registry import VALUE
from collector.schema import Field
from collector.store.parquet.columns import (
    Pick,
    Words,
    coded_once,
    is_list,
    is_number,
    lists,
    nothing,
    numbers,
    some_words,
    texts,
    words,
)
from collector.store.parquet.encoding import Column, Mask, Values

_FEW = 16
"""Flows for each row of a table from which on rows that no flow points at do not matter."""


def columns(flows: Flows) -> Iterator[Column]:
    """The columns of a batch; null where it lacks a field."""
    names, source = set(flows.names()), _Source(flows)
    for name, field in flows.dataset.fields.items():
        yield source.column(field) if name in names else nothing(field, len(flows))


class _Source:
    """Columns of one batch. A table is looked at once for all columns that point into it."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._places: dict[str, tuple[str, pl.DataFrame, Pick]] = {}
        self._words: dict[tuple[str, str], Words] = {}
        self._texts: dict[tuple[str, int], Column] = {}
        self._alike: dict[str, tuple[Rows, Values] | None] = {}
        """The places of tables."""
        self._constant: dict[str, tuple[str, Rows]] = {}
        """What was taken from constant tables: their names and the rows."""

    def column(self, field: Field) -> Column:
        """A field that the batch has."""
        code = field.code or (field.name if field.table else None)
        if code is None or is_number(field):
            return _own(field, self._flows.column(field.name))
        attribute = field.attribute or VALUE
        key, table, pick = self._place(code)
        if is_list(field):
            return lists(_arrow(table.get_column(attribute)), pick)
        if (key, attribute) not in self._words:
            self._words[key, attribute] = self._looked_at(key, table, attribute)
        return self._picked(code, self._words[key, attribute], pick)

    def _picked(self, code: str, found: Words, pick: Pick) -> Column:
        """The texts of flows; attributes that are numbered alike have their numbers looked up once."""
        key = code, id(found.codes)
        if key not in self._texts:
            self._texts[key] = texts(found, pick)
        known = self._texts[key]
        return replace(known, dictionary=found.dictionary if len(known.values) else None)

    def _looked_at(self, key: str, table: pl.DataFrame, attribute: str) -> Words:
        """The texts of an attribute, with the very numbers of one before that is numbered alike."""
        first = self._words.get((key, VALUE))
        if first is not None and table.get_column(attribute).equals(table.get_column(VALUE)):
            return first  # domains without a name, for one
        found = self._numbered(key, table, attribute)
        for (other, _), known in self._words.items():
            if other == key and _alike(known, found):
                return found._replace(codes=known.codes, present=known.present)
        return found

    def _numbered(self, key: str, table: pl.DataFrame, attribute: str) -> Words:
        """The texts of an attribute, each place looked at once."""
        if key in self._constant:
            name, rows = self._constant[key]
            coded = _coded(name, attribute)
            if coded is not None:
                return some_words(coded, rows)
        column = table.get_column(attribute)
        if key not in self._alike:
            self._alike[key] = places(table)
        alike = self._alike[key] if attribute in ATTRIBUTES else None
        if alike is None:
            return words(_arrow(column))
        first, codes = alike
        found = words(_arrow(column.gather(first)))
        return found._replace(codes=found.codes[codes], present=None if found.present is None else found.present[codes])

    def _place(self, code: str) -> tuple[str, pl.DataFrame, Pick]:
        """The table that a coded column points into, under a key that columns share, and its row for each flow.

        A column that uses less than half of a table gets one of its own, so that a file does not hold the names of all
        services there are, nor all addresses once more for three next hops.
        """
        if code not in self._places:
            table, pick = self._flows.table(code), _pick(self._flows.frame.get_column(code))
            used, name = _used(table.height, pick), schema.table_of(code) or ""
            if used is None:
                self._places[code] = name, table, pick
            else:
                there = np.flatnonzero(used)
                places = np.empty(table.height, np.uint32)
                places[there] = np.arange(len(there), dtype=np.uint32)
                if name not in self._flows.tables:
                    self._constant[code] = name, there
                self._places[code] = code, table[there], pick._replace(rows=places[pick.rows])
        return self._places[code]


@cache
def _coded(name: str, attribute: str) -> pa.DictionaryArray | None:
    """The texts of a constant table, numbered once and for all; None where some are null."""
    column = registry.table(name).get_column(attribute)
    return None if column.null_count() else coded_once(_arrow(column))


def _alike(one: Words, other: Words) -> bool:
    """Whether texts have the same numbers, though they may be others."""
    if (one.present is None) != (other.present is None) or one.codes.dtype != other.codes.dtype:
        return False
    present = one.present is None or other.present is None or np.array_equal(one.present, other.present)
    return present and np.array_equal(one.codes, other.codes)


def _own(field: Field, series: pl.Series) -> Column:
    """A column that is not looked up in a table for texts."""
    if not is_number(field):
        pick = Pick(np.arange(len(series)), None, len(series))
        return lists(_arrow(series), pick) if is_list(field) else texts(words(_arrow(series)), pick)
    values = series.to_physical()
    present = values.is_not_null().to_numpy() if values.null_count() else None
    return numbers(field, values.drop_nulls().to_numpy(), present, len(values))


def _pick(codes: pl.Series) -> Pick:
    if not codes.null_count():
        return Pick(codes.to_numpy(), None, len(codes))
    return Pick(codes.drop_nulls().to_numpy(), codes.is_not_null().to_numpy(), len(codes))


def _used(height: int, pick: Pick) -> Mask | None:
    """The rows of a table that are picked at all; None where that is not worth a table of its own."""
    if height * _FEW < pick.flows:
        return None
    used = np.zeros(height, np.bool_)
    used[pick.rows] = True
    return used if 2 * np.count_nonzero(used) <= height else None


def _arrow(series: pl.Series) -> pa.Array:
    """Texts as they are, whatever type they are kept in."""
    plain = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
    return plain.to_arrow(compat_level=pl.CompatLevel.oldest())
