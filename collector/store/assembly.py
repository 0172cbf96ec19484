"""Joins pieces of text, some thousand flows at a time.

Each piece has a view for each flow (see views.py), so that documents are copied once, when all their texts are known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from collector.store.pieces import Chosen, Coded, Piece, Texts, folded
from collector.store.views import CELL, Cells, Offsets, Rows, Views, between, contiguous, moved, texts

TOGETHER = 8192
"""Flows whose pieces are joined at once."""


@dataclass(frozen=True)
class Lines:
    """Lines of text one after another."""

    data: memoryview
    """All lines."""
    offsets: npt.NDArray[np.int64]
    """Where each line begins in `data`, and where the last one ends: one value more than there are lines."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def texts(self) -> pl.Series:
        """As a column."""
        return texts(pa.py_buffer(self.data), self.offsets)


class _Row:
    """Pieces side by side, by what has to be done for some flows."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._buffers: list[pa.Buffer] = []
        self._each: dict[int, Cells] = {}
        self._coded: dict[int, tuple[Cells, Rows, int]] = {}
        """Views of texts, which of them each flow has, and how many buffers theirs come behind."""
        self._chosen: dict[int, Chosen] = {}
        self._inner: dict[int, _Row] = {}
        """Rows that pieces of this one are made of, by the identity of the piece."""
        constants = dict[int, str]()
        for place, piece in enumerate(folded(pieces)):
            if isinstance(piece, str):
                constants[place] = piece
            else:
                self._add(place, piece)
        # All at once, as polars takes its time for each column, however short.
        known = self._known(Views.of(pl.Series(list(constants.values()), dtype=pl.String)))
        self._constant = list(constants), known.reshape(-1, 1)

    def _add(self, place: int, piece: Texts) -> None:
        if isinstance(piece, pl.Series | Views):
            self._each[place] = self._known(Views.of(piece) if isinstance(piece, pl.Series) else piece)
        elif isinstance(piece, Coded):
            self._coded[place] = self._looked_up(piece)
        else:
            self._chosen[place] = chosen = piece if isinstance(piece, Chosen) else Chosen(None, piece, piece)
            for one in (chosen.one, chosen.other):
                if id(one) not in self._inner:
                    self._inner[id(one)] = _Row(one.pieces)

    def _known(self, views: Views) -> Cells:
        cells = views.behind(len(self._buffers))
        self._buffers += views.buffers
        return cells

    def _looked_up(self, piece: Coded) -> tuple[Cells, Rows, int]:
        views = piece.texts.views
        if views.inline or len(views) <= len(piece.rows):
            return self._known(views), piece.rows, 0
        # Of a table that is larger than what is looked up in it, what is found is changed instead.
        behind = len(self._buffers)
        self._buffers += views.buffers
        return views.cells, piece.rows, behind

    def join(self, part: slice) -> tuple[pa.Buffer, Offsets]:
        """The texts of some flows, and where each begins and the last one ends."""
        places, constants = self._constant
        pieces = len(places) + len(self._each) + len(self._coded) + len(self._chosen)
        cells, buffers = np.empty((pieces, part.stop - part.start), CELL), [*self._buffers]
        cells[places] = constants
        for place, each in self._each.items():
            cells[place] = each[part]
        for place, (known, rows, behind) in self._coded.items():
            known.take(rows[part], out=cells[place], mode="clip")
            if behind:
                moved(cells[place], behind)
        inner = self._join_inner(part, buffers)
        for place, chosen in self._chosen.items():
            one, other = inner[id(chosen.one)], inner[id(chosen.other)]
            cells[place] = one if chosen.first is None else np.where(chosen.first[part], one, other)
        return contiguous(cells, buffers)

    def _join_inner(self, part: slice, buffers: list[pa.Buffer]) -> dict[int, Cells]:
        """Views of the inner rows' texts, whose buffers are added."""
        out: dict[int, Cells] = {}
        for key, row in self._inner.items():
            views = between(*row.join(part), len(buffers))
            buffers += views.buffers
            out[key] = views.cells
        return out


def joined(pieces: list[Piece], height: int) -> Iterator[Lines]:
    """The pieces side by side for some rows after another: they are looked up and joined while they are near."""
    row = _Row(pieces)
    for begin in range(0, height, TOGETHER):
        data, offsets = row.join(slice(begin, min(begin + TOGETHER, height)))
        yield Lines(memoryview(data), offsets)


def series(piece: Texts, height: int) -> pl.Series:
    """A text for each flow, as a column of `height` rows."""
    if isinstance(piece, pl.Series):
        return piece
    if isinstance(piece, Views):
        return piece.texts()
    if isinstance(piece, Coded):
        return piece.texts.texts.gather(piece.rows)
    return pl.concat([lines.texts() for lines in joined([piece], height)])


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
