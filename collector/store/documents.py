"""Flows as JSON documents, a line each, made in columns.

A document is put together from text fragments. What few things share (addresses, exporters, services, flags, small
numbers) is rendered once for each thing and gathered by row number; only large numbers are written out for each flow.
Null fields are left out. The objects of a document follow from the dotted names of the schema.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from collector.datasets import FLOWS
from collector.flows import Flows
from collector.store.assembly import Lines, joined
from collector.store.fragments import Members
from collector.store.full import END, FullMembers
from collector.store.lean import lean
from collector.store.pieces import Piece
from collector.store.plan import plan


def lines(flows: Flows, before: Sequence[Piece] = (), full: bool = True, message: bool = False) -> Iterator[Lines]:
    """One line a flow: its document, with pieces of text `before` it (columns are `len(flows)` long).

    They come some thousands at a time. A document that is not `full` leaves out what repeats other fields: see full.py
    and lean.py. With `message` it has the flow in a line of text: see message.py.
    """
    return _joined(flows, before, full, message) if len(flows) else iter(())


def documents(flows: Flows, before: Sequence[Piece] = (), full: bool = True, message: bool = False) -> pl.Series:
    """The lines as a String column."""
    parts = [some.texts() for some in lines(flows, before, full, message)]
    return pl.concat(parts) if parts else pl.Series(dtype=pl.String)


def _joined(flows: Flows, before: Sequence[Piece], full: bool, message: bool) -> Iterator[Lines]:
    ours = flows.dataset is FLOWS
    flows = flows if full or not ours else lean(flows)
    rendering = FullMembers if full and ours and END in flows.frame.columns else Members
    parts = rendering(flows, message and ours).object(plan(tuple(flows.names())))
    pieces: list[Piece] = [*before, "{", *parts, "}\n"]
    return joined(pieces, len(flows))
