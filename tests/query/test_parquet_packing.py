"""Packed states are the same states, whether or not each group has values, and in whatever order they are."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collector.query.parquet.packing import packed
from collector.query.parquet.states import States

KEYS = ["key0", "key1"]


def states(values: list[tuple[int, int, int]], count: int = 3) -> States:
    main = pl.DataFrame({"key0": [1, 1, 2], "key1": [5, 6, 4], "rows": [count, 1, 2], "sum:a": [0.5, 1.0, 2.0]})
    frame = pl.DataFrame(values, {"key0": pl.Int64, "key1": pl.Int64, "value": pl.UInt16}, orient="row")
    return States(7, main, {"port": frame})


@pytest.mark.parametrize(
    "values",
    [
        [(1, 5, 80), (1, 5, 443), (1, 6, 22), (2, 4, 22)],
        [(1, 6, 22), (1, 6, 23)],
        [(1, 5, 9), (2, 4, 22)],
        [(2, 4, 22), (1, 5, 80), (1, 6, 1)],
        [(2, 4, 22), (1, 5, 80)],
        [],
    ],
)
@pytest.mark.parametrize("count", [3, 1 << 33])
def test_they_are_the_same(values: list[tuple[int, int, int]], count: int) -> None:
    some = states(values, count)
    found = packed(some, KEYS).states
    assert found.total == 7
    assert_frame_equal(found.main, some.main)
    assert_frame_equal(found.values["port"], some.values["port"])


def test_they_take_less_memory() -> None:
    some = states([(1, 5, port) for port in range(1000)])
    assert packed(some, KEYS).size < some.size / 5


def test_values_in_another_order_keep_their_keys() -> None:
    assert not packed(states([(2, 4, 22), (1, 5, 80)]), KEYS).lengths


def test_groups_without_values_are_told_by_sorted_keys_alone() -> None:
    """As flows without ports are: a join of millions of groups would take as much memory again."""
    some = states([(1, 6, 22), (2, 4, 7)])
    found = packed(some, KEYS)
    assert found.lengths["port"].tolist() == [0, 1, 1]
    unsorted = States(some.total, some.main.reverse(), some.values)
    assert not packed(unsorted, KEYS).lengths
    assert_frame_equal(packed(unsorted, KEYS).states.values["port"], some.values["port"])
