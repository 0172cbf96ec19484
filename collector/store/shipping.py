"""Sending bulk requests until every document of them is settled."""

import logging
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from collector.store.bulk import Outcome, Request, outcome
from collector.store.client import Answer, Client
from collector.store.errors import StoreError
from collector.store.preparation import Preparation
from collector.store.troubles import Troubles

log = logging.getLogger(__name__)

ENGINE = "engine"
"""What `Troubles` knows trouble with the engine as a whole by; that with an index, by the name of the index."""

SMALLEST = 64 * 1024
"""Bytes below which requests are not cut for an engine that finds them too large."""


@dataclass
class Counters:
    """What was shipped, and what was not, since the start."""

    documents: int = 0
    """Documents that the engine acknowledged; those that it had already count as well."""
    stored: Counter[str] = field(default_factory=Counter)
    """The same by dataset."""
    repeated: int = 0
    """Those of them that it had already."""
    bytes: int = 0
    """Bytes of the bulk requests, as made, that it answered."""
    requests: int = 0
    retries: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    """Documents that the engine refused for good, by reason."""
    pending_segments: int = 0
    pending_bytes: int = 0
    dropped: int = 0
    """Flows that were lost before they were shipped, for want of space."""
    damaged: int = 0
    """Flows of segments that were set aside, since they could not be read."""


@dataclass(frozen=True)
class Patience:
    """Seconds between attempts: doubled from the first to the longest, and up to a half of it left to chance."""

    first: float = 0.5
    longest: float = 30.0
    mending: float = 10.0
    """The first where an operator has to do something."""

    def delay(self, attempt: int, mending: bool) -> float:
        """Seconds to wait after that attempt, the first of which is 1."""
        first = self.mending if mending else self.first
        return min(self.longest, first * 2.0 ** min(attempt - 1, 30)) * random.uniform(0.5, 1.0)  # noqa: S311


class Stopped(Exception):  # noqa: N818
    """The store is closed: what is not settled stays where it is."""


class Shipper:
    """Sends requests, none before the preparation is done. Safe to use from several threads.

    Raises Stopped when `stop` is set and a request is not settled.
    """

    def __init__(
        self,
        client: Client,
        preparation: Preparation,
        troubles: Troubles,
        stop: threading.Event,
        patience: Patience,
        size: int,
    ) -> None:
        self.counters = Counters()
        self.size = size
        """Bytes of a request; less, once the engine has found one too large."""
        self._client = client
        self._preparation = preparation
        self._troubles = troubles
        self._stop = stop
        self._patience = patience
        self._lock = threading.Lock()

    def ship(self, request: Request) -> None:
        """Returns when each document of the request is in its index, or refused for good and counted."""
        attempt = 0
        while len(request):
            if self._stop.is_set():
                raise Stopped
            attempt += 1
            try:
                self._preparation.ensure()
                answer = self._client.bulk(request.target, request.body)
            except StoreError as error:
                self._preparation.forget()
                self._wait(attempt, ENGINE, str(error), mending=not _overload(error.status))
                continue
            if answer.status == 413 and len(request) > 1:
                self._halve(request)
                return
            request = self._settle(request, answer, attempt)

    def refuse(self, kind: str, rows: int) -> None:
        """Counts documents that are lost for a reason."""
        with self._lock:
            self.counters.failed[kind] = self.counters.failed.get(kind, 0) + rows

    def _settle(self, request: Request, answer: Answer, attempt: int) -> Request:
        """What is left of a request after its answer and, where anything is, a wait."""
        result = outcome(request, answer) if answer.status == 200 else None
        if result is not None:
            self._troubles.end(ENGINE)
            self._note(request, result)
            if not result.again:
                self._troubles.end(request.index)
                return request.only(())
            text = f"{answer.url}: index {request.index}: {result.reason}"
            self._wait(attempt, request.index, text, mending=not result.overload)
            return request.only(result.again)
        if answer.status == 413:
            self._refuse(request, "too large", [0], str(answer.error()))
            return request.only(())
        overload = _overload(answer.status)
        if answer.status >= 500:
            self._preparation.forget()
        self._wait(attempt, ENGINE if overload else request.index, str(answer.error()), mending=not overload)
        return request

    def _halve(self, request: Request) -> None:
        self.size = max(SMALLEST, min(self.size, len(request.body) // 2))
        log.warning("a request of %d bytes is too large for the engine: %d from now on", len(request.body), self.size)
        middle = len(request) // 2
        self.ship(request.part(0, middle))
        self.ship(request.part(middle, len(request)))

    def _note(self, request: Request, result: Outcome) -> None:
        with self._lock:
            self.counters.requests += 1
            self.counters.bytes += len(request.body)
            self.counters.documents += result.created + result.repeated
            self.counters.repeated += result.repeated
            self.counters.stored[request.dataset.name] += result.created + result.repeated
        for kind, rows in result.refused.items():
            self._refuse(request, kind, rows, result.sample[kind])

    def _refuse(self, request: Request, kind: str, rows: list[int], reason: str) -> None:
        self.refuse(kind, len(rows))
        sample = request.document(rows[0])
        text = f"index {request.index}: {len(rows)} documents refused and lost: {reason}; one of them: {sample[:2000]}"
        self._troubles.tell(kind, text)

    def _wait(self, attempt: int, what: str, text: str, *, mending: bool) -> None:
        with self._lock:
            self.counters.retries += 1
        self._troubles.begin(what, text)
        if self._stop.wait(self._patience.delay(attempt, mending)):
            raise Stopped


def _overload(status: int | None) -> bool:
    """Whether the engine, or a proxy before it, needs no more than time; None stands for no answer."""
    return status is None or status in {408, 429} or status >= 500
