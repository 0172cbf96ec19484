"""The groups that lead, found without telling all groups apart where there may be millions.

Groups are put into buckets by their keys, and what is ranked by is added up for each bucket: no group has more than
its bucket. So the rows of the largest buckets are grouped, and if the last of the wanted groups has more than each of
the other buckets, no group of these can be among them. Else the buckets that have as much are looked at too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.query.columns import Mask
from collector.query.model import Query
from collector.query.parquet import fields
from collector.query.parquet.adding import added
from collector.query.parquet.buckets import BUCKETS, Totals, bucketed, totals
from collector.query.parquet.coding import BLOCK, Coded, Floats, Places, blocks, taken
from collector.query.parquet.columns import BUCKET, COUNT, MOST, SUM, THERE, column
from collector.query.parquet.held import Held
from collector.query.parquet.states import Ask, States, joined, key_columns, ordered, whole

FEW, FEW_PLAIN = 1 << 12, 1 << 16
"""Groups that are all told apart: more where nothing but a few sums is asked of them."""
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

    @property
    def adds(self) -> bool:
        """Whether the state is a sum, and not the largest value."""
        return self.state == COUNT or self.state.startswith(SUM)

    @property
    def way(self) -> Any:
        """How it is gathered."""
        return np.add if self.adds else np.maximum

    @property
    def nothing(self) -> float:
        """What no rows add up to."""
        return 0.0 if self.adds else -np.inf


def lead_of(query: Query, ask: Ask) -> Lead | None:
    """A question that can be answered so; None for others."""
    order = query.measures[query.order]
    lists = any(fields.is_list(query.dataset, name) for name in (*query.by, *ask.values))
    if query.ascending or ask.spread or lists or not any(_numerous(query, name) for name in query.by):
        return None
    if query.other and (ask.values or any(state not in _ADDITIVE for state, _ in ask.states)):
        return None
    if order.kind == "count":
        return Lead(ordered(ask), COUNT, query.top, query.other)
    if order.kind in _RANKS:
        return Lead(ordered(ask), column(_RANKS[order.kind], order.field or ""), query.top, query.other)
    return None


def _numerous(query: Query, name: str) -> bool:
    return fields.known(query.dataset, name).kind in ("ip", "mac", "id") or name.endswith(_NUMEROUS)


@dataclass(frozen=True, eq=False)
class Watch:
    """The buckets whose groups are told apart."""

    flags: Mask
    """A truth value for each bucket, and for that of rows that lack a key."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.flags.nbytes

    @cached_property
    def everything(self) -> bool:
        """Whether these are all."""
        return bool(self.flags.all())


NOTHING = Watch(np.zeros(BUCKETS + 1, np.bool_))
EVERYTHING = Watch(np.ones(BUCKETS + 1, np.bool_))


@dataclass(frozen=True)
class Found:
    """What is known of the groups of some files."""

    watch: Watch
    states: States
    """Of the groups of these buckets at least."""
    totals: Totals | None
    """Of each bucket, at least what its largest group has; None where all groups are told apart."""
    together: States | None
    """Of all groups in one, by interval, where that is wanted."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.states.size + sum(one.size for one in (self.totals, self.together) if one is not None)

    def suits(self, watch: Watch) -> bool:
        """Whether the groups of these buckets are told apart."""
        return self.watch is watch or self.watch is EVERYTHING


class Led:
    """The rows of a file, for a question about leading groups; `buckets` is what `bucketed` makes of the keys."""

    def __init__(self, held: Held, lead: Lead, buckets: npt.NDArray[np.uint32]) -> None:
        self.held = held
        self._lead = lead
        self.buckets = buckets

    @property
    def arrays(self) -> list[npt.NDArray[Any]]:
        """What takes its memory."""
        return [self.buckets, *self.held.arrays]

    def found(self, watch: Watch) -> Found:
        """What these rows tell."""
        rows = None if watch.everything else np.flatnonzero(taken(watch.flags, self.buckets))
        return Found(watch, self.held.states(rows), self._totals, self._together)

    @cached_property
    def _totals(self) -> Totals:
        """Negative numbers count as none: so the sum is at least that of each group."""
        lead, made = self._lead, np.full(BUCKETS + 1, self._lead.nothing)
        numbers = np.ones(1) if lead.state == COUNT else self.held.weights[lead.state].numbers
        if lead.adds and numbers.min(initial=0) < 0:
            numbers = np.maximum(numbers, 0)
        each = np.broadcast_to(numbers, len(self.buckets))
        for part in blocks(len(each), BLOCK):
            lead.way.at(made, self.buckets[part].astype(np.intp), each[part])
        return totals(made[:BUCKETS], lead.nothing)

    @cached_property
    def _together(self) -> States | None:
        if not self._lead.others:
            return None
        lacking = self.buckets.max(initial=0) == BUCKETS
        return self.held.together(np.flatnonzero(self.buckets < BUCKETS) if lacking else None)


def all_told(lead: Lead, states: States) -> Found:
    """Where all groups are told apart."""
    together = None
    if lead.others:
        together = replace(states, main=added([states.main], [BUCKET], distinct=False), values={})
    return Found(EVERYTHING, states, None, together)


def are_few(ask: Ask, keys: Sequence[Coded]) -> bool:
    """Whether all groups of these keys may be told apart."""
    plain = ask.interval is None and not ask.values
    return prod(key.size for key in keys) <= (FEW_PLAIN if plain else FEW)


def summed(lead: Lead, watch: Watch, parts: Sequence[Found]) -> Found:
    """What several files tell together, of each of which these buckets were looked at; there is at least one."""
    several = None if all(part.totals is None for part in parts) else _totals_of(lead, parts)
    states = joined([part.states for part in parts], lead.ask.keys)
    everywhere = [part.together for part in parts if part.together is not None]
    together = joined(everywhere, [BUCKET]) if everywhere else None
    return Found(EVERYTHING if several is None else watch, states, several, together)


def _totals_of(lead: Lead, parts: Sequence[Found]) -> Totals:
    numbers = np.full(BUCKETS, lead.nothing)
    for part in parts:
        if part.totals is None:
            _count_in(lead, numbers, part.states)
        else:
            part.totals.added(numbers, lead.way)
    return Totals(numbers)


def _count_in(lead: Lead, several: Floats, states: States) -> None:
    """The groups of files that all are told apart of."""
    keys = [states.main.get_column(name) for name in key_columns(lead.ask.by)]
    codes = np.arange(states.main.height, dtype=np.uint32)
    buckets = bucketed([Coded(codes, key) for key in keys]) if len(codes) else codes
    values = states.main.get_column(lead.state).cast(pl.Float64).fill_null(lead.nothing).to_numpy()
    lead.way.at(several, buckets, np.maximum(values, 0) if lead.adds else values)


def wider(lead: Lead, found: Found) -> Watch | None:
    """The buckets that have to be looked at to be sure of the leading groups; None where they were."""
    if found.totals is None or found.watch.everything:
        return None
    numbers = found.totals.numbers
    least = _least(lead, found.states)
    if found.watch is NOTHING:
        least = None
    elif least is None:
        return EVERYTHING
    elif numbers[~found.watch.flags[:BUCKETS]].max(initial=-np.inf) < least:
        return None
    flags = found.watch.flags.copy()
    flags &= np.count_nonzero(flags) < BUCKETS // 4
    flags[_largest(numbers, 2 * lead.top + SPARE)] = True
    if least is not None:
        flags[:BUCKETS] |= numbers >= least
    return Watch(flags)


def _least(lead: Lead, states: States) -> float | None:
    """What a group needs to be among the first, with some room for rounding; None where all may be."""
    ranking = whole(states, lead.ask) if lead.ask.interval is not None else states
    best = ranking.main.get_column(lead.state).drop_nulls().cast(pl.Float64).top_k(lead.top)
    if len(best) < lead.top:
        return None
    last = cast("float", best.min())
    return last - abs(last) * 1e-9 if last > 0 or not lead.adds else None


def _largest(numbers: Floats, count: int) -> Places:
    return np.argpartition(numbers, len(numbers) - min(count, len(numbers)))[-count:]
