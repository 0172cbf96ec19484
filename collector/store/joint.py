"""Members with few values, written out once for each combination of them that occurs.

A document has a dozen flags, enumerations and small numbers. Each would be gathered and joined for each flow; together
they have some hundreds of combinations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.index import compacted
from collector.store.pieces import Coded, Dictionary

FEW = 1024
"""Values of a member that is taken in here."""
COMBINATIONS = 1 << 18
"""Combinations that a group of members may have."""
EACH = 8
"""Flows that each combination has on average where groups are joined."""
LEAST_FLOWS = 1024
"""Fewer are not worth it."""


@dataclass(frozen=True)
class Small:
    """A member that has one of a few texts, or none."""

    rows: pl.Series
    """Which one each flow has, null for none."""
    fragments: pl.Series
    """The texts, with a comma in front; null for none."""

    @property
    def states(self) -> int:
        """How many there are, with that of having none."""
        return len(self.fragments) + 1


def joint(members: Sequence[Small]) -> Iterator[Coded]:
    """Texts of several members at once, with a comma in front; empty for flows that have none of them.

    What of the possible combinations occurs is few, so that groups of members can be joined once more.
    """
    groups = [_combined(group) for group in _groups(members, COMBINATIONS)]
    for group in _groups(groups, len(groups[0].rows) // EACH if groups else 0):
        one = group[0] if len(group) == 1 else _combined(group)
        yield Coded(Dictionary(one.fragments), one.rows.to_numpy())


def _groups(members: Sequence[Small], combinations: int) -> list[list[Small]]:
    """Members together as far as they have few combinations, those of few values first."""
    out: list[list[Small]] = []
    for member in sorted(members, key=lambda one: one.states):
        if out and prod(one.states for one in [*out[-1], member]) <= combinations:
            out[-1].append(member)
        else:
            out.append([member])
    return out


def _combined(group: Sequence[Small]) -> Small:
    codes = np.zeros(len(group[0].rows), np.uint32)
    for member in group:
        codes *= np.uint32(member.states)
        codes += _numbers(member)
    rows, used = compacted(codes, prod(member.states for member in group))
    texts: list[pl.Series] = []
    for place, member in reversed(list(enumerate(group))):
        used, own = np.divmod(used, member.states)
        texts.append(member.fragments.extend_constant(None, 1).gather(own).alias(str(place)))
    joined = pl.concat_str([str(place) for place in range(len(group))], ignore_nulls=True)
    return Small(pl.Series(rows), pl.DataFrame(texts[::-1]).select(joined).to_series())


def _numbers(member: Small) -> npt.NDArray[np.unsignedinteger]:
    """The text that each flow has, the number behind the last for none."""
    if not member.rows.null_count():
        return member.rows.to_numpy()
    return member.rows.cast(pl.UInt32).fill_null(member.states - 1).to_numpy()
