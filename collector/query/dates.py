"""Times as a filter tells them, to the precision that they are told with."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from collector.query.conditions import Instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "H": 3_600_000, "d": 86_400_000, "w": 604_800_000}
"""Milliseconds in the units of date arithmetic."""
STEPS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
_NOW = re.compile(r"now((?:[+-]\d{1,9}[smhHdw])*)")
_STEP = re.compile(r"([+-]\d+)([smhHdw])")
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?"
)
_EPOCH_MILLIS = re.compile(r"-?\d{5,15}")


class Moment(NamedTuple):
    """The milliseconds that a time may mean, from the first to the last: `2026-03-01` is a whole day."""

    first: Instant
    last: Instant


def moment(text: str) -> Moment:
    """Read `2026-03-01T12:00:00Z` or less of it, milliseconds since 1970, or `now-1h`. ValueError where it is none."""
    if found := _NOW.fullmatch(text):
        steps = sum(int(count) * UNITS[unit] for count, unit in _STEP.findall(found[1]))
        return Moment(Instant(steps, relative=True), Instant(steps, relative=True))
    if _EPOCH_MILLIS.fullmatch(text):
        return Moment(Instant(int(text)), Instant(int(text)))
    try:
        begin, end = _calendar(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a time such as 2026-03-01, 2026-03-01T12:00:00Z or now-1h") from None
    return Moment(Instant(_since(begin)), Instant(_since(end) - 1))


def _calendar(text: str) -> tuple[datetime, datetime]:
    """The first moment of a time, and the first one after it."""
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError
    begin = _begin(found)
    return begin, _end(begin, found)


def _begin(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction = (found[group] for group in range(1, 8))
    micro = int(f"{fraction:0<6}"[:6]) if fraction else 0
    zone = _zone(found[8])
    return datetime(
        int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), micro, zone
    )


def _end(begin: datetime, found: re.Match[str]) -> datetime:
    """The first moment after the time."""
    if found[2] is None:
        return begin.replace(year=begin.year + 1)
    if found[3] is None:
        return begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    if found[7] is not None:
        return begin + MILLISECOND
    return begin + STEPS[sum(found[group] is not None for group in (4, 5, 6))]


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _since(time: datetime) -> int:
    return (time - EPOCH) // MILLISECOND
