"""Flows as JSON documents, a line each, made in columns.

A document is put together from text fragments. What few things share (addresses, exporters, services, flags, small
numbers) is rendered once for each thing and gathered by row number; only large numbers are written out for each flow.
Null fields are left out. The objects of a document follow from the dotted names of the schema.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from collector.datasets import FLOWS
from collector.flows import Flows
from collector.store.fragments import Members
from collector.store.full import END, FullMembers
from collector.store.lean import lean
from collector.store.pieces import TEXT, Piece, joined
from collector.store.plan import plan


@dataclass(frozen=True)
class Lines:
    """Lines of text one after another."""

    data: memoryview
    """All lines, each ending in a newline."""
    offsets: npt.NDArray[np.int64]
    """Where each line begins in `data`, and where the last one ends: one value more than there are lines."""

    def __len__(self) -> int:
        return len(self.offsets) - 1


def lines(flows: Flows, before: pl.Series | None = None, full: bool = True, message: bool = False) -> Iterator[Lines]:
    """One line a flow: its document, with the text of `before` (a String column, `len(flows)` long) in front of it.

    They come some thousands at a time. A document that is not `full` leaves out what repeats other fields: see full.py
    and lean.py. With `message` it has the flow in a line of text: see message.py.
    """
    for array in _joined(flows, before, full, message) if len(flows) else ():
        _, offsets, data = array.buffers()
        places = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
        yield Lines(memoryview(data), places)


def documents(flows: Flows, before: pl.Series | None = None, full: bool = True, message: bool = False) -> pl.Series:
    """The lines as a String column."""
    return pl.Series(pl.from_arrow(pa.chunked_array(_joined(flows, before, full, message), TEXT)))


def _joined(flows: Flows, before: pl.Series | None, full: bool, message: bool) -> Iterator[pa.LargeStringArray]:
    ours = flows.dataset is FLOWS
    flows = flows if full or not ours else lean(flows)
    rendering = FullMembers if full and ours and END in flows.frame.columns else Members
    parts = rendering(flows, message and ours).object(plan(tuple(flows.names())))
    pieces: list[Piece] = [*([] if before is None else [before]), "{", *parts, "}\n"]
    return joined(pieces, len(flows))
