"""The command that makes by hand what a schedule could not."""

import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from collector.explore.report.contents import FILE
from collector.explore.report.order import Order
from collector.settings import Settings, flag, variable

READING = ("folder", "timezone", "dashboards", "document")
"""Settings that reading needs, beside all about the search engine."""


def needed() -> list[str]:
    """The names of all settings that reading needs."""
    return [name for name in Settings.model_fields if name in READING or name.startswith("elasticsearch")]


def by_hand(settings: Settings, order: Order, name: str) -> str:
    """What makes that report as a file of that name, from whatever folder it is called; no password is told."""
    command = shlex.join(["flow-collector", "report", *_asked(order, settings.timezone), "-o", name, *_read(settings)])
    secrets = ", ".join(variable(one) for one in _secret(settings))
    return f"this makes it{f', with {secrets} set' if secrets else ''}: {command}"


def _asked(order: Order, zone: str) -> Iterator[str]:
    board = order.dashboard
    yield str(Path(board).absolute()) if board.endswith(FILE) else board
    for option, time in (("--from", order.within.start), ("--to", order.within.end)):
        yield from (option, datetime.fromtimestamp(time / 1000, ZoneInfo(zone)).isoformat())
    if order.filter:
        yield from ("--filter", order.filter)
    if order.spread:
        yield "--spread"


def _read(settings: Settings) -> Iterator[str]:
    if settings.file:
        yield from ("--config", str(settings.file.absolute()))
    for name in needed():
        value = getattr(settings, name)
        default = Settings.model_fields[name].default
        if name == "folder" or (value != default and not isinstance(value, SecretStr)):
            yield from _option(name, value)


def _option(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (flag(name) if value else f"--no-{flag(name)[2:]}",)
    if isinstance(value, tuple):
        return flag(name), ",".join(map(str, value))
    return flag(name), str(value.absolute() if isinstance(value, Path) else value)


def _secret(settings: Settings) -> Iterator[str]:
    """Passwords that the settings file does not have."""
    for name in needed():
        if isinstance(getattr(settings, name), SecretStr) and name not in settings.in_file:
            yield name
