"""What came from each stream of export, and what did not: messages, records, loss by sequence number, clock skew."""

from dataclasses import dataclass

import numpy as np

from collector.decode.exports import AGAIN, ExportColumns, Ints
from collector.decode.sequence import Changes

COUNTS = ("messages", "records", "lost", "late", "repeated", "resets", "received", "skew")
GROWTH = 256
UNITS = {
    "NetFlow v5": "flows",
    "NetFlow v7": "flows",
    "NetFlow v9": "datagrams",
    "IPFIX": "records",
    "sFlow": "datagrams",
}
"""What the sequence numbers of a protocol count; NetFlow v1 has none."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one stream since the start."""

    messages: int
    """Datagrams; IPFIX messages."""
    records: int
    """Flows, and records of options data; samples of sFlow."""
    lost: int
    """By sequence number, in the protocol's unit: flows (v5, v7), datagrams (v9, sFlow), records (IPFIX)."""
    late: int
    """Messages that came after their successors."""
    repeated: int
    """Messages that came twice."""
    resets: int
    """Times that the exporter began to count anew."""
    received: int
    """When the last message came, in milliseconds since 1970."""
    skew: int
    """How far the exporter's clock was ahead of ours in the last message, in milliseconds; 0 where it tells no time."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What the sequence numbers of one batch say about a stream."""

    exporter: int
    """Row number in `Decoder.exporters`."""
    protocol: str
    """As in `StreamState`."""
    domain: int
    lost: int
    """As in `Counts`; negative where late messages filled earlier gaps."""
    late: int
    repeated: int
    resets: int


class Ledger:
    """Counts by row number of the stream."""

    def __init__(self) -> None:
        self._entries = np.zeros(0, [(name, np.int64) for name in COUNTS])

    def count(self, headers: ExportColumns, records: Ints) -> None:
        """Take messages in order of arrival, with the number of records of each."""
        once = np.flatnonzero(headers.units != AGAIN)
        self.arrived(headers.stream[once], headers.received[once])
        self.recorded(headers.stream, records)
        self._entries["skew"][headers.stream[once]] = headers.exported[once] - headers.received[once]

    def recorded(self, rows: Ints, records: Ints) -> None:
        """Take numbers of records of streams that have been seen."""
        np.add.at(self._entries["records"], rows, records)

    def arrived(self, rows: Ints, received: Ints) -> None:
        """Take messages of streams in order of arrival, with their times in milliseconds."""
        if len(rows):
            self._grow(int(rows.max()) + 1)
            np.add.at(self._entries["messages"], rows, 1)
            self._entries["received"][rows] = received

    def lose(self, row: int, changes: Changes) -> None:
        """Take what the sequence numbers of a batch say about a stream."""
        self._grow(row + 1)
        for name in ("lost", "late", "repeated", "resets"):
            self._entries[name][row] += getattr(changes, name)

    def of(self, row: int) -> Counts:
        """The counts of a stream."""
        return Counts(*self._entries[row].tolist()) if row < len(self._entries) else Counts(*[0] * len(COUNTS))

    def _grow(self, rows: int) -> None:
        if rows > len(self._entries):
            more = np.zeros(max(rows - len(self._entries), GROWTH, len(self._entries)), self._entries.dtype)
            self._entries = np.concatenate([self._entries, more])
