"""Answers as CSV."""

import polars as pl

from collector.explore.page.export import csv


def test_numbers_are_raw_and_lists_are_joined() -> None:
    frame = pl.DataFrame({"name": ["a,b", None], "bytes": [1_234_567.5, -1.0], "tags": [["x", "y"], []]})
    assert csv(frame) == b'name,bytes,tags\n"a,b",1234567.5,x y\n,-1.0,\n'.replace(b"-1.0,\n", b'-1.0,""\n')


def test_what_a_spreadsheet_would_take_for_a_formula_is_text() -> None:
    frame = pl.DataFrame({"name": ["=1+1", "@x", "-", "a=b"]})
    assert csv(frame).decode().splitlines() == ["name", "'=1+1", "'@x", "'-", "a=b"]
