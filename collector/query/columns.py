"""The columns of a batch as filters look at them: what is coded is looked at once an entry of its table."""

from dataclasses import dataclass
from functools import cached_property
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from collector import schema
from collector.flows import Flows
from collector.registry import VALUE

Mask = npt.NDArray[np.bool_]
Halves = npt.NDArray[np.uint64]
MAPPED = bytes(10) + b"\xff\xff"
"""What makes 16 bytes of an IPv4 address (RFC 4291 section 2.5.5.2)."""


@dataclass(frozen=True, eq=False)
class Values:
    """A column of values, of flows or of a table's entries, and what is worked out from it at most once."""

    series: pl.Series

    @cached_property
    def present(self) -> Mask:
        """Which are not null."""
        if not self.series.null_count():
            return np.ones(len(self.series), np.bool_)
        return self.series.is_not_null().to_numpy()

    @cached_property
    def numbers(self) -> npt.NDArray[Any]:
        """Numbers, times in their unit and truth values; zero where null."""
        physical = self.series.to_physical()
        if physical.null_count():
            physical = physical.fill_null(False if physical.dtype == pl.Boolean else 0)
        return physical.to_numpy()

    @cached_property
    def halves(self) -> tuple[Halves, Halves]:
        """The upper and lower 64 bits of addresses that are there as text; zero where it is none."""
        pairs = np.frombuffer(b"".join(map(packed, self.series.to_list())), ">u8").reshape(-1, 2)
        return pairs[:, 0].astype(np.uint64), pairs[:, 1].astype(np.uint64)


class Place(NamedTuple):
    """Where the values of a field are: in a column of the flows, or in one of a table."""

    code: str | None
    """The coded column; None for a column of the flows itself."""
    column: str


def place(name: str) -> Place:
    """Where the values of a field are."""
    one = schema.field(name)
    if one.code is not None and one.attribute is not None:
        return Place(one.code, one.attribute)
    return Place(name, VALUE) if one.table else Place(None, name)


class Columns:
    """The columns of a batch."""

    def __init__(self, flows: Flows) -> None:
        self.flows = flows
        self._known: dict[str, tuple[pl.DataFrame, dict[str, Values]]] = {}
        self._own: dict[str, Values] = {}

    def after(self, flows: Flows) -> "Columns":
        """Those of the batch when it has been changed; tables that stayed are not read again."""
        columns = Columns(flows)
        columns._known = self._known
        return columns

    def own(self, name: str) -> Values | None:
        """A column of the flows, None where there is none."""
        if name not in self._own:
            if name not in self.flows.frame.columns:
                return None
            self._own[name] = Values(self.flows.frame.get_column(name))
        return self._own[name]

    def entries(self, table: str, column: str) -> Values | None:
        """A column of one of the batch's tables, None where there is none."""
        frame = self.flows.tables[table]
        held, columns = self._known.get(table, (None, {}))
        if held is not frame:
            columns = {}
            self._known[table] = frame, columns
        if column not in columns:
            if column not in frame.columns:
                return None
            columns[column] = Values(frame.get_column(column))
        return columns[column]

    def spread(self, code: str, found: Mask) -> Mask:
        """What holds for the entries of a table, for the flows whose column `code` points at them."""
        codes = self.flows.frame.get_column(code)
        if codes.null_count():
            found, codes = np.append(found, False), codes.cast(pl.UInt32).fill_null(len(found))
        spread: Mask = found[codes.to_numpy()]
        return spread


def packed(address: str | None) -> bytes:
    """An address as 16 bytes; zeros where it is none."""
    if address is None:
        return bytes(16)
    try:
        return inet_pton(AF_INET6, address) if ":" in address else MAPPED + inet_pton(AF_INET, address)
    except (OSError, ValueError):
        return bytes(16)
