"""Who sends: a row number for each exporter's address, and which exporters are forgotten when there are too many."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from collector.datagram import Datagram
from collector.decode.columns import Mask
from collector.decode.exports import Ints, runs

IDLE_MILLISECONDS = 3_600_000
"""An exporter that gave flows is not forgotten before it was silent for an hour."""
OTHER = "other"
"""Stands for all addresses that there is no room for."""
NOBODY = -1
GROWTH = 256
_ENTRY = np.dtype([("datagrams", np.int64), ("flows", np.int64), ("first", np.int64), ("last", np.int64)])


class Senders:
    """The exporters' addresses by row number; a row is used again when its exporter was forgotten.

    A datagram of nonsense makes its sender known like any other. When all rows are taken, newcomers get the rows of
    those that never gave a flow: first of those that nothing is kept of, and the longest unseen among them.
    """

    def __init__(self, limit: int) -> None:
        self.addresses: list[str] = []
        """By row number; empty where a row is free. One more than the limit where `OTHER` was ever needed."""
        self._limit = limit
        self._rows: dict[str, int] = {}
        self._free: list[int] = []
        self._other = NOBODY
        self._entries = np.zeros(0, _ENTRY)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def heard(self) -> int:
        """How many have sent anything since the start; the others are known from an earlier run."""
        return int(np.count_nonzero(self._entries["datagrams"]))

    @property
    def room(self) -> int:
        """How many more there is room for."""
        return self._limit - len(self._rows)

    @property
    def other(self) -> int:
        """The row that stands for those without one."""
        if self._other == NOBODY:
            self._other = self._appended(OTHER)
        return self._other

    def find(self, datagrams: Iterable[Datagram]) -> list[int]:
        """The row of each datagram's sender, `NOBODY` where it has none yet."""
        rows = self._rows
        return [rows.get(datagram.exporter, NOBODY) for datagram in datagrams]

    def admit(self, datagrams: Iterable[Datagram]) -> list[int]:
        """The row of each datagram's sender, `NOBODY` where there is no room for it."""
        return [self.row(datagram.exporter) for datagram in datagrams]

    def known(self, address: str) -> int:
        """The row of an address, `NOBODY` where it has none."""
        return self._rows.get(address, NOBODY)

    def row(self, address: str) -> int:
        """The row of an address, which may be new; `NOBODY` where there is no room for it."""
        row = self._rows.get(address, NOBODY)
        if row == NOBODY and self.room > 0:
            row = self._free.pop() if self._free else self._appended(address)
            self._rows[address] = row
            self.addresses[row] = address
        return row

    def count(self, rows: Sequence[int], now: int) -> None:
        """Take the senders of a batch of datagrams, at `now` (milliseconds)."""
        place = np.array(rows, np.intp)
        np.add.at(self._entries["datagrams"], place, 1)
        self._entries["last"][place] = now
        new = place[self._entries["first"][place] == 0]
        self._entries["first"][new] = now

    def gave(self, exporters: npt.NDArray[np.uint32]) -> None:
        """Take the exporter of each flow of a batch."""
        starts = runs(exporters)
        np.add.at(self._entries["flows"], exporters[starts], np.diff(starts, append=len(exporters)))

    def of(self, row: int) -> tuple[int, int, int, int]:
        """Datagrams and flows of an exporter, and when it was first and last seen, in milliseconds since 1970."""
        datagrams, flows, first, last = self._entries[row].tolist()
        return datagrams, flows, first, last

    def busiest(self, most: int) -> list[int]:
        """The rows of those who gave most flows, and of these who sent most datagrams; at most so many."""
        rows = np.flatnonzero(self._marked(self._rows.values()))
        rows = rows[self._entries["datagrams"][rows] > 0]
        entries = self._entries[rows]
        order = np.lexsort((rows, -entries["datagrams"], -entries["flows"]))[:most]
        return [int(row) for row in rows[order]]

    def forgettable(self, now: int, kept: Iterable[int], spared: Iterable[int]) -> tuple[Ints, Ints]:
        """Who may be forgotten at `now`, those with the least to lose first; `kept` are the rows of exporters that
        something is kept of, `spared` those that must stay. Then those of them that never gave a flow and take room.
        """
        rows = np.flatnonzero(self._marked(self._rows.values()) & ~self._marked(spared))
        entries = self._entries[rows]
        gave = entries["flows"] > 0
        useful = self._marked(kept)[rows]
        order = np.lexsort((entries["last"], useful, gave))
        order = order[~gave[order] | (entries["last"][order] < now - IDLE_MILLISECONDS)]
        return rows[order], rows[order[useful[order] & ~gave[order]]]

    def forget(self, rows: Iterable[int]) -> dict[int, str]:
        """Free rows; the addresses that they had."""
        gone = {row: self.addresses[row] for row in rows}
        for row, address in gone.items():
            del self._rows[address]
            self.addresses[row] = ""
        self._free += gone
        self._entries[[*gone]] = 0
        return gone

    def _appended(self, address: str) -> int:
        """A row behind the others."""
        row = len(self.addresses)
        self.addresses.append(address)
        if row >= len(self._entries):
            self._entries = np.concatenate([self._entries, np.zeros(max(GROWTH, row), _ENTRY)])
        return row

    def _marked(self, rows: Iterable[int]) -> Mask:
        """Which of all rows these are."""
        mask = np.zeros(len(self.addresses), np.bool_)
        mask[np.fromiter(rows, np.int64)] = True
        return mask
