"""Rules: what is changed, tagged or dropped of the flows that a filter holds for (docs/rules.md)."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from collector import schema
from collector.flows import Flows
from collector.query.changes import add_tags, set_code, set_entry, set_value
from collector.query.columns import Columns, Mask
from collector.query.conditions import Word
from collector.query.filter import Filter
from collector.query.settable import Way, code_of, way
from collector.query.tree import Has

CLIENT = "flow.client_end"


@dataclass(frozen=True)
class Change:
    """Another value of a field, which fits it (`settable.checked`)."""

    field: str
    value: Any
    """None takes it away."""
    client: str | None = None
    """The end that is the client of the flows that it is for; None: for all."""

    def of(self, flows: Flows, which: Mask) -> Flows:
        """The flows, some of them changed."""
        if self.client is not None:
            which = which & Has(CLIENT, Word(self.client)).mask(Columns(flows), 0)
        return _set(flows, self.field, self.value, which) if which.any() else flows


@dataclass(frozen=True)
class Rule:
    """One rule."""

    name: str
    when: Filter
    changes: tuple[Change, ...] = ()
    """In their order; each sees what those before it did."""
    tags: tuple[str, ...] = ()
    drop: bool = False

    def change(self, flows: Flows, which: Mask) -> Flows:
        """The flows, some of them changed."""
        for change in self.changes:
            flows = change.of(flows, which)
        return add_tags(flows, self.tags, which) if self.tags else flows


class Rules:
    """Applies rules in their order; each sees what those before it did."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules = tuple(rules)
        self.dropped: Counter[str] = Counter()
        """Flows, by the name of the rule that dropped them."""

    def apply(self, flows: Flows) -> Flows:
        """The flows that are left, in their order."""
        if not self._rules:
            return flows
        now = time.time_ns() // 1_000_000
        columns = Columns(flows)
        for rule in self._rules:
            which = rule.when.of(columns, now)
            if which.any():
                columns = columns.after(self._applied(rule, columns.flows, which))
        return columns.flows

    def _applied(self, rule: Rule, flows: Flows, which: Mask) -> Flows:
        if not rule.drop:
            return rule.change(flows, which)
        self.dropped[rule.name] += int(which.sum())
        return flows.filter(pl.Series(~which))


def _set(flows: Flows, name: str, value: Any, which: Mask) -> Flows:
    how = way(schema.field(name))
    if how is Way.COLUMN:
        return set_value(flows, name, value, which)
    if how is Way.CONSTANT or (value is None and schema.table_of(name)):
        return set_code(flows, name, None if value is None else code_of(name, value), which)
    return set_entry(flows, name, value, which)
