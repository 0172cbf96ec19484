"""The columns of the rows of a file that a question looks at, and the states of all of these rows or of some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
import polars as pl

from collector.query.parquet import fields
from collector.query.parquet.coding import Coded, Floats, Places, taken
from collector.query.parquet.columns import BUCKET, COUNT, LEAST, MOST, NO_INTERVAL, THERE, TIMES, VALUE
from collector.query.parquet.grouping import Groups, Key, Weights, grouped, summed
from collector.query.parquet.states import Ask, States, key_columns


class Valued(NamedTuple):
    """The values of a field: of each row, or, where it is a list, which of the rows each of them is of."""

    where: Places | None
    coded: Coded


@dataclass(frozen=True)
class Held:
    """What a question looks at of the rows that its filter holds for; of lists, rows are there once an element."""

    ask: Ask
    total: int
    """Rows that the filter holds for."""
    keys: Sequence[Coded]
    """The fields that rows are grouped by, and the interval where there is one or nothing else."""
    weights: Mapping[str, Weights]
    """By the columns of states."""
    values: Mapping[str, Valued]

    @property
    def is_listed(self) -> bool:
        """Whether rows are there once an element of a list."""
        return any(fields.is_list(self.ask.dataset, name) for name in self.ask.by)

    @property
    def arrays(self) -> list[np.ndarray[tuple[int], np.dtype[np.generic]]]:
        """What takes its memory."""
        values = [array for where, coded in self.values.values() for array in (where, coded.codes) if array is not None]
        return [*(key.codes for key in self.keys), *(one.numbers for one in self.weights.values()), *values]

    def states(self, rows: Places | None = None) -> States:
        """Of all rows, or of some, which needs values of no list."""
        keys = [key.take(rows) for key in self.keys]
        values = {name: self._values(name, one, keys, rows) for name, one in self.values.items()}
        return States(self.total, _main(self.ask.by, keys, self._weights(rows)), values)

    def of_whole_range(self, rows: Places, name: str) -> pl.DataFrame:
        """One state of the groups of some rows."""
        keys = [key.take(rows) for key in self.keys[: len(self.ask.by)]]
        return _main(self.ask.by, keys, {name: self.weights[name].take(rows)})

    def together(self, rows: Places | None) -> States:
        """Of some rows, in one group for each interval."""
        interval = [self.keys[-1].take(rows)] if len(self.keys) > len(self.ask.by) else []
        count = len(self.keys[0].codes) if rows is None else len(rows)
        one = Coded(np.broadcast_to(np.uint8(0), count), pl.Series([0], dtype=NO_INTERVAL))
        return States(self.total, _main((), interval or [one], self._weights(rows)), {})

    def coarser(self, keys: Sequence[Coded], found: Groups) -> States:
        """By groups of some of these keys, of which it needs a part."""
        places = [next(place for place, one in enumerate(keys) if one is key) for key in self.keys]
        few = [Coded(found.codes[place].astype(np.uint32), keys[place].values) for place in places]
        weights = {name: Weights(one.kind, found.gathered[name]) for name, one in self.weights.items()}
        return States(self.total, _main(self.ask.by, few, {COUNT: Weights("sum", found.counts), **weights}), {})

    def _weights(self, rows: Places | None) -> Mapping[str, Weights]:
        return {name: one.take(rows) for name, one in self.weights.items()}

    def _values(self, name: str, valued: Valued, keys: Sequence[Coded], rows: Places | None) -> pl.DataFrame:
        """The different values of a field in each group."""
        values = valued.coded.take(rows)
        keys = keys if valued.where is None else [key.take(valued.where) for key in keys]
        found = grouped([*keys, values], {})
        made = _keyed(self.ask.by, keys, found.codes[:-1])
        times = [pl.Series(TIMES, found.counts)] if name in self.ask.counted else []
        return pl.DataFrame([*made, _gathered(values, found.codes[-1]).alias(VALUE), *times])


MOST_JOINT = 1 << 16
"""Groups that are possible where questions about the same rows are answered by one table."""


def jointly(several: Sequence[Held]) -> list[States]:
    """The states of questions about the same rows, by a table of all their keys where that is small."""
    if len(several) == 1 or not len(several[0].keys[0].codes):
        return [held.states() for held in several]
    keys = _different(several)
    weights = {name: one for held in several for name, one in held.weights.items()}
    found = summed([Key(key.codes, key.size) for key in keys], weights)
    return [held.coarser(keys, found) for held in several]


def batches(several: Sequence[Held]) -> list[list[Held]]:
    """Questions that are answered together."""
    found: list[list[Held]] = []
    for held in several:
        batch = next((batch for batch in found if _fits([*batch, held])), None)
        if batch is None:
            found.append([held])
        else:
            batch.append(held)
    return found


def _different(several: Sequence[Held]) -> list[Coded]:
    """Keys of several questions, each once."""
    return list({id(key): key for held in several for key in held.keys}.values())


def _fits(several: Sequence[Held]) -> bool:
    """Whether they look at the same rows, and nothing but sums of few groups is asked of them."""
    first = several[0].ask.filter
    if any(held.values or held.is_listed or held.ask.filter != first for held in several):
        return False
    return prod(key.size for key in _different(several)) <= MOST_JOINT


def _main(by: Sequence[str], keys: Sequence[Coded], weights: Mapping[str, Weights]) -> pl.DataFrame:
    """The groups with what was gathered of each; the count of rows is that of `weights`, where it is there."""
    found = grouped(keys, weights)
    gathered = dict(found.gathered)
    counts = gathered.pop(COUNT, found.counts)
    return pl.DataFrame(
        [
            *_keyed(by, keys, found.codes),
            pl.Series(COUNT, counts).cast(pl.Int64),
            *(_state(name, values) for name, values in gathered.items()),
        ]
    )


def _state(name: str, values: Floats) -> pl.Series:
    """Null where no row has a value."""
    made = pl.Series(name, values, dtype=pl.Float64)
    if name.startswith((LEAST, MOST)):
        made = made.zip_with(made.is_finite(), pl.Series([None], dtype=pl.Float64).new_from_index(0, len(made)))
    return made.cast(pl.Int64) if name.startswith(THERE) else made


def _keyed(by: Sequence[str], keys: Sequence[Coded], codes: Sequence[Places]) -> list[pl.Series]:
    """The values of the groups; one interval for the whole range."""
    names = [*key_columns(by), BUCKET]
    made = [_gathered(key, one).alias(name) for name, key, one in zip(names, keys, codes, strict=False)]
    count = len(made[0])
    return made if len(made) == len(names) else [*made, pl.zeros(count, dtype=NO_INTERVAL, eager=True).alias(BUCKET)]


def _gathered(key: Coded, codes: Places) -> pl.Series:
    return pl.Series(taken(key.values.to_numpy(), codes), dtype=key.values.dtype)
