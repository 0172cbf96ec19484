"""Names that sort by the time they were made."""

import secrets
import threading
import time
from collections.abc import Callable
from string import ascii_letters

# Letters alone have one order in ASCII, which file names and sorted lists go by, and in the base64 that search engines
# decode an `_id` by before they store it: in both, later ids come after earlier ones. Digits, - and _ would break that.
ALPHABET = "".join(sorted(ascii_letters))

LENGTH = 12
"""Letters of an id: 8 for the milliseconds since 1970 (they last until the year 3664), 4 for the process."""


def letters(number: int, width: int) -> str:
    """The number in `width` letters, which sort as numbers do. Raises OverflowError where they are too few."""
    text = ""
    for _ in range(width):
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    if number:
        raise OverflowError(f"too big for {width} letters")
    return text


class Ids:
    """Gives ids of `LENGTH` letters: each sorts after those given before, and no other process gives the same.

    `clock` gives nanoseconds since 1970. A clock set back does not turn the order round: ids then run ahead of it.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._mark = letters(secrets.randbelow(len(ALPHABET) ** 4), 4)
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """The next id."""
        with self._lock:
            self._last = max(self._clock() // 1_000_000, self._last + 1)
            return letters(self._last, LENGTH - 4) + self._mark
