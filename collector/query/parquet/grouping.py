"""Rows grouped by codes: by a table of all groups where they are few, else by sorting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from collector.query.parquet.coding import BLOCK, Coded, Codes, blocks, taken

Floats = npt.NDArray[np.float64]
MOST_TABLED = 1 << 21
"""Groups up to which there is a table of all that are possible."""
SMALL = 1 << 14
"""Groups of a table that is small."""
_SHORT = 1 << 32
_BITS = 62
_MOST_COMBINED = 1 << 40


@dataclass(frozen=True)
class Weights:
    """What is gathered of a column: one number a row."""

    kind: str
    """`sum`, `least` or `most`."""
    numbers: Floats


@dataclass(frozen=True)
class Groups:
    """The groups that there are: their codes of each key, the count of their rows, and what was gathered."""

    codes: Sequence[Codes]
    counts: npt.NDArray[np.int64]
    gathered: Mapping[str, Floats]


@dataclass(frozen=True)
class Key:
    """A code for each row, below `size`."""

    codes: Codes
    size: int


def grouped(keys: Sequence[Coded], weights: Mapping[str, Weights]) -> Groups:
    """The groups of rows that have a value of each key; there is at least one key."""
    found = summed([Key(key.codes, key.size) for key in keys], weights)
    whole = np.all([one < key.size - 1 for one, key in zip(found.codes, keys, strict=True)], axis=0)
    if whole.all():
        return found
    gathered = {name: one[whole] for name, one in found.gathered.items()}
    return Groups([one[whole] for one in found.codes], found.counts[whole], gathered)


def summed(keys: Sequence[Key], weights: Mapping[str, Weights]) -> Groups:
    """The groups of all rows."""
    if prod(key.size for key in keys) <= MOST_TABLED:
        return _tabled(keys, weights)
    codes, size, tables = _combined(keys)
    found, counts, gathered = _sorted(codes, size, weights)
    return Groups(_apart(found, tables), counts, gathered)


def _combined(keys: Sequence[Key]) -> tuple[Codes, int, list[tuple[int, Codes | None]]]:
    """One code for all keys, the number of codes possible, and for each key after the first how to part them again."""
    codes, size = keys[0].codes, keys[0].size
    tables: list[tuple[int, Codes | None]] = []
    for key in keys[1:]:
        different = None
        if size * key.size > _MOST_COMBINED:
            different, codes = np.unique(codes, return_inverse=True)
            size = len(different)
        codes = codes * key.size + key.codes
        size *= key.size
        tables.append((key.size, different))
    return codes, size, tables


def _apart(codes: Codes, tables: Sequence[tuple[int, Codes | None]]) -> list[Codes]:
    """The codes of each key."""
    found = []
    for size, different in reversed(tables):
        codes, last = np.divmod(codes, size)
        found.append(last)
        if different is not None:
            codes = different[codes]
    return [codes, *reversed(found)]


def _tabled(keys: Sequence[Key], weights: Mapping[str, Weights]) -> Groups:
    """By a table of all groups, some rows at a time where it is small, so that all of them are in the fast memory."""
    size, rows = prod(key.size for key in keys), len(keys[0].codes)
    counts = np.zeros(size, np.int64)
    tables: dict[str, Floats] = {}
    for part in blocks(rows, BLOCK if size <= SMALL else rows):
        codes, _, _ = _combined([Key(key.codes[part], key.size) for key in keys])
        more = np.bincount(codes, minlength=size)
        counts = more if part.start == 0 else counts + more
        for name, one in weights.items():
            tables[name] = _gathered(tables.get(name), codes, size, Weights(one.kind, one.numbers[part]))
    there = np.flatnonzero(counts)
    apart = _apart(there, [(key.size, None) for key in keys[1:]])
    return Groups(apart, counts[there], {name: tables[name][there] if rows else np.empty(0) for name in weights})


def _gathered(table: Floats | None, codes: Codes, size: int, one: Weights) -> Floats:
    """With these rows."""
    if one.kind == "sum":
        more = np.asarray(np.bincount(codes, one.numbers, minlength=size), np.float64)
        return more if table is None else table + more
    least = one.kind == "least"
    table = np.full(size, np.inf if least else -np.inf) if table is None else table
    (np.minimum if least else np.maximum).at(table, codes, one.numbers)
    return table


_Reduced = tuple[Codes, npt.NDArray[np.int64], dict[str, Floats]]


def _sorted(codes: Codes, size: int, weights: Mapping[str, Weights]) -> _Reduced:
    order, ordered = _order(codes, size) if weights else (codes, _alone(codes, size))
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(codes) else order
    counts = np.diff(np.append(begins, len(codes)))
    gathered = {name: _reduced(one, order, begins) for name, one in weights.items()}
    return ordered[begins].astype(np.intp, copy=False), counts, gathered


def _alone(codes: Codes, size: int) -> npt.NDArray[Any]:
    """Codes in order, where it does not matter which rows have them."""
    return np.sort(codes.astype(np.uint32) if size <= _SHORT else codes)


def _order(codes: Codes, size: int) -> tuple[Codes, Codes]:
    """The order of the rows by their codes, and the codes in it: sorted with the row's number behind the code, which
    is much faster than finding the order.
    """
    bits = max(1, len(codes) - 1).bit_length()
    if bits + size.bit_length() > _BITS:
        order = np.argsort(codes, kind="stable")
        return order, codes[order]
    both = codes << bits
    both |= np.arange(len(codes))
    both.sort()
    ordered = both >> bits
    both &= (1 << bits) - 1
    return both, ordered


def _reduced(one: Weights, order: Codes, begins: Codes) -> Floats:
    ways: Mapping[str, Any] = {"sum": np.add, "least": np.minimum, "most": np.maximum}
    if not len(begins):
        return np.empty(0)
    found: Floats = ways[one.kind].reduceat(taken(one.numbers, order), begins)
    return found
