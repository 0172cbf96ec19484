"""Start and end of flows from whatever clock the exporter uses.

All values are milliseconds since 1970 UTC as int64. In order of preference: milliseconds, micro- and nanoseconds,
seconds, uptime of the exporter, offsets from the time of export; a duration fills in what is missing.
"""

from dataclasses import dataclass

import numpy as np

from collector.decode.columns import Mask
from collector.decode.exports import ExportColumns, Ints
from collector.decode.records import Records
from collector.decode.sheet import Part

NTP_TO_UNIX = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 7011 section 6.1.9)."""
FUTURE_LIMIT = 3_600_000
"""A flow that begins or ends more than an hour after its export has uptimes in another unit (seen: FortiOS 5.2)."""
NANOSECONDS = 1_000_000
"""In a millisecond."""
EARLIEST = -(2**32)
"""49.7 days before 1970: an exporter whose clock was never set exports then, and its flows began before."""
LATEST = 253_402_300_799_999
"""The end of the year 9999: search engines refuse a whole document for a date of more digits."""
LONGEST = (2**63 - 1) // NANOSECONDS
"""Milliseconds of a duration that 63 bits of nanoseconds hold."""


@dataclass(frozen=True)
class Clock:
    """Values in milliseconds and where there are any."""

    values: Ints
    valid: Mask


def times(records: Records, exports: ExportColumns, part: Part) -> None:
    """`event.start`, `event.end`, `event.duration`, and as `@timestamp` the best of end, start and time of export."""
    start, end = map(_representable, interval(records, exports))
    stamp = part.put("@timestamp", exports.exported)
    for name, clock in (("event.start", start), ("event.end", end)):
        if clock is not None:
            part.put(name, clock.values, clock.valid)
            np.copyto(stamp, clock.values, where=clock.valid)
    if start and end:
        length = np.maximum(end.values - start.values, 0)
        part.put("event.duration", length * NANOSECONDS, start.valid & end.valid & (length <= LONGEST))


def _representable(clock: Clock | None) -> Clock | None:
    """Without what no clock tells: it is in another unit, or no time."""
    if clock is None:
        return None
    return Clock(clock.values, clock.valid & (clock.values >= EARLIEST) & (clock.values <= LATEST))


def interval(records: Records, exports: ExportColumns) -> tuple[Clock | None, Clock | None]:
    """Start and end of each record, None where the layout has no such element."""
    start = _clock(records, exports, "flowStart")
    end = _clock(records, exports, "flowEnd") or _observed(records)
    length = _duration(records)
    if length is not None:
        if start is None and end is not None:
            start = Clock(end.values - length, end.valid)
        elif end is None and start is not None:
            end = Clock(start.values + length, start.valid)
    return start, end


def _clock(records: Records, exports: ExportColumns, edge: str) -> Clock | None:
    """The `flowStart…` or `flowEnd…` element that the layout has, by preference."""
    absolute = _absolute(records, edge)
    if absolute is not None:
        return absolute
    place = records.layout.first(f"{edge}SysUpTime")
    if place is not None:
        return _uptime(records, exports, place)
    place = records.layout.first(f"{edge}DeltaMicroseconds")
    if place is not None:  # microseconds before the export (elements 158 and 159)
        values = exports.exported - records.signed(place) // 1000
        return Clock(values, np.ones(records.count, np.bool_))
    return None


def _observed(records: Records) -> Clock | None:
    """The time of an event, or of a sampled packet."""
    return _absolute(records, "observationTime")


def _absolute(records: Records, edge: str) -> Clock | None:
    """A time of day in any of the four units; zero is none."""
    for suffix, read in READERS.items():
        place = records.layout.first(edge + suffix)
        if place is not None:
            values = read(records, place)
            return Clock(values, values > 0)
    return None


def _seconds(records: Records, place: int) -> Ints:
    return records.signed(place) * 1000


def _ntp(records: Records, place: int) -> Ints:
    """NTP format: seconds since 1900 and a binary fraction."""
    stamp = records.numbers(place).astype(np.uint64)
    seconds = (stamp >> np.uint64(32)).astype(np.int64) - NTP_TO_UNIX
    fraction = (stamp & np.uint64(0xFFFFFFFF)) * np.uint64(1000) >> np.uint64(32)
    return seconds * 1000 + fraction.astype(np.int64)


READERS = {"Milliseconds": Records.signed, "Microseconds": _ntp, "Nanoseconds": _ntp, "Seconds": _seconds}


def _uptime(records: Records, exports: ExportColumns, place: int) -> Clock:
    """Uptimes in milliseconds, which wrap after 49.7 days: only their distance from the header's uptime is meant."""
    value = records.signed(place)
    boot = records.layout.first("systemInitTimeMilliseconds")
    if boot is not None:
        return Clock(records.signed(boot) + value, np.ones(records.count, np.bool_))
    age = (exports.uptime - value).astype(np.uint32).astype(np.int32).astype(np.int64)
    # A negative age is a clock that runs on between the record and the header; a larger one is another unit.
    return Clock(exports.exported - age, (age > -FUTURE_LIMIT) & (exports.uptime >= 0))


def _duration(records: Records) -> Ints | None:
    place = records.layout.first("flowDurationMilliseconds")
    if place is not None:
        return records.signed(place)
    place = records.layout.first("flowDurationMicroseconds")
    return None if place is None else records.signed(place) // 1000
