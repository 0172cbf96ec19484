"""Pieces of text, side by side for each flow, and what joins them.

A piece is the same text for all flows, a text for each flow (null where it has none), or one of a few texts for each
flow, which is looked up when the pieces are joined.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()
TOGETHER = 4096
"""Flows whose pieces are joined at once."""
Rows: TypeAlias = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Coded:
    """One of a few texts for each flow."""

    texts: pa.LargeStringArray
    """As `dictionary` makes them."""
    rows: Rows
    """Which text each flow has."""

    @classmethod
    def of(cls, texts: pa.LargeStringArray, rows: pl.Series) -> "Coded":
        """Rows may be null, for flows that have none of the texts."""
        if not rows.null_count():
            return cls(texts, rows.to_numpy())
        none = pl.lit(len(texts) - 1, pl.UInt32)
        return cls(texts, rows.to_frame("r").select(pl.col("r").cast(pl.UInt32).fill_null(none)).to_series().to_numpy())

    def part(self, begin: int, count: int) -> pa.LargeStringArray:
        """The texts of some flows."""
        return self.texts.take(pa.array(self.rows[begin : begin + count]))


@dataclass(frozen=True)
class Joined:
    """Pieces as one text, which several others are made of; not all of them constants."""

    pieces: "list[Piece]"
    _last: dict[tuple[int, int], pa.LargeStringArray] = field(default_factory=dict, repr=False)
    """Of the last rows that were asked for."""

    def part(self, begin: int, count: int) -> pa.LargeStringArray:
        """The texts of some flows."""
        if (begin, count) not in self._last:
            self._last.clear()
            self._last[begin, count] = _join(merged(self.pieces), begin, count)
        return self._last[begin, count]


@dataclass(frozen=True)
class Chosen:
    """For each flow one of two texts: where `first`, that of `one`."""

    first: pl.Series
    one: "Joined | Chosen"
    other: "Joined | Chosen"

    def part(self, begin: int, count: int) -> pa.LargeStringArray:
        """The texts of some flows."""
        first = self.first.slice(begin, count).to_arrow()
        return pc.if_else(first, self.one.part(begin, count), self.other.part(begin, count))


Texts: TypeAlias = "pl.Series | Coded | Joined | Chosen"
"""A text for each flow."""
Piece: TypeAlias = "Texts | str"


def arrow(texts: pl.Series) -> pa.LargeStringArray:
    """Texts as Arrow has them."""
    return texts.to_arrow(compat_level=pl.CompatLevel.oldest())


def dictionary(texts: pl.Series) -> pa.LargeStringArray:
    """Texts to look up by number, with an empty one at the end for none."""
    return arrow(texts.fill_null("").extend_constant("", 1))


def series(piece: Texts, height: int) -> pl.Series:
    """A text for each flow, as a column of `height` rows."""
    return piece if isinstance(piece, pl.Series) else pl.Series(pl.from_arrow(_part(piece, 0, height)))


def some(text: pl.Series) -> pl.Series:
    """Text, null where it is empty."""
    return text.to_frame("text").select(pl.when(pl.col("text") != "").then(pl.col("text"))).to_series()


def wrapped(before: str, column: pl.Series, after: str) -> pl.Series:
    """Text in front of and behind each value; null stays null."""
    pieces = [pl.lit(before), pl.col("x"), *([pl.lit(after)] if after else [])]
    return column.to_frame("x").select(pl.concat_str(pieces)).to_series()


def merged(pieces: list[Piece]) -> list[Piece]:
    """The same pieces, neighbouring constants as one."""
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        elif not (isinstance(piece, str) and not piece):
            out.append(piece)
    return out


def concat(pieces: list[Piece], height: int) -> pl.Series:
    """One String column of `height` rows out of pieces side by side; nulls are skipped."""
    columns: dict[str, pl.Series] = {}
    expressions: list[Any] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            expressions.append(pl.lit(piece))
        else:
            columns[str(number)] = series(piece, height).alias(str(number))
            expressions.append(pl.col(str(number)))
    if not columns:
        return pl.Series(["".join(map(str, pieces))]).new_from_index(0, height)
    return pl.DataFrame(list(columns.values())).select(pl.concat_str(expressions, ignore_nulls=True)).to_series()


def joined(pieces: list[Piece], height: int) -> Iterator[pa.LargeStringArray]:
    """The same for some rows after another, each as one buffer: they are looked up and joined while they are near.

    Arrow takes a quarter less than polars for long texts.
    """
    parts = merged(pieces)
    if all(isinstance(part, str) for part in parts):
        yield pa.array(["".join(map(str, parts))] * height, TEXT)
        return
    for begin in range(0, height, TOGETHER):
        yield _join(parts, begin, TOGETHER)


def _join(parts: list[Piece], begin: int, count: int) -> pa.LargeStringArray:
    arrays = [pa.scalar(part, TEXT) if isinstance(part, str) else _part(part, begin, count) for part in parts]
    return pc.binary_join_element_wise(*arrays, pa.scalar("", TEXT), null_handling="replace", null_replacement="")


def _part(piece: Texts, begin: int, count: int) -> pa.LargeStringArray:
    return arrow(piece.slice(begin, count)) if isinstance(piece, pl.Series) else piece.part(begin, count)
