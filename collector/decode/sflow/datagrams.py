"""The datagrams of a batch as one buffer, and their headers as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.datagram import Datagram
from collector.decode.columns import Mask
from collector.decode.octets import PAD, Cells, Octets, Places
from collector.decode.problems import Problem, tally
from collector.decode.table import HALVES, ipv4, ipv6

VERSION = 5
UNKNOWN, IPV4, IPV6 = 0, 1, 2
"""Address types; nothing follows an unknown one."""
HEAD = np.dtype([("version", ">u4"), ("kind", ">u4"), ("ipv4", ">u4"), ("rest", "V12")])
TAIL = np.dtype([("sub_agent", ">u4"), ("sequence", ">u4"), ("uptime", ">u4"), ("samples", ">u4")])
ADDRESS_SIZES = np.array([0, 4, 16], np.intp)


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of the datagrams that could be read, a value a datagram."""

    datagram: npt.NDArray[np.uint32]
    """Index into the batch."""
    exporter: npt.NDArray[np.uint32]
    agent: Cells
    """As `table.ADDRESS`."""
    has_agent: Mask
    sub_agent: npt.NDArray[np.uint32]
    sequence: npt.NDArray[np.uint32]
    uptime: npt.NDArray[np.uint32]
    """Milliseconds since the agent started."""
    samples: Places
    at: Places
    """Offset of the first sample."""
    end: Places

    def take(self, which: Places) -> "Headers":
        """The headers of the datagrams that so many samples came in."""
        return Headers(*[getattr(self, name)[which] for name in self.__slots__])


def join(datagrams: Sequence[Datagram]) -> tuple[Octets, Places, Places]:
    """All payloads in one buffer, each at a multiple of four bytes; where each begins and ends."""
    payloads = [datagram.payload for datagram in datagrams]
    sizes = np.fromiter(map(len, payloads), np.intp, len(payloads))
    spaces = sizes + 3 & ~3
    if (spaces != sizes).any():
        payloads = [payload + bytes(-len(payload) % 4) for payload in payloads]
    starts = np.cumsum(spaces) - spaces
    return Octets(b"".join([*payloads, bytes(PAD)])), starts, starts + sizes


def headers(
    octets: Octets, starts: Places, ends: Places, exporters: npt.NDArray[np.uint32]
) -> tuple[Headers, list[Problem]]:
    """Read the headers; a datagram that cannot be read is counted."""
    head = octets.cells(starts, HEAD)
    size = ends - starts
    reasons = {
        "sflow-version": (head["version"] != VERSION) & (size >= 4),
        "sflow-agent-address": (head["kind"] > IPV6) & (size >= 8),
        "sflow-short-datagram": size < 8 + ADDRESS_SIZES[np.minimum(head["kind"], IPV6)] + TAIL.itemsize,
    }
    bad = np.logical_or.reduce(list(reasons.values()))
    problems: list[Problem] = []
    which = np.arange(len(starts))
    if bad.any():
        problems = _problems(reasons, exporters)
        which = np.flatnonzero(~bad)
    return _headers(octets, head[which], which, starts[which], ends[which], exporters[which]), problems


def _problems(reasons: dict[str, Mask], exporters: npt.NDArray[np.uint32]) -> list[Problem]:
    """Each bad datagram counts once, under the first reason that is true of it."""
    out, seen = [], np.zeros(len(exporters), np.bool_)
    for reason, found in reasons.items():
        out += tally(reason, exporters[found & ~seen])
        seen |= found
    return out


def _headers(
    octets: Octets,
    head: Cells,
    which: Places,
    at: Places,
    end: Places,
    exporters: npt.NDArray[np.uint32],
) -> Headers:
    kind = head["kind"].astype(np.intp)
    agent = ipv4(head["ipv4"])
    six = np.flatnonzero(kind == IPV6)
    if six.size:
        agent[six] = ipv6(octets.cells(at[six] + 8, HALVES))
    at = at + 8 + ADDRESS_SIZES[kind]
    tail = octets.cells(at, TAIL)
    return Headers(
        datagram=which.astype(np.uint32),
        exporter=exporters,
        agent=agent,
        has_agent=kind != UNKNOWN,
        sub_agent=tail["sub_agent"].astype(np.uint32),
        sequence=tail["sequence"].astype(np.uint32),
        uptime=tail["uptime"].astype(np.uint32),
        samples=tail["samples"].astype(np.intp),
        at=at + TAIL.itemsize,
        end=end,
    )
