"""What a page shows, and the address that says so: the same address shows the same to everyone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from collector.errors import CollectorError
from collector.explore.page.chips import Chip
from collector.query.model import MOST_RECORDS, TIME
from collector.query.ranges import within

START, END = "now-24h", "now"
REFRESH = (0, 10, 30, 60, 300)
"""Seconds after which a page asks again, 0: never."""
PATH = "/d/"
UP, DOWN = "up", "down"
NEWEST_FIRST = (TIME, True)
MOST_CHIPS = 50
MOST_TEXT = 4000
"""Characters of a filter."""
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class View:
    """What is shown."""

    dashboard: str
    start: str = START
    end: str = END
    filter: str = ""
    """As it was written, whether it makes sense or not."""
    chips: tuple[Chip, ...] = ()
    refresh: int = 0
    spread: bool = False
    """Whether series spread flows over their time."""
    pages: tuple[tuple[str, int], ...] = ()
    """Panels of records that do not show their first page (0)."""
    sorts: tuple[tuple[str, str, bool], ...] = ()
    """Panels of records that are sorted by another field than the time: panel, field, whether the largest is first."""

    def page(self, panel: str) -> int:
        """The page that a panel of records shows."""
        return dict(self.pages).get(panel, 0)

    def turned(self, panel: str, page: int) -> "View":
        """The same with another page of a panel."""
        others = [one for one in self.pages if one[0] != panel]
        return replace(self, pages=tuple([*others, (panel, page)] if page else others))

    def sort(self, panel: str) -> tuple[str, bool]:
        """The field that a panel of records is sorted by, and whether the largest is first."""
        found = {one: (name, descending) for one, name, descending in self.sorts}
        return found.get(panel, NEWEST_FIRST)

    def ordered(self, panel: str, name: str, descending: bool) -> "View":
        """The same with a panel sorted so, from its first page on."""
        others = tuple(one for one in self.sorts if one[0] != panel)
        own = () if (name, descending) == NEWEST_FIRST else ((panel, name, descending),)
        return replace(self.turned(panel, 0), sorts=(*others, *own))

    def narrowed(self, **changes: object) -> "View":
        """Another filter or range, from the first page on."""
        return replace(self, pages=(), **changes)  # type: ignore[arg-type]


def address(view: View) -> str:
    """Path and query of a view; what is as usual is left out, but for the range."""
    pairs = [("from", view.start), ("to", view.end)]
    if view.filter:
        pairs.append(("filter", view.filter))
    pairs += [("not" if chip.out else "is", f"{chip.field}:{chip.value}") for chip in view.chips]
    if view.refresh:
        pairs.append(("refresh", str(view.refresh)))
    if view.spread:
        pairs.append(("spread", "1"))
    pairs += [("page", f"{panel}:{page + 1}") for panel, page in view.pages]
    pairs += [("sort", f"{panel}:{name}:{DOWN if down else UP}") for panel, name, down in view.sorts]
    return f"{PATH}{quote(view.dashboard)}?{urlencode(pairs, safe=':/*', quote_via=quote)}"


def read(target: str, dashboards: Collection[str]) -> tuple[View, list[str]]:
    """The view of an address, and a sentence about each part that makes no sense and was left out.

    `dashboards` are their names, the first of them shown where the address names none.
    """
    parts = urlsplit(target)
    faults: list[str] = []
    view = View(_dashboard(parts.path, dashboards, faults))
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return view, [*faults, "the address has too many parts"]
    return _filled(view, pairs, faults), faults


def strange(view: View, panels: Collection[str]) -> list[str]:
    """A sentence about each panel that is to be paged or sorted and is none of these, the panels of records."""
    named = dict.fromkeys([*(one for one, _ in view.pages), *(one for one, _, _ in view.sorts)])
    return [f"there is no panel of records {one[:60]} here" for one in named if one not in panels]


def _dashboard(path: str, dashboards: Collection[str], faults: list[str]) -> str:
    name = path.removeprefix(PATH).strip("/") if path.startswith(PATH) else ""
    if name in dashboards:
        return name
    if name:
        faults.append(f"there is no dashboard {name[:60]}")
    return next(iter(dashboards), "")


@dataclass
class _Parts:
    """What an address says, part by part."""

    plain: dict[str, str] = field(default_factory=dict)
    chips: list[Chip] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=dict)
    sorts: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def take(self, key: str, value: str) -> None:
        """ValueError where it makes no sense."""
        match key:
            case "is" | "not":
                self.chips.append(_chip(value, out=key == "not"))
            case "page":
                panel, number = _page(value)
                self.pages[panel] = number
            case "sort":
                panel, name, down = _sort(value)
                self.sorts[panel] = name, down
            case "from" | "to" | "filter" | "refresh" | "spread":
                self.plain[key] = value
            case _:
                raise ValueError(f"{key[:60]!r} in the address means nothing")


def _filled(view: View, pairs: Pairs, faults: list[str]) -> View:
    parts = _Parts()
    for key, value in pairs:
        try:
            parts.take(key, value)
        except ValueError as error:
            faults.append(str(error))
    view = replace(
        view,
        chips=tuple(dict.fromkeys(parts.chips))[:MOST_CHIPS],
        pages=tuple(parts.pages.items()),
        sorts=tuple((panel, *how) for panel, how in parts.sorts.items()),
    )
    return _plain(_ranged(view, parts.plain, faults), parts.plain, faults)


def _chip(text: str, *, out: bool) -> Chip:
    field, colon, value = text.partition(":")
    if not (field and colon) or len(value) > MOST_TEXT:
        raise ValueError(f"{text[:60]!r} in the address is not of the form FIELD:VALUE")
    return Chip(field, value, out)


def _page(text: str) -> tuple[str, int]:
    panel, _, number = text.rpartition(":")
    if not (
        panel and number.isascii() and number.isdigit() and 0 < len(number) < 6 and 0 < int(number) <= MOST_RECORDS
    ):
        raise ValueError(f"{text[:60]!r} in the address is not of the form PANEL:PAGE")
    return panel, int(number) - 1


def _sort(text: str) -> tuple[str, str, bool]:
    panel, name, way, *more = [*text.split(":"), "", ""]
    if not (panel and name and way in (UP, DOWN)) or any(more):
        raise ValueError(f"{text[:60]!r} in the address is not of the form PANEL:FIELD:{UP} or PANEL:FIELD:{DOWN}")
    return panel, name, way == DOWN


def _ranged(view: View, given: dict[str, str], faults: list[str]) -> View:
    start, end = given.get("from", view.start), given.get("to", view.end)
    try:
        within(start, end, datetime.now(UTC), UTC)
    except CollectorError as error:
        faults.append(f"{error}; the last 24 hours are shown")
        return view
    return replace(view, start=start, end=end)


def _plain(view: View, given: dict[str, str], faults: list[str]) -> View:
    text, refresh, spread = given.get("filter", ""), given.get("refresh", "0"), given.get("spread", "0")
    if refresh not in map(str, REFRESH):
        faults.append(f"refresh is one of {', '.join(map(str, REFRESH))} (seconds)")
        refresh = "0"
    if spread not in ("0", "1"):
        faults.append("spread is 0 or 1")
    if len(text) > MOST_TEXT:
        faults.append(f"the filter is longer than {MOST_TEXT} characters")
        text = ""
    return replace(view, filter=text.strip(), refresh=int(refresh), spread=spread == "1")
