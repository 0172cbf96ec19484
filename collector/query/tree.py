"""A filter as a tree of conditions on fields."""

from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Protocol, runtime_checkable

import numpy as np

from collector import registry, schema
from collector.query.columns import Columns, Mask, Values, place
from collector.query.conditions import Condition


@runtime_checkable
class Node(Protocol):
    """A part of a filter."""

    def mask(self, columns: Columns, now: int) -> Mask:
        """Which flows it holds for; `now` in milliseconds since 1970."""


@dataclass(frozen=True)
class Everything:
    """Holds for each flow."""

    def mask(self, columns: Columns, now: int) -> Mask:  # noqa: ARG002
        """See `Node`."""
        return np.ones(len(columns.flows), np.bool_)


@dataclass(frozen=True)
class Has:
    """A field has a value that a condition holds for. It holds for no flow without a value."""

    field: str
    condition: Condition

    def mask(self, columns: Columns, now: int) -> Mask:
        """See `Node`."""
        code, name = place(self.field)
        if (code or name) not in columns.flows.frame.columns:
            return np.zeros(len(columns.flows), np.bool_)
        if code is None:
            values = columns.own(name)
            return np.zeros(len(columns.flows), np.bool_) if values is None else self.condition.matches(values, now)
        found = self._of_entries(columns, schema.table_of(code) or "", name, now)
        return np.zeros(len(columns.flows), np.bool_) if found is None else columns.spread(code, found)

    def _of_entries(self, columns: Columns, table: str, name: str, now: int) -> Mask | None:
        if table not in columns.flows.tables:
            return _constant(self.condition, table, name)
        values = columns.entries(table, name)
        return None if values is None else self.condition.matches(values, now)


@lru_cache(maxsize=1024)
def _constant(condition: Condition, table: str, name: str) -> Mask:
    """What holds for the entries of one of registry.py's tables, which have no times."""
    return condition.matches(Values(registry.table(table).get_column(name)), now=0)


@dataclass(frozen=True)
class Not:
    """Holds where its part does not."""

    part: Node

    def mask(self, columns: Columns, now: int) -> Mask:
        """See `Node`."""
        return ~self.part.mask(columns, now)


@dataclass(frozen=True)
class All:
    """Holds where all parts do; what comes after a part that holds for no flow is not looked at."""

    parts: tuple[Node, ...]

    def mask(self, columns: Columns, now: int) -> Mask:
        """See `Node`."""
        found = self.parts[0].mask(columns, now)
        for part in self.parts[1:]:
            if not found.any():
                break
            found = found & part.mask(columns, now)
        return found


@dataclass(frozen=True)
class Some:
    """Holds where one of its parts does."""

    parts: tuple[Node, ...]

    def mask(self, columns: Columns, now: int) -> Mask:
        """See `Node`."""
        return reduce(np.logical_or, (part.mask(columns, now) for part in self.parts))
