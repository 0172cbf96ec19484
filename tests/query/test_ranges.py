"""Time ranges as people write them."""

import pytest

from collector.query.model import QueryError, Range
from collector.query.ranges import between, last

NOW = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("text", "length"), [("30s", 30_000), ("15m", 900_000), ("24h", DAY), ("7d", 7 * DAY), ("2w", 14 * DAY)]
)
def test_the_time_until_now(text: str, length: int) -> None:
    assert last(text, NOW) == Range(NOW - length, NOW)


@pytest.mark.parametrize("text", ["", "h", "0h", "1.5h", "-1h", "1 h", "1y"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(QueryError, match="no length of time such as"):
        last(text, NOW)


@pytest.mark.parametrize(
    ("begin", "end", "zone", "expected"),
    [
        ("now-2h", "now", "UTC", (NOW - 2 * HOUR, NOW)),
        ("2026-03-01", "2026-03-01", "UTC", (NOW - 12 * HOUR, NOW + 12 * HOUR)),
        ("2026-03-01", "2026-03-01", "Europe/Berlin", (NOW - 13 * HOUR, NOW + 11 * HOUR)),
        ("2026-03-01T10:00", "2026-03-01T11", "UTC", (NOW - 2 * HOUR, NOW)),
        ("2026-03-01T10:00:00.500", "now", "Europe/Berlin", (NOW - 3 * HOUR + 500, NOW)),
        ("2026-03-01T10:00Z", "now", "Europe/Berlin", (NOW - 2 * HOUR, NOW)),
        # The clocks are put forward on the 29th: a day of 23 hours.
        ("2026-03-29", "2026-03-29", "Europe/Berlin", (1_774_738_800_000, 1_774_738_800_000 + 23 * HOUR)),
    ],
)
def test_from_one_time_to_another(begin: str, end: str, zone: str, expected: tuple[int, int]) -> None:
    assert between(begin, end, zone, NOW) == Range(*expected)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31T23:59", ""])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(QueryError):
        between(text, "now", "America/New_York", NOW)


def test_an_end_before_the_begin() -> None:
    with pytest.raises(QueryError, match="ends before it begins"):
        between("now", "now-1h", "UTC", NOW)
