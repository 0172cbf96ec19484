"""What keeps a store from its work: told when it begins, now and then while it lasts, and when it is over."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

INTERVAL = 60.0
"""Seconds between two messages about the same thing."""


class Troubles:
    """Messages of a store's trouble, at most one a minute for each kind of it. Safe to use from several threads.

    `rest` gives what each message ends with: where the flows are meanwhile.
    """

    def __init__(self, log: logging.Logger, rest: Callable[[], str]) -> None:
        self._log = log
        self._rest = rest
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}
        self._lasting: dict[str, tuple[datetime, str]] = {}

    def tell(self, kind: str, text: str) -> None:
        """Logs a text, unless one of its kind was logged within the last minute."""
        with self._lock:
            now = time.monotonic()
            if now - self._told.get(kind, -INTERVAL) < INTERVAL:
                return
            self._told[kind] = now
        self._log.warning("%s", text)

    def begin(self, what: str, text: str) -> None:
        """Something, known by `what`, does not work: for the first time, or still."""
        with self._lock:
            since, _ = self._lasting.get(what, (datetime.now(UTC), ""))
            self._lasting[what] = since, text
        self.tell(what, f"{text}; {self._rest()}")

    def end(self, *what: str) -> None:
        """All those things work, whether they did before or not."""
        for one in what if self._lasting else ():
            with self._lock:
                since, text = self._lasting.pop(one, (None, ""))
                self._told.pop(one, None)
            if since is not None:
                seconds = (datetime.now(UTC) - since).total_seconds()
                self._log.warning("over after %.0f s: %s; %s", seconds, text, self._rest())

    @property
    def status(self) -> str:
        """One line on what does not work, and since when; `ok` where everything does."""
        with self._lock:
            lasting = list(self._lasting.values())
        return "; ".join(f"{text} (since {since:%Y-%m-%d %H:%M:%S} UTC)" for since, text in lasting) or "ok"
