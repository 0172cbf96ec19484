import logging
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.store.parquet.folder import Folder
from collector.store.parquet.retention import delete_old_days

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Days 1 to 11 of March, the last one tomorrow, of 1000 bytes each in two files; and what is no day."""
    for day in range(1, 12):
        path = tmp_path / f"date=2026-03-{day:02}"
        path.mkdir()
        for name in ("a.parquet", "b.parquet"):
            (path / name).write_bytes(bytes(500))
    for name in ("segments", "date=yesterday", "backup-date=2026-03-01", "2026-03-01"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(10_000))
    (tmp_path / "templates.json").write_text("{}")
    return Folder(tmp_path)


def delete(folder: Folder, days: int | None, size: int | None, zone: str = "UTC", now: datetime = NOW) -> list[int]:
    before = {path.name for path in folder.root.iterdir()}
    deleted = delete_old_days([folder], days, size, ZoneInfo(zone), now)
    after = {path.name for path in folder.root.iterdir()}
    assert before - after == {f"date={day}" for day in deleted}
    assert after <= before
    return [day.day for day in deleted]


def test_nothing_is_deleted_unless_asked(folder: Folder) -> None:
    assert delete(folder, None, None) == []


def test_days_that_are_too_old(folder: Folder) -> None:
    assert delete(folder, 3, None) == [1, 2, 3, 4, 5, 6]
    assert delete(folder, 3, None) == []


def test_the_oldest_days_beyond_a_size(folder: Folder) -> None:
    assert delete(folder, None, 4500) == [1, 2, 3, 4, 5, 6, 7]


def test_both(folder: Folder) -> None:
    assert delete(folder, 8, 9500) == [1, 2]


def test_today_and_what_is_to_come_stay(folder: Folder) -> None:
    assert delete(folder, 1, 0) == list(range(1, 10))


def test_today_is_that_of_the_zone(folder: Folder) -> None:
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    assert delete(folder, 1, None, "Europe/Prague", late) == list(range(1, 10))


def test_links_are_not_followed(folder: Folder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.parquet").touch()
    (tmp_path / "date=2020-01-01").symlink_to(elsewhere)
    delete(folder, 1, 0)
    assert (elsewhere / "a.parquet").exists()
    assert (tmp_path / "date=2020-01-01").exists()


def test_a_deletion_cut_short_is_finished(folder: Folder, tmp_path: Path) -> None:
    day = tmp_path / "date=2026-03-01"
    hidden = day.rename(tmp_path / ".deleted-date=2026-03-01")
    assert date(2026, 3, 1) not in [day for day, _ in folder.days()]
    delete_old_days([folder], None, None, ZoneInfo("UTC"), NOW)
    assert not hidden.exists()


def test_a_day_that_cannot_be_deleted_is_told_and_left(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    blocked = folder.root / ".deleted-date=2026-03-01"
    blocked.write_text("in the way")
    with caplog.at_level(logging.WARNING):
        deleted = delete_old_days([folder], 7, None, ZoneInfo("UTC"), NOW)
    assert deleted == [date(2026, 3, 2)]
    assert "date=2026-03-01: Not a directory" in caplog.text
