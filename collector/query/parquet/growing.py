"""What files tell of a question that come one after another: not all of it is added up anew each time."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.query.model import Query
from collector.query.parquet.fronts import Whole
from collector.query.parquet.packing import packed
from collector.query.parquet.states import Ask, States, in_order, joined

SHARE = 32
"""What came since is added to the whole when it is more than such a part of it."""
FEW = 4
"""With that of files not wholly asked for it is ranked beside the first groups alone when it is at most such a part."""


@dataclass(frozen=True)
class Growing:
    """What files tell that never change, added up."""

    older: frozenset[Path]
    whole: Whole
    newer: frozenset[Path]
    recent: States
    """What those tell that are not in the whole."""

    @property
    def paths(self) -> frozenset[Path]:
        """All files."""
        return self.older | self.newer

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.whole.size + self.recent.size

    def within(self, inside: frozenset[Path]) -> "Growing | None":
        """The same where some files may be gone; None where they were in the whole."""
        if not self.older <= inside:
            return None
        return self if self.newer <= inside else Growing(self.older, self.whole, frozenset(), self.recent.cleared())

    def grown(self, news: Mapping[Path, States]) -> "Growing":
        """With the files that came."""
        recent = joined([self.recent, *news.values()], self.whole.keys)
        made = Growing(self.older, self.whole, self.newer | frozenset(news), recent)
        return made.merged() if recent.rows * SHARE > self.whole.packed.rows else made

    def merged(self) -> "Growing":
        """With all files in the whole."""
        if not self.newer:
            return self
        states = joined([self.whole.packed.states, self.recent], self.whole.keys)
        return settled(states, self.whole.keys, self.paths)


def settled(states: States, keys: Sequence[str], paths: frozenset[Path]) -> Growing:
    """What these files tell, all of it in the whole: nothing came since."""
    return Growing(paths, Whole(packed(states, keys)), frozenset(), states.cleared())


class Total:
    """What all files tell of a question."""

    def __init__(self, growing: Growing, others: Sequence[States], keep: Callable[[Growing], None]) -> None:
        """`others`: of files of which only a part is asked; `keep` gets what was added up."""
        self._growing = growing
        self._others = others
        self._keep = keep
        self._states: States | None = None
        self._lock = threading.Lock()

    def states(self, ask: Ask) -> States:
        """Of all groups; the fields of `ask` may be in any order."""
        with self._lock:
            if self._states is None:
                self._states = self._joined()
        return in_order(self._states, ask)

    def _joined(self) -> States:
        if self._growing.newer:
            self._growing = self._growing.merged()
            self._keep(self._growing)
        whole = self._growing.whole
        states = whole.packed.states
        return joined([states, *self._others], whole.keys) if self._others else states

    def front(self, query: Query, ask: Ask) -> States | None:
        """Of all groups that can be in the answer; None where that takes all of them."""
        whole, news = self._growing.whole, [self._growing.recent, *self._others]
        if not whole.ranks(query) or FEW * sum(one.rows for one in news) > whole.packed.rows:
            return None
        found = whole.front(query, joined(news, whole.keys))
        return None if found is None else in_order(found, ask)
