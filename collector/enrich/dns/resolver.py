"""The thread that asks name servers, with an event loop of its own."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from collector.enrich.dns.answers import Answers
from collector.enrich.dns.asking import Asking, Counts, Manners
from collector.enrich.dns.file import AnswersFile

SAVE_SECONDS = 10.0
CLOSE_SECONDS = 5.0
log = logging.getLogger(__name__)


class Resolver:
    """Asks groups of name servers for names, from `start` to `close`. Those who ask never wait."""

    def __init__(
        self,
        groups: Sequence[Sequence[str]],
        file: AnswersFile | None = None,
        clock: Callable[[], float] = time.time,
        manners: Manners | None = None,
    ) -> None:
        """`groups` are the servers of each, none for the system's own."""
        self.answers = Answers()
        self.done: deque[tuple[str, float]] = deque()
        """Addresses that are no longer asked for, and when to do so again; to be taken by whoever asked."""
        self._clock, self._file = clock, file
        self._groups = [Asking(servers, self.answers, self._finish, clock, manners or Manners()) for servers in groups]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="names", daemon=True)

    @property
    def running(self) -> bool:
        """Whether it asks."""
        return self._loop is not None and self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Addresses that wait or are being asked for."""
        return sum(group.waiting for group in self._groups)

    def counts(self) -> Counts:
        """Of all groups."""
        each = [group.counts for group in self._groups]
        return Counts(*(sum(getattr(one, name) for one in each) for name in Counts.__slots__))

    def room(self, group: int) -> int:
        """How many addresses are worth asking for now."""
        return self._groups[group].room

    def ask(self, group: int, addresses: Sequence[str]) -> None:
        """Have addresses asked for; each will be in `done`."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._groups[group].ask, addresses)

    def start(self) -> None:
        """Load what was known before, and begin."""
        if self._file:
            self.answers.load(self._file.load(self._clock()))
        self._loop = asyncio.new_event_loop()
        self._thread.start()

    def close(self) -> None:
        """Save what is known, and end; what is in flight is lost."""
        if self._loop is not None and self.running:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(CLOSE_SECONDS)

    def _finish(self, address: str, due: float) -> None:
        self.done.append((address, due))

    def _run(self) -> None:
        loop = self._loop
        if loop is not None:
            try:
                loop.run_until_complete(self._serve())
            finally:
                loop.close()

    async def _serve(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(SAVE_SECONDS):
                    await self._stop.wait()
            self._save()
        for group in self._groups:
            await group.close()
        self._save()

    def _save(self) -> None:
        changes = self.answers.changes()
        if changes and self._file:
            self._file.save(changes)
