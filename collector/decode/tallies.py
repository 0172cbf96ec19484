"""What was counted for each of very many flows, in bounded memory; all look-ups are vectors."""

import numpy as np
import numpy.typing as npt

from collector.decode.columns import Mask
from collector.decode.exports import Ints
from collector.index import AddressIndex, Halves

Counts = npt.NDArray[np.uint64]
"""Of shape (flows, counters)."""
Keys = tuple[Halves, Halves]
LIMIT = 1 << 18
"""Flows of a generation. Two of them take 34 MB."""
MIX_HI, MIX_LO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
FOLD = np.uint64(32)
NONE = np.int64(-1)


def mixed(*columns: npt.NDArray[np.integer]) -> Keys:
    """128 bits that stand for the values of each row."""
    hi, lo = (np.zeros(len(columns[0]), np.uint64) for _ in range(2))
    for column in columns:
        values = column.astype(np.uint64)
        hi, lo = (hi ^ values) * MIX_HI, (lo + values) * MIX_LO
        hi, lo = hi ^ hi >> FOLD, lo ^ lo >> FOLD
    return hi, lo


class Tallies:
    """Counts by key, zero for keys not seen.

    When a generation of keys is full the next one begins, and what was used last in the one before it is forgotten.
    """

    def __init__(self, counters: int, limit: int = LIMIT) -> None:
        self._limit = limit
        self._young = _Generation(counters)
        self._old = _Generation(counters)

    def slots(self, hi: Halves, lo: Halves, keep: Mask) -> Ints:
        """The slot of each key: good for `get` and `set` until the next call.

        -1 for a key that has not been seen and is not to be kept.
        """
        if self._young.index.count >= self._limit:
            self._old, self._young = self._young, _Generation(self._young.counts.shape[1])
        slots = np.full(len(hi), NONE)
        slots[keep] = self._enter(hi[keep], lo[keep])
        known = np.flatnonzero(~keep)
        known = known[self._knows(hi[known], lo[known])]
        slots[known] = self._enter(hi[known], lo[known])
        return slots

    def get(self, slots: Ints) -> Counts:
        """The counts of each slot, zero where it is -1."""
        return np.where((slots > NONE)[:, None], self._young.counts[slots], np.uint64(0))

    def set(self, slots: Ints, counts: Counts) -> None:
        """Set the counts of slots; each may occur once."""
        some = slots > NONE
        self._young.counts[slots[some]] = counts[some]

    def _knows(self, hi: Halves, lo: Halves) -> Mask:
        young, old = (generation.index.find(hi, lo) for generation in (self._young, self._old))
        known: Mask = (young > NONE) | (old > NONE)
        return known

    def _enter(self, hi: Halves, lo: Halves) -> npt.NDArray[np.uint32]:
        """The slots of keys, with the counts that they had in the generation before."""
        slots, before = self._young.index.rows(hi, lo)
        self._young.reserve()
        new = slots >= before
        self._young.counts[slots[new]] = self._old.find(hi[new], lo[new])
        return slots


class _Generation:
    def __init__(self, counters: int) -> None:
        self.index = AddressIndex()
        self.counts = np.zeros((len(self.index.hi), counters), np.uint64)

    def reserve(self) -> None:
        """Room for the counts of as many keys as the index has room for."""
        room, have = len(self.index.hi), len(self.counts)
        if room > have:
            self.counts = np.concatenate([self.counts, np.zeros((room - have, self.counts.shape[1]), np.uint64)])

    def find(self, hi: Halves, lo: Halves) -> Counts:
        """The counts of each key, zero where there are none."""
        rows = self.index.find(hi, lo)
        return np.where((rows > NONE)[:, None], self.counts[rows], np.uint64(0))
