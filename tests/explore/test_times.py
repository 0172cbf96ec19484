"""Ticks are round by the clock of the operator's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.explore.charts.times import TICKS, starts, ticks
from collector.query.model import Range


def milliseconds(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def texts(begin: str, end: str, zone: str) -> list[str]:
    return [*ticks(Range(milliseconds(begin, zone), milliseconds(end, zone)), zone).values()]


def test_buckets_count_from_1970_and_cover_the_range() -> None:
    assert [*starts(Range(61_000, 180_001), 60_000)] == [60_000, 120_000, 180_000]


def test_a_day_has_hours_and_the_day_at_midnight() -> None:
    assert texts("2026-11-27 09:30", "2026-11-28 09:30", "Asia/Kolkata") == [
        *("12:00", "15:00", "18:00", "21:00", "28 Nov", "03:00", "06:00", "09:00"),
    ]


def test_a_month_has_midnights_of_the_zone() -> None:
    zone = "America/New_York"
    found = ticks(Range(milliseconds("2026-10-20", zone), milliseconds("2026-11-15", zone)), zone)
    assert {datetime.fromtimestamp(time / 1000, ZoneInfo(zone)).hour for time in found} == {0}
    assert [*found.values()] == ["25 Oct", "1 Nov", "8 Nov", "15 Nov"]


def test_the_hour_that_comes_twice_has_one_tick_and_times_go_on() -> None:
    zone = "Europe/Berlin"
    found = ticks(Range(milliseconds("2026-10-24T22:00"), milliseconds("2026-10-25T04:00")), zone)
    assert [*found] == sorted(found)
    assert [*found.values()] == ["25 Oct", "01:00", "02:00", "03:00", "04:00", "05:00"]


def test_the_hour_that_is_missing_does_not_take_one_twice() -> None:
    zone = "Europe/Berlin"
    found = ticks(Range(milliseconds("2026-03-28T23:00"), milliseconds("2026-03-29T04:00")), zone)
    assert len(set(found)) == len(found)
    assert [*found] == sorted(found)


@pytest.mark.parametrize("seconds", [5, 60, 900, 3600, 86_400, 7 * 86_400, 400 * 86_400, 9900 * 86_400])
def test_there_are_some_ticks_and_not_too_many(seconds: int) -> None:
    begin = round(datetime(2026, 11, 28, 9, 41, 7, tzinfo=UTC).timestamp() * 1000)
    assert 1 <= len(ticks(Range(begin, begin + 1000 * seconds), "UTC")) <= TICKS + 1


def test_years_are_told_where_ticks_are_months_apart() -> None:
    """A capture of years ago, beside traffic of today."""
    found = texts("2014-01-01", "2027-01-01", "UTC")
    assert len({text.split()[-1] for text in found}) == len(found)
    assert all(text.split()[-1].startswith("20") for text in found)
    assert texts("2025-10-01", "2026-12-01", "UTC")[-1].endswith(" 2026")
