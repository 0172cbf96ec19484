"""Pieces of text, side by side for each flow.

A piece is the same text for all flows, a text for each flow (null where it has none), or one of a few texts for each
flow, which is looked up when the pieces are joined: see assembly.py.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.store.views import Rows, Views

FEW, EACH = 1024, 32
"""Texts that constants beside them are added to, and flows that each must have on average for that to pay."""


_NONE = pl.Series([""])


class Dictionary:
    """Texts to look up by number."""

    def __init__(self, texts: pl.Series) -> None:
        """Null is an empty text; another one is added at the end, for none."""
        self.texts = (texts.fill_null("") if texts.null_count() else texts.clone()).append(_NONE).rechunk()

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def views(self) -> Views:
        """As they are joined."""
        return Views.of(self.texts)


@dataclass(frozen=True, slots=True)
class Coded:
    """One of a few texts for each flow. Raises IndexError where a flow has one that is not there."""

    texts: Dictionary
    rows: Rows
    """Which text each flow has."""

    def __post_init__(self) -> None:
        if len(self.rows) and self.rows.max() >= len(self.texts):
            raise IndexError(f"{self.rows.max()} of {len(self.texts)} texts")

    @classmethod
    def of(cls, texts: Dictionary, rows: pl.Series) -> Self:
        """Rows may be null, for flows that have none of the texts."""
        if not rows.null_count():
            return cls(texts, rows.to_numpy())
        none = pl.Series([len(texts) - 1], dtype=pl.UInt32)
        return cls(texts, rows.cast(pl.UInt32).zip_with(rows.is_not_null(), none).to_numpy())

    @property
    def few(self) -> bool:
        """Whether each text is had by many flows."""
        return len(self.texts) <= min(FEW, len(self.rows) // EACH)

    def between(self, before: str, after: str) -> "Coded":
        """The same with constants around them."""
        return Coded(Dictionary(wrapped(before, self.texts.texts, after)), self.rows)


@dataclass(frozen=True, slots=True)
class Joined:
    """Pieces as one text, which several others are made of; not all of them constants."""

    pieces: "list[Piece]"


@dataclass(frozen=True, slots=True)
class Chosen:
    """For each flow one of two texts: where `first`, that of `one`; None for `one` everywhere."""

    first: npt.NDArray[np.bool_] | None
    one: Joined
    other: Joined


Texts: TypeAlias = "pl.Series | Views | Coded | Joined | Chosen"
"""A text for each flow."""
Piece: TypeAlias = "Texts | str"


def some(text: pl.Series) -> pl.Series:
    """Text, null where it is empty."""
    return text.to_frame("text").select(pl.when(pl.col("text") != "").then(pl.col("text"))).to_series()


def wrapped(before: str, column: pl.Series, after: str) -> pl.Series:
    """Text in front of and behind each value; null stays null."""
    if len(column) < FEW:  # less work for polars, though more for each text
        return pl.Series([before]) + column + pl.Series([after])
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


def folded(pieces: list[Piece]) -> list[Piece]:
    """The same, constants as parts of neighbours that have few texts."""
    out: list[Piece] = []
    for piece in merged(pieces):
        last = out[-1] if out else None
        if isinstance(piece, str) and isinstance(last, Coded) and last.few:
            out[-1] = last.between("", piece)
        elif isinstance(piece, Coded) and piece.few and isinstance(last, str):
            out[-1] = piece.between(last, "")
        else:
            out.append(piece)
    return out
