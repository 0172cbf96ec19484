"""The first groups by the largest value of a field, in the order of an answer.

A group is among the first of all files only if it is among the first of the file that has its largest value: those that
come before it there have as much in all files. So each file needs to tell only so many groups, however many are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from collector.query.parquet.coding import Floats, Places
from collector.query.parquet.columns import VALUE
from collector.query.parquet.held import Held
from collector.query.parquet.leads import Lead
from collector.query.parquet.sorting import sortables
from collector.query.parquet.states import States, key_columns, whole
from collector.query.parquet.texts import Texts


@dataclass(frozen=True)
class Peaks:
    """The first groups of some files: as many as are looked at, if there are so many."""

    groups: pl.DataFrame
    """Their keys, the largest value of each, and columns that equal ones are sorted by; in order."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return int(self.groups.estimated_size())


def first_of_rows(held: Held, lead: Lead, texts: Texts) -> Peaks:
    """Of the rows of a file, of which those without a value have minus infinity."""
    numbers = held.weights[lead.state].numbers.astype(np.float64, copy=False)
    several = lead.spare
    while True:
        rows = _largest(numbers, several)
        found = held.of_whole_range(rows, lead.state)
        if found.height >= lead.spare or len(rows) < several:
            return _first(found, lead, texts)
        several = 8 * max(several, len(rows))


def first_of_states(states: States, lead: Lead, texts: Texts) -> Peaks:
    """Of all groups of a file."""
    several = states if lead.ask.interval is None else whole(states, lead.ask)
    return _first(several.main, lead, texts)


def first_of_all(parts: Sequence[Peaks], count: int) -> Peaks:
    """So many groups of several files."""
    if len(parts) == 1:
        return parts[0]
    several = pl.concat([part.groups for part in parts])
    others = [name for name in several.columns if name != VALUE]
    return Peaks(_sorted(several.group_by(others).agg(pl.col(VALUE).max()).select(several.columns), count))


def _largest(numbers: Floats, count: int) -> Places:
    """The rows that have the largest numbers, and all that have as much as the last of them."""
    if count >= len(numbers):
        return np.flatnonzero(numbers > -np.inf)
    least = np.partition(numbers, len(numbers) - count)[len(numbers) - count]
    return np.flatnonzero(numbers >= least if least > -np.inf else numbers > -np.inf)


def _first(groups: pl.DataFrame, lead: Lead, texts: Texts) -> Peaks:
    ask, keys = lead.ask, key_columns(lead.ask.by)
    there = groups.select(*keys, pl.col(lead.state).alias(VALUE)).drop_nulls(VALUE)
    if there.height > lead.spare:
        there = there.filter(pl.col(VALUE) >= there.get_column(VALUE).top_k(lead.spare).min())
    names = {keys[ask.by.index(name)]: name for name in lead.by}
    return Peaks(_sorted(there.with_columns(sortables(ask.dataset, names, there, texts)), lead.spare))


def _sorted(groups: pl.DataFrame, count: int) -> pl.DataFrame:
    sort = [name for name in groups.columns if name.startswith("sort")]
    return groups.sort([VALUE, *sort], descending=[True, *[False] * len(sort)]).head(count)
