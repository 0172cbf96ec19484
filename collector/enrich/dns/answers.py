"""What name servers said about addresses, and how long that holds."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

LENGTH = 255
"""Characters of a name (RFC 1035 section 2.3.4)."""
SHORTEST, LONGEST = 300.0, 86_400.0
"""Bounds of the time to live that a server gives a name, in seconds."""
ABSENT = 3600.0
"""Seconds that "there is no name" holds.

How long it does by its zone's SOA record (RFC 2308 section 5) came with the answer, but pycares hands over no records
of answers without a name; to ask for the SOA record of each zone above an address would be several queries more.
"""
FAILED, FAILED_LONGEST = 60.0, 3600.0
"""Seconds until an address is asked for again after no answer came; twice as many after each further failure."""
LIMIT = 250_000
"""Answers kept; beyond it the oldest are forgotten."""


class Answer(NamedTuple):
    """What is known of the name of an address."""

    name: str | None
    until: float
    """When to ask again, in seconds since 1970."""
    failures: int = 0
    """How often in a row no answer came; the name is then the one known before."""


def named(names: Iterable[tuple[str, int]], now: float) -> Answer:
    """From the PTR records of an address, as names and times to live; one with several has the first in order."""
    good = sorted((name, ttl) for text, ttl in names if (name := host_name(text)))
    if not good:
        return absent(now)
    name, ttl = good[0]
    return Answer(name, now + min(max(ttl, SHORTEST), LONGEST))


def absent(now: float) -> Answer:
    """The server knows no name."""
    return Answer(None, now + ABSENT)


def failed(before: Answer | None, now: float) -> Answer:
    """No answer came: what was known `before` still holds."""
    name, failures = (before.name, before.failures) if before else (None, 0)
    return Answer(name, now + min(FAILED * 2.0**failures, FAILED_LONGEST), min(failures + 1, 16))


def host_name(text: str) -> str | None:
    """A name as it is stored; None for what is no name. Whoever owns an address may have written anything there."""
    name = text.removesuffix(".").lower()
    # The resolver gives octets that are not printable as \DDD.
    good = 0 < len(name) <= LENGTH and name.isascii() and name.isprintable() and not set(name) & set(' \\"<>')
    return name if good else None


class Answers:
    """The answers by address. One thread puts them in, others may read."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._known: dict[str, Answer] = {}
        self._changed: dict[str, Answer | None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, address: str) -> Answer | None:
        """What is known, be it out of date."""
        return self._known.get(address)

    def put(self, address: str, answer: Answer) -> None:
        """Keep an answer in place of the one before."""
        self._known.pop(address, None)
        self._known[address] = answer
        if not answer.failures:
            self._changed[address] = answer
        if len(self._known) > self._limit:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._changed[oldest] = None

    def load(self, saved: Mapping[str, Answer]) -> None:
        """Take over what was known in an earlier run."""
        self._known.update(saved)

    def changes(self) -> dict[str, Answer | None]:
        """What was put in since the last call, None for what was forgotten; failures are not worth saving."""
        changed, self._changed = self._changed, {}
        return changed
