"""The time range of a page: what is offered, and how it is written in addresses and in words."""

from datetime import datetime, tzinfo
from typing import NamedTuple

from collector.query.ranges import local


class Preset(NamedTuple):
    """A range that is offered."""

    start: str
    end: str
    title: str


PRESETS = (
    Preset("now-15m", "now", "Last 15 minutes"),
    Preset("now-1h", "now", "Last hour"),
    Preset("now-3h", "now", "Last 3 hours"),
    Preset("now-12h", "now", "Last 12 hours"),
    Preset("now-24h", "now", "Last 24 hours"),
    Preset("now-2d", "now", "Last 2 days"),
    Preset("now-7d", "now", "Last 7 days"),
    Preset("now-30d", "now", "Last 30 days"),
    Preset("now/d", "now/d", "Today"),
    Preset("now-1d/d", "now-1d/d", "Yesterday"),
)


def written(since: int, zone: tzinfo) -> str:
    """A time as an address has it: with its offset, so that it means the same everywhere."""
    time = local(since, zone)
    text = time.isoformat(timespec="milliseconds" if since % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def title(start: str, end: str, zone: tzinfo) -> str:
    """A range in words."""
    for preset in PRESETS:
        if (start, end) == preset[:2]:
            return preset.title
    return f"{_brief(start, zone)} – {_brief(end, zone)}"


def _brief(text: str, zone: tzinfo) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%-d %b %Y %H:%M:%S").removesuffix(":00")
    except ValueError:
        return text
