"""Filters: which flows of a batch a condition in Lucene syntax holds for (docs/filter.md)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from collector import schema
from collector.flows import Flows
from collector.query.columns import Columns, Mask
from collector.query.syntax import parsed
from collector.query.tree import Node
from collector.schema import Field


@dataclass(frozen=True)
class Filter:
    """A filter that has been read."""

    text: str
    """As it was written."""
    tree: Node

    def mask(self, flows: Flows, now: int | None = None) -> pl.Series:
        """Boolean, one a flow, never null; `now` in milliseconds since 1970, by default the clock's."""
        return pl.Series("filter", self.of(Columns(flows), now))

    def of(self, columns: Columns, now: int | None = None) -> Mask:
        """The same for the columns of a batch that more than one filter looks at."""
        return self.tree.mask(columns, time.time_ns() // 1_000_000 if now is None else now)


def parse(text: str, fields: Mapping[str, Field] | None = None) -> Filter:
    """Read a filter, on these fields, by default those of flows.

    FilterError, with the position, where it makes no sense: a field, a value or the syntax.
    """
    return Filter(text, parsed(text, schema.fields() if fields is None else fields))
