"""The states of all files of a time range: those of files that are wholly in it are kept for the next question."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from collector.datasets import Dataset
from collector.memory import share
from collector.query.model import TIME, Patience, Range
from collector.query.parquet.asking import Asking
from collector.query.parquet.filtering import lasting, names
from collector.query.parquet.growing import Growing, Total, settled
from collector.query.parquet.keeping import Kept
from collector.query.parquet.leading import Found, all_told
from collector.query.parquet.leads import Lead
from collector.query.parquet.listing import SPAN, File
from collector.query.parquet.packing import Packed, packed
from collector.query.parquet.reading import empty, read
from collector.query.parquet.rounds import MOST_HELD, Rounds
from collector.query.parquet.shelf import Shelf
from collector.query.parquet.states import Ask, States, ordered, together, whole
from collector.query.parquet.store import Files, Looked

LARGE = 50_000
"""Rows of files that are worth being read before anybody asks: others take milliseconds, and are merged soon."""
Result = TypeVar("Result")
Part = tuple[Path, Mapping[Ask, Packed]]
"""What was found in a file."""


class Gathering:
    """One question, or several of the same time range."""

    def __init__(self, files: Files, kept: Kept, shelf: Shelf, within: Range, patience: Patience) -> None:
        self._files = files
        self._kept = kept
        self.shelf = shelf
        self._within = within
        self._patience = patience
        self._now = time.time_ns() // 1_000_000

    def states(
        self, dataset: Dataset, asks: Sequence[Ask], leads: Sequence[Lead] = ()
    ) -> tuple[dict[Ask, Total], dict[Lead, Found], list[str]]:
        """What all files tell of each question, of those about leading groups, and of why some were skipped."""
        wanted = [*asks, *(ask.ranking for ask in asks if ask.by)]
        given = together(map(ordered, wanted))
        different = list(dict.fromkeys(given.values()))
        several = list(dict.fromkeys(leads))
        found, led, notes = self.looked(dataset, lambda looked: self._of_files(dataset, different, several, looked))
        return {ask: found[given[ordered(ask)]] for ask in wanted}, led, notes

    def looked(self, dataset: Dataset, work: Callable[[Looked], Result]) -> Result:
        """What `work` makes of the files, which is begun anew, once, if some vanish."""
        return self._files.looked(dataset, self._within, self._patience, work)

    def each(self, looked: Looked, work: Callable[[File], Result]) -> list[Result]:
        """What `work` makes of each file."""
        return self._files.each(looked, self._patience, work)

    def prepared(self, dataset: Dataset, asks: Sequence[Ask], leads: Sequence[Lead]) -> Iterator[None]:
        """Keeps the states of large files that are wholly in the range, newest first, of one at each step."""
        wanted = [*asks, *(ask.ranking for ask in asks if ask.by)]
        different = list(dict.fromkeys(together(map(ordered, wanted)).values()))
        looked = self.looked(dataset, lambda looked: looked)
        inside = {ask: self._whole(ask, looked.files) for ask in different}
        rounds = self._rounds(list(dict.fromkeys(leads)), looked, room=0)
        large = [one for one in reversed(looked.files) if one.rows >= LARGE and one.within(self._within)]
        while True:
            for file in large:
                asked = [ask for ask in different if file.path in inside[ask] and not self._kept.has(file.path, ask)]
                if self._kept.nearly_full:
                    return
                if asked or rounds.missing(file.path):
                    with suppress(FileNotFoundError):
                        looked.tried(file.path, partial(self._of_file, file, dataset, asked, inside, rounds))
                    yield
            widened = [rounds.widened(lead) for lead in rounds.leads]
            if not any(widened):
                return

    def _rounds(self, leads: Sequence[Lead], looked: Looked, room: int) -> Rounds:
        nothing = {lead: all_told(lead, self._nothing(lead.ask), self.shelf.texts) for lead in leads}
        return Rounds(self._kept, nothing, {lead: self._whole(lead.ask, looked.files) for lead in leads}, room)

    def _nothing(self, ask: Ask) -> States:
        """The states of no rows."""
        return Asking(empty(ask.dataset, self.shelf.texts), self._within, self._now).states(ask)

    def _of_files(
        self, dataset: Dataset, asks: Sequence[Ask], leads: Sequence[Lead], looked: Looked
    ) -> tuple[dict[Ask, Total], dict[Lead, Found], list[str]]:
        inside = {ask: self._whole(ask, looked.files) for ask in asks}
        rounds = self._rounds(leads, looked, share(MOST_HELD, 8))
        sums = {ask: self._sum(ask, inside[ask]) for ask in asks}

        def work(file: File) -> Part:
            left = [ask for ask in asks if file.path not in sums[ask].paths]
            return file.path, self._of_file(file, dataset, left, inside, rounds)

        parts = self.each(looked, work)
        added = self._files.mapped(lambda ask: self._added(ask, sums[ask], parts, inside[ask]), asks)
        while any(self._files.mapped(rounds.widened, leads)):
            self.each(looked, lambda file: self._of_file(file, dataset, [], inside, rounds))
        return dict(zip(asks, added, strict=True)), rounds.sums, list(dict.fromkeys(looked.notes))

    def _whole(self, ask: Ask, files: Sequence[File]) -> frozenset[Path]:
        """The files of which the question is always the same."""
        if not lasting(ask.filter):
            return frozenset()
        return frozenset(file.path for file in files if file.within(self._within, spread=ask.spread))

    def _sum(self, ask: Ask, inside: frozenset[Path]) -> Growing:
        """What is already added up."""
        kept = self._kept.sum(ask)
        found = None if kept is None else kept.within(inside)
        return found or settled(self._nothing(ask), ask.keys, frozenset())

    def _of_file(
        self,
        file: File,
        dataset: Dataset,
        asks: Sequence[Ask],
        inside: Mapping[Ask, frozenset[Path]],
        rounds: Rounds,
    ) -> dict[Ask, Packed]:
        kept = {ask: self._kept.of_file(file.path, ask) if file.path in inside[ask] else None for ask in asks}
        found = {ask: one for ask, one in kept.items() if one is not None}
        missing = [ask for ask in asks if ask not in found]
        unread = rounds.unread(file.path)
        if missing or unread:
            needed = {name for ask in (*missing, *(lead.ask for lead in unread)) for name in _needed(ask)}
            asking = Asking(read(file, dataset, self.shelf, needed, self._within), self._within, self._now)
        if missing:
            self._patience.check()
            found |= self._asked(asking, missing, asks, found)
        for ask in missing:
            if file.path in inside[ask]:
                self._kept.keep_file(file.path, ask, found[ask])
        for lead in unread:
            self._patience.check()
            rounds.read(file.path, lead, asking.led(lead))
        rounds.look(file.path)
        return found

    def _asked(
        self, asking: Asking, missing: Sequence[Ask], asks: Sequence[Ask], known: Mapping[Ask, Packed]
    ) -> dict[Ask, Packed]:
        """What a file tells of the questions of which it is not known, packed at once, as there are many files."""
        following = {ask: finer for ask in missing if (finer := _finer(ask, asks))}
        made = asking.several([ask for ask in missing if ask not in following])
        for ask, finer in following.items():
            made[ask] = whole(made[finer] if finer in made else known[finer].states, finer)
        return {ask: packed(states, ask.keys) for ask, states in made.items()}

    def _added(self, ask: Ask, before: Growing, parts: Sequence[Part], inside: frozenset[Path]) -> Total:
        self._patience.check()
        news = {path: part[ask].states for path, part in parts if ask in part and path in inside}
        made = before.grown(news) if news else before
        keep = partial(self._kept.keep_sum, ask)
        if news:
            keep(made)
        return Total(made, [part[ask].states for path, part in parts if ask in part and path not in inside], keep)


def _finer(ask: Ask, asks: Sequence[Ask]) -> Ask | None:
    """A question by intervals that the states of one for the whole range follow from."""
    if ask.interval is not None:
        return None
    return next((one for one in asks if one.interval is not None and not one.spread and one.ranking == ask), None)


def _needed(ask: Ask) -> set[str]:
    """All fields that a question looks at."""
    return ask.names | names(ask.filter) | ({TIME} if ask.interval else set()) | (set(SPAN) if ask.spread else set())
