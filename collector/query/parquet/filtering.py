"""Which rows of a file a filter holds for: conditions on texts are looked at once for each different text."""

from functools import reduce

import numpy as np
import polars as pl

from collector.query.columns import Mask, Values
from collector.query.conditions import Condition, Exists, Span
from collector.query.parquet import fields
from collector.query.parquet.coding import Coded, looked_up
from collector.query.parquet.rows import Rows
from collector.query.tree import All, Everything, Has, Node, Not, Some


class Masks:
    """What filters hold for among the rows of a file; parts that filters have alike are worked out once."""

    def __init__(self, rows: Rows, now: int) -> None:
        self._rows = rows
        self._now = now
        self._found: dict[Node, Mask] = {}

    def of(self, node: Node) -> Mask:
        """The rows that it holds for."""
        if node not in self._found:
            self._found[node] = self._worked_out(node)
        return self._found[node]

    def _worked_out(self, node: Node) -> Mask:
        match node:
            case Has(name, condition):
                return self._has(name, condition)
            case Not(part):
                return ~self.of(part)
            case All(parts):
                return reduce(np.logical_and, map(self.of, parts))
            case Some(parts):
                return reduce(np.logical_or, map(self.of, parts))
        return np.ones(len(self._rows), np.bool_)

    def _has(self, name: str, condition: Condition) -> Mask:
        if not self._rows.has(name):
            return np.zeros(len(self._rows), np.bool_)
        if fields.is_list(self._rows.dataset, name):
            listed = self._rows.lists(name)
            return listed.having(self._matching(listed.elements, condition))
        if fields.is_text(fields.known(self._rows.dataset, name)):
            held = self._rows.codes(name)
            return looked_up(self._matching(held, condition), held.codes)
        return condition.matches(Values(self._rows.field(name)), self._now)

    def _matching(self, held: Coded, condition: Condition) -> Mask:
        """The codes that a condition on texts holds for."""
        return np.append(self._of_texts(held.values, condition), False)

    def _of_texts(self, numbers: pl.Series, condition: Condition) -> Mask:
        if isinstance(condition, Exists):
            return numbers.is_not_null().to_numpy()
        return self._rows.texts.matching(condition, numbers)


def names(node: Node) -> set[str]:
    """The fields that a filter looks at."""
    match node:
        case Has(name, _):
            return {name}
        case Not(part):
            return names(part)
        case All(parts) | Some(parts):
            return set().union(*map(names, parts))
    return set()


def lasting(node: Node) -> bool:
    """Whether what it holds for does not depend on the moment of the question."""
    match node:
        case Has(_, Span(low, high)):
            return not any(end is not None and end.relative for end in (low, high))
        case Not(part):
            return lasting(part)
        case All(parts) | Some(parts):
            return all(map(lasting, parts))
    return True


EVERYTHING = Everything()
