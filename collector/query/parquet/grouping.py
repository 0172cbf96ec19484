"""Rows grouped by codes: by a table of all groups where they are few, else by sorting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from collector.query.parquet.coding import BLOCK, Coded, Floats, Places, blocks, taken

MOST_TABLED = 1 << 21
"""Groups up to which there is a table of all that are possible."""
SMALL = 1 << 14
"""Groups of a table that is small."""
_SHORT, _BITS = 32, 62
"""Bits of short and of long numbers that are sorted."""


@dataclass(frozen=True)
class Weights:
    """What is gathered of a column: one number a row, of any type."""

    kind: str
    """`sum`, `least` or `most`."""
    numbers: npt.NDArray[Any]

    def take(self, rows: Places | None) -> "Weights":
        """Of some rows."""
        return self if rows is None else Weights(self.kind, taken(self.numbers, rows))


@dataclass(frozen=True)
class Groups:
    """The groups that there are: their codes of each key, the count of their rows, and what was gathered."""

    codes: Sequence[Places]
    counts: npt.NDArray[np.int64]
    gathered: Mapping[str, Floats]


@dataclass(frozen=True)
class Key:
    """A code for each row, below `size`, as any whole number."""

    codes: npt.NDArray[Any]
    size: int

    @property
    def bits(self) -> int:
        """What the largest code needs."""
        return (self.size - 1).bit_length()


def grouped(keys: Sequence[Coded], weights: Mapping[str, Weights]) -> Groups:
    """The groups of rows that have a value of each key; there is at least one key."""
    found = summed([Key(key.codes, key.size) for key in keys], weights)
    whole = np.all([one < key.size - 1 for one, key in zip(found.codes, keys, strict=True)], axis=0)
    if whole.all():
        return found
    gathered = {name: one[whole] for name, one in found.gathered.items()}
    return Groups([one[whole] for one in found.codes], found.counts[whole], gathered)


def summed(keys: Sequence[Key], weights: Mapping[str, Weights]) -> Groups:
    """The groups of all rows, in the order of their codes."""
    rows = len(keys[0].codes)
    if rows and all(key.codes.strides == (0,) for key in keys):
        return _one(keys, weights)
    # Sorting costs more for each weight, and a table for each possible group.
    few = rows if weights else rows // 4
    if prod(key.size for key in keys) <= min(MOST_TABLED, max(SMALL, few)):
        return _tabled(keys, weights)
    if sum(key.bits for key in keys) + _bits_of(rows) > _BITS:
        return _narrowed(keys, weights)
    return _sorted(keys, weights)


def _one(keys: Sequence[Key], weights: Mapping[str, Weights]) -> Groups:
    """Where all rows have the same codes."""
    codes = [key.codes[:1].astype(np.intp) for key in keys]
    gathered = {name: np.array([_WAYS[one.kind].reduce(one.numbers)], np.float64) for name, one in weights.items()}
    return Groups(codes, np.array([len(keys[0].codes)]), gathered)


_WAYS: Mapping[str, Any] = {"sum": np.add, "least": np.minimum, "most": np.maximum}


def _bits_of(rows: int) -> int:
    """Bits of the number of a row."""
    return max(1, rows - 1).bit_length()


def _tabled(keys: Sequence[Key], weights: Mapping[str, Weights]) -> Groups:
    """By a table of all groups, some rows at a time, so that all of them are in the fast memory."""
    size, rows = prod(key.size for key in keys), len(keys[0].codes)
    counts = np.zeros(size, np.int64)
    tables = {name: np.full(size, _NOTHING[one.kind]) for name, one in weights.items()}
    for part in blocks(rows, BLOCK):
        codes = keys[0].codes[part].astype(np.intp)
        for key in keys[1:]:
            codes *= key.size
            codes += key.codes[part].astype(np.intp, copy=False)
        np.add.at(counts, codes, 1)
        for name, one in weights.items():
            _WAYS[one.kind].at(tables[name], codes, one.numbers[part].astype(np.float64, copy=False))
    there = np.flatnonzero(counts)
    return Groups(_parted(there, keys), counts[there], {name: table[there] for name, table in tables.items()})


_NOTHING = {"sum": 0.0, "least": np.inf, "most": -np.inf}
"""What a group without rows has gathered."""


def _parted(codes: Places, keys: Sequence[Key]) -> list[Places]:
    """The codes of each key, of the places in a table."""
    found = []
    for key in reversed(keys[1:]):
        rest = codes // key.size
        found.append(codes - rest * key.size)
        codes = rest
    return [codes, *reversed(found)]


def _narrowed(keys: Sequence[Key], weights: Mapping[str, Weights]) -> Groups:
    """Where the codes have too many bits together: first without those that no row has."""
    place = max(range(len(keys)), key=lambda place: keys[place].bits)
    if keys[place].bits > _bits_of(len(keys[0].codes)):
        different, codes = np.unique(keys[place].codes, return_inverse=True)
        narrow = [Key(codes, len(different)) if key is keys[place] else key for key in keys]
        found = summed(narrow, weights)
        parted = [different[one] if key is keys[place] else one for one, key in zip(found.codes, keys, strict=True)]
        return replace(found, codes=parted)
    different, codes = np.unique(_packed(keys[:2], 0, np.int64), return_inverse=True)
    found = summed([Key(codes, len(different)), *keys[2:]], weights)
    return replace(found, codes=[*_apart(different[found.codes[0]], keys[:2]), *found.codes[1:]])


def _sorted(keys: Sequence[Key], weights: Mapping[str, Weights]) -> Groups:
    """By sorting the codes with the row's number behind them, which is much faster than finding the order."""
    rows = len(keys[0].codes)
    behind = _bits_of(rows) if weights else 0
    short = behind + sum(key.bits for key in keys) <= _SHORT
    packed = _packed(keys, behind, np.uint32 if short else np.int64)
    packed.sort()
    begins = _begins(packed, behind)
    codes = _apart(packed[begins].astype(np.int64) >> behind, keys)
    packed &= packed.dtype.type((1 << behind) - 1)
    gathered = _reduced(weights, packed, begins)
    return Groups(codes, np.diff(np.append(begins, rows)), gathered)


def _packed(keys: Sequence[Key], behind: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """One number for all codes, with so many bits behind them for the number of the row."""
    packed = np.empty(len(keys[0].codes), dtype)
    for part in blocks(len(packed), BLOCK):
        some = packed[part]
        some[:] = keys[0].codes[part]
        for key in keys[1:]:
            if key.bits:
                some <<= key.bits
                some |= key.codes[part].astype(packed.dtype, copy=False)
        if behind:
            some <<= behind
            some |= np.arange(part.start, part.start + len(some), dtype=packed.dtype)
    return packed


def _apart(packed: npt.NDArray[np.int64], keys: Sequence[Key]) -> list[Places]:
    """The codes of each key, of one number for all."""
    found = []
    for key in reversed(keys[1:]):
        if key.bits:
            found.append(packed & ((1 << key.bits) - 1))
            packed = packed >> key.bits
        else:
            found.append(np.zeros(len(packed), np.intp))
    return [packed, *reversed(found)]


def _begins(packed: npt.NDArray[Any], behind: int) -> Places:
    """Where another group begins."""
    begins = np.ones(len(packed), np.bool_)
    for part in blocks(len(packed) - 1, BLOCK):
        before, after = packed[:-1][part], packed[1:][part]
        np.greater_equal(before ^ after, 1 << behind, out=begins[1:][part])
    return np.flatnonzero(begins)


def _reduced(weights: Mapping[str, Weights], order: npt.NDArray[Any], begins: Places) -> dict[str, Floats]:
    """What the rows of each group make, some groups at a time."""
    gathered = {name: np.empty(len(begins)) for name in weights}
    for part in blocks(len(begins), len(begins) * BLOCK // max(len(order), 1)):
        some = begins[part]
        rows = order[some[0] : begins[part.stop] if part.stop < len(begins) else None]
        for name, one in weights.items():
            numbers = taken(one.numbers, rows).astype(np.float64, copy=False)
            _WAYS[one.kind].reduceat(numbers, some - some[0], out=gathered[name][part])
    return gathered
