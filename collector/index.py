"""Row numbers for keys of 128 bits, such as addresses: a hash table whose look-ups are vectors."""

import numpy as np
import numpy.typing as npt

Halves = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.uint32]
EMPTY = np.int64(-1)
BLOCK = 1 << 14
"""So many keys are looked up at a time: what is worked out for them stays in the processor's cache."""
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
        before, rows = self.count, np.empty(len(lo), np.uint32)
        for begin in range(0, len(lo), BLOCK):
            some = slice(begin, begin + BLOCK)
            rows[some] = self._block(hi[some], lo[some])
        return rows, before

    def _block(self, hi: Halves, lo: Halves) -> npt.NDArray[np.int64]:
        rows = self.find(hi, lo)
        missing = np.flatnonzero(rows < 0)
        if len(missing):
            rows[missing] = self._insert(hi[missing], lo[missing])
        return rows

    def keep(self, rows: npt.NDArray[np.intp]) -> None:
        """Forget all keys but those of these rows, which are 0, 1, 2, … from now on; the room stays."""
        self.count = len(rows)
        self.hi[: self.count], self.lo[: self.count] = self.hi[rows], self.lo[rows]
        self._slots.fill(EMPTY)
        self._place(np.arange(self.count))

    def find(self, hi: Halves, lo: Halves) -> npt.NDArray[np.int64]:
        """Rows of the keys, -1 where the table lacks one."""
        place = self._home(hi, lo)
        rows = self._slots.take(place)
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
        settled: npt.NDArray[np.bool_] = self.lo.take(rows) == lo
        if self._wide or hi.any():
            settled &= self.hi.take(rows) == hi
        settled |= rows < 0
        return settled

    def _home(self, hi: Halves, lo: Halves) -> npt.NDArray[np.int64]:
        mixed = lo * MIX_LO
        mixed ^= hi
        mixed *= MIX_HI
        mixed >>= self._shift
        return mixed.view(np.int64)

    def _insert(self, hi: Halves, lo: Halves) -> npt.NDArray[np.int64]:
        """Rows for keys that the table lacks, and of which some may be the same.

        Of the keys that want the same free slot one gets it, under a number for the time being; those that are the same
        have it too, the others go on to the next slot.
        """
        self._wide |= bool(hi.any())
        self._grow(self.count + len(lo))
        place, last = self._home(hi, lo), len(self._slots) - 1
        first, open_ = np.empty(len(lo), np.int64), np.arange(len(lo))
        while len(open_):
            free = open_[self._slots[place[open_]] < 0]
            self._slots[place[free]] = self.count + free
            found = np.maximum(self._slots[place[open_]] - self.count, -1)
            same = (found >= 0) & (lo[found] == lo[open_]) & (hi[found] == hi[open_])
            first[open_[same]] = found[same]
            open_ = open_[~same]
            place[open_] = (place[open_] + 1) & last
        new = np.flatnonzero(first == np.arange(len(lo)))
        rows = np.arange(self.count, self.count + len(new))
        self.hi[rows], self.lo[rows], self._slots[place[new]] = hi[new], lo[new], rows
        self.count += len(new)
        place[new] = rows
        return place[first]

    def _grow(self, count: int) -> None:
        """Room for so many rows, the table at most half full."""
        if 2 * count <= len(self._slots):
            return
        bits = int(2 * count - 1).bit_length()
        rows = 1 << (bits - 1)
        self.hi, self.lo = np.resize(self.hi, rows), np.resize(self.lo, rows)
        self._slots, self._shift = np.full(1 << bits, EMPTY), np.uint64(64 - bits)
        self._place(np.arange(self.count))

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
    marked, places = np.zeros(count, np.bool_), rows.astype(np.intp)
    marked[places] = True
    used = np.flatnonzero(marked)
    new = np.empty(count, np.uint32)
    new[used] = np.arange(len(used), dtype=np.uint32)
    return new.take(places), used
