"""What the headers of a batch's messages say, as columns: one row a message, to be repeated for its records."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
NO_UPTIME = -1
"""IPFIX headers carry no uptime."""
NO_RATE = 0
COUNTED = -2
"""Units of an IPFIX message: as many as it has data records, which is known once it is decoded."""
AGAIN = -3
"""Units of a header that is listed a second time, for data that waited for its template."""


def runs(values: npt.NDArray[np.integer[Any]]) -> Ints:
    """Where runs of equal values begin."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return np.flatnonzero(changes)


class Header(NamedTuple):
    """The header of one message; times and uptime in milliseconds."""

    stream: int
    """Row number of the stream (`Streams`)."""
    exported: int
    uptime: int
    sequence: int
    received: int
    rate: int
    units: int
    """What the message counts for in the sequence: flows (v5, v7), 1 (v9), `COUNTED` (IPFIX)."""


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """The headers of a batch, a value a message; as `Header`, with what the stream says beside it."""

    stream: Ints
    exported: Ints
    uptime: Ints
    sequence: Ints
    received: Ints
    rate: Ints
    units: Ints
    exporter: Ints
    version: Ints
    domain: Ints

    def take(self, message: Ints) -> "ExportColumns":
        """The headers of the messages that so many records came in."""
        return ExportColumns(*(getattr(self, name).take(message) for name in self.__slots__))

    def span(self, first: int, end: int) -> "ExportColumns":
        """The rows from `first` to before `end`, not copied."""
        return ExportColumns(*(getattr(self, name)[first:end] for name in self.__slots__))


@dataclass(slots=True)
class Exports:
    """Headers of the messages of one batch."""

    rows: list[Header] = field(default_factory=list)

    def add(self, header: Header) -> int:
        """Keep a header and return its row number."""
        self.rows.append(header)
        return len(self.rows) - 1

    def columns(self) -> list[Ints]:
        """All headers kept: a column for each member of `Header`."""
        table = np.array(self.rows, np.int64).reshape(-1, len(Header._fields))
        return list(np.ascontiguousarray(table.T))


@dataclass(slots=True)
class Sets:
    """Data sets: their bodies, and the row number of the header that each came under."""

    bodies: list[bytes] = field(default_factory=list)
    headers: list[int] = field(default_factory=list)
    templates: list[int] = field(default_factory=list)
    """The template id of each set, once the sets of several templates are together."""

    def gather(self, other: "Sets", template: int) -> None:
        """Take over the sets of one template."""
        self.bodies += other.bodies
        self.headers += other.headers
        self.templates += [template] * len(other.bodies)
