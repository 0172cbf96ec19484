"""What came from each stream of export, and what did not: messages, records, loss by sequence number, clock skew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from collector.decode.exports import AGAIN, ExportColumns, Ints
from collector.decode.sequence import Changes

COUNTS = (
    "messages",
    "records",
    "flows",
    "lost",
    "late",
    "repeated",
    "resets",
    "first",
    "received",
    "skew",
    "rate",
    "source",
)
GROWTH = 256
VERSIONS = 11
"""Versions of NetFlow up to IPFIX, which is 10."""
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
    flows: int
    """Flows among the records, also packets that sFlow sampled."""
    lost: int
    """By sequence number, in the protocol's unit: flows (v5, v7), datagrams (v9, sFlow), records (IPFIX)."""
    late: int
    """Messages that came after their successors."""
    repeated: int
    """Messages that came twice."""
    resets: int
    """Times that the exporter began to count anew."""
    first: int
    """When the first message came, in milliseconds since 1970."""
    received: int
    """When the last message came, in milliseconds since 1970."""
    skew: int
    """How far the exporter's clock was ahead of ours in the last message, in milliseconds; 0 where it tells no time."""
    rate: int
    """Sampling rate that was last applied to a flow, 0 where none is known."""
    source: int
    """Where that came from: row of the table of sampling sources."""


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


class Total(NamedTuple):
    """Of one protocol since the start."""

    messages: int
    flows: int


class Ledger:
    """Counts by row number of the stream."""

    def __init__(self) -> None:
        self.totals = np.zeros(VERSIONS, [("messages", np.int64), ("flows", np.int64)])
        """By version of the protocol: of all streams since the start, also of those that were forgotten."""
        self._entries = np.zeros(0, [(name, np.int64) for name in COUNTS])

    def received(self, rows: int) -> Ints:
        """When the last message of each of the first so many streams came."""
        self._grow(rows)
        times: Ints = self._entries["received"]
        return times

    def count(self, headers: ExportColumns, records: Ints, flows: Ints) -> None:
        """Take messages in order of arrival, with the number of records of each, and of flows among these."""
        once = np.flatnonzero(headers.units != AGAIN)
        self.arrived(headers.stream[once], headers.received[once])
        self.recorded(headers.stream, records, flows)
        np.add.at(self.totals["messages"], headers.version[once], 1)
        np.add.at(self.totals["flows"], headers.version, flows)
        self._entries["skew"][headers.stream[once]] = headers.exported[once] - headers.received[once]

    def recorded(self, rows: Ints, records: Ints, flows: Ints) -> None:
        """Take numbers of records, and of flows among them, of streams that have been seen."""
        np.add.at(self._entries["records"], rows, records)
        np.add.at(self._entries["flows"], rows, flows)

    def sampled(self, rows: Ints, flows: pl.DataFrame, places: Ints) -> None:
        """Take the sampling rates of the flows at some places of a frame; `rows` are their streams."""
        if "flow.sampling_interval" in flows.columns:
            for name, column in (("rate", "flow.sampling_interval"), ("source", "flow.sampling_from")):
                values = flows.get_column(column).to_numpy()[places]
                known = ~np.isnan(values)
                self._entries[name][rows[known]] = values[known]

    def arrived(self, rows: Ints, received: Ints) -> None:
        """Take messages of streams in order of arrival, with their times in milliseconds."""
        if len(rows):
            self._grow(int(rows.max()) + 1)
            np.add.at(self._entries["messages"], rows, 1)
            self._entries["received"][rows] = received
            new = np.flatnonzero(self._entries["first"][rows] == 0)[::-1]
            self._entries["first"][rows[new]] = received[new]

    def lose(self, row: int, changes: Changes) -> None:
        """Take what the sequence numbers of a batch say about a stream."""
        self._grow(row + 1)
        for name in ("lost", "late", "repeated", "resets"):
            self._entries[name][row] += getattr(changes, name)

    def of(self, row: int) -> Counts:
        """The counts of a stream."""
        return Counts(*self._entries[row].tolist()) if row < len(self._entries) else Counts(*[0] * len(COUNTS))

    def forget(self, rows: Sequence[int]) -> None:
        """Forget streams: their rows will be others'."""
        known = np.array(rows, np.int64)
        self._entries[known[known < len(self._entries)]] = 0

    def _grow(self, rows: int) -> None:
        if rows > len(self._entries):
            more = np.zeros(max(rows - len(self._entries), GROWTH, len(self._entries)), self._entries.dtype)
            self._entries = np.concatenate([self._entries, more])
