"""Questions of which the groups are wanted that have most of something."""

from dataclasses import dataclass

from collector.query.model import Query
from collector.query.parquet import fields
from collector.query.parquet.columns import COUNT, MOST, SUM, THERE, column
from collector.query.parquet.states import Ask, ordered

SPARE = 50
"""Buckets that are looked at beside twice as many as groups are wanted."""
_ADDITIVE = {SUM, THERE}
_NUMEROUS = ("domain", "port", "port_name")
"""Ends of the names of fields that may have very many values, beside those of some kinds."""
_RANKS = {"sum": SUM, "max": MOST}


@dataclass(frozen=True)
class Lead:
    """A question of which the groups are wanted that have most of a state."""

    ask: Ask
    """With its fields in order."""
    state: str
    """The column of the states that groups are ranked by."""
    top: int
    others: bool
    """Whether the sums of all groups together are wanted too."""
    by: tuple[str, ...]
    """The fields in the order by whose values equal groups are sorted."""

    @property
    def adds(self) -> bool:
        """Whether the state is a sum, and not the largest value."""
        return self.state == COUNT or self.state.startswith(SUM)

    @property
    def spare(self) -> int:
        """Groups that are looked at, as the first may soon be others."""
        return 2 * self.top + SPARE


def lead_of(query: Query, ask: Ask) -> Lead | None:
    """A question that can be answered so; None for others."""
    order = query.measures[query.order]
    lists = any(fields.is_list(query.dataset, name) for name in (*query.by, *ask.values))
    if query.ascending or ask.spread or lists or not any(_numerous(query, name) for name in query.by):
        return None
    if query.other and (ask.values or any(state not in _ADDITIVE for state, _ in ask.states)):
        return None
    if order.kind == "count":
        return Lead(ordered(ask), COUNT, query.top, query.other, query.by)
    if order.kind in _RANKS:
        return Lead(ordered(ask), column(_RANKS[order.kind], order.field or ""), query.top, query.other, query.by)
    return None


def _numerous(query: Query, name: str) -> bool:
    return fields.known(query.dataset, name).kind in ("ip", "mac", "id") or name.endswith(_NUMEROUS)
