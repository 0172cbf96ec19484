"""The rows of a file: texts are numbers, times milliseconds, whole numbers and truth values what they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from collector.datasets import Dataset
from collector.query.origins import Both, Constant, Stored, Turned, origin
from collector.query.parquet import fields
from collector.query.parquet.coding import (
    Coded,
    CodedLists,
    Floats,
    are_same,
    coded,
    in_common,
    joined,
    listed,
    lists,
    looked_up,
    narrow,
    translated,
)
from collector.query.parquet.parts import NUMBER, Blank, Numbers, Table, floats, lists_of, series, texts_of
from collector.query.parquet.texts import Texts
from collector.schema import Field
from collector.store.full import END, ENDS

PLACE = "place"
"""Column of the number of a row in its file."""


class Rows:
    """The rows of a file that are of a time range, and their fields, each worked out at most once."""

    def __init__(self, dataset: Dataset, texts: Texts, rows: Table) -> None:
        self.dataset = dataset
        self.texts = texts
        self._columns = rows.columns
        self._count = sum(rows.rows)
        self._stored: dict[str, pl.Series] = {}
        self._coded: dict[str, Coded] = {}
        self._made: dict[str, Any] = {}

    def __len__(self) -> int:
        return self._count

    @property
    def places(self) -> pl.Series:
        """The numbers of the rows in their file."""
        return pl.concat([part.series for part in self._columns[PLACE] if isinstance(part, Numbers)])

    def has(self, name: str) -> bool:
        """Whether any row has a value of a field, as far as the columns tell that it is made of."""
        if isinstance(origin(self.dataset, name), Constant):
            return True
        needed = [one for one in fields.columns(self.dataset, name) if one != END or name == END]
        return any(not isinstance(part, Blank) for one in needed for part in self._columns.get(one, ()))

    def field(self, name: str) -> pl.Series:
        """A field's values, null where a row has none: the numbers of texts; of lists a list."""
        if name not in self._made:
            self._made[name] = self._field(name)
        made: pl.Series = self._made[name]
        return made

    def _field(self, name: str) -> pl.Series:
        match origin(self.dataset, name):
            case Stored(field):
                return self._column(field)
            case Turned(source, destination):
                return self._turned(self._column(source), self._column(destination))
            case Both(several):
                return _both([self._column(one) for one in several])
            case Constant(text):
                return self.texts.numbers(pl.Series([text])).new_from_index(0, len(self))

    def floats(self, name: str, nothing: float) -> Floats:
        """A field's numbers, `nothing` where a row has none."""
        source = origin(self.dataset, name)
        if isinstance(source, Stored):
            return floats(self._columns.get(source.field.name, ()), self._count, nothing)
        numbers = self.field(name).cast(pl.Float64)
        return (numbers.fill_null(nothing) if numbers.null_count() else numbers).to_numpy()

    def codes(self, name: str) -> Coded:
        """A field's values, coded; not of lists."""
        match origin(self.dataset, name):
            case Stored(field):
                return self._codes(field)
            case Turned(source, destination) if fields.is_text(source):
                one, other = self._codes(source), self._codes(destination)
                turned = self._turned(pl.Series(one.codes), pl.Series(other.codes))
                return Coded(turned.to_numpy(), one.values)
        if name not in self._coded:
            self._coded[name] = coded(self.field(name))
        return self._coded[name]

    def lists(self, name: str) -> CodedLists:
        """A field's values, coded, of lists."""
        key = f"lists of {name}"
        if key not in self._made:
            source, field = origin(self.dataset, name), fields.known(self.dataset, name)
            once = field.table is not None and field.kind == "keywords"
            there = isinstance(source, Stored) and source.field.name in self._columns
            self._made[key] = self._coded_lists(name) if there and once else lists(self.field(name), once=once)
        made: CodedLists = self._made[key]
        return made

    def _coded_lists(self, name: str) -> CodedLists:
        """A column of lists of texts, none of which is in a list twice."""
        parts = [lists_of(part) for part in self._columns[name]]
        values, tables = in_common([part.elements.values for part in parts])
        lengths = np.concatenate([np.empty(0, np.intp), *(part.lengths for part in parts)])
        coded = zip(tables, (part.elements.codes for part in parts), strict=True)
        return listed(lengths, Coded(translated(coded, int(lengths.sum()), len(values) + 1), values))

    def _codes(self, field: Field) -> Coded:
        if field.name not in self._coded:
            if fields.is_text(field):
                self._code_together(field)
            else:
                self._coded[field.name] = coded(self._column(field))
        return self._coded[field.name]

    def _code_together(self, field: Field) -> None:
        """A column of texts and that of the other end, so that the same code is the same text in both."""
        there = [name for name in (field.name, *_twins(field.name)) if name in self._columns]
        parts = {name: [texts_of(part) for part in self._columns[name]] for name in there}
        dictionaries = [part.values for name in there for part in parts[name]]
        if are_same(dictionaries):
            values = dictionaries[0]
            made = {name: joined([part.codes for part in parts[name]], len(values) + 1) for name in there}
        else:
            values, tables = in_common(dictionaries)
            left = iter(tables)
            tabled = {name: [(next(left), part.codes) for part in parts[name]] for name in there}
            made = {name: translated(several, len(self), len(values) + 1) for name, several in tabled.items()}
        self._coded |= {name: Coded(codes, values) for name, codes in made.items()}
        if field.name not in there:
            self._coded[field.name] = Coded(np.full(len(self), len(values), narrow(len(values) + 1)), values)

    @property
    def _straight(self) -> pl.Series:
        """Where the client is the source; ends that are not known are taken for the destination."""
        if "straight" not in self._made:
            ends = self._codes(self.dataset.fields[END])
            sources = np.append(self.texts.words(ends.values) == ENDS[0], False)
            self._made["straight"] = pl.Series(looked_up(sources, ends.codes))
        made: pl.Series = self._made["straight"]
        return made

    def _column(self, field: Field) -> pl.Series:
        if field.name not in self._stored:
            self._stored[field.name] = self._read(field)
        return self._stored[field.name]

    def _read(self, field: Field) -> pl.Series:
        if field.name not in self._columns:
            return pl.Series([None], dtype=_type(field)).new_from_index(0, len(self))
        if fields.is_text(field) and field.kind != "keywords":
            held = self._codes(field)
            return held.values.extend_constant(None, 1).gather(pl.Series(held.codes))
        parts = [series(part, _type(field)) for part in self._columns[field.name]]
        return pl.concat(parts).rechunk() if parts else pl.Series([], dtype=_type(field))

    def _turned(self, source: pl.Series, destination: pl.Series) -> pl.Series:
        """Of the client, or the other way round of the server."""
        return source.zip_with(self._straight, destination)

    def shown(self, name: str) -> pl.Series:
        """A field's values in the type of the schema."""
        values, field = self.field(name), fields.known(self.dataset, name)
        if isinstance(values.dtype, pl.List):
            return self._words(values)
        if fields.is_text(field):
            return self.texts.words(values)
        return values.cast(pl.Datetime("ms")) if field.kind == "time" else values

    def _words(self, several: pl.Series) -> pl.Series:
        numbered = several.to_frame("list").with_row_index("row").explode("list", empty_as_null=True, keep_nulls=True)
        words = numbered.with_columns(self.texts.words(numbered.get_column("list")).alias("list"))
        again = words.group_by("row", maintain_order=True).agg(pl.col("list")).get_column("list")
        return again.zip_with(several.list.len().fill_null(0) > 0, several.cast(pl.List(pl.String)))


def _twins(name: str) -> tuple[str, ...]:
    """The same field of the other end."""
    end, _, rest = name.partition(".")
    return (f"{ENDS[1 - ENDS.index(end)]}.{rest}",) if end in ENDS else ()


def _type(field: Field) -> pl.DataType:
    if field.kind == "keywords":
        return pl.List(NUMBER)
    if fields.is_text(field):
        return NUMBER
    return pl.Int64() if field.kind == "time" else field.dtype


def _both(several: Sequence[pl.Series]) -> pl.Series:
    """A list of what the columns have, each once; null where they have nothing."""
    frame = pl.DataFrame([one.alias(str(place)) for place, one in enumerate(several)])
    listed = pl.concat_list(pl.all()).list.drop_nulls().list.unique(maintain_order=True)
    made = frame.select(listed.alias("list"))
    return made.select(pl.when(pl.col("list").list.len() > 0).then("list")).to_series()
