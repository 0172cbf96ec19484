"""Batches of flows as one."""

from collections.abc import Sequence

import polars as pl

from collector import schema
from collector.flows import Flows


def joined(parts: Sequence[Flows]) -> Flows:
    """One batch of one or more of a dataset, row after row; its tables are those of the parts, one after another."""
    if len(parts) == 1:
        return parts[0]
    tables: dict[str, list[pl.DataFrame]] = {}
    heights: dict[str, int] = {}
    frames = []
    for part in parts:
        offsets = {name: heights.get(name, 0) for name in part.tables}
        frames.append(_shifted(part.frame, offsets))
        for name, table in part.tables.items():
            tables.setdefault(name, []).append(table)
            heights[name] = offsets[name] + table.height
    frame = pl.concat(frames, how="diagonal")
    together = {name: pl.concat(pieces, how="diagonal") for name, pieces in tables.items()}
    return Flows(frame, together, parts[0].dataset)


def _shifted(frame: pl.DataFrame, offsets: dict[str, int]) -> pl.DataFrame:
    """The same flows, their codes counted from where their tables come to lie."""
    coded = [(name, offsets.get(schema.table_of(name) or "", 0)) for name in frame.columns]
    moved = [pl.col(name) + pl.lit(offset, pl.UInt32) for name, offset in coded if offset]
    return frame.with_columns(moved) if moved else frame
