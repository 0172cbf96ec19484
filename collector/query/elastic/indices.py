"""Which daily indices a time range is in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from collector.datasets import Dataset
from collector.query.model import Range

MOST_DAYS = 62
"""Above so many, whole months are named."""
MOST_MONTHS = 120
"""Above so many, all indices are."""
_DAY = timedelta(days=1)


def indices(dataset: Dataset, within: Range, zone: ZoneInfo) -> list[str]:
    """Names, some with a star, of the indices where rows of that time are; not all need exist."""
    try:
        first, last = (_local(moment, zone) for moment in (within.start, within.end - 1))
    except (ValueError, OverflowError, OSError):
        return [f"{dataset.prefix}*"]
    days = (last.date() - first.date()).days + 1
    if days <= MOST_DAYS:
        return [f"{dataset.prefix}{first.date() + number * _DAY:%Y.%m.%d}" for number in range(days)]
    months = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    if len(months) > MOST_MONTHS:
        return [f"{dataset.prefix}*"]
    return [f"{dataset.prefix}{month // 12:04}.{month % 12 + 1:02}.*" for month in months]


def _local(moment: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone)
