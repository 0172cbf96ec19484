"""Files that the operator writes: CSV with a line of column names, read again when they change.

Lines that begin with `#` and empty ones are passed over.
"""

import csv
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Generic, TypeVar

from collector.errors import CollectorError
from collector.stamps import stamp

log = logging.getLogger(__name__)
T = TypeVar("T")
Row = Mapping[str, str]


class FileError(CollectorError):
    """A file that cannot be used; the text names it and the line."""


class Watched(Generic[T]):
    """What a file says, by `parse`, which raises FileError."""

    def __init__(self, path: Path, parse: Callable[[Path], T]) -> None:
        self._path = path
        self._parse = parse
        self._stamp = stamp(path)
        self.content = parse(path)

    def refresh(self) -> bool:
        """Read the file again where it has changed; whether there is anything new.

        A damaged file leaves what it said before in use, and is told once.
        """
        now = stamp(self._path)
        if now == self._stamp:
            return False
        self._stamp = now
        try:
            self.content = self._parse(self._path)
        except FileError as error:
            log.warning("%s; what the file said before stays in use", error)
            return False
        log.info("%s has changed and was read again", self._path)
        return True


def entries(path: Path, columns: Sequence[str], needed: int, make: Callable[[Row], T]) -> list[T]:
    """What `make` makes of each line, given as text by column; it may raise ValueError.

    Of `columns` the first `needed` must be there and filled. Absent cells are empty. FileError where anything is wrong.
    """
    reader = csv.reader(_text(path).splitlines(), strict=True)
    out, head = list[T](), list[str]()
    try:
        for cells in _filled(reader):
            if head:
                out.append(make(_row(head, cells, columns, needed)))
            else:
                head = _head(cells, columns, needed)
    except (ValueError, csv.Error) as error:
        raise FileError(f"{path}, line {reader.line_num}: {error}") from error
    if not head:
        raise FileError(f"{path}: empty; its first line names the columns, of {','.join(columns)}")
    return out


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: not UTF-8 ({error.reason} at byte {error.start})") from error


def _filled(lines: Iterable[list[str]]) -> Iterator[list[str]]:
    for cells in lines:
        if any(cells) and not cells[0].startswith("#"):
            yield [cell.strip() for cell in cells]


def _head(cells: list[str], columns: Sequence[str], needed: int) -> list[str]:
    unknown = [cell for cell in cells if cell not in columns]
    missing = [name for name in columns[:needed] if name not in cells]
    twice = [cell for place, cell in enumerate(cells) if cell in cells[:place]]
    for names, wrong in ((unknown, "is none of them"), (missing, "is missing"), (twice, "is there twice")):
        if names:
            raise ValueError(f"the first line names the columns, of {','.join(columns)}; {names[0]!r} {wrong}")
    return cells


def _row(head: list[str], cells: list[str], columns: Sequence[str], needed: int) -> Row:
    if len(cells) > len(head):
        raise ValueError(f"more cells ({len(cells)}) than columns ({len(head)})")
    row = dict.fromkeys(columns, "") | dict(zip(head, cells, strict=False))
    for name in columns[:needed]:
        if not row[name]:
            raise ValueError(f"{name} is empty")
    return row


def address(text: str) -> str:
    """An address in its usual form. ValueError where it is none."""
    return str(ip_address(text))


def network(text: str) -> IPv4Network | IPv6Network:
    """A network, or an address as one. ValueError where it is neither."""
    return ip_network(text)


def whole(text: str, least: int, most: int) -> int:
    """A number in that range. ValueError where it is none."""
    if not (text.isascii() and text.isdecimal() and least <= int(text[:20]) <= most):
        raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)
