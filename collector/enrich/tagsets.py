"""Which tags addresses have, by the ranges that lists name: all of them, not those of the longest match alone.

The space of addresses is cut at the ends of all ranges. Each piece has the number of a set of tags, and an address is
found by bisection. Sets are few, however many ranges there are.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.enrich.addresses import is_ipv4
from collector.enrich.prefixes import LOW, ONE, sortable
from collector.index import Halves

Keys = npt.NDArray[Any]
"""Addresses that sort as they should: 32-bit numbers for IPv4, 16 bytes (`prefixes.sortable`) for IPv6."""
SetNumbers = npt.NDArray[np.uint32]


class Ranges(NamedTuple):
    """Addresses of one family, from each `first` to its `last`; they may overlap."""

    first: Keys
    last: Keys


class Layer(NamedTuple):
    """A tag for addresses; without one, all tags of these addresses are taken away."""

    tag: str | None
    four: Ranges
    six: Ranges


def four_ranges(networks: Sequence[IPv4Network]) -> Ranges:
    """IPv4 networks as ranges."""
    first, last = ([int(one[place]) for one in networks] for place in (0, -1))
    return Ranges(np.array(first, np.uint32), np.array(last, np.uint32))


def six_ranges(networks: Sequence[IPv6Network]) -> Ranges:
    """IPv6 networks as ranges."""
    first, last = ([int(one[place]) for one in networks] for place in (0, -1))
    return Ranges(_keys(first), _keys(last))


def _keys(numbers: Sequence[int]) -> Keys:
    hi, lo = ([number >> 64 for number in numbers], [number & LOW for number in numbers])
    return sortable(np.array(hi, np.uint64), np.array(lo, np.uint64))


class TagSets:
    """Sets of tags by number; 0 is the empty one."""

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        """`layers` are laid one over the other."""
        self.sets: list[tuple[str, ...]] = [()]
        self._numbers = {self.sets[0]: 0}
        four = [np.zeros(1, np.uint32), *(end for layer in layers for end in _ends(layer.four))]
        six = [_keys([0]), *(end for layer in layers for end in _ends(layer.six))]
        self._four = self._painted(_distinct(np.concatenate(four)), ((one.tag, one.four) for one in layers))
        self._six = self._painted(_distinct(np.concatenate(six)), ((one.tag, one.six) for one in layers))

    def find(self, hi: Halves, lo: Halves) -> SetNumbers:
        """The set of each address, in halves."""
        four = is_ipv4(hi, lo)
        out = np.empty(len(lo), np.uint32)
        out[four] = _found(self._four, (lo[four] & np.uint64(0xFFFFFFFF)).astype(np.uint32))
        out[~four] = _found(self._six, sortable(hi[~four], lo[~four]))
        return out

    def _painted(self, starts: Keys, layers: Iterable[tuple[str | None, Ranges]]) -> tuple[Keys, SetNumbers]:
        """Where each piece begins, and its set; neighbours differ."""
        sets = np.zeros(len(starts), np.uint32)
        for tag, ranges in layers:
            pieces = _covered(starts, ranges)
            before, place = np.unique(sets[pieces], return_inverse=True)
            sets[pieces] = np.array([self._with(number, tag) for number in before.tolist()], np.uint32)[place]
        new = np.append(True, sets[1:] != sets[:-1])
        return starts[new], sets[new]

    def _with(self, number: int, tag: str | None) -> int:
        """The number of a set with one more tag."""
        tags = () if tag is None else tuple(sorted({*self.sets[number], tag}))
        if tags not in self._numbers:
            self._numbers[tags] = len(self.sets)
            self.sets.append(tags)
        return self._numbers[tags]


def _found(line: tuple[Keys, SetNumbers], addresses: Keys) -> SetNumbers:
    starts, sets = line
    return sets[np.searchsorted(starts, addresses, side="right") - 1]


def _ends(ranges: Ranges) -> tuple[Keys, Keys]:
    """Where ranges begin, and what comes after them; after the last address of all comes the first."""
    if ranges.last.dtype == np.uint32:
        return ranges.first, ranges.last + np.uint32(1)
    pairs = ranges.last.view(">u8").reshape(-1, 2).astype(np.uint64)
    hi, lo = pairs[:, 0], pairs[:, 1]
    return ranges.first, sortable(hi + (lo == LOW), lo + ONE)


def _distinct(ends: Keys) -> Keys:
    """In order, each once; np.unique takes seconds for millions."""
    ends.sort()
    out: Keys = ends[np.append(True, ends[1:] != ends[:-1])]
    return out


def _covered(starts: Keys, ranges: Ranges) -> npt.NDArray[np.intp]:
    """The pieces that ranges cover, each once."""
    order = np.argsort(ranges.first)  # bisection for one after another finds its way in the cache
    begin = np.searchsorted(starts, ranges.first[order])
    end = np.maximum.accumulate(np.searchsorted(starts, ranges.last[order], side="right"))
    begin[1:] = np.maximum(begin[1:], end[:-1])  # what an earlier range covers is left to it
    many = end - begin
    return np.repeat(end - np.cumsum(many), many) + np.arange(many.sum())
