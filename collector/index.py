"""Row numbers for keys of 128 bits, such as addresses: a hash table whose look-ups are vectors."""

import numpy as np
import numpy.typing as npt

Halves = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.uint32]
EMPTY = np.int64(-1)
FIRST, GROWTH = 1 << 14, 4
"""So many unknown keys are sorted first, then more: few of the many may be distinct, and looking up costs less."""
MIX_HI, MIX_LO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd constants of Fibonacci and xxHash hashing: neighbours in a network must not be neighbours in the table."""


class AddressIndex:
    """Gives each 128-bit key, in two halves, the number of its row: 0, 1, 2, … in order of arrival."""

    def __init__(self, bits: int = 12) -> None:
        self.hi = np.zeros(1 << (bits - 1), np.uint64)
        self.lo = np.zeros(1 << (bits - 1), np.uint64)
        self.count = 0
        self._wide = False
        """Whether the upper half of any key has ever been other than 0, which those of IPv4 are not."""
        self._slots = np.full(1 << bits, EMPTY)
        self._shift = np.uint64(64 - bits)

    def rows(self, hi: Halves, lo: Halves) -> tuple[Rows, int]:
        """The row of each key, and how many rows were there before: those from that number on are new."""
        before = self.count
        rows = self.find(hi, lo)
        missing, some = np.flatnonzero(rows < 0), FIRST
        while len(missing):
            self._insert(hi[missing[:some]], lo[missing[:some]])
            rows[missing] = self.find(hi[missing], lo[missing])
            missing, some = missing[rows[missing] < 0], some * GROWTH
        return rows.astype(np.uint32), before

    def keep(self, rows: npt.NDArray[np.intp]) -> None:
        """Forget all keys but those of these rows, which are 0, 1, 2, … from now on; the room stays."""
        self.count = len(rows)
        self.hi[: self.count], self.lo[: self.count] = self.hi[rows], self.lo[rows]
        self._slots.fill(EMPTY)
        self._place(np.arange(self.count))

    def find(self, hi: Halves, lo: Halves) -> npt.NDArray[np.int64]:
        """Rows of the keys, -1 where the table lacks one."""
        place = self._home(hi, lo)
        rows = self._slots[place]
        open_ = np.flatnonzero(~self._settled(rows, hi, lo))
        last = len(self._slots) - 1
        while len(open_):
            place[open_] = (place[open_] + 1) & last
            found = self._slots[place[open_]]
            rows[open_] = found
            open_ = open_[~self._settled(found, hi[open_], lo[open_])]
        return rows

    def _settled(self, rows: npt.NDArray[np.int64], hi: Halves, lo: Halves) -> npt.NDArray[np.bool_]:
        """Whether the slots' rows hold these keys or nothing; a row of -1 reads the last key, which does no harm."""
        settled: npt.NDArray[np.bool_] = self.lo[rows] == lo
        if self._wide or hi.any():
            settled &= self.hi[rows] == hi
        settled |= rows < 0
        return settled

    def _home(self, hi: Halves, lo: Halves) -> npt.NDArray[np.int64]:
        mixed = lo * MIX_LO
        mixed ^= hi
        mixed *= MIX_HI
        mixed >>= self._shift
        return mixed.view(np.int64)

    def _insert(self, hi: Halves, lo: Halves) -> None:
        hi, lo = _distinct(hi, lo)
        self._wide |= bool(hi.any())
        first, self.count = self.count, self.count + len(lo)
        self._grow()
        self.hi[first : self.count], self.lo[first : self.count] = hi, lo
        self._place(np.arange(first, self.count))

    def _grow(self) -> None:
        """Room for all rows, the table at most half full."""
        if 2 * self.count <= len(self._slots):
            return
        bits = int(2 * self.count - 1).bit_length()
        rows = 1 << (bits - 1)
        self.hi, self.lo = np.resize(self.hi, rows), np.resize(self.lo, rows)
        settled = int((self._slots >= 0).sum())
        self._slots, self._shift = np.full(1 << bits, EMPTY), np.uint64(64 - bits)
        self._place(np.arange(settled))

    def _place(self, rows: npt.NDArray[np.int64]) -> None:
        """Put rows into slots; of those that want the same slot one gets it, the others go on to the next."""
        place = self._home(self.hi[rows], self.lo[rows])
        last = len(self._slots) - 1
        while len(rows):
            free = self._slots[place] < 0
            self._slots[place[free]] = rows[free]
            lost = self._slots[place] != rows
            rows, place = rows[lost], (place[lost] + 1) & last


def compacted(rows: npt.NDArray[np.uint32], count: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
    """Row numbers among those alone that occur, of `count` that there are, and which these are."""
    marked = np.zeros(count, np.bool_)
    marked[rows] = True
    used = np.flatnonzero(marked)
    place = np.empty(count, np.uint32)
    place[used] = np.arange(len(used), dtype=np.uint32)
    return place[rows], used


def _distinct(hi: Halves, lo: Halves) -> tuple[Halves, Halves]:
    """Each key once. Sorting the halves and comparing neighbours takes an eighth of numpy's unique on rows."""
    if not len(hi) or (hi == hi[0]).all():  # as with IPv4: to sort numbers without their places is much cheaper
        lo = np.unique(lo)
        return np.full(len(lo), hi[0] if len(hi) else 0, np.uint64), lo
    order = np.lexsort((lo, hi))
    hi, lo = hi[order], lo[order]
    first = np.ones(len(lo), np.bool_)
    first[1:] = (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1])
    return hi[first], lo[first]
