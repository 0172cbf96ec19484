"""The time range that options ask for."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collector.query.model import Range
from collector.query.ranges import since, within
from collector.settings import SettingsError

LAST, NOW = "24h", "now"


def span(last: str | None, begin: str | None, end: str | None, zone: str) -> Callable[[], Range]:
    """What `--last`, or `--from` and `--to`, mean at each moment that it is asked for.

    SettingsError where they do not go together; QueryError where a text is none, or the range makes no sense.
    """
    if begin is not None and last is not None:
        raise SettingsError("--last and --from exclude each other")
    if begin is None and end is not None:
        raise SettingsError("--to makes sense only with --from")
    start = since(last or LAST) if begin is None else begin
    return lambda: within(start, end or NOW, datetime.now(UTC), ZoneInfo(zone))
