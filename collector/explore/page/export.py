"""Answers as CSV: all rows, numbers as they are."""

import polars as pl
from polars import selectors

FORMULA = r"^([=+\-@\t\r])"
"""What makes a spreadsheet take a text for a formula; values of flows come from strangers."""


def csv(frame: pl.DataFrame) -> bytes:
    """UTF-8 with a header; lists are joined by blanks, and texts that look like formulas begin with an apostrophe."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    plain = frame.with_columns(pl.col(lists).list.eval(pl.element().cast(pl.String)).list.join(" "))
    return plain.with_columns(selectors.string().str.replace(FORMULA, "'$1")).write_csv().encode()
