"""Groups of an answer, as charts show them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collector.explore.charts.look import Look, ink
from collector.explore.charts.shades import distinct
from collector.explore.dashboard import Panel
from collector.explore.labels import OTHERS, unit
from collector.query.model import OTHER, Answer

EXACT = 2**53
BETWEEN = " · "


@dataclass(frozen=True)
class Group:
    """One group and its measures."""

    pairs: tuple[tuple[str, Any], ...]
    """Fields and values; empty for what is beyond the top."""
    numbers: tuple[float | None, ...]
    """In the order of the panel's measures."""

    @property
    def other(self) -> bool:
        """Whether it sums up what is beyond the top."""
        return not self.pairs

    @property
    def values(self) -> tuple[Any, ...]:
        """Of its fields."""
        return tuple(value for _, value in self.pairs)

    @property
    def text(self) -> str:
        """Its name for people."""
        return BETWEEN.join(map(shown, self.values)) if self.pairs else OTHERS

    @property
    def amount(self) -> float:
        """What it is ranked by."""
        return self.numbers[0] or 0


def shown(value: Any) -> str:
    """A value of a field as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain(value: Any) -> Any:
    """A value as JSON and JavaScript can have it: larger numbers than a double is exact for become text."""
    if isinstance(value, int) and abs(value) > EXACT:
        return str(value)
    return value if isinstance(value, str | int | float) else str(value)


def groups(panel: Panel, answer: Answer) -> list[Group]:
    """In order of rank, the others last; those without any number are left out."""
    found = [_group(panel, row) for row in answer.frame.iter_rows(named=True)]
    return [one for one in found if one.numbers[0] is not None]


def _group(panel: Panel, row: dict[str, Any]) -> Group:
    numbers = tuple(row[name] for name in panel.measures)
    if row.get(OTHER) or any(row[name] is None for name in panel.by):
        return Group((), numbers)
    return Group(tuple((name, plain(row[name])) for name in panel.by), numbers)


def colours(found: Sequence[Group], look: Look) -> list[str]:
    """A colour for each group: that of its value, told apart from those before it; grey for the others."""
    own = distinct([look.colour(one.pairs[0][0], one.text) for one in found if not one.other])
    ready: Iterator[str] = iter(own)
    return [ink(look).other if one.other else next(ready) for one in found]


def item(panel: Panel, group: Group, look: Look) -> dict[str, Any]:
    """What the data of a chart say of a group: its value, what a click means, and the lines of the tooltip."""
    rows = [
        [look.words(panel, name), number, unit(name)]
        for name, number in zip(panel.measures, group.numbers, strict=True)
    ]
    return {"value": group.numbers[0], "text": group.text, "pairs": [list(one) for one in group.pairs], "rows": rows}
