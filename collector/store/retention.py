"""Deletes daily indices that are too old or too much, on every engine alike."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collector.store.client import Client

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Daily:
    """An index of one of the datasets: its name, its day and its size in bytes, copies included."""

    name: str
    day: date
    size: int


def daily_indices(client: Client, prefix: str) -> list[Daily]:
    """The indices named `prefix` and a day as YYYY.MM.DD, oldest first. Raises StoreError."""
    path = f"/_cat/indices/{prefix}*?format=json&h=index,store.size&bytes=b&expand_wildcards=open,closed"
    found = (_daily(row, prefix) for row in client.request("GET", path))
    return sorted((one for one in found if one is not None), key=lambda one: one.day)


def delete_old_indices(
    client: Client,
    prefixes: Iterable[str],
    keep_days: int | None,
    zone: ZoneInfo,
    now: datetime,
    keep_bytes: int | None = None,
) -> list[str]:
    """Deletes the daily indices of more than `keep_days` days ago, then the oldest until all have `keep_bytes` at most.

    Those of all prefixes count together. The index of today (`now` in `zone`) stays in any case. Touches no index but
    those of `daily_indices`, and gives the names of those deleted. Raises StoreError.
    """
    today = now.astimezone(zone).date()
    found = (one for prefix in prefixes for one in daily_indices(client, prefix))
    indices = sorted(found, key=lambda one: one.day)
    first = date.min if keep_days is None else today - timedelta(days=keep_days)
    total = sum(one.size for one in indices)
    deleted = []
    for one in indices:
        too_much = keep_bytes is not None and total > keep_bytes
        if one.day < today and (one.day < first or too_much):
            client.request("DELETE", f"/{one.name}")
            log.info("index %s deleted: %s", one.name, "too old" if one.day < first else "more than is to be kept")
            deleted.append(one.name)
            total -= one.size
    return deleted


def _daily(row: dict[str, Any], prefix: str) -> Daily | None:
    """None for an index of another name."""
    match = re.fullmatch(re.escape(prefix) + r"(\d{4})\.(\d\d)\.(\d\d)", row["index"], re.ASCII)
    if match is None:
        return None
    try:
        day = date(*map(int, match.groups()))
    except ValueError:
        return None
    # A closed index has no size.
    return Daily(row["index"], day, int(row.get("store.size") or 0))
