"""Rounds over the files until it is sure which groups lead."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from collector.query.parquet.keeping import Kept, Sum
from collector.query.parquet.leading import NOTHING, Found, Led, Watch, summed, wider
from collector.query.parquet.leads import Lead

MOST_HELD = 512 * 2**20
"""Memory of columns that stay for the next round: those of other files are read again."""


class Rounds:
    """What the files tell of questions about leading groups: in the first round mostly the totals of all buckets, in
    the next the groups of the largest; that is all, unless what leads is spread over very many groups.

    Different threads may look at different files.
    """

    def __init__(
        self,
        kept: Kept,
        nothing: Mapping[Lead, Found],
        inside: Mapping[Lead, frozenset[Path]],
        room: int,
    ) -> None:
        """`room`: the memory of columns that may stay."""
        self._kept = kept
        self._inside = inside
        self._nothing = nothing
        self._watches = {lead: kept.watch(lead) or NOTHING for lead in nothing}
        self._sums = {lead: kept.found_sum(lead) for lead in nothing}
        self._found: dict[tuple[Path, Lead], Found] = {}
        self._held: dict[tuple[Path, Lead], Led] = {}
        self._arrays: set[int] = set()
        self._room = room
        self._lock = threading.Lock()
        self.sums = dict(nothing)
        """What all files tell together, as of the last round."""

    @property
    def leads(self) -> Sequence[Lead]:
        """The questions."""
        return list(self._watches)

    def missing(self, path: Path) -> list[Lead]:
        """The questions for which the file has to be looked at in this round."""
        left = [lead for lead in self._watches if path not in self._base(lead).paths]
        return [lead for lead in left if self._known(path, lead) is None]

    def unread(self, path: Path) -> list[Lead]:
        """Those for which it has to be read."""
        return [lead for lead in self.missing(path) if (path, lead) not in self._held]

    def _known(self, path: Path, lead: Lead) -> Found | None:
        found = self._found.get((path, lead))
        if found is None and path in self._inside[lead]:
            found = self._kept.found(path, lead)
        if found is None or not found.suits(self._watches[lead]):
            return None
        self._found[path, lead] = found
        return found

    def read(self, path: Path, lead: Lead, made: Led | Found) -> None:
        """What was read of a file."""
        if isinstance(made, Found):
            self._keep(path, lead, made)
        elif self._watches[lead] is NOTHING and self._has_room(made):
            self._held[path, lead] = made
        else:
            self._keep(path, lead, made.found(self._watches[lead]))

    def look(self, path: Path) -> None:
        """At what stayed of a file since the last round."""
        for lead in self.missing(path):
            self._keep(path, lead, self._held[path, lead].found(self._watches[lead]))

    def _has_room(self, led: Led) -> bool:
        """Arrays that several questions look at count once."""
        with self._lock:
            news = {id(array): array.nbytes for array in led.arrays if id(array) not in self._arrays}
            if sum(news.values()) > self._room:
                return False
            self._room -= sum(news.values())
            self._arrays |= news.keys()
            return True

    def _keep(self, path: Path, lead: Lead, found: Found) -> None:
        self._found[path, lead] = found
        if path in self._inside[lead] and found.watch is not NOTHING:
            self._kept.keep_found(path, lead, found)

    def widened(self, lead: Lead) -> bool:
        """Whether more has to be looked at in one more round: first at what others look at meanwhile."""
        watch = self._watches[lead]
        self.sums[lead] = self._summed(lead, watch)
        more = wider(lead, self.sums[lead])
        if more is None:
            return False
        if watch is NOTHING:
            more = self._kept.watch(lead) or more
        self._watches[lead] = more
        self._kept.keep_watch(lead, more)
        return True

    def _summed(self, lead: Lead, watch: Watch) -> Found:
        """What all files tell; that of files that are wholly in the range is kept for the next time."""
        parts = {path: found for (path, one), found in self._found.items() if one == lead and found.suits(watch)}
        base = self._base(lead)
        news = {path: found for path, found in parts.items() if path in self._inside[lead] and path not in base.paths}
        if news:
            base = Sum(base.paths | frozenset(news), summed(lead, watch, [base.told, *news.values()]))
            if base.told.watch is not NOTHING:
                self._kept.keep_found_sum(lead, base)
        others = [found for path, found in parts.items() if path not in base.paths]
        return summed(lead, watch, [base.told, *others]) if others else base.told

    def _base(self, lead: Lead) -> Sum:
        """What is already added up of the groups of the buckets that are looked at."""
        kept = self._sums.get(lead)
        if kept is None or not kept.paths <= self._inside[lead] or not kept.told.suits(self._watches[lead]):
            return Sum(frozenset(), self._nothing[lead])
        return kept
