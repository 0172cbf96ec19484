from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collector.store.access import Access
from collector.store.client import Client
from collector.store.retention import delete_old_indices
from tests.store.server import Reply, Server

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
NAMES = [f"elastiflow-1-2026.03.{day:02}" for day in range(1, 32)]
STRANGE = [
    "elastiflow-1-2026.03",
    "elastiflow-1-2026.02.30",
    "elastiflow-1-2020.01.01-reindexed",
    "elastiflow-1-latest",
    "elastiflow-2-2020.01.01",
    "elastiflow-1-2020.1.1",
    "old-elastiflow-1-2020.01.01",
    "elastiflow-1-٢٠٢٠.٠١.٠١",
    "elastiflow-1x2020.01.01",
]


def deleted(names: list[str], size: int | None = 10, now: datetime = NOW, zone: str = "UTC", **keep: Any) -> list[str]:
    """Which of those indices are deleted, as the engine sees it."""
    with Server() as server:
        rows = [{"index": name, "store.size": None if size is None else str(size)} for name in names]
        server.fixed = {"/_cat/indices/elastiflow-1-*?": Reply(body=rows), "/": Reply(), "/elastiflow": Reply()}
        options = {"keep_days": None} | keep
        done = delete_old_indices(
            Client(Access((server.url,))), ["elastiflow-1-"], zone=ZoneInfo(zone), now=now, **options
        )
        assert [f"/{name}" for name in done] == [asked.path for asked in server.asked if asked.method == "DELETE"]
        return done


def test_by_age() -> None:
    assert deleted(NAMES, keep_days=30) == []
    assert deleted(NAMES, keep_days=10) == NAMES[:20]
    assert deleted(NAMES, keep_days=0) == NAMES[:30]


def test_in_a_time_zone() -> None:
    late = datetime(2026, 3, 30, 23, tzinfo=UTC)
    assert deleted(NAMES, keep_days=28, now=late) == NAMES[:1]
    assert deleted(NAMES, keep_days=28, now=late, zone="Europe/Prague") == NAMES[:2]


def test_by_size_oldest_first_but_never_today() -> None:
    assert deleted(NAMES, keep_bytes=310) == []
    assert deleted(NAMES, keep_bytes=95) == NAMES[:22]
    assert deleted(NAMES, keep_bytes=1) == NAMES[:30]


def test_by_both() -> None:
    assert deleted(NAMES, keep_days=10, keep_bytes=1000) == NAMES[:20]
    assert deleted(NAMES, keep_days=10, keep_bytes=50) == NAMES[:26]


def test_in_no_order() -> None:
    assert deleted(NAMES[::-1], keep_bytes=95) == NAMES[:22]


def test_a_closed_index_has_no_size() -> None:
    assert deleted(NAMES, size=None, keep_bytes=1) == []
    assert deleted(NAMES, size=None, keep_days=29) == NAMES[:1]


def test_the_future_stays() -> None:
    assert deleted(["elastiflow-1-2026.04.20"], keep_days=1, keep_bytes=1) == []


@pytest.mark.parametrize("name", STRANGE)
def test_other_indices_are_never_touched(name: str) -> None:
    assert deleted([name], keep_days=0, keep_bytes=0) == []


def test_nothing_to_keep_deletes_nothing() -> None:
    assert deleted(NAMES) == []
