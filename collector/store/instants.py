"""Times as JSON text, as columns: `2025-01-01T12:00:36.178Z`."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

SPARSE = 4
"""Above so many seconds of time span a row, only the seconds that occur are rendered."""
SECOND, WHOLE = 19, 24
"""Letters of a time without and with its fraction, in years of four digits."""
Places = npt.NDArray[np.integer[Any]]
Words = npt.NDArray[np.str_]


def times(values: pl.Series) -> pl.Series:
    """Texts of times in milliseconds: made of seconds, of which a batch has few, and of a thousand fractions."""
    stamps = values.to_physical()
    some = stamps.drop_nulls()
    nothing = pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, len(values))
    if not len(some):
        return nothing
    numbers = stamps.fill_null(some[0]).to_numpy()
    whole = numbers // 1000
    first, last = int(whole.min()), int(whole.max())
    if last - first <= SPARSE * len(values):
        seconds, places = np.arange(first, last + 1), whole - first
    else:
        seconds, places = np.unique(whole, return_inverse=True)
    written = _written(np.datetime_as_string(seconds.astype("datetime64[s]")), places, numbers - whole * 1000)
    return written.zip_with(values.is_not_null(), nothing) if values.null_count() else written


def _written(seconds: Words, places: Places, fractions: Places) -> pl.Series:
    """Seconds by place with their fractions behind them."""
    if any(len(second) != SECOND for second in seconds):
        both = [pl.Series("s", list(seconds)).gather(places), _fractions().gather(fractions).alias("f")]
        return pl.DataFrame(both).select(pl.concat_str("s", "f")).to_series()
    # All of one length: what is not letters of the one is letters of the other.
    cells = _cells(seconds).take(places, axis=0) | _cells_of_fractions().take(fractions, axis=0)
    ends = pa.py_buffer(np.arange(0, WHOLE * len(cells) + 1, WHOLE))
    return pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(len(cells), ends, pa.py_buffer(cells))))


def _cells(texts: Words) -> npt.NDArray[np.uint64]:
    """Texts filled up with zeros, three numbers each."""
    return texts.astype(f"S{WHOLE}").view(np.uint64).reshape(-1, 3)


@cache
def _fractions() -> pl.Series:
    """`.000Z` to `.999Z`."""
    return pl.Series([f".{number:03}Z" for number in range(1000)])


@cache
def _cells_of_fractions() -> npt.NDArray[np.uint64]:
    return _cells(np.array(["\0" * SECOND + fraction for fraction in _fractions()]))
