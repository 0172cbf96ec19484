"""The operator's file of networks: CSV, since IP address management and spreadsheets write it.

The first line names the columns, in any order: `network` and any of `name`, `site`, `role`, `tags`. Tags are separated
by blanks, commas, `|` or `;`. Empty lines and lines that begin with `#` are left out. Cells may be separated by `;`, as
spreadsheets of some countries do.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from collector.enrich.direction import EXTERNAL, INTERNAL
from collector.enrich.prefixes import Network
from collector.errors import CollectorError

COLUMNS = ("network", "name", "site", "role", "tags")


class NetworksError(CollectorError):
    """A file of networks that cannot be used; the text has its name and the line."""


@dataclass(frozen=True)
class Entry:
    """One line; texts are empty where it has none."""

    network: Network
    name: str = ""
    site: str = ""
    role: str = ""
    tags: tuple[str, ...] = ()

    @property
    def inside(self) -> bool | None:
        """Whether the line says that the network is the operator's; None where it does not say."""
        words = {word.lower() for word in (self.role, *self.tags)}
        return INTERNAL in words if words & {INTERNAL, EXTERNAL} else None


def read(path: Path) -> list[Entry]:
    """The lines of a file in their order; NetworksError where it cannot be read or a line makes no sense."""
    lines = _text(path).splitlines()
    head = next((line for line in lines if line.strip(" ,;") and not line.startswith("#")), "")
    if not head:
        raise NetworksError(f"networks {path}: empty; its first line names the columns, of {','.join(COLUMNS)}")
    reader = csv.reader(lines, delimiter=";" if ";" in head and "," not in head else ",")
    try:
        return list(_entries(reader))
    except (ValueError, csv.Error) as error:
        raise NetworksError(f"networks {path}, line {reader.line_num}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise NetworksError(f"networks {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NetworksError(f"networks {path}: not UTF-8") from error


def _entries(rows: Iterable[list[str]]) -> Iterator[Entry]:
    names: list[str] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if names:
            yield _entry(names, cells)
        else:
            names = _names(cells)


def _names(cells: list[str]) -> list[str]:
    unknown = [name for name in cells if name not in COLUMNS]
    if "network" not in cells or unknown:
        raise ValueError(f"the first line names the columns {', '.join(COLUMNS)}; this one has {', '.join(cells)}")
    return cells


def _entry(names: list[str], cells: list[str]) -> Entry:
    if len(cells) > len(names):
        raise ValueError(f"more cells ({len(cells)}) than columns ({len(names)})")
    row = dict.fromkeys(COLUMNS, "") | dict(zip(names, cells, strict=False))
    tags = tuple(word for word in re.split(r"[\s|;,]+", row["tags"]) if word)
    return Entry(_network(row["network"]), row["name"], row["site"], row["role"], tags)


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network such as 192.0.2.0/24 or 2001:db8::/32") from error
