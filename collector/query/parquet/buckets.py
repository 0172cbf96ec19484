"""Groups put into buckets by their keys, as if by chance, but the same in all files."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.query.parquet.coding import BLOCK, Coded, Floats, blocks, taken

BUCKETS = 1 << 17
"""Buckets of groups; behind them one of all rows that lack a key."""
_LACKING = 1 << 24
"""Instead of a bucket where a key is null: more than what several keys have together."""


@dataclass(frozen=True)
class Totals:
    """A number for each bucket, of several files."""

    numbers: Floats

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.numbers.nbytes


@dataclass(frozen=True)
class Rounded:
    """A number for each bucket, of a file: a little more than that, in two bytes."""

    halves: npt.NDArray[np.uint16]
    """The upper halves of numbers of 32 bits."""
    places: npt.NDArray[np.int32] | None = None
    """The buckets that have a number; None: all."""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.halves.nbytes + (0 if self.places is None else self.places.nbytes)

    @property
    def numbers(self) -> Floats:
        """Of all buckets."""
        whole = np.zeros(BUCKETS)
        self.added(whole)
        return whole

    def added(self, whole: Floats) -> None:
        """To the numbers of all buckets."""
        numbers = (self.halves.astype(np.uint32) << 16).view(np.float32)
        if self.places is None:
            whole += numbers
        else:
            whole[self.places] += numbers


def rounded(whole: Floats) -> Rounded:
    """Numbers of all buckets, none of them negative, as ones that are at least as large: by a hundredth at most."""
    places = np.flatnonzero(whole).astype(np.int32)
    some = places if len(places) < len(whole) // 4 else None
    numbers = whole if some is None else whole[some]
    with np.errstate(over="ignore"):  # what is beyond becomes infinite, which is more as well
        narrow = numbers.astype(np.float32)
    narrow = np.where(narrow < numbers, np.nextafter(narrow, np.float32(np.inf)), narrow)
    bits = narrow.view(np.uint32)
    return Rounded((bits >> 16).astype(np.uint16) + ((bits & 0xFFFF) > 0), some)


def bucketed(keys: Sequence[Coded]) -> npt.NDArray[np.uint32]:
    """The bucket of each row's group, the same in all files."""
    tables = [np.append(_spread(key.values, place), np.uint32(_LACKING)) for place, key in enumerate(keys)]
    found = np.empty(len(keys[0].codes), np.uint32)
    for part in blocks(len(found), BLOCK):
        some = taken(tables[0], keys[0].codes[part])
        for table, key in zip(tables[1:], keys[1:], strict=True):
            some += taken(table, key.codes[part])
        lacking = np.flatnonzero(some >= _LACKING)
        np.bitwise_and(some, np.uint32(BUCKETS - 1), out=found[part])
        found[part][lacking] = BUCKETS
    return found


def _spread(values: pl.Series, place: int) -> npt.NDArray[np.uint32]:
    """A number below `BUCKETS`, a power of two, for each value, as if by chance (the finalizer of SplitMix64)."""
    numbers = values.to_numpy()
    mixed = numbers.view(np.uint64) if numbers.dtype == np.float64 else numbers.astype(np.uint64)
    mixed = (mixed + np.uint64(place + 1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed >> np.uint64(32)).astype(np.uint32) & np.uint32(BUCKETS - 1)
