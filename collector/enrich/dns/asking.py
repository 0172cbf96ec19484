"""Asking one group of name servers: so many queries in flight, so many waiting, and patience with a dead server."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from aiodns import DNSResolver
from aiodns.error import ARES_EFORMERR, ARES_ENODATA, ARES_ENOTFOUND, ARES_ENOTIMP, ARES_ESERVFAIL, DNSError
from pycares import PTRRecordData

from collector.enrich.dns.answers import FAILED, Answer, Answers, absent, failed, named

QUEUE = 10_000
"""Addresses that wait; beyond it the oldest are dropped, and asked for again when they are seen later."""
AT_A_TIME = 2_000
"""Addresses that are taken over at a time: what a server is asked in two seconds."""
NO_NAME = (ARES_ENOTFOUND, ARES_ENODATA)
ALIVE = (*NO_NAME, ARES_ESERVFAIL, ARES_EFORMERR, ARES_ENOTIMP)
"""What a server says that works, if not for this address."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manners:
    """How name servers are treated."""

    in_flight: int = 100
    pause: float = 0.1
    """Seconds between an answer and the query in its place: 1,000 queries a second at most."""
    timeout: float = 1.0
    """Seconds until a query is repeated, twice as many from try to try: a quarter where the server has been fast."""
    tries: int = 4
    silent_pause: float = 5.0
    """Seconds between two queries to a server that does not answer."""
    failures: int = 10
    """Queries in a row without an answer that make a server a dead one."""
    first_failures: int = 2
    """The same for one that has never answered."""


@dataclass(slots=True)
class Counts:
    """Since the start."""

    asked: int = 0
    named: int = 0
    absent: int = 0
    failed: int = 0
    dropped: int = 0


class Asking:
    """Asks the servers of one group; for the thread of one event loop."""

    def __init__(
        self,
        servers: Sequence[str],
        answers: Answers,
        done: Callable[[str, float], None],
        clock: Callable[[], float],
        manners: Manners,
    ) -> None:
        """`done` takes an address and when to ask for it again; what is known by then is in `answers`."""
        self.counts = Counts()
        self.silent = False
        """Whether the servers do not answer: they are then asked one thing at a time."""
        self._servers, self._answers, self._done, self._clock, self._manners = servers, answers, done, clock, manners
        self._queue: OrderedDict[str, None] = OrderedDict()
        self._flying: set[str] = set()
        self._lanes: set[asyncio.Task[None]] = set()
        self._active = 0
        self._failures = 0
        self._resolver: DNSResolver | None = None

    @property
    def waiting(self) -> int:
        """Addresses that wait or are being asked for."""
        return len(self._queue) + len(self._flying)

    @property
    def room(self) -> int:
        """How many more addresses are worth handing over at a time."""
        return 1 if self.silent else AT_A_TIME

    def ask(self, addresses: Iterable[str]) -> None:
        """Ask for the names of addresses, in this order, the oldest first."""
        for address in addresses:
            if address not in self._flying:
                self._queue.setdefault(address)
        while len(self._queue) > QUEUE:
            oldest, _ = self._queue.popitem(last=False)
            self.counts.dropped += 1
            self._done(oldest, self._clock() + FAILED)
        self._begin()

    async def close(self) -> None:
        """End at once."""
        for lane in self._lanes:
            lane.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)
        if self._resolver:
            await self._resolver.close()

    def _most(self) -> int:
        return 1 if self.silent else self._manners.in_flight

    def _begin(self) -> None:
        """As many lanes as there is work for."""
        for _ in range(min(self._most() - self._active, len(self._queue))):
            self._active += 1
            lane = asyncio.get_running_loop().create_task(self._lane())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)

    async def _lane(self) -> None:
        """One query after another, while there are addresses."""
        try:
            while self._queue and self._active <= self._most():
                address, _ = self._queue.popitem(last=False)
                self._flying.add(address)
                answer = await self._answer(address)
                self._flying.discard(address)
                self._answers.put(address, answer)
                self._done(address, answer.until)
                await asyncio.sleep(self._manners.silent_pause if self.silent else self._manners.pause)
        finally:
            self._active -= 1

    async def _answer(self, address: str) -> Answer:
        self.counts.asked += 1
        try:
            found = await self._open().query_dns(ip_address(address).reverse_pointer, "PTR")
        except DNSError as error:
            return self._without(address, error)
        self._alive()
        texts = [(one.data.dname, one.ttl) for one in found.answer if isinstance(one.data, PTRRecordData)]
        answer = named(texts, self._clock())
        self.counts.named += answer.name is not None
        self.counts.absent += answer.name is None
        return answer

    def _without(self, address: str, error: DNSError) -> Answer:
        code, text = error.args
        if code in ALIVE:
            self._alive()
        else:
            self._dead(text)
        if code in NO_NAME:
            self.counts.absent += 1
            return absent(self._clock())
        self.counts.failed += 1
        return failed(self._answers.get(address), self._clock())

    def _alive(self) -> None:
        self._failures = 0
        if self.silent:
            self.silent = False
            log.info("%s: names are asked for again", self)
            self._begin()

    def _dead(self, reason: str) -> None:
        self._failures += 1
        known = self.counts.named + self.counts.absent
        enough = self._manners.failures if known else self._manners.first_failures
        if self._failures >= enough and not self.silent:
            self.silent = True
            text = "%s: no answer (%s); addresses get no new names until one comes: see --dns-servers and --dns"
            log.warning(text, self, reason)

    def _open(self) -> DNSResolver:
        if self._resolver is None:
            servers, manners = self._servers or None, self._manners
            self._resolver = DNSResolver(servers, timeout=manners.timeout, tries=manners.tries)
        return self._resolver

    def __str__(self) -> str:
        if self._servers:
            return f"name server {', '.join(self._servers)}"
        return f"the system's name server {', '.join(self._open().nameservers)}"
