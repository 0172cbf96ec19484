"""Time ranges as people write them: `24h`, `now-2d`, `2026-03-01T08:00`."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collector.query.dates import UNITS, moment
from collector.query.model import QueryError, Range

_LENGTH = re.compile(r"(\d{1,6})([smhdw])")
_WITHOUT_ZONE = re.compile(r"\d{4}-\d\d(-\d\d(T\d\d(:\d\d(:\d\d([.,]\d{1,9})?)?)?)?)?")


def length(text: str) -> int:
    """Milliseconds of `30s`, `15m`, `24h`, `7d` or `2w`. QueryError where it is none of them."""
    found = _LENGTH.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise QueryError(f"{text!r} is no length of time such as 30s, 15m, 24h, 7d or 2w")
    return int(found[1]) * UNITS[found[2]]


def last(text: str, now: int) -> Range:
    """So long until now (milliseconds since 1970)."""
    return Range(now - length(text), now)


def between(begin: str, end: str, zone: str, now: int) -> Range:
    """From one time to another, both as in filters; what has no zone is in `zone`. QueryError where it is none.

    The end is meant with its whole precision: until `2026-03-01` is until that day is over.
    """
    return Range(_read(begin, zone, now)[0], _read(end, zone, now)[1])


def _read(text: str, zone: str, now: int) -> tuple[int, int]:
    """Where a time begins, and where it is over: the same for `now` and others without a length."""
    try:
        found = moment(text.strip())
        first, final = found.first.at(now), found.last.at(now)
        ends = first, first if first == final else final + 1
        return (_there(ends[0], zone), _there(ends[1], zone)) if _WITHOUT_ZONE.fullmatch(text.strip()) else ends
    except (ValueError, OverflowError) as error:
        raise QueryError(str(error)) from None


def _there(milliseconds: int, zone: str) -> int:
    """From the time that a clock in UTC shows to when one in `zone` shows the same."""
    seconds, rest = divmod(milliseconds, 1000)
    wall = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=ZoneInfo(zone))
    return round(wall.timestamp()) * 1000 + rest
