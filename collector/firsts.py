"""Log lines about what is seen for the first time, and not more of them than somebody can read."""

import logging
import time
from collections.abc import Callable

MOST = 20
"""Lines a minute."""
MINUTE = 60.0


class Firsts:
    """Logs warnings, at most `most` in a minute; how many more there were is told when that is over."""

    def __init__(self, log: logging.Logger, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._most = most
        self._clock = clock
        self._began = clock()
        self._told = 0
        self._kept_back = 0

    def warn(self, text: str) -> None:
        """Log a line, or keep it back."""
        self.tick()
        if self._told < self._most:
            self._told += 1
            self._log.warning("%s", text)
        else:
            self._kept_back += 1

    def tick(self) -> None:
        """Begin another minute when it is time."""
        now = self._clock()
        if now - self._began < MINUTE:
            return
        if self._kept_back:
            text = "and %d more kinds of trouble of exporters within a minute: `flow-collector exporters` has them all"
            self._log.warning(text, self._kept_back)
        self._began, self._told, self._kept_back = now, 0, 0
