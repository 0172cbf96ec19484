"""Deletes days of flows that are too old or too much."""

import logging
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from collector.store.parquet.folder import Folder

log = logging.getLogger(__name__)

_DELETED = ".deleted-"


def delete_old_days(
    folders: Collection[Folder], keep_days: int | None, keep_bytes: int | None, zone: ZoneInfo, now: datetime
) -> list[date]:
    """Deletes the days of more than `keep_days` days ago, then the oldest until all have `keep_bytes` at most.

    The folders count together. A day that is in several of them is deleted in one after the other.

    Today (`now` in `zone`) stays in any case, and so does all that is not in a folder named date=YYYY-MM-DD. Gives
    the days deleted. Raises OSError where the folder cannot be read; a day that cannot be deleted is logged and left.
    """
    for folder in folders:
        _finish(folder.root)
    if keep_days is None and keep_bytes is None:
        return []
    today = now.astimezone(zone).date()
    sizes = sorted((day, path, _size(path)) for folder in folders for day, path in folder.days())
    first = date.min if keep_days is None else today - timedelta(days=keep_days)
    total = sum(size for _, _, size in sizes)
    deleted = []
    for day, path, size in sizes:
        too_much = keep_bytes is not None and total > keep_bytes
        if day < today and (day < first or too_much) and _delete(path):
            log.info("%s deleted: %s", path, "too old" if day < first else "beyond the size to keep")
            deleted.append(day)
            total -= size
    return deleted


def _delete(path: Path) -> bool:
    """Takes the whole day out of sight at once; deleting many files takes a while."""
    hidden = path.with_name(f"{_DELETED}{path.name}")
    try:
        path.rename(hidden)
        shutil.rmtree(hidden)
    except OSError as error:
        log.warning("cannot delete the flows in %s: %s", path, error.strerror)
        return False
    return True


def _finish(root: Path) -> None:
    """Deletes what a process that was killed in the middle has left."""
    for path in root.glob(f"{_DELETED}date=*"):
        shutil.rmtree(path, ignore_errors=True)


def _size(path: Path) -> int:
    """Bytes of the files in a day's folder."""
    total = 0
    with os.scandir(path) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                total += entry.stat(follow_symlinks=False).st_size
    return total
