"""Times and time ranges as people write them: `24h`, `now-2d`, `now/d`, or a time of the calendar."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from collector.errors import CollectorError
from collector.query.model import QueryError, Range

UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
ROUNDED = {
    "m": {"second": 0},
    "h": {"second": 0, "minute": 0},
    "d": {"second": 0, "minute": 0, "hour": 0},
}
"""What becomes of the parts of a time that is rounded down to a unit."""
CALENDAR = ("d", "w")
EXAMPLES = "now-24h, now/d, 2026-03-01 or 2026-03-01T12:00:00Z"
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOW = re.compile(r"now((?:[+-]\d{1,6}[smhdw])*)(?:/([mhd]))?")
_STEP = re.compile(r"([+-]\d+)([smhdw])")
_LENGTH = re.compile(r"(\d{1,6})([smhdw])")


class TimeError(CollectorError):
    """A text that is no time."""


def length(text: str) -> int:
    """Milliseconds of `30s`, `15m`, `24h`, `7d` or `2w`. QueryError where it is none of them."""
    found = _LENGTH.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise QueryError(f"{text!r} is no length of time such as 30s, 15m, 24h, 7d or 2w")
    return int(found[1]) * UNITS[found[2]] // MILLISECOND


def since(text: str) -> str:
    """The time that is so long ago, as `within` reads it. QueryError where the text is no length of time."""
    length(text)
    return f"now-{text.strip()}"


def within(start: str, end: str, now: datetime, zone: tzinfo) -> Range:
    """The range between two times. TimeError where one is none, QueryError where it has no length."""
    begin, close = moment(start, now, zone), moment(end, now, zone, up=True)
    if close <= begin:
        raise QueryError(f"the time range ends ({end}) before it begins ({start})")
    return Range(milliseconds(begin), milliseconds(close))


def moment(text: str, now: datetime, zone: tzinfo, *, up: bool = False) -> datetime:
    """Read a time; one without an offset is of the zone. `up`: rounding is to the end of the unit. TimeError."""
    try:
        found = _NOW.fullmatch(text)
        return _relative(found[1], found[2], now.astimezone(zone), up) if found else _absolute(text, zone, up)
    except (ValueError, OverflowError):
        raise TimeError(f"{text!r} is not a time such as {EXAMPLES}") from None


def _relative(steps: str, unit: str | None, now: datetime, up: bool) -> datetime:
    for count, size in _STEP.findall(steps):
        step = int(count) * UNITS[size]
        # Days are those of the calendar, of 23 to 25 hours where clocks are put back or forward; hours are hours.
        now = now + step if size in CALENDAR else (now.astimezone(UTC) + step).astimezone(now.tzinfo)
    if unit is None:
        return now
    begin = now.replace(microsecond=0, **ROUNDED[unit])  # type: ignore[arg-type]
    return begin + UNITS[unit] if up else begin


def _absolute(text: str, zone: tzinfo, up: bool) -> datetime:
    found = datetime.fromisoformat(text)
    if up and len(text) == len("2026-03-01"):
        found += UNITS["d"]
    return found if found.tzinfo else found.replace(tzinfo=zone)


def milliseconds(time: datetime) -> int:
    """Since 1970."""
    return (time - EPOCH) // MILLISECOND


def local(since: int, zone: tzinfo) -> datetime:
    """A time in milliseconds since 1970, in the zone."""
    return (EPOCH + since * MILLISECOND).astimezone(zone)
