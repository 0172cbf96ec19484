"""Chains of tagged parts: the samples of datagrams, and the records of samples.

Both have the same form: a tag, a length in bytes, so many bytes. The first part of every chain is read as a vector,
then the second of every chain, and so on; chains that go on when few others do are walked one part at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

import numpy as np

from collector.decode.columns import Mask
from collector.decode.octets import Octets, Places
from collector.decode.table import Values

HEAD = Struct(">II")
FEW = 16
"""Chains that are walked faster one by one than as a vector. It also bounds what a chain of empty parts can cost."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of all chains, chain after chain."""

    owner: Places
    """Number of the chain."""
    tag: Places
    at: Places
    """Offset of the content."""
    end: Places
    """Where the content ends, but not behind the end of its chain."""
    cut: Mask
    """Whether the length goes beyond the end of the chain."""
    count: Places
    """Parts of each chain."""
    rest: Places
    """Where each chain stopped: the offset behind its last part."""


Step = tuple[Places, Places, Places, Places, Places, Mask]
"""Owner, number within the chain, tag, start, end, cut."""


def walk(octets: Octets, starts: Places, ends: Places, counts: Places) -> Parts:
    """Walk chains that lie between `starts` and `ends` and say that they have `counts` parts.

    Parts begin at multiples of four bytes from the start of their chain (XDR), whatever their lengths say.
    """
    rest = starts.copy()
    owner = np.flatnonzero((counts > 0) & (starts + HEAD.size <= ends))
    steps: list[Step] = []
    while owner.size > FEW:
        step, owner = _step(octets, owner, rest, ends, counts, len(steps))
        steps.append(step)
    if owner.size:
        steps.append(_one_by_one(octets, owner, rest, ends, counts, len(steps)))
    return _in_order(steps, rest)


def _step(
    octets: Octets, owner: Places, rest: Places, ends: Places, counts: Places, number: int
) -> tuple[Step, Places]:
    at, limit = rest[owner], ends[owner]
    tag, length = octets.words(at), octets.words(at + 4)
    at += HEAD.size
    end = at + length
    cut = end > limit
    end = np.minimum(end, limit)
    after = np.minimum(at + (length + 3 & ~3), limit)
    rest[owner] = after
    more = (after + HEAD.size <= limit) & (counts[owner] > number + 1)
    return (owner, np.full(owner.size, number), tag, at, end, cut), owner[more]


def _one_by_one(octets: Octets, owners: Places, rest: Places, ends: Places, counts: Places, number: int) -> Step:
    found = [
        part
        for owner, at, end, count in zip(
            owners.tolist(), rest[owners].tolist(), ends[owners].tolist(), counts[owners].tolist(), strict=True
        )
        for part in _chain(octets.data, owner, at, end, count, number)
    ]
    columns = np.array(found, np.intp).T
    owner, place, tag, at, end, cut, after = columns
    rest[owner] = after  # the last one of each chain stays
    return owner, place, tag, at, end, cut.astype(np.bool_)


def _chain(data: bytes, owner: int, at: int, limit: int, count: int, number: int) -> Iterator[tuple[int, ...]]:
    while number < count and at + HEAD.size <= limit:
        tag, length = HEAD.unpack_from(data, at)
        at += HEAD.size
        end = at + length
        after = min(at + (length + 3 & ~3), limit)
        yield owner, number, tag, at, min(end, limit), end > limit, after
        at, number = after, number + 1


def _in_order(steps: list[Step], rest: Places) -> Parts:
    """Put the parts that were found in step one behind the other."""
    if not steps:
        none: Places = np.zeros(0, np.intp)
        return Parts(none, none, none, none, none.astype(np.bool_), np.zeros(len(rest), np.intp), rest)
    owner, number, *others = (np.concatenate(column) for column in zip(*steps, strict=True))
    count = np.bincount(owner, minlength=len(rest))
    place = (np.cumsum(count) - count)[owner] + number
    tag, at, end, cut = (_placed(column, place) for column in others)
    return Parts(np.repeat(np.arange(len(rest)), count), tag, at, end, cut, count, rest)


def _placed(values: Values, place: Places) -> Values:
    out = np.empty_like(values)
    out[place] = values
    return out
