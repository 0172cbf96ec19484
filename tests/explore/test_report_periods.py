"""When reports are due and what they cover, by the calendar of the operator's time zone."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from collector.explore.report.contents import span
from collector.explore.report.periods import PERIODS, Every, after, before, covered, due, moment, named

BERLIN, TOKYO, NEW_YORK = (ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Tokyo", "America/New_York"))
SIX = time(6)
HOUR = 3_600_000


def local(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("every", "now", "expected"),
    [
        ("day", (2026, 3, 1, 5, 59), date(2026, 2, 28)),
        ("day", (2026, 3, 1, 6, 0), date(2026, 3, 1)),
        ("week", (2026, 3, 2, 5, 59), date(2026, 2, 23)),
        ("week", (2026, 3, 2, 6, 0), date(2026, 3, 2)),
        ("week", (2026, 3, 8, 23, 59), date(2026, 3, 2)),
        ("month", (2026, 3, 1, 5, 59), date(2026, 2, 1)),
        ("month", (2026, 3, 1, 6, 0), date(2026, 3, 1)),
        ("month", (2026, 1, 1, 3, 0), date(2025, 12, 1)),
    ],
)
@pytest.mark.parametrize("zone", [BERLIN, TOKYO, NEW_YORK], ids=str)
def test_a_report_is_due_by_the_clock_on_the_wall(
    every: Every, now: tuple[int, ...], expected: date, zone: ZoneInfo
) -> None:
    assert due(every, SIX, local(zone, *now).astimezone(UTC), zone) == expected


@pytest.mark.parametrize(
    ("every", "day", "first", "hours", "name"),
    [
        ("day", date(2026, 3, 30), (2026, 3, 29), 23, "2026-03-29"),
        ("day", date(2026, 10, 26), (2026, 10, 25), 25, "2026-10-25"),
        ("day", date(2026, 3, 1), (2026, 2, 28), 24, "2026-02-28"),
        ("day", date(2024, 3, 1), (2024, 2, 29), 24, "2024-02-29"),
        ("week", date(2026, 3, 30), (2026, 3, 23), 167, "2026-W13"),
        ("week", date(2026, 1, 5), (2025, 12, 29), 168, "2026-W01"),
        ("month", date(2026, 3, 1), (2026, 2, 1), 28 * 24, "2026-02"),
        ("month", date(2026, 4, 1), (2026, 3, 1), 31 * 24 - 1, "2026-03"),
        ("month", date(2026, 1, 1), (2025, 12, 1), 31 * 24, "2025-12"),
    ],
)
def test_the_last_whole_period_is_covered(
    every: Every, day: date, first: tuple[int, ...], hours: int, name: str
) -> None:
    within = covered(every, day, BERLIN)
    assert within.start == local(BERLIN, *first).timestamp() * 1000
    assert within.end - within.start == hours * HOUR
    assert named(every, day) == name


def test_an_hour_that_there_is_twice_or_never_makes_one_report() -> None:
    half_past_two = time(2, 30)
    assert moment(date(2026, 10, 25), half_past_two, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert moment(date(2026, 3, 29), half_past_two, BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    for minutes, expected in ((29, 24), (31, 25), (91, 25)):
        now = datetime(2026, 10, 25, minutes // 60, minutes % 60, tzinfo=UTC)
        assert due("day", half_past_two, now, BERLIN) == date(2026, 10, expected)


@pytest.mark.parametrize("every", PERIODS)
def test_periods_follow_one_another(every: Every) -> None:
    day = date(2023, 12, 1) if every == "month" else date(2024, 1, 1)
    for _ in range(40):
        following = after(every, day)
        assert following > day
        assert before(every, following) == day
        assert covered(every, following, BERLIN).end == covered(every, after(every, following), BERLIN).start
        day = following


def test_whole_days_are_told_as_days() -> None:
    assert span(covered("day", date(2026, 3, 30), BERLIN), "Europe/Berlin") == "Sunday 29 March 2026 (Europe/Berlin)"
    week = covered("week", date(2026, 3, 2), TOKYO)
    assert span(week, "Asia/Tokyo") == "Monday 23 February 2026 – Sunday 1 March 2026 (Asia/Tokyo)"
    assert span(week, "UTC") == "22 February 2026 15:00 – 1 March 2026 15:00 (UTC)"
