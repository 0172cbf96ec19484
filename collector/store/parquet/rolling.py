"""Flows on their way into files: gathered in memory until there are enough, or the first has waited long enough."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.flows import Flows
from collector.store.parquet.joining import joined

TIME = "@timestamp"


@dataclass(frozen=True)
class Rolling:
    """When gathered flows become a file."""

    seconds: float = 5.0
    """Age of the oldest. A sudden end of the process loses no more than this."""
    rows: int = 200_000
    """Flows that are enough for a file."""
    memory: int = 512 * 2**20
    """Bytes of flows that are held in all, also of those that could not be written."""


@dataclass(frozen=True)
class Batch:
    """Flows of one dataset and day, given as YYYY-MM-DD, that become one file; `size` bytes of memory."""

    day: str
    flows: Flows
    size: int


@dataclass
class Gathered:
    """What is in memory: flows as they came, and those that make up a file. Not safe without a lock around it."""

    rolling: Rolling
    batches: deque[Batch] = field(default_factory=deque)
    """Rolled and not yet written, oldest first."""
    rows: int = 0
    """Flows in memory, wherever they are."""
    size: int = 0
    """Their bytes."""
    _parts: list[Flows] = field(default_factory=list)
    _rows: int = 0
    _size: int = 0
    _since: float = 0.0

    def room_for(self, size: int) -> bool:
        """Whether so many bytes more are within the bound; a first batch always is."""
        return not self.size or self.size + size <= self.rolling.memory

    def add(self, flows: Flows, size: int) -> None:
        """Takes a batch of `size` bytes."""
        if not self._parts:
            self._since = time.monotonic()
        self._parts.append(flows)
        self._rows += len(flows)
        self._size += size
        self.rows += len(flows)
        self.size += size

    def due_in(self) -> float | None:
        """Seconds until the flows become a file, 0 where it is time; None where there are none."""
        if not self._parts:
            return None
        if self._rows >= self.rolling.rows:
            return 0.0
        return max(0.0, self._since + self.rolling.seconds - time.monotonic())

    def take(self) -> tuple[list[Flows], int]:
        """The flows as they came, and their bytes; both stay counted until `done`."""
        taken = self._parts, self._size
        self._parts, self._rows, self._size = [], 0, 0
        return taken

    def done(self, rows: int, size: int) -> None:
        """So many flows and bytes are no longer in memory."""
        self.rows -= rows
        self.size -= size


def size_of(flows: Flows) -> int:
    """Bytes of memory that a batch takes."""
    frames = [flows.frame, *flows.tables.values()]
    return sum(int(frame.estimated_size()) for frame in frames)


def batches_of(parts: Sequence[Flows], size: int, zone: str) -> list[Batch]:
    """The parts, all of one dataset, as one batch for each day, without flows that have no time; their `size` bytes are
    shared out.
    """
    whole = joined([_timed(part) for part in parts])
    days = whole.days(zone) if len(whole) else ()
    return [Batch(day, flows, size * len(flows) // len(whole)) for day, flows in days]


def _timed(flows: Flows) -> Flows:
    """The flows that have a time."""
    if TIME not in flows.frame.columns:
        return flows.over(flows.frame.clear())
    times = flows.frame.get_column(TIME)
    return flows.filter(times.is_not_null()) if times.null_count() else flows
