"""Host names of addresses, by reverse DNS: the pipeline's side, which never waits.

An address has a slot. Whenever a batch has addresses whose time has come, they are handed to the resolver's thread;
what it has found out by the next batch goes to their slots, and the flows from then on carry it.
"""

import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from ipaddress import ip_address, ip_network

import numpy as np
import polars as pl

from collector.enrich.addresses import MAPPED_PREFIX, Attribute
from collector.enrich.dns.answers import Answer
from collector.enrich.dns.resolver import Resolver
from collector.enrich.dns.servers import Groups
from collector.enrich.dns.slots import PENDING, Mask, Numbers, Rows, Slots
from collector.enrich.locality import private
from collector.enrich.prefixes import Prefixes
from collector.registry import VALUE

SLOT, DOMAIN = "host_name", "domain"
MOST = 10_000
"""Ends of flows, of a group, that are looked into in a turn; the others are when they are seen again."""
TURN = 0.9
"""Seconds from turn to turn: a batch a second has one each, more batches share them."""
LATER = 10.0
"""Seconds until an address is looked into again that had to stay behind because too many are asked for."""
NOWHERE = Prefixes.of(
    (ip_network(text), 0)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
)
"""Addresses that mean another host everywhere, or none: only name servers of their network are asked about them."""


class Wanted(StrEnum):
    """Whose names are looked up."""

    AUTO = "auto"
    """Exporters; of the ends of flows those in networks with name servers of their own, and private ones as soon as a
    private exporter has a name: then the system's name server knows private addresses."""
    EXPORTERS = "exporters"
    ENDPOINTS = "endpoints"
    BOTH = "both"


class HostNames:
    """The names of ends of flows and of exporters."""

    def __init__(
        self,
        wanted: Wanted,
        groups: Groups,
        resolver: Resolver,
        clock: Callable[[], float] = time.time,
        turn: float = TURN,
    ) -> None:
        """`resolver` asks the servers of `groups`; `clock` gives seconds since 1970; `turn` is in seconds."""
        self.resolver = resolver
        self._wanted, self._networks, self._clock = wanted, groups.networks, clock
        self._turn, self._last_turn = turn, 0.0
        self._private_known = False
        """Whether a name server of group 0 has named a private address."""
        self._begin()

    def attributes(self) -> dict[str, Attribute]:
        """For the address book: the slot of each address."""
        return {SLOT: self._enter}

    def describe(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """Put in `domain` for the slots: the name, or the address where none is known (yet)."""
        slots = addresses[SLOT].to_numpy()
        self._take()
        now = self._clock()
        if abs(now - self._last_turn) >= self._turn:
            self._last_turn = now
            self._look(slots, addresses[VALUE])
        return addresses.drop(SLOT).with_columns(self._names(slots, addresses[VALUE]).alias(DOMAIN))

    def forget(self, addresses: pl.DataFrame) -> None:
        """Take the slots of addresses that the book has no longer; answers that come for them are for others."""
        slots = addresses[SLOT].to_numpy().astype(np.intp)
        gone = np.zeros(self._slots.count, np.bool_)
        gone[slots] = True
        for address, waiting in self._waiting.items():
            self._waiting[address] = [slot for slot in waiting if not gone[slot]]
        self._slots.release(slots)

    def refresh(self) -> bool:
        """Answers need no new book: they come into the slots that there are."""
        return False

    def of(self, exporters: pl.Series) -> pl.Series:
        """The names of exporters, their addresses where none is known."""
        slots = np.array([self._exporter(one) for one in exporters], np.intp)
        self._take()
        self._look(slots, exporters)
        return self._names(slots, exporters)

    def _begin(self) -> None:
        self._slots = Slots()
        self._exporters: dict[str, int] = {}
        self._private_exporters: set[int] = set()
        self._waiting: dict[str, list[int]] = {}
        """The slots of addresses that are being asked for."""

    def _enter(self, new: pl.DataFrame) -> pl.Series:
        """Slots for new addresses. The book makes no call without any but when it begins."""
        if new.is_empty():
            self._begin()
        groups, askable, local = self._known(new)
        ends = np.full(len(groups), self._wanted in (Wanted.ENDPOINTS, Wanted.BOTH))
        tentative = np.zeros(len(groups), np.bool_)
        if self._wanted == Wanted.AUTO:
            tentative = local & (groups == 0) & askable
            ends = (groups > 0) | (tentative & self._private_known)
        return pl.Series(SLOT, self._slots.add(ends & askable, tentative, groups).astype(np.uint32))

    def _exporter(self, address: str) -> int:
        slot = self._exporters.get(address)
        if slot is None:
            one = _entries(address)
            groups, askable, local = self._known(one)
            wanted = askable & (self._wanted != Wanted.ENDPOINTS)
            slot = int(self._slots.add(wanted, np.zeros(1, np.bool_), groups)[0])
            self._exporters[address] = slot
            if local.all() and groups[0] == 0:
                self._private_exporters.add(slot)
        return slot

    def _known(self, new: pl.DataFrame) -> tuple[Rows, Mask, Mask]:
        """Of addresses in halves: the group of servers, whether to ask at all, whether they are private."""
        hi, lo = new["hi"].to_numpy(), new["lo"].to_numpy()
        groups = self._networks.find(hi, lo) + 1
        return groups, (groups > 0) | (NOWHERE.find(hi, lo) < 0), private(new).to_numpy()

    def _names(self, slots: Numbers, addresses: pl.Series) -> pl.Series:
        return self._slots.names(slots).fill_null(addresses)

    def _look(self, slots: Numbers, addresses: pl.Series) -> None:
        """Look into those whose time has come."""
        due = np.flatnonzero(self._slots.due[slots] <= self._clock())
        if len(due) and self.resolver.running:
            groups = self._slots.group[slots[due]]
            for group in np.unique(groups).tolist():
                those = due[groups == group][:MOST]
                self._ask(group, slots[those], addresses.gather(those).to_list())

    def _ask(self, group: int, slots: Numbers, addresses: Sequence[str]) -> None:
        """Take what the resolver knows already, and have it ask for the rest."""
        now, room = self._clock(), self.resolver.room(group)
        self._slots.due[slots] = now + LATER
        asked: list[str] = []
        known: list[tuple[int, Answer]] = []
        for slot, address in zip(slots.tolist(), addresses, strict=True):
            answer = self.resolver.answers.get(address)
            if answer and answer.until > now:
                known.append((slot, answer))
            elif address in self._waiting or len(asked) < room:
                if address not in self._waiting:
                    asked.append(address)
                self._waiting.setdefault(address, []).append(slot)
                self._slots.due[slot] = PENDING
        self._tell(known)
        if asked:
            self.resolver.ask(group, asked)

    def _take(self) -> None:
        """What the resolver has found out since the last time."""
        done = self.resolver.done
        known: list[tuple[int, Answer]] = []
        for _ in range(len(done)):
            address, due = done.popleft()
            before = self.resolver.answers.get(address)
            answer = Answer(before.name if before else None, due)
            known += [(slot, answer) for slot in self._waiting.pop(address, ())]
        self._tell(known)

    def _tell(self, known: Sequence[tuple[int, Answer]]) -> None:
        if not known:
            return
        self._slots.tell([slot for slot, _ in known], [answer for _, answer in known])
        named = {slot for slot, answer in known if answer.name} if self._private_exporters else set()
        if not self._private_known and named & self._private_exporters:
            self._private_known = True
            self._slots.wake()


def _entries(address: str) -> pl.DataFrame:
    """The halves of an address; of what is none, those of `::`."""
    try:
        one = ip_address(address)
    except ValueError:
        one = ip_address("::")
    number = int(one) | MAPPED_PREFIX << 32 if one.version == 4 else int(one)
    halves = {"hi": [number >> 64], "lo": [number & (1 << 64) - 1]}
    return pl.DataFrame(halves, schema={"hi": pl.UInt64, "lo": pl.UInt64})
