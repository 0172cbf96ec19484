"""A batch of flows as columns of a row group: all fields of its dataset, in their order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import polars as pl
import pyarrow as pa

from collector import registry, schema
from collector.flows import Flows
from collector.placed import ATTRIBUTES, PLACE, Rows, places
from collector.registry import VALUE
from collector.schema import Field
from collector.store.parquet.columns import is_list, is_number, nothing, numbers
from collector.store.parquet.encoding import Column, Values
from collector.store.parquet.integers import Integers
from collector.store.parquet.lists import lists
from collector.store.parquet.texts import Pick, Words, coded_once, kept, some_words, texts, words

_FEW = 16
"""Flows for each row of a table from which on rows that no flow points at do not matter."""


def columns(flows: Flows) -> Iterator[Column]:
    """The columns of a batch; null where it lacks a field."""
    names, source = set(flows.names()), _Source(flows)
    for name, field in flows.dataset.fields.items():
        yield source.column(field) if name in names else nothing(field, len(flows))


@dataclass(frozen=True, eq=False)
class _View:
    """The rows of a table that a coded column points at."""

    key: str
    """The same for columns that share a dictionary."""
    table: pl.DataFrame
    pick: Pick
    used: Rows | None = None
    """Those that any flow points at; None: all that there are, or as good as."""
    constant: str | None = None
    """The name of a constant table of which few rows are used."""

    def part(self, columns: pl.DataFrame) -> pl.DataFrame:
        """The used rows of some of the table's columns."""
        return columns if self.used is None else columns[self.used]

    def whole(self, codes: Values) -> Values:
        """What each row of the table has, where `codes` are those of the used ones."""
        if self.used is None:
            return codes
        out = np.zeros(self.table.height, codes.dtype)
        out[self.used] = codes
        return out

    def words(self, attribute: str) -> Words:
        """The texts of an attribute, one for each row of the table."""
        coded = _coded(self.constant, attribute) if self.constant else None
        if coded is not None and self.used is not None:
            found = some_words(coded, self.used)
        else:
            found = words(_arrow(self.part(self.table.select(attribute)).to_series()))
        return found._replace(codes=self.whole(found.codes))


class _Source:
    """Columns of one batch. A table is looked at once for all columns that point into it."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._integers = Integers()
        self._views: dict[str, _View] = {}
        self._placed: dict[str, _View | None] = {}
        """The same by the places of addresses alone, for what these determine."""
        self._places: dict[str, tuple[pl.DataFrame, Values] | None] = {}
        self._words: dict[tuple[str, str], Words] = {}
        self._texts: dict[tuple[str, int], Column] = {}

    def column(self, field: Field) -> Column:
        """A field that the batch has."""
        code = field.code or (field.name if field.table else None)
        if code is None or is_number(field):
            return _own(field, self._flows.column(field.name), self._integers)
        attribute = field.attribute or VALUE
        if is_list(field):
            return self._lists(self._view(code), attribute)
        view = self._view(code)
        view = (self._by_place(code, view) if attribute in ATTRIBUTES else None) or view
        if (view.key, attribute) not in self._words:
            self._words[view.key, attribute] = self._looked_at(view, attribute)
        return self._picked(code, self._words[view.key, attribute], view.pick)

    def _picked(self, code: str, found: Words, pick: Pick) -> Column:
        """The texts of flows; attributes that are numbered alike have their numbers looked up once."""
        key = code, id(found.codes)
        if key not in self._texts:
            self._texts[key] = texts(found, pick)
        known = self._texts[key]
        return replace(known, dictionary=found.dictionary if len(known.values) else None)

    def _looked_at(self, view: _View, attribute: str) -> Words:
        """The texts of an attribute, with the very numbers of one before that is numbered alike."""
        first = self._words.get((view.key, VALUE))
        if first is not None and view.table.get_column(attribute).equals(view.table.get_column(VALUE)):
            return first  # domains without a name, for one
        found = view.words(attribute)
        for (other, _), known in self._words.items():
            if other == view.key and _alike(known, found):
                return found._replace(codes=known.codes)
        return found

    def _lists(self, view: _View, attribute: str) -> Column:
        part = view.part(view.table.select(attribute)).to_series()
        rows = view.pick.rows if view.used is None else view.whole(np.arange(len(view.used)))[view.pick.rows]
        if view.pick.present is not None:
            rows = np.where(view.pick.present, rows, len(part))
        return lists(_arrow(part), rows)

    def _by_place(self, code: str, view: _View) -> _View | None:
        """The places that a column's addresses are in; None where the table does not tell them."""
        if code not in self._placed:
            if view.key not in self._places:
                self._places[view.key] = _places(view)
            found = self._places[view.key]
            if found is not None:
                table, numbers = found
                placed = _View(f"{view.key} {PLACE}", table, view.pick._replace(rows=numbers.take(view.pick.rows)))
            self._placed[code] = placed if found else None
        return self._placed[code]

    def _view(self, code: str) -> _View:
        """The table that a coded column points into.

        A column that uses less than half of a table has texts of its own, so that a file does not hold the names of all
        services there are, nor all addresses once more for three next hops.
        """
        if code not in self._views:
            table, pick = self._flows.table(code), _pick(self._flows.frame.get_column(code))
            used, name = _used(table.height, pick), schema.table_of(code) or ""
            constant = None if used is None or name in self._flows.tables else name
            self._views[code] = _View(name if used is None else code, table, pick, used, constant)
        return self._views[code]


@cache
def _coded(name: str, attribute: str) -> pa.DictionaryArray | None:
    """The texts of a constant table, numbered once and for all; None where some are null."""
    column = registry.table(name).get_column(attribute)
    return None if column.null_count() else coded_once(_arrow(column))


def _places(view: _View) -> tuple[pl.DataFrame, Values] | None:
    """What places have, a row for each, and the place of each row of a table; None where it does not tell them."""
    if PLACE not in view.table.columns:
        return None
    part = view.part(view.table.select(PLACE, *(name for name in ATTRIBUTES if name in view.table.columns)))
    found = places(part)
    return None if found is None else (part[found[0]], view.whole(found[1]))


def _alike(one: Words, other: Words) -> bool:
    """Whether texts have the same numbers, though they may be others."""
    same = one.nulls == other.nulls and one.codes.dtype == other.codes.dtype
    return same and one.dictionary.entries == other.dictionary.entries and np.array_equal(one.codes, other.codes)


def _own(field: Field, series: pl.Series, integers: Integers) -> Column:
    """A column that is not looked up in a table for texts."""
    if not is_number(field):
        rows = np.arange(len(series))
        return lists(_arrow(series), rows) if is_list(field) else texts(words(_arrow(series)), Pick(rows, None))
    values = series.to_physical()
    present = values.is_not_null().to_numpy() if values.null_count() else None
    return numbers(field, values.drop_nulls().to_numpy(), present, len(values), integers)


def _pick(codes: pl.Series) -> Pick:
    if not codes.null_count():
        return Pick(codes.to_numpy(), None)
    return Pick(codes.fill_null(0).to_numpy(), codes.is_not_null().to_numpy())


def _used(height: int, pick: Pick) -> Rows | None:
    """The rows of a table that are picked at all; None where that is not worth texts of their own."""
    if height * _FEW < len(pick.rows):
        return None
    used = np.zeros(height, np.bool_)
    used[pick.rows if pick.present is None else kept(pick.rows, pick.present)] = True
    return np.flatnonzero(used) if 2 * np.count_nonzero(used) <= height else None


def _arrow(series: pl.Series) -> pa.Array:
    """Texts as they are, whatever type they are kept in."""
    plain = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
    return plain.to_arrow(compat_level=pl.CompatLevel.oldest())
