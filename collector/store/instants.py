"""Times as JSON text, as columns: `2025-01-01T12:00:36.178Z`."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.store.views import Views, even

SPARSE = 4
"""Above so many seconds of time span a row, only the seconds that occur are rendered."""
SECOND, WHOLE = 19, 24
"""Letters of a time without and with its fraction, in years of four digits."""
Places = npt.NDArray[np.integer[Any]]
Words = npt.NDArray[np.str_]


def times(values: pl.Series) -> pl.Series:
    """Texts of times in milliseconds; null stays null."""
    some = values.drop_nulls()
    if not len(some):
        return pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, len(values))
    written = instants(values.fill_null(some[0])).texts()
    return written.set(values.is_null(), None) if values.null_count() else written


def instants(values: pl.Series) -> Views:
    """Texts of times in milliseconds, none null: of seconds, which are few in a batch, and a thousand fractions."""
    numbers = values.to_physical().to_numpy()
    whole = numbers // 1000
    first, last = int(whole.min()), int(whole.max())
    if last - first <= SPARSE * len(values):
        seconds, places = np.arange(first, last + 1), whole - first
    else:
        seconds, places = np.unique(whole, return_inverse=True)
    return _written(np.datetime_as_string(seconds.astype("datetime64[s]")), places, numbers - whole * 1000)


def _written(seconds: Words, places: Places, fractions: Places) -> Views:
    """Seconds by place with their fractions behind them."""
    if any(len(second) != SECOND for second in seconds):
        both = [pl.Series("s", list(seconds)).gather(places), _fractions().gather(fractions).alias("f")]
        return Views.of(pl.DataFrame(both).select(pl.concat_str("s", "f")).to_series())
    # All of one length: what is not letters of the one is letters of the other.
    cells = _cells(seconds).take(places, axis=0)
    cells |= _cells_of_fractions().take(fractions, axis=0)
    return even(cells.view(np.uint8), WHOLE)


def _cells(texts: Words) -> npt.NDArray[np.uint64]:
    """Texts filled up with zeros, four numbers each: numpy gathers 32 bytes quicker than 24."""
    return texts.astype("S32").view(np.uint64).reshape(-1, 4)


@cache
def _fractions() -> pl.Series:
    """`.000Z` to `.999Z`."""
    return pl.Series([f".{number:03}Z" for number in range(1000)])


@cache
def _cells_of_fractions() -> npt.NDArray[np.uint64]:
    return _cells(np.array(["\0" * SECOND + fraction for fraction in _fractions()]))
