"""Rates of interfaces: what was counted between successive counter samples (sFlow) of the same source.

A source is an interface of a sub-agent of an agent of an exporter. The time between two samples is that of the agent's
own clock, since datagrams may have waited on their way; the time of receipt stands in where an agent has no clock.
"""

from collections.abc import Collection, Iterator
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from collector.decode.columns import Mask

LIMIT = 100_000
"""Sources remembered; beyond it the one that has been silent for longest is forgotten."""
SLACK = 2.0
"""How many times the interface's speed a rate may be: agents read counters now and then, not when they send them."""
SMALLEST_PACKET = 160
"""Bits of a packet at least (an IPv4 header), which with the speed bounds how many there may be."""
WORD, HALF = 1 << 32, 1 << 31
WAYS = ("in", "out")
SOURCE = (
    "host.ip",
    "flow.agent_ip.hi",
    "flow.agent_ip.lo",
    "flow.observation_domain",
    "sflow.source_type",
    "sflow.source_index",
)
OCTETS = ("ifInOctets", "ifOutOctets")
"""Counted in 64 bits (RFC 2863 section 3.1.6), all others in 32."""
PACKETS = ("UcastPkts", "MulticastPkts", "BroadcastPkts", "Errors", "Discards")
COUNTERS = (*OCTETS, *(f"if{way}{name}" for way in ("In", "Out") for name in PACKETS))
COLUMNS = tuple(f"if_counters.{name}" for name in (*COUNTERS, "ifSpeed"))

Numbers = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]


class Clock(NamedTuple):
    """When a sample was taken: its number, the agent's uptime and the time of receipt, both in ms."""

    sequence: int
    uptime: int
    received: int


class Last(NamedTuple):
    """The last sample of a source: values in the order of `COUNTERS`, and which of them the agent knew."""

    clock: Clock
    values: list[int]
    known: list[bool]


class Rates:
    """Remembers the last sample of each source, at most `limit` of them."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._last: dict[tuple[int, ...], Last] = {}

    def __len__(self) -> int:
        return len(self._last)

    def update(self, samples: pl.DataFrame) -> pl.DataFrame:
        """The rates since the sample before, for each row of `samples` (`Decoded.counters`), in order of arrival.

        `interface.interval` in seconds, and `interface.in.*` and `interface.out.*`: `bits_per_second`,
        `packets_per_second`, `errors_per_second`, `discards_per_second`, and `utilization` in percent where the speed
        is known. Null in the first sample of a source, and where the counters may have been set back or the sample is
        a repetition or comes late. No columns where no sample is of an interface.
        """
        if not any(name in samples.columns for name in COLUMNS):
            return pl.DataFrame()
        columns, there = _counters(samples)
        values, known = columns[:, :-1], there[:, :-1]
        rows, lasts, seconds = self._pair(samples, values, known)
        counted, known = _counted(values[rows], known[rows], lasts)
        speed = columns[rows, -1].astype(np.float64)
        good = _plausible(counted, seconds, speed)
        table = _rates(counted[good], known[good], seconds[good], speed[good])
        spread = [_spread(rates, rows[good], samples.height) for rates in table.values()]
        return pl.DataFrame(pa.RecordBatch.from_arrays(spread, names=list(table)))

    def forget(self, exporters: Collection[int]) -> None:
        """Forget the sources of exporters with these row numbers."""
        self._last = {source: last for source, last in self._last.items() if source[0] not in exporters}

    def _pair(
        self, samples: pl.DataFrame, values: Numbers, known: Mask
    ) -> tuple[npt.NDArray[np.intp], list[Last], Floats]:
        """The rows that have a sample before them, that sample, and the seconds between the two."""
        rows, lasts, seconds = [], [], []
        each = zip(_sources(samples), _clocks(samples), values.tolist(), known.tolist(), strict=True)
        for row, (source, clock, numbers, there) in enumerate(each):
            if not any(there):
                continue
            # Put in anew, so that the first of the dictionary is the one that has been silent for longest.
            last = self._last.pop(source, None)
            self._last[source] = Last(clock, numbers, there)
            if last is None:
                self._forget()
            elif last.clock[:2] == clock[:2]:
                self._last[source] = last
            elif elapsed := interval(last.clock, clock):
                rows.append(row)
                lasts.append(last)
                seconds.append(elapsed)
        return np.array(rows, np.intp), lasts, np.array(seconds, np.float64)

    def _forget(self) -> None:
        if len(self._last) > self._limit:
            del self._last[next(iter(self._last))]


def interval(last: Clock, now: Clock) -> float:
    """Seconds between two samples; 0 where the later one came late, or the agent has started anew between them."""
    if (now.sequence - last.sequence) % WORD >= HALF:
        return 0.0
    if last.uptime or now.uptime:
        elapsed = (now.uptime - last.uptime) % WORD  # wraps after 49.7 days
        return elapsed / 1000 if elapsed < HALF else 0.0
    return max(0, now.received - last.received) / 1000


def _counters(samples: pl.DataFrame) -> tuple[Numbers, Mask]:
    """A row a sample, a column each of `COLUMNS`: values, and which of them there are."""
    there = [place for place, name in enumerate(COLUMNS) if name in samples.columns]
    names = pl.col([COLUMNS[place] for place in there])
    # At once, as polars takes longer to begin than for some samples.
    both = samples.select(names.fill_null(0).cast(pl.UInt64), names.is_not_null().cast(pl.UInt64).name.suffix(" known"))
    values = np.zeros((samples.height, len(COLUMNS)), np.uint64)
    known = np.zeros(values.shape, np.bool_)
    values[:, there], known[:, there] = np.hsplit(both.to_numpy(), 2)
    return values, known


def _sources(samples: pl.DataFrame) -> Iterator[tuple[int, ...]]:
    there = [samples.get_column(name).to_list() if name in samples.columns else repeat(0) for name in SOURCE]
    return zip(*there, strict=False)


def _clocks(samples: pl.DataFrame) -> Iterator[Clock]:
    received = samples.get_column("event.ingested").to_physical()
    return map(
        Clock,
        samples.get_column("sflow.sequence").to_list(),
        samples.get_column("sflow.uptime").to_list(),
        received.to_list(),
    )


def _counted(values: Numbers, known: Mask, lasts: list[Last]) -> tuple[Numbers, Mask]:
    """What was added since the last samples, round the end of each counter's width, and where both know it."""
    then = np.array([last.values for last in lasts], np.uint64).reshape(values.shape)
    both = known & np.array([last.known for last in lasts], np.bool_).reshape(values.shape)
    counted = np.where(both, values - then, 0)
    counted[:, len(OCTETS) :] %= WORD
    return counted, both


def _plausible(counted: Numbers, seconds: Floats, speed: Floats) -> Mask:
    """Which samples count on from those before: a counter that was set back seems to have gone nearly all the way
    round, further than its interface can in that time. One that tells no speed can go no more than half the way.
    """
    octets, packets = counted[:, : len(OCTETS)], counted[:, len(OCTETS) :]
    bits = np.where(speed > 0, SLACK * speed * seconds, np.inf)
    most = np.where(speed > 0, bits / SMALLEST_PACKET, HALF)
    fits: Mask = (octets.max(axis=1, initial=0) < np.minimum(bits / 8, 2.0**63)) & (
        packets.max(axis=1, initial=0) < most
    )
    return fits


def _rates(counted: Numbers, known: Mask, seconds: Floats, speed: Floats) -> dict[str, Floats]:
    """The columns of `Rates.update`; NaN for what is not known."""
    out = {"interface.interval": seconds}
    for place, way in enumerate(WAYS):
        first = len(OCTETS) + place * len(PACKETS)
        unicast, errors, discards = first, first + 3, first + 4
        bits = np.where(known[:, place], 8.0 * counted[:, place] / seconds, np.nan)
        # Agents on Linux do not know how many packets were multicast or broadcast, and count them as unicast.
        packets = counted[:, unicast : unicast + 3].sum(axis=1) / seconds
        out[f"interface.{way}.bits_per_second"] = bits
        out[f"interface.{way}.packets_per_second"] = np.where(known[:, unicast], packets, np.nan)
        out[f"interface.{way}.errors_per_second"] = np.where(known[:, errors], counted[:, errors] / seconds, np.nan)
        out[f"interface.{way}.discards_per_second"] = np.where(
            known[:, discards], counted[:, discards] / seconds, np.nan
        )
        percent = np.full(len(bits), np.nan)
        out[f"interface.{way}.utilization"] = np.divide(100 * bits, speed, out=percent, where=speed > 0)
    return out


def _spread(rates: Floats, rows: npt.NDArray[np.intp], height: int) -> pa.Array:
    """One value a sample, null where there is no rate."""
    column = np.full(height, np.nan)
    column[rows] = rates
    return pa.array(column, mask=np.isnan(column))
