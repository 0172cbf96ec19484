"""The decoder of NetFlow v1, v5, v7, v9 and IPFIX: datagrams in, a frame of flows and options data out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from collector.datagram import Datagram
from collector.decode import legacy, messages
from collector.decode.clocks import Clocks
from collector.decode.exports import AGAIN, COUNTED, ExportColumns, Ints, runs
from collector.decode.extra import Extras
from collector.decode.flowframe import flow_frame
from collector.decode.gathering import Found, all_found, gather
from collector.decode.jsontext import Names
from collector.decode.ledger import Ledger, Loss
from collector.decode.limits import Limits
from collector.decode.options import Learned, Options, options_of
from collector.decode.problems import Problem
from collector.decode.remembered import count, load_streams, saved_streams
from collector.decode.sequence import UNKNOWN, SequenceTracker
from collector.decode.streams import Batch, Streams
from collector.decode.totals import Totals

NANOSECONDS = 1_000_000
"""In a millisecond."""
UNNUMBERED = 1
"""NetFlow v1 has no sequence numbers."""
PROTOCOLS = {1: "NetFlow v1", 5: "NetFlow v5", 7: "NetFlow v7", 9: "NetFlow v9", 10: "IPFIX"}


@dataclass(frozen=True)
class NetflowDecoded:
    """What a batch held."""

    flows: pl.DataFrame
    """A row a flow in the schema's columns; addresses are pairs of halves (`columns.py`), counts are not scaled."""
    options: list[Options]
    problems: list[Problem]
    losses: list[Loss]


class NetflowDecoder:
    """Decodes all versions of NetFlow and IPFIX; keeps templates, what options data taught, and sequence numbers."""

    def __init__(self, clocks: Clocks, limits: Limits, names: Names | None = None) -> None:
        """With `names`, what the schema has no field for is kept under them."""
        self.streams = Streams(limits)
        self.ledger = Ledger()
        self.learned = Learned(limits.rates)
        self._clocks = clocks
        self._totals = Totals()
        self._extras = None if names is None else Extras(names)
        self._sequence = SequenceTracker()
        self._changes = 0

    @property
    def changes(self) -> int:
        """Grows whenever `saved` would give something new: not where a template or a rate is merely told again."""
        return self._changes + self.learned.changes

    def decode(self, datagrams: Sequence[Datagram], exporters: Sequence[int]) -> NetflowDecoded:
        """Decode a batch in order of arrival; `exporters` has the row number of each datagram's sender.

        No bytes raise. What cannot be read is counted in `problems`, and costs no more than itself.
        """
        if not datagrams:
            return NetflowDecoded(pl.DataFrame(), [], [], [])
        batch = Batch()
        try:
            for datagram, exporter in zip(datagrams, exporters, strict=True):
                self._walk(batch, datagram, exporter)
            self.streams.expire(batch, datagrams[-1].received // NANOSECONDS)
            return self._decoded(batch)
        finally:
            self._end(batch)

    def forget(self, exporters: Collection[int]) -> None:
        """Forget exporters between two batches: their row numbers will be others'."""
        self._forget_streams(self.streams.forget(exporters))
        self.learned.forget(exporters)
        self._clocks.forget(exporters)

    def trim(self) -> None:
        """Forget streams of exporters that have too many."""
        self._forget_streams(self.streams.trim(self.ledger.received(len(self.streams.rows))))

    def _forget_streams(self, rows: Sequence[int]) -> None:
        self.ledger.forget(rows)
        self._sequence.forget((row,) for row in rows)

    def _walk(self, batch: Batch, datagram: Datagram, exporter: int) -> None:
        payload, received = datagram.payload, datagram.received // NANOSECONDS
        version = int.from_bytes(payload[:2], "big")
        if not payload and datagram.session:
            self.streams.end(batch, datagram.session)
        elif version == 9:
            messages.netflow9(self.streams, batch, payload, exporter, received)
        elif version == 10:
            messages.ipfix(self.streams, batch, datagram, exporter, received)
        elif version in legacy.FORMATS:
            legacy.walk(self.streams, batch, legacy.FORMATS[version], payload, exporter, received)
        else:
            batch.problems.add("unknown-version", exporter, f"begins with {payload[:4].hex() or 'nothing'}")

    def _decoded(self, batch: Batch) -> NetflowDecoded:
        options, flows = gather(batch.touched)
        headers = self.streams.headers(batch.exports)
        told, seen = (all_found(kind, headers, batch.problems) for kind in (options, flows))
        learned = [record for one in told for record in self._learn(one, headers)]
        off = self._clocks.check(headers, batch.problems)
        timed = replace(headers, uptime=self.learned.uptimes(headers))
        frame = flow_frame(seen, timed, self.learned.sampling, self._totals, self._clocks, off, self._extras)
        if self._extras is not None:
            self._extras.tell(batch.problems)
        losses = list(self._account(batch, headers, _counts(told, headers), _counts(seen, headers)))
        self._sampled(frame, seen, headers)
        return NetflowDecoded(frame, learned, batch.problems.list(), losses)

    def saved(self, exporter: int) -> dict[str, Any]:
        """What shall outlive this run of what an exporter taught: JSON; empty where it taught nothing."""
        streams = saved_streams(self.streams, exporter)
        return ({"streams": streams} if streams else {}) | self.learned.saved(exporter)

    def load(self, exporter: int, saved: Mapping[str, Any]) -> Iterator[str]:
        """Take what `saved` gave in the last run; yields what is wrong with each entry that cannot be used."""
        for name, part in saved.items():
            if name == "streams":
                yield from load_streams(self.streams, exporter, part)
            else:
                yield from self.learned.load(exporter, name, part)

    def remembered(self, exporter: int) -> tuple[int, int]:
        """How many templates and sampling rates of an exporter were loaded and hold."""
        return count(self.streams, exporter), self.learned.sampling.count(exporter)

    def _end(self, batch: Batch) -> None:
        """What is over with the batch."""
        self.streams.reuse(batch.ended)
        self._sequence.forget((row,) for row in batch.ended)
        self._changes += batch.changed

    def _learn(self, told: Found, headers: ExportColumns) -> list[Options]:
        records = options_of(told.records, headers.take(told.messages), self.streams.layouts)
        for record in records:
            self.learned.learn(record)
        return records

    def _sampled(self, frame: pl.DataFrame, seen: Sequence[Found], headers: ExportColumns) -> None:
        """Note the sampling rate of the first flow of each message."""
        if frame.height:
            messages = np.concatenate([found.messages for found in seen])
            first = runs(messages)
            self.ledger.sampled(headers.stream[messages[first]], frame, first)

    def _account(self, batch: Batch, headers: ExportColumns, options: Ints, flows: Ints) -> Iterator[Loss]:
        """Count messages and records, and what the sequence numbers miss."""
        records = options + flows
        self.ledger.count(headers, records, flows)
        counted = headers.units == COUNTED
        units = np.where(counted, records, headers.units)
        waits = list(batch.incomplete)
        units[waits] = np.where(counted[waits], UNKNOWN, units[waits])
        once = headers.units != AGAIN
        numbered = once & (headers.version != UNNUMBERED)
        key = (headers.stream[numbered].astype(np.uint64),)
        numbers = headers.sequence[numbered].astype(np.uint32)
        for changes in self._sequence.update(key, numbers, units[numbered]):
            row = changes.key[0]
            self.ledger.lose(row, changes)
            stream = self.streams.rows[row]
            yield Loss(stream.exporter, PROTOCOLS[stream.version], stream.domain, *changes[1:])


def _counts(parts: Sequence[Found], headers: ExportColumns) -> Ints:
    """The number of records of each message."""
    number = len(headers.stream)
    counts = [np.bincount(part.messages, minlength=number) for part in parts]
    return np.sum(counts, axis=0, dtype=np.int64) if counts else np.zeros(number, np.int64)
