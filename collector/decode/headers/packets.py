"""The state of packets that are being parsed."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from collector.decode.columns import Mask
from collector.decode.octets import Cells, Octets, Places
from collector.decode.table import Table, Values

IP_LENGTH = "_ip_length"
"""Internal column: length in bytes of the IP packet as its header says."""

NOTHING = 0
"""No ethertype: nothing follows that could be read."""
IPV4, IPV6 = 0x0800, 0x86DD
MPLS, MPLS_UPSTREAM = 0x8847, 0x8848
PPPOE = 0x8864
BRIDGED = 0x6558
"""Transparent Ethernet bridging: an Ethernet frame follows (RFC 7637 section 3.2)."""
NO_PROTOCOL = 255
"""IANA reserves it; here: no transport header follows that could be read."""

INNER: Mapping[str, str] = {
    "source.ip": "network.inner.source.ip",
    "destination.ip": "network.inner.destination.ip",
    "source.port": "network.inner.source.port",
    "destination.port": "network.inner.destination.port",
    "network.iana_number": "network.inner.iana_number",
}
"""What is kept of a packet inside a tunnel."""


class Packets:
    """So many packets, each with what comes next in it.

    `at` and `end` bound the unread bytes of each packet, `rows` are their rows in `table` (ascending). The layers work
    on numbers of packets (`which`), move `at`, and leave in `kind` (an ethertype) and `protocol` what they found to
    follow.
    """

    def __init__(
        self, octets: Octets, at: Places, end: Places, table: Table, rows: Places, inner: bool = False
    ) -> None:
        self.octets = octets
        self.at = at.copy()
        self.end = end.copy()
        self.table = table
        self.rows = rows
        self.inner = inner
        self.kind: npt.NDArray[np.int32] = np.zeros(len(at), np.int32)
        self.protocol: npt.NDArray[np.uint8] = np.full(len(at), NO_PROTOCOL, np.uint8)

    def all(self) -> Places:
        """Numbers of all packets."""
        return np.arange(len(self.at))

    def of_kind(self, *kinds: int) -> Places:
        """Numbers of the packets in which one of these ethertypes follows."""
        chosen = self.kind == kinds[0]
        for kind in kinds[1:]:
            chosen |= self.kind == kind
        which: Places = chosen.nonzero()[0]
        return which

    def of_protocol(self, chosen: Mask) -> Places:
        """Numbers of the packets with one of the protocols for which a table of all 256 is true."""
        which: Places = chosen[self.protocol].nonzero()[0]
        return which

    def read(self, which: Places, dtype: np.dtype[np.void]) -> tuple[Places, Cells]:
        """The structure that comes next in each packet, and the numbers of the packets that have all of it."""
        at = self.at[which]
        whole = at + dtype.itemsize <= self.end[which]
        if not whole.all():
            which, at = which[whole], at[whole]
        return which, self.octets.cells(at, dtype)

    def then(self, which: Places, size: int | Places, kind: Values | int) -> None:
        """Move on behind a header; an ethertype follows."""
        self.at[which] += size
        self.kind[which] = kind

    def put(self, name: str, which: Places, values: Values, valid: Mask | None = None) -> None:
        """Set a column for these packets; of a packet inside a tunnel only what `INNER` names."""
        if self.inner:
            if name not in INNER:
                return
            name = INNER[name]
        self.table.put(name, self.rows[which], values, valid)

    def put_one(self, name: str, which: Places, value: np.generic) -> None:
        """Set a column to the same for these packets."""
        if not self.inner:
            self.table.put(name, self.rows[which], np.full(which.size, value))
