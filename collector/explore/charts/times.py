"""Times along an axis, in a zone of the operator's choice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from collector.query.model import Range

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
STEPS = (
    *(1000 * seconds for seconds in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(HOUR * hours for hours in (1, 2, 3, 6, 12)),
    *(DAY * days for days in (1, 2, 7, 14, 28, 56, 112, 364, 728, 1820, 3640)),
)
"""Milliseconds between ticks."""
TICKS = 9
"""How many an axis has at most; narrow ones leave out some."""
LONG = 56 * DAY
"""Milliseconds between ticks from which on they are of different years, or may be."""


def starts(within: Range, step: int) -> range:
    """Begins of the buckets of a range, in milliseconds since 1970."""
    return range(within.start // step * step, within.end, step)


def ticks(within: Range, zone: str, most: int = TICKS) -> dict[int, str]:
    """Round times of a range in that zone, in milliseconds since 1970, and what is written there."""
    length = within.end - within.start
    step = next((one for one in STEPS if one * most >= length), STEPS[-1])
    rounds = _days(within, ZoneInfo(zone), step // DAY) if step >= DAY else _hours(within, ZoneInfo(zone), step)
    return {round(one.timestamp() * 1000): _text(one, step) for one in rounds}


def _days(within: Range, zone: ZoneInfo, days: int) -> Iterator[datetime]:
    day = _local(within.start, zone).date()
    while (at := datetime(day.year, day.month, day.day, tzinfo=zone)).timestamp() * 1000 <= within.end:
        if day.toordinal() % days == 0 and _holds(within, at):
            yield at
        day += timedelta(days=1)


def _hours(within: Range, zone: ZoneInfo, step: int) -> Iterator[datetime]:
    """Counted from midnight, by the clock on the wall."""
    first = _local(within.start, zone)
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    passed = first.replace(tzinfo=UTC) - midnight
    wall = midnight + passed // timedelta(milliseconds=step) * timedelta(milliseconds=step)
    while (at := wall.replace(tzinfo=zone)).timestamp() * 1000 <= within.end:
        if _holds(within, at):
            yield at
        wall += timedelta(milliseconds=step)


def _holds(within: Range, at: datetime) -> bool:
    return within.start <= at.timestamp() * 1000 <= within.end


def _local(milliseconds: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, zone)


def _text(at: datetime, step: int) -> str:
    if step >= LONG:
        return f"{at.day} {at:%b} {at.year}"
    if step >= DAY or (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{at.day} {at:%b}"
    return f"{at:%H:%M:%S}" if step < MINUTE else f"{at:%H:%M}"
