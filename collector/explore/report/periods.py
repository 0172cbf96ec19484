"""When reports are due, and which days they are about; all by the calendar of a time zone."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from collector.query.model import Range
from collector.query.ranges import milliseconds

Every = Literal["day", "week", "month"]
PERIODS: tuple[Every, ...] = get_args(Every)
DAY = timedelta(days=1)
NAMES: Mapping[Every, str] = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
"""How a period is written, by its first day."""


def first(every: Every, day: date) -> date:
    """The first day of the period that a day is in; weeks begin on Monday."""
    if every == "day":
        return day
    return day.replace(day=1) if every == "month" else day - day.weekday() * DAY


def before(every: Every, begin: date) -> date:
    """The first day of the period before one that begins then."""
    return first(every, begin - DAY)


def after(every: Every, begin: date) -> date:
    """The first day of the period after one that begins then."""
    return first(every, begin + {"day": 1, "week": 7, "month": 31}[every] * DAY)


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A time of a day, in UTC. Of an hour that there is twice it is the first; in one that is left out, what the clock
    shows then is later by that hour.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)


def due(every: Every, at: time, now: datetime, zone: ZoneInfo) -> date:
    """The day on which a report was due the last time: the first one after the period that it is about."""
    begin = first(every, now.astimezone(zone).date())
    return begin if moment(begin, at, zone) <= now else before(every, begin)


def covered(every: Every, day: date, zone: ZoneInfo) -> Range:
    """The last whole period before the day on which a report is due."""
    begin, end = (moment(one, time(), zone) for one in (before(every, day), day))
    return Range(milliseconds(begin), milliseconds(end))


def named(every: Every, day: date) -> str:
    """The period of a report that is due on a day, for the names of files: 2026-03-01, 2026-W09, 2026-02."""
    return before(every, day).strftime(NAMES[every])
