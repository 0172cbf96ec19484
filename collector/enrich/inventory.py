"""What the operator says of exporters: name, site, role and tags.

The file has a line an exporter or network of exporters: `exporter,name,site,role,tags`, tags with `;` between them.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import polars as pl

from collector.enrich.files import Row, Watched, entries, network
from collector.enrich.prefixes import Network
from collector.registry import VALUE

COLUMNS = ("exporter", "name", "site", "role", "tags")
NAME = "name"


class Exporter(NamedTuple):
    """What is said of the exporters in a network, in the order of `ATTRIBUTES`."""

    name: str | None = None
    site: str | None = None
    role: str | None = None
    tags: list[str] | None = None


ATTRIBUTES = {NAME: pl.String(), "geo.name": pl.String(), "type": pl.String(), "tags": pl.List(pl.String())}
"""Attributes of the table `exporters`."""
NOTHING = Exporter()
Lines = list[tuple[Network, Exporter]]
"""The smallest networks first."""


class Inventory:
    """The exporters of a file, read again when it changes. FileError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._file = Watched(path, _read)
        self._found: dict[str, Exporter] = {}
        """By address."""

    def refresh(self) -> bool:
        """Take a changed file; whether it has changed."""
        if not self._file.refresh():
            return False
        self._found.clear()
        return True

    def describe(self, exporters: pl.DataFrame) -> pl.DataFrame:
        """Put in what the file says of the exporters; only what any of them has. A `name` stays where it says none."""
        rows = [self._of(address) for address in exporters[VALUE]]
        said = pl.DataFrame(rows, schema=ATTRIBUTES, orient="row")
        given = [column for column in said.get_columns() if column.null_count() < len(column)]
        given = [pl.select(pl.coalesce(c, exporters[NAME])).to_series() if c.name == NAME else c for c in given]
        return exporters.with_columns(given)

    def _of(self, address: str) -> Exporter:
        if address not in self._found:
            self._found[address] = _find(self._file.content, address)
        return self._found[address]


def _find(lines: Lines, address: str) -> Exporter:
    """The smallest network that says a thing says it."""
    try:
        one = ip_address(address)
    except ValueError:
        return NOTHING
    around = [said for network, said in lines if one in network]
    return Exporter(*(next((value for value in values if value), None) for values in zip(*around, strict=True)))


def _read(path: Path) -> Lines:
    return sorted(entries(path, COLUMNS, 1, _line), key=lambda line: line[0].prefixlen, reverse=True)


def _line(row: Row) -> tuple[Network, Exporter]:
    tags = [tag.strip() for tag in row["tags"].split(";") if tag.strip()]
    said = Exporter(row["name"] or None, row["site"] or None, row["role"] or None, tags or None)
    return network(row["exporter"]), said
