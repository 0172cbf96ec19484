"""Filters that come by clicks: a field and a value, which rows must or must not have."""

from collections.abc import Iterable
from typing import NamedTuple


class Chip(NamedTuple):
    """One of them."""

    field: str
    value: str
    out: bool = False
    """Whether rows with it are left out."""

    @property
    def inverted(self) -> "Chip":
        """The opposite."""
        return self._replace(out=not self.out)

    @property
    def text(self) -> str:
        """As a filter has it."""
        return f"{'NOT ' if self.out else ''}{self.field}:{quoted(self.value)}"


def quoted(value: str) -> str:
    """A value in the quotation marks of a filter."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def added(chips: Iterable[Chip], new: Chip) -> tuple[Chip, ...]:
    """The chips with one more, which takes the place of its opposite."""
    kept = [one for one in chips if one not in (new, new.inverted)]
    return (*kept, new)


def condition(chips: Iterable[Chip]) -> str:
    """All of them as a filter, empty where there are none: a field has one of the wanted values, and no other."""
    wanted: dict[str, list[Chip]] = {}
    unwanted = []
    for one in chips:
        if one.out:
            unwanted.append(one.text)
        else:
            wanted.setdefault(one.field, []).append(one)
    return " AND ".join([*map(_any, wanted.values()), *unwanted])


def _any(chips: list[Chip]) -> str:
    joined = " OR ".join(one.text for one in chips)
    return f"({joined})" if len(chips) > 1 else joined
