"""The columns of the rows of a file that a question looks at, and the states of all of these rows or of some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from collector.query.parquet.coding import Coded, Floats, Places, taken
from collector.query.parquet.columns import BUCKET, COUNT, LEAST, MOST, THERE, TIMES, VALUE
from collector.query.parquet.grouping import Weights, grouped
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
    def arrays(self) -> list[np.ndarray[tuple[int], np.dtype[np.generic]]]:
        """What takes its memory."""
        values = [array for where, coded in self.values.values() for array in (where, coded.codes) if array is not None]
        return [*(key.codes for key in self.keys), *(one.numbers for one in self.weights.values()), *values]

    def states(self, rows: Places | None = None) -> States:
        """Of all rows, or of some, which needs values of no list."""
        keys = [key.take(rows) for key in self.keys]
        values = {name: self._values(name, one, keys, rows) for name, one in self.values.items()}
        return States(self.total, self._main(keys, self.ask.by, rows), values)

    def together(self, rows: Places | None) -> States:
        """Of some rows, in one group for each interval."""
        interval = [self.keys[-1].take(rows)] if len(self.keys) > len(self.ask.by) else []
        count = len(self.keys[0].codes) if rows is None else len(rows)
        one = Coded(np.broadcast_to(np.uint8(0), count), pl.Series([0], dtype=pl.Int64))
        return States(self.total, self._main(interval or [one], (), rows), {})

    def _main(self, keys: Sequence[Coded], by: Sequence[str], rows: Places | None) -> pl.DataFrame:
        found = grouped(keys, {name: one.take(rows) for name, one in self.weights.items()})
        return pl.DataFrame(
            [
                *_keyed(by, keys, found.codes),
                pl.Series(COUNT, found.counts, dtype=pl.Int64),
                *(_state(name, values) for name, values in found.gathered.items()),
            ]
        )

    def _values(self, name: str, valued: Valued, keys: Sequence[Coded], rows: Places | None) -> pl.DataFrame:
        """The different values of a field in each group."""
        values = valued.coded.take(rows)
        keys = keys if valued.where is None else [key.take(valued.where) for key in keys]
        found = grouped([*keys, values], {})
        made = _keyed(self.ask.by, keys, found.codes[:-1])
        times = [pl.Series(TIMES, found.counts)] if name in self.ask.counted else []
        return pl.DataFrame([*made, _gathered(values, found.codes[-1]).alias(VALUE), *times])


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
    return made if len(made) == len(names) else [*made, pl.zeros(count, dtype=pl.Int64, eager=True).alias(BUCKET)]


def _gathered(key: Coded, codes: Places) -> pl.Series:
    return pl.Series(taken(key.values.to_numpy(), codes), dtype=key.values.dtype)
