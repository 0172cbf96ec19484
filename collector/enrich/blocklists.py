"""Lists of addresses in the formats in which they are published.

A line has an address, a network or a range `A-B`, alone or among other cells, and may end in a comment after `#` or
`;`. The first address of a line is taken, and the port behind it is not. The tag of a list is its file's name without
the ending; a CSV file whose first line names a column `tags` has tags of its own in each line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Network
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.enrich.tagsets import Layer, Ranges, four_ranges, six_ranges

BLOCK = 1 << 21
"""Bytes of a list that are read together."""
SHOWN = 60
"""Characters of a line that is no address in what is told about it."""
_DOTTED = r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})"
_IPV4 = rf'(?:^|[\s,;"]){_DOTTED}(?:/([0-9]{{1,2}})|\s*-\s*{_DOTTED})?(?:$|[\s,;:"])'
_COMMENT, _COMMENT_IN_CSV = r"[#;].*", r"#.*"
_TAG = r'[^\s,;|"]+'
_CELL = r'(?:"[^"]*"|[^,]*)'
Numbers = npt.NDArray[np.uint32]


@dataclass
class BlockList:
    """What a file says."""

    tagged: bool = False
    """Whether its lines have tags of their own."""
    entries: int = 0
    bad: int = 0
    """Lines that have no address."""
    first_bad: str = ""
    """The first of them, as `line N: TEXT`."""
    four: dict[str, list[Ranges]] = field(default_factory=dict)
    six: dict[str, list[IPv6Network]] = field(default_factory=dict)

    def layers(self) -> Iterator[Layer]:
        """The addresses of each tag."""
        for tag in sorted({*self.four, *self.six}):
            yield Layer(tag, _joined(self.four.get(tag, [])), six_ranges(self.six.get(tag, [])))


def read(path: Path) -> BlockList:
    """OSError where the file cannot be read."""
    reader = _Reader(path.stem)
    with path.open("rb") as file:
        for text in _blocks(file):
            reader.take(text)
    return reader.out


def _blocks(file: BinaryIO) -> Iterator[str]:
    """Whole lines."""
    while block := file.read(BLOCK):
        yield (block + file.readline()).decode("utf-8", "replace").removeprefix("\ufeff").removesuffix("\n")


class _Reader:
    """Takes a file block after block."""

    def __init__(self, tag: str) -> None:
        self.out = BlockList()
        self._tag = tag
        self._begun = False
        self._lines = 0
        self._comment = _COMMENT
        self._tags = ""
        """Pattern of the cell of tags."""

    def take(self, text: str) -> None:
        """The next lines."""
        raw = pl.DataFrame({"raw": [text]}).select(pl.col("raw").str.split("\n").explode())
        lines = raw.with_row_index("line", self._lines + 1)
        self._lines += raw.height
        if not self._begun:
            lines = self._without_head(lines)
        lines = _bare(lines, self._comment)
        numbers = lines["text"].str.extract_groups(_IPV4).struct.unnest().cast(pl.UInt32)
        first, last, there = _four(numbers)
        self._add_four(lines.filter(pl.Series(there)), Ranges(first[there], last[there]))
        self._take_rest(lines.filter(pl.Series(~there)))

    def _without_head(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Leave out a first line that names columns."""
        some = _bare(lines, _COMMENT)
        if some.is_empty():
            return lines
        self._begun = True
        names = [name.strip(' "').lower() for name in some["text"].head(1).str.split(",").explode()]
        if len(names) < 2 or any(re.search(r"\d\.\d|:", name) for name in names):
            return lines
        if "tags" in names:
            self.out.tagged, self._comment = True, _COMMENT_IN_CSV
            self._tags = rf"^(?:{_CELL},){{{names.index('tags')}}}({_CELL})"
        return lines.filter(pl.col("line") > some["line"][0])

    def _add_four(self, lines: pl.DataFrame, ranges: Ranges) -> None:
        self.out.entries += len(ranges.first)
        if not self.out.tagged:
            self.out.four.setdefault(self._tag, []).append(ranges)
            return
        rows = pl.DataFrame({"tag": self._tags_of(lines), "first": ranges.first, "last": ranges.last}).explode("tag")
        for (tag,), part in rows.partition_by("tag", as_dict=True, include_key=False).items():
            self.out.four.setdefault(str(tag), []).append(Ranges(part["first"].to_numpy(), part["last"].to_numpy()))

    def _take_rest(self, lines: pl.DataFrame) -> None:
        """Lines without an IPv4 address: IPv6, of which lists have few, and what is none at all."""
        bad = []
        tags = self._tags_of(lines) if self.out.tagged else [[self._tag]] * lines.height
        for number, raw, text, some in zip(lines["line"], lines["raw"], lines["text"], tags, strict=True):
            network = _six(text)
            if network is None:
                bad.append((number, raw))
                continue
            self.out.entries += 1
            for tag in some:
                self.out.six.setdefault(tag, []).append(network)
        if bad and not self.out.bad:
            self.out.first_bad = f"line {bad[0][0]}: {bad[0][1].strip()[:SHOWN]}"
        self.out.bad += len(bad)

    def _tags_of(self, lines: pl.DataFrame) -> pl.Series:
        """The tags of each line; the file's where it has none."""
        words = lines["text"].str.extract(self._tags).str.extract_all(_TAG).to_frame("tags")
        own = pl.lit([self._tag], pl.List(pl.String))
        return words.select(pl.when(pl.col("tags").list.len() > 0).then("tags").otherwise(own)).to_series()


def _bare(lines: pl.DataFrame, comment: str) -> pl.DataFrame:
    """With `text`, without comments; only lines where something is left."""
    text = pl.col("raw").str.replace(comment, "").str.strip_chars()
    return lines.with_columns(text.alias("text")).filter(pl.col("text") != "")


def _four(groups: pl.DataFrame) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
    """First and last addresses from the numbers of `_IPV4`, and where they make sense."""
    bits = groups.to_series(4)
    octets = groups.fill_null(0).to_numpy()
    length = bits.fill_null(32).to_numpy()
    host = ((np.uint64(1) << (np.uint64(32) - np.minimum(length, 32))) - np.uint64(1)).astype(np.uint32)
    first, end = _number(octets[:, :4]) & ~host, _number(octets[:, 5:])
    ranged = groups.to_series(5).is_not_null().to_numpy()
    last = np.where(ranged, end, first | host)
    there = groups.to_series(0).is_not_null().to_numpy() & (octets[:, [0, 1, 2, 3, 5, 6, 7, 8]] <= 255).all(axis=1)
    # A list of everything is a damaged one.
    return first, last, there & (length >= 1) & (length <= 32) & (first <= last)


def _number(octets: Numbers) -> Numbers:
    out: Numbers = np.ascontiguousarray(octets, np.uint8).view(">u4")[:, 0].astype(np.uint32)
    return out


def _six(text: str) -> IPv6Network | None:
    """The first IPv6 address or network of a line; not all there are, and none that stands for IPv4."""
    if text.count(":") < 2:
        return None
    for word in re.split(r'[\s,;"]+', text):
        inner = word[1:].partition("]")[0] if word.startswith("[") else word
        try:
            network = IPv6Network(inner, strict=False)
        except ValueError:
            continue
        return None if not network.prefixlen or network.network_address.ipv4_mapped else network
    return None


def _joined(parts: list[Ranges]) -> Ranges:
    first, last = (np.concatenate(ends) for ends in zip(four_ranges([]), *parts, strict=True))
    return Ranges(first, last)
