"""What is known of interfaces: from their exporter's options data, from its SNMP agent, from a file.

The first of these that knows an attribute gives it. The file has a line an interface:
`exporter,ifindex,name,alias,speed,role`.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

from collector.enrich.files import Row, Watched, address, entries, whole
from collector.enrich.names import Names
from collector.registry import VALUE

COLUMNS = ("exporter", "ifindex", "name", "alias", "speed", "role")
SPEED = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)([kmg]?)")
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
MOST = 2**32 - 1


class Interface(NamedTuple):
    """What a source knows, in the order of `ATTRIBUTES`."""

    name: str | None = None
    alias: str | None = None
    speed: int | None = None
    """Bits per second."""
    role: str | None = None


ATTRIBUTES: Mapping[str, pl.DataType] = {
    VALUE: pl.String(),
    "alias": pl.String(),
    "speed": pl.UInt64(),
    "role": pl.String(),
}
"""Attributes of the table `interfaces`."""
Table = Mapping[str, Mapping[int, Interface]]
"""By the exporter's address and ifIndex."""


class Source(Protocol):
    """Who knows interfaces beside options data."""

    def renewed(self) -> set[str]:
        """The addresses of exporters of which there is news since the last call."""

    def interface(self, address: str, number: int) -> Interface | None:
        """What is known of an ifIndex at an exporter's address."""


class Interfaces:
    """All sources as one: see `numbered.Known`."""

    def __init__(self, names: Names, sources: Sequence[Source]) -> None:
        """`names` are those of options data, which come first."""
        self._names = names
        self._sources = sources
        self._told = names.revision
        self._changes: dict[str, int] = {}
        """The revision in which interfaces last changed at an exporter's address."""
        self.revision = 0

    def changed(self, kind: str, revision: int) -> set[str]:
        """The addresses of exporters of whose interfaces anything has changed since that revision."""
        news = self._names.changed(kind, self._told).union(*(source.renewed() for source in self._sources))
        self._told = self._names.revision
        if news:
            self.revision += 1
            self._changes |= dict.fromkeys(news, self.revision)
        return {one for one, last in self._changes.items() if last > revision} if revision < self.revision else set()

    def entry(self, kind: str, address: str, number: int) -> Interface:
        """Each attribute from the first source that knows it."""
        told = self._names.entry(kind, address, number)
        known = [Interface(*told)] if told else []
        known += [one for source in self._sources if (one := source.interface(address, number))]
        return Interface(*(next((value for value in values if value), None) for values in zip(*known, strict=True)))


class InterfaceFile:
    """The interfaces of a file, read again when it changes. FileError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._file = Watched(path, _read)

    def renewed(self) -> set[str]:
        """The exporters of the file where it has changed, those that are gone among them."""
        before = self._file.content
        return {*before, *self._file.content} if self._file.refresh() else set()

    def interface(self, address: str, number: int) -> Interface | None:
        """What the file says of an ifIndex at an exporter's address."""
        return self._file.content.get(address, {}).get(number)


def _read(path: Path) -> Table:
    out: dict[str, dict[int, Interface]] = {}
    for exporter, number, interface in entries(path, COLUMNS, 2, _line):
        out.setdefault(exporter, {})[number] = interface
    return out


def _line(row: Row) -> tuple[str, int, Interface]:
    said = Interface(row["name"] or None, row["alias"] or None, _speed(row["speed"]), row["role"] or None)
    return address(row["exporter"]), whole(row["ifindex"], 0, MOST), said


def _speed(text: str) -> int | None:
    """`1000000000`, `1000M`, `2.5G`."""
    found = SPEED.fullmatch(text.lower())
    if text and not found:
        raise ValueError(f"{text!r} is not a speed such as 1000000000, 100M or 2.5G")
    return round(Decimal(found[1]) * UNITS[found[2]]) if found else None
