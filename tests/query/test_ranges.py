"""Times and time ranges as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.errors import CollectorError
from collector.query.model import QueryError, Range
from collector.query.ranges import length, within

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON = 1_772_366_400_000
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("text", "expected"), [("30s", 30_000), ("15m", 900_000), ("24h", DAY), ("7d", 7 * DAY), ("2w", 14 * DAY)]
)
def test_lengths(text: str, expected: int) -> None:
    assert length(text) == expected


@pytest.mark.parametrize("text", ["", "h", "0h", "1.5h", "-1h", "1 h", "1y"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(QueryError, match="no length of time such as"):
        length(text)


@pytest.mark.parametrize(
    ("begin", "end", "zone", "expected"),
    [
        ("now-2h", "now", "UTC", (NOON - 2 * HOUR, NOON)),
        ("2026-03-01", "2026-03-01", "UTC", (NOON - 12 * HOUR, NOON + 12 * HOUR)),
        ("2026-03-01", "2026-03-01", "Europe/Berlin", (NOON - 13 * HOUR, NOON + 11 * HOUR)),
        ("now/d", "now/d", "Europe/Berlin", (NOON - 13 * HOUR, NOON + 11 * HOUR)),
        ("2026-03-01T10:00", "2026-03-01T11:00", "UTC", (NOON - 2 * HOUR, NOON - HOUR)),
        ("2026-03-01T10:00:00.500", "now", "Europe/Berlin", (NOON - 3 * HOUR + 500, NOON)),
        ("2026-03-01T10:00Z", "now", "Europe/Berlin", (NOON - 2 * HOUR, NOON)),
        # The clocks are put forward on the 29th: a day of 23 hours.
        ("2026-03-29", "2026-03-29", "Europe/Berlin", (1_774_738_800_000, 1_774_738_800_000 + 23 * HOUR)),
    ],
)
def test_from_one_time_to_another(begin: str, end: str, zone: str, expected: tuple[int, int]) -> None:
    assert within(begin, end, NOW, ZoneInfo(zone)) == Range(*expected)


def test_hours_are_hours_where_clocks_are_put_forward_and_days_are_days() -> None:
    now, berlin = datetime(2026, 3, 29, 10, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    assert within("now-24h", "now", now, berlin).seconds == 24 * 3600
    assert within("now-1d", "now", now, berlin).seconds == 23 * 3600


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "now-999999w", ""])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(CollectorError, match="is not a time such as"):
        within(text, "now", NOW, ZoneInfo("America/New_York"))


def test_an_end_before_the_begin() -> None:
    with pytest.raises(QueryError, match="before it begins"):
        within("now", "now-1h", NOW, ZoneInfo("UTC"))
