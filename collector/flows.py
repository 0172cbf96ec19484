"""Flows on their way from the decoder to a store: a row a flow, with the few things that they share beside them.

Counter samples and dropped packets take the same way, as rows of another dataset.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from collector import registry, schema
from collector.datasets import FLOWS, Dataset
from collector.registry import VALUE


@dataclass(frozen=True)
class Flows:
    """A batch of flows in the schema's columns.

    `frame` has one row a flow and a column for each schema field that any of the flows has. A coded column (see
    `schema.table_of`) holds row numbers of its table, null where the flow has no such thing. `tables` maps the name of
    a table (`addresses`, `exporters`, `interfaces`, …) to a frame with the column `value` and one column an attribute,
    only for what this batch refers to; the constant tables of registry.py are not among them. A `Flows` is complete in
    itself: it can be written to disk and read back.
    """

    frame: pl.DataFrame
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    dataset: Dataset = FLOWS
    """The kind of the rows; its fields are the schema's that are meant here."""
    shared: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What is worked out of the tables once, for all slices of a batch; lost when it is written to disk."""

    def __len__(self) -> int:
        return self.frame.height

    def names(self) -> list[str]:
        """Names of the schema fields that this batch can give, in the schema's order."""
        return [name for name in self.dataset.fields if self._has(name)]

    def column(self, name: str) -> pl.Series:
        """The values of a field, looked up in its table where it is coded; KeyError where the batch has none."""
        if not self._has(name):
            raise KeyError(name)
        code, attribute = self._place(name)
        if code is None:
            return self.frame.get_column(name)
        table = self.table(code)
        return table.get_column(attribute).gather(self.frame.get_column(code)).alias(name)

    def table(self, code: str) -> pl.DataFrame:
        """The table that a coded column points into; KeyError where the batch lacks it."""
        name = schema.table_of(code) or ""
        return self.tables[name] if name in self.tables else registry.table(name)

    def wide(self, names: Iterable[str] | None = None) -> pl.DataFrame:
        """One column a field under its dotted name, in the schema's types."""
        return pl.DataFrame([self.column(name) for name in (self.names() if names is None else names)])

    def filter(self, keep: pl.Series) -> "Flows":
        """The flows where `keep` is true, over the same tables."""
        return self.over(self.frame.filter(keep))

    def slice(self, begin: int, count: int) -> "Flows":
        """At most `count` flows from row `begin` on, over the same tables."""
        return self.over(self.frame.slice(begin, count))

    def over(self, frame: pl.DataFrame) -> "Flows":
        """Other rows of the same kind over the same tables."""
        return replace(self, frame=frame)

    def days(self, zone: str = "UTC") -> Iterator[tuple[str, "Flows"]]:
        """The flows of each day of `@timestamp` in a time zone, as (YYYY-MM-DD, flows); not those without a time."""
        times = self.frame.get_column("@timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        first, last = times.min(), times.max()
        if first is None or last is None:
            return
        if first.date() == last.date() and not times.null_count():  # type: ignore[union-attr]
            yield first.date().isoformat(), self  # type: ignore[union-attr]
            return
        dates = times.dt.date()
        for date in dates.drop_nulls().unique().sort():
            yield date.isoformat(), self.filter(dates == date)

    def _place(self, name: str) -> tuple[str | None, str]:
        """The coded column and the attribute that a field is looked up by; None for a column of its own values."""
        one = schema.field(name)
        if one.code is not None and one.attribute is not None:
            return one.code, one.attribute
        return (name, VALUE) if schema.table_of(name) else (None, name)

    def _has(self, name: str) -> bool:
        code, attribute = self._place(name)
        if code is None:
            return name in self.frame.columns
        return code in self.frame.columns and attribute in self.table(code).columns
