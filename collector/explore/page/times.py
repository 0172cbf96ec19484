"""The time range of a page, as its address has it: `now-24h`, `now/d`, or a time of the calendar."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

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
EXAMPLES = "now-24h, now/d, 2026-03-01 or 2026-03-01T12:00:00Z"
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOW = re.compile(r"now((?:[+-]\d{1,6}[smhdw])*)(?:/([mhd]))?")
_STEP = re.compile(r"([+-]\d+)([smhdw])")


class TimeError(CollectorError):
    """A text that is no time."""


class Preset(NamedTuple):
    """A range that is offered."""

    start: str
    end: str
    title: str


PRESETS = (
    Preset("now-15m", "now", "Last 15 minutes"),
    Preset("now-1h", "now", "Last hour"),
    Preset("now-3h", "now", "Last 3 hours"),
    Preset("now-12h", "now", "Last 12 hours"),
    Preset("now-24h", "now", "Last 24 hours"),
    Preset("now-2d", "now", "Last 2 days"),
    Preset("now-7d", "now", "Last 7 days"),
    Preset("now-30d", "now", "Last 30 days"),
    Preset("now/d", "now/d", "Today"),
    Preset("now-1d/d", "now-1d/d", "Yesterday"),
)


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
        now += int(count) * UNITS[size]
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


def written(since: int, zone: tzinfo) -> str:
    """A time as an address has it: with its offset, so that it means the same everywhere."""
    time = local(since, zone)
    text = time.isoformat(timespec="milliseconds" if since % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def title(start: str, end: str, zone: tzinfo) -> str:
    """A range in words."""
    for preset in PRESETS:
        if (start, end) == preset[:2]:
            return preset.title
    return f"{_brief(start, zone)} – {_brief(end, zone)}"


def _brief(text: str, zone: tzinfo) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%-d %b %Y %H:%M:%S").removesuffix(":00")
    except ValueError:
        return text
