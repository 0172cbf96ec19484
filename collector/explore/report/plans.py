"""Reports by schedule as they are written: `[[reports]]` of a TOML file."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from typing import Any

from collector.errors import CollectorError
from collector.explore.report.order import Order
from collector.explore.report.periods import PERIODS, Every
from collector.given import every, refuse_unknown, typed, within
from collector.query.model import Range

ENDINGS = ("pdf", "html", "png")
REPORTS = "reports"
_NAME = re.compile(r"\w[\w .()–-]{0,99}")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Plan:
    """A report that is made again and again."""

    name: str
    dashboard: str
    """Its name, or the path of its file."""
    every: Every
    at: time
    """When it is made, on the first day after the period that it is about."""
    filter: str
    format: str
    folder: Path | None
    mail: tuple[str, ...]
    """Addresses that it is sent to."""
    spread: bool
    """Whether series spread flows over their time."""

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.name}, {self.every}"

    def order(self, within: Range) -> Order:
        """The report about that time."""
        return Order(self.dashboard, within, self.filter, self.format, self.spread)


def plans(given: Any, own: Path | None = None) -> tuple[Plan, ...]:
    """Reports from the path of a file, or from what a settings file has under `reports`.

    `own` is an operator's folder of dashboards. ValueError with all that is wrong, each with the number of the report.
    """
    if isinstance(given, str | Path):
        return _of_file(Path(given), own)
    listed = typed(given, (list, tuple), "reports are the path of a file, or [[reports]]")
    found = tuple(
        every(partial(within, f"report {number}", partial(_plan, own), one) for number, one in enumerate(listed, 1))
    )
    keys = [plan.key for plan in found]
    for number, key in enumerate(keys, 1):
        if key in keys[: number - 1]:
            other = keys.index(key) + 1
            raise ValueError(f"report {number}: report {other} is called {key} too: give one of them a name")
    return found


def _of_file(path: Path, own: Path | None) -> tuple[Plan, ...]:
    try:
        contents = tomllib.loads(path.read_text(encoding="utf-8"))
        refuse_unknown(contents, (REPORTS,))
        return plans(typed(contents.get(REPORTS, []), list, "reports are written as [[reports]]"), own)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # of TOML and UTF-8 too
        raise ValueError(f"{path}: {error}") from error


def _plan(own: Path | None, given: Any) -> Plan:
    if isinstance(given, Plan):
        return given
    table = typed(given, Mapping, "it must be a table: [[reports]]")
    checks: dict[str, Callable[[Any], Any]] = {"dashboard": partial(_dashboard, own), **CHECKS}
    keys = [partial(within, key, check, table.get(key)) for key, check in checks.items()]
    whole = (partial(_goes, table), partial(within, "filter", partial(_look, own), table))
    _, *made = every([partial(refuse_unknown, table, checks), *keys, *whole])
    values = dict(zip(checks, made, strict=False))
    return Plan(**{**values, "name": values["name"] or Path(values["dashboard"]).stem})


def _goes(given: Mapping[str, Any]) -> None:
    if given.get("folder") is None and not given.get("mail"):
        raise ValueError("it goes nowhere: give a folder, or mail, or both")


def _look(own: Path | None, given: Mapping[str, Any]) -> None:
    """ValueError where the filter is none for the rows of the dashboard."""
    # Dashboards take a while to be read, which is spared to all who have no schedules.
    from collector.explore.report.contents import check, chosen  # noqa: PLC0415

    name, text = given.get("dashboard"), given.get("filter")
    if not (isinstance(name, str) and isinstance(text, str)):
        return
    try:
        board = chosen(name, own)
    except CollectorError:
        return  # which is told of the dashboard
    try:
        check(board, text)
    except CollectorError as error:
        raise ValueError(str(error)) from error


def _dashboard(own: Path | None, given: Any) -> str:
    from collector.explore.report.contents import chosen  # noqa: PLC0415

    name = _text(given)
    try:
        chosen(name, own)
    except CollectorError as error:
        raise ValueError(str(error)) from error
    return name


def _text(given: Any) -> str:
    text = typed(given, str, "it is missing" if given is None else "it must be a text")
    return str(text)


def _name(given: Any) -> str:
    name = _text("" if given is None else given)
    if name and not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} must be fit for the name of a file: letters, digits, spaces, and . - _ ( )")
    return name


def _chosen(given: Any, known: Iterable[str]) -> str:
    if given not in known:
        raise ValueError(f"{'it is missing' if given is None else f'{given!r} is none'}; there are {', '.join(known)}")
    return str(given)


def _at(given: Any) -> time:
    if isinstance(given, time):  # TOML has times: 06:00:00
        return given.replace(second=0, microsecond=0)
    found = _TIME.fullmatch(_text(given))
    if not found:
        raise ValueError(f"{given!r} is not a time such as 06:00")
    return time(int(found[1]), int(found[2]))


def _folder(given: Any) -> Path | None:
    return None if given is None else Path(_text(given))


def _mail(given: Any) -> tuple[str, ...]:
    listed = () if given is None else [given] if isinstance(given, str) else given
    return tuple(map(address, typed(listed, (list, tuple), "it must be an address, or a list of addresses")))


def address(given: Any) -> str:
    """An address such as noc@example.net, or `Duty <noc@example.net>`. ValueError."""
    text = _text(given)
    plain = parseaddr(text)[1]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", plain) or not text.isprintable():
        raise ValueError(f"{text!r} is not an address such as noc@example.net")
    return text


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "every": lambda given: _chosen(given, PERIODS),
    "at": lambda given: _at("06:00" if given is None else given),
    "filter": lambda given: _text("" if given is None else given),
    "format": lambda given: _chosen("pdf" if given is None else given, ENDINGS),
    "folder": _folder,
    "mail": _mail,
    "spread": lambda given: typed(False if given is None else given, bool, "it must be true or false"),
}
