"""Data sets that came before their templates: kept for a while, within bounds, and decoded when the template comes."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from collector.decode.exports import Header
from collector.decode.limits import WAITING_OF_ONE, Budget

SET_COST = 256
"""What a set takes beside its bytes: without it empty sets would wait in any number."""
WAITING_MILLISECONDS = 30 * 60_000
"""Routers send templates every 30 minutes at the longest by default (Cisco: 1800 s)."""
Key = tuple[int, int]
"""Row number of the stream, template id."""


@dataclass(frozen=True, slots=True)
class Early:
    """A data set that came before its template."""

    header: Header
    body: bytes

    @property
    def cost(self) -> int:
        """Bytes that it is counted for."""
        return len(self.body) + SET_COST


@dataclass(slots=True)
class Waiting:
    """The data sets of one exporter that wait, by template, oldest first."""

    room: Budget = field(default_factory=lambda: Budget(WAITING_OF_ONE))
    """Bytes."""
    sets: dict[Key, deque[Early]] = field(default_factory=dict)

    def keep(self, key: Key, early: Early) -> Iterator[Key]:
        """Keep a set; yields the template of each old one that had to go for it, or its own where there is no room."""
        while not self.room.take(early.cost):
            if not self.sets:
                yield key
                return
            oldest = next(iter(self.sets))
            self._drop(oldest)
            yield oldest
        self.sets.setdefault(key, deque()).append(early)

    def take(self, key: Key) -> Iterator[Early]:
        """Take out the sets that wait for a template."""
        mine = self.sets.pop(key, ())
        self.room.give(sum(early.cost for early in mine))
        return iter(mine)

    def forget(self, stream: int) -> None:
        """Drop what waits for templates of a stream."""
        for key in [key for key in self.sets if key[0] == stream]:
            self.take(key)

    def expire(self, now: int) -> Iterator[Key]:
        """Drop what is too old at `now` (milliseconds); yields the template of each set dropped."""
        for key, sets in list(self.sets.items()):
            while sets and now - sets[0].header.received > WAITING_MILLISECONDS:
                self._drop(key)
                yield key

    def _drop(self, key: Key) -> None:
        """Drop the oldest set of a template."""
        sets = self.sets[key]
        self.room.give(sets.popleft().cost)
        if not sets:
            del self.sets[key]
