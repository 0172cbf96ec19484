"""Loss by sequence number, for every protocol that numbers what it sends.

A stream is whatever counts on its own (an exporter's observation domain, an sFlow sub-agent). The number of a datagram
and the units that it carries say what the next number must be; the unit is the protocol's: flows (NetFlow v5),
datagrams (NetFlow v9, sFlow) or data records (IPFIX). Numbers are 32 bits wide and wrap.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Key = tuple[int, ...]

MODULUS = 1 << 32
MAX_STREAMS = 100_000
"""The stream that was silent for longest is forgotten beyond that: sources of datagrams can be forged."""
MAX_GAPS = 64
"""Gaps that a stream remembers, for late datagrams to fill."""
RESTART = 4
"""So many datagrams that follow each other behind the expected number are a restarted exporter, not late ones."""
UNKNOWN = -1
"""Units of a datagram whose content cannot be counted (IPFIX data before its template)."""


class Changes(NamedTuple):
    """What the datagrams of one update say about a stream. Only streams with something to say are reported."""

    key: Key
    lost: int = 0
    """Units that are missing; negative where late ones filled earlier gaps."""
    late: int = 0
    """Datagrams that came after their successors and filled a gap."""
    repeated: int = 0
    """Datagrams behind the expected number that fill no gap: duplicates."""
    resets: int = 0
    """Jumps that are no loss: the exporter began to count anew."""


class SequenceTracker:
    """Follows the sequence numbers of any number of streams.

    `ahead` and `behind` are the window, in units: a number further ahead than the one or further back than the other
    is a reset.
    """

    def __init__(self, ahead: int = 1 << 17, behind: int = 1 << 12) -> None:
        self._window = ahead, behind
        self._streams: OrderedDict[Key, _Stream] = OrderedDict()
        """The one heard last is the last."""

    def update(
        self,
        keys: Sequence[npt.NDArray[np.unsignedinteger]],
        numbers: npt.NDArray[np.unsignedinteger],
        units: npt.NDArray[np.signedinteger],
    ) -> list[Changes]:
        """Take the datagrams of a batch in the order of their arrival.

        `keys` are one or more columns that together name the stream of each datagram, `numbers` their sequence numbers,
        `units` what each counts for (`UNKNOWN` where nobody can tell: the next number is then taken as it comes).
        """
        if not len(numbers):
            return []
        order = np.lexsort(list(keys)[::-1])
        columns = [column[order] for column in keys]
        values, sizes = numbers[order].astype(np.int64), units[order].astype(np.int64)
        new = np.any([column[1:] != column[:-1] for column in columns], axis=0)
        starts = np.concatenate([[0], np.flatnonzero(new) + 1])
        in_step = (values[1:] - values[:-1] - sizes[:-1]) % MODULUS == 0
        broken = np.add.reduceat(np.concatenate([[False], ~in_step & ~new]).astype(np.int64), starts)
        names = zip(*(column[starts].tolist() for column in columns), strict=True)
        ends = [*starts[1:].tolist(), len(numbers)]
        parts = zip(names, starts.tolist(), ends, broken.tolist(), strict=True)
        return list(self._changes(parts, values, sizes))

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget streams: what comes next under these keys is the first of another."""
        for key in keys:
            self._streams.pop(key, None)

    def _changes(
        self, parts: Iterator[tuple[Key, int, int, int]], numbers: npt.NDArray[np.int64], units: npt.NDArray[np.int64]
    ) -> Iterator[Changes]:
        for key, first, end, broken in parts:
            stream = self._stream(key)
            if not broken and stream.expects(int(numbers[first])) and units[first:end].min() >= 0:
                stream.follow(int(numbers[end - 1]), int(units[end - 1]))
                continue
            found = stream.take(numbers[first:end].tolist(), units[first:end].tolist(), self._window)
            if any(found):
                yield Changes(key, *found)

    def _stream(self, key: Key) -> "_Stream":
        stream = self._streams.get(key)
        if stream is not None:
            self._streams.move_to_end(key)
            return stream
        if len(self._streams) >= MAX_STREAMS:
            self._streams.popitem(last=False)
        stream = self._streams[key] = _Stream()
        return stream


class _Stream:
    """State of one stream: the number that comes next, and the gaps that a late datagram may fill."""

    __slots__ = ("_gaps", "_next", "_replay", "_replayed")

    def __init__(self) -> None:
        self._next: int | None = None
        self._gaps: deque[tuple[int, int]] = deque(maxlen=MAX_GAPS)
        self._replay = UNKNOWN
        """The number after the last datagram that came from behind."""
        self._replayed = 0
        """How many datagrams from behind have followed each other, with none in order between them."""

    def expects(self, number: int) -> bool:
        return self._next is None or self._next == number

    def follow(self, number: int, units: int) -> None:
        self._next = (number + units) % MODULUS if units >= 0 else None
        self._replayed = 0

    def take(self, numbers: list[int], units: list[int], window: tuple[int, int]) -> tuple[int, int, int, int]:
        """Lost units, late and repeated datagrams, resets."""
        lost = late = repeated = resets = 0
        for number, size in zip(numbers, units, strict=True):
            expected = number if self._next is None else self._next
            ahead, behind = (number - expected) % MODULUS, (expected - number) % MODULUS
            if ahead <= window[0]:
                if ahead:
                    self._gaps.append((expected, ahead))
                    lost += ahead
                self.follow(number, size)
            elif behind > window[1] or self._restarted(number, size):
                resets += 1
                self._gaps.clear()
                self.follow(number, size)
            elif filled := self._fill(number, size):
                late += 1
                lost -= filled
            else:
                repeated += 1
        return lost, late, repeated, resets

    def _restarted(self, number: int, size: int) -> bool:
        """Whether so many datagrams from behind followed each other that they are a new count."""
        self._replayed = self._replayed + 1 if number == self._replay else 1
        self._replay = (number + size) % MODULUS
        filling = any((number - start) % MODULUS < length for start, length in self._gaps)
        return not filling and self._replayed >= RESTART

    def _fill(self, number: int, size: int) -> int:
        """Take the units of a late datagram out of the gap that they are missing from; how many those are."""
        for place, (start, length) in enumerate(self._gaps):
            offset = (number - start) % MODULUS
            if offset < length:
                filled = min(max(size, 0), length - offset)
                rest = [(start, offset), ((number + filled) % MODULUS, length - offset - filled)]
                self._gaps[place] = rest[0] if rest[0][1] else rest[1]
                if rest[0][1] and rest[1][1]:
                    self._gaps.append(rest[1])
                return filled
        return 0
