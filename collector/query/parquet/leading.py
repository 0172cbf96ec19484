"""The groups that lead, found without telling all groups apart where there may be millions.

Groups are put into buckets by their keys, and what is ranked by is added up for each bucket: no group has more than
its bucket. So the rows of the largest buckets are grouped, and if the last of the wanted groups has more than each of
the other buckets, no group of these can be among them. Else the buckets that have as much are looked at too.

Where the largest value is ranked by, each file tells its first groups (see `peaks`), and theirs are the buckets.
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
from collector.query.parquet.adding import added
from collector.query.parquet.buckets import BUCKETS, Rounded, Totals, bucketed, rounded
from collector.query.parquet.coding import BLOCK, Coded, Floats, Places, blocks, taken
from collector.query.parquet.columns import BUCKET, COUNT
from collector.query.parquet.held import Held
from collector.query.parquet.leads import Lead
from collector.query.parquet.peaks import Peaks, first_of_all, first_of_rows, first_of_states
from collector.query.parquet.states import Ask, States, joined, key_columns, whole
from collector.query.parquet.texts import Texts

FEW, FEW_PLAIN = 1 << 12, 1 << 16
"""Groups that are all told apart: more where nothing but a few sums is asked of them."""


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

    @property
    def some(self) -> Mask:
        """The same to be added to; none where they have become many."""
        return self.flags & (np.count_nonzero(self.flags) < BUCKETS // 4)


NOTHING = Watch(np.zeros(BUCKETS + 1, np.bool_))
EVERYTHING = Watch(np.ones(BUCKETS + 1, np.bool_))


@dataclass(frozen=True)
class Found:
    """What is known of the groups of some files."""

    watch: Watch
    states: States
    """Of the groups of these buckets at least."""
    totals: Totals | Rounded | None = None
    """Of each bucket, at least what its largest group has, where a sum is ranked by and some are not told apart."""
    together: States | None = None
    """Of all groups in one, by interval, where that is wanted."""
    peaks: Peaks | None = None
    """The first groups, where the largest value is ranked by."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.states.size + sum(one.size for one in (self.totals, self.together, self.peaks) if one is not None)

    def suits(self, watch: Watch) -> bool:
        """Whether the groups of these buckets are told apart."""
        return self.watch is watch or self.watch is EVERYTHING


class Led:
    """The rows of a file, for a question about leading groups; `buckets` is what `bucketed` makes of the keys."""

    def __init__(self, held: Held, lead: Lead, buckets: npt.NDArray[np.uint32], texts: Texts) -> None:
        self.held = held
        self._texts = texts
        self._lead = lead
        self.buckets = buckets

    @property
    def arrays(self) -> list[npt.NDArray[Any]]:
        """What takes its memory."""
        return [self.buckets, *self.held.arrays]

    def found(self, watch: Watch) -> Found:
        """What these rows tell."""
        rows = None if watch.everything else np.flatnonzero(taken(watch.flags, self.buckets))
        return Found(watch, self.held.states(rows), self._totals, self._together, self._peaks)

    @cached_property
    def _totals(self) -> Rounded | None:
        """Negative numbers count as none: so the sum is at least that of each group."""
        lead, made = self._lead, np.zeros(BUCKETS + 1)
        if not lead.adds:
            return None
        numbers = np.ones(1) if lead.state == COUNT else self.held.weights[lead.state].numbers
        if numbers.min(initial=0) < 0:
            numbers = np.maximum(numbers, 0)
        each = np.broadcast_to(numbers, len(self.buckets))
        for part in blocks(len(each), BLOCK):
            np.add.at(made, self.buckets[part].astype(np.intp), each[part])
        return rounded(made[:BUCKETS])

    @cached_property
    def _peaks(self) -> Peaks | None:
        lead = self._lead
        return None if lead.adds else first_of_rows(self.held, lead, self._texts)

    @cached_property
    def _together(self) -> States | None:
        if not self._lead.others:
            return None
        lacking = self.buckets.max(initial=0) == BUCKETS
        return self.held.together(np.flatnonzero(self.buckets < BUCKETS) if lacking else None)


def all_told(lead: Lead, states: States, texts: Texts) -> Found:
    """Where all groups are told apart."""
    together, peaks = None, None
    if lead.others:
        together = replace(states, main=added([states.main], [BUCKET], distinct=False), values={})
    if not lead.adds:
        peaks = first_of_states(states, lead, texts)
    return Found(EVERYTHING, states, None, together, peaks)


def are_few(ask: Ask, keys: Sequence[Coded]) -> bool:
    """Whether all groups of these keys may be told apart."""
    plain = ask.interval is None and not ask.values
    return prod(key.size for key in keys) <= (FEW_PLAIN if plain else FEW)


def summed(lead: Lead, watch: Watch, parts: Sequence[Found]) -> Found:
    """What several files tell together, of each of which these buckets were looked at; there is at least one."""
    told = all(part.watch is EVERYTHING for part in parts)
    several = _totals_of(lead, parts) if lead.adds and not told else None
    states = joined([part.states for part in parts], lead.ask.keys)
    everywhere = [part.together for part in parts if part.together is not None]
    together = joined(everywhere, [BUCKET]) if everywhere else None
    peaks = [part.peaks for part in parts if part.peaks is not None]
    first = first_of_all(peaks, lead.spare) if peaks else None
    return Found(EVERYTHING if told else watch, states, several, together, first)


def _totals_of(lead: Lead, parts: Sequence[Found]) -> Totals:
    numbers = np.zeros(BUCKETS)
    for part in parts:
        match part.totals:
            case Totals(several):
                numbers += several
            case Rounded():
                part.totals.added(numbers)
            case None:
                _count_in(lead, numbers, part.states)
    return Totals(numbers)


def _count_in(lead: Lead, several: Floats, states: States) -> None:
    """The groups of files that all are told apart of."""
    values = states.main.get_column(lead.state).cast(pl.Float64).fill_null(0).to_numpy()
    np.add.at(several, _buckets_of(lead, states.main), np.maximum(values, 0))


def _buckets_of(lead: Lead, groups: pl.DataFrame) -> npt.NDArray[np.uint32]:
    codes = np.arange(groups.height, dtype=np.uint32)
    keys = [Coded(codes, groups.get_column(name)) for name in key_columns(lead.ask.by)]
    return bucketed(keys) if len(codes) else codes


def wider(lead: Lead, found: Found) -> Watch | None:
    """The buckets that have to be looked at to be sure of the leading groups; None where they were."""
    if found.watch.everything:
        return None
    if found.peaks is not None:
        return _wider_for(lead, found.watch, found.peaks)
    if found.totals is None:
        return None
    numbers = found.totals.numbers
    least = _least(lead, found.states)
    if found.watch is NOTHING:
        least = None
    elif least is None:
        return EVERYTHING
    elif numbers[~found.watch.flags[:BUCKETS]].max(initial=-np.inf) < least:
        return None
    flags = found.watch.some
    flags[_largest(numbers, lead.spare)] = True
    if least is not None:
        flags[:BUCKETS] |= numbers >= least
    return Watch(flags)


def _wider_for(lead: Lead, watch: Watch, peaks: Peaks) -> Watch | None:
    """Where the first groups are known: only those that are wanted have to be in these buckets."""
    if peaks.groups.height < lead.top:
        return EVERYTHING
    places = _buckets_of(lead, peaks.groups)
    if watch.flags[places[: lead.top]].all():
        return None
    flags = watch.some
    flags[places] = True
    return Watch(flags)


def _least(lead: Lead, states: States) -> float | None:
    """What a group needs to be among the first, with some room for rounding; None where all may be."""
    ranking = whole(states, lead.ask) if lead.ask.interval is not None else states
    best = ranking.main.get_column(lead.state).drop_nulls().cast(pl.Float64).top_k(lead.top)
    if len(best) < lead.top:
        return None
    last = cast("float", best.min())
    return last * (1 - 1e-9) if last > 0 else None


def _largest(numbers: Floats, count: int) -> Places:
    return np.argpartition(numbers, len(numbers) - min(count, len(numbers)))[-count:]
