"""Datagrams between the receiving thread and the one that works on them."""

import threading

from collector.datagram import Datagram

BATCH = 4096
"""Datagrams that are worth a batch before its time is up: about 100,000 flows of NetFlow v9."""
BATCH_BYTES = 8 << 20
"""The same in bytes: a message of a session may have 64 KiB."""
LIMIT = 100_000
"""Datagrams that may wait, about 150 MB; beyond it they are dropped and counted: the machine is too slow for them."""
CROWDED, CROWDED_BYTES = LIMIT // 2, 2 * BATCH_BYTES
"""What may wait before sessions have to; the room above is for UDP, which cannot wait."""


class Inbox:
    """A bounded queue that is emptied as a whole."""

    def __init__(self) -> None:
        self.overflow = 0
        """Datagrams dropped because too many waited."""
        self._waiting: list[Datagram] = []
        self._bytes = 0
        self._lock = threading.Lock()
        self._full = threading.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    def put(self, datagrams: list[Datagram]) -> None:
        """Add datagrams."""
        size = sum(len(datagram.payload) for datagram in datagrams)
        with self._lock:
            room = LIMIT - len(self._waiting)
            self._waiting += datagrams[: max(room, 0)]
            self._bytes += size
            self.overflow += max(len(datagrams) - room, 0)
        if len(self._waiting) >= BATCH or self._bytes >= BATCH_BYTES:
            self._full.set()

    def crowded(self) -> bool:
        """Whether those who can wait should."""
        return len(self._waiting) >= CROWDED or self._bytes >= CROWDED_BYTES

    def take(self, seconds: float) -> list[Datagram]:
        """All that came within so many seconds, sooner where it is a batch or the inbox is closed."""
        self._full.wait(seconds)
        with self._lock:
            if not self._closed:
                self._full.clear()
            taken, self._waiting, self._bytes = self._waiting, [], 0
        return taken

    def close(self) -> None:
        """End: what waits can still be taken."""
        self._closed = True
        self._full.set()
