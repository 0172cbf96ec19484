"""Groups of codes are those that polars finds, however many are possible."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collector.query.parquet.coding import coded, lists, looked_up
from collector.query.parquet.grouping import Key, Weights, summed

KINDS = {"sum": pl.Expr.sum, "least": pl.Expr.min, "most": pl.Expr.max}


def keys_of(sizes: tuple[int, ...], rows: int) -> list[Key]:
    draw = np.random.default_rng(rows + len(sizes))
    several = [draw.integers(0, size, rows) // 7 * 7 for size in sizes]
    return [Key(one.astype(np.uint32) if size < 2**31 else one, size) for one, size in zip(several, sizes, strict=True)]


@pytest.mark.parametrize("rows", [0, 1, 40, 300_000])
@pytest.mark.parametrize(
    "sizes",
    [(1,), (100,), (30, 40), (3000, 2000), (70_000, 90_000), (2**20, 1, 2**33), (2**61, 50), (50, 2**61, 2**40, 2**40)],
)
@pytest.mark.parametrize("weighted", [True, False])
def test_groups(rows: int, sizes: tuple[int, ...], weighted: bool) -> None:
    keys = keys_of(sizes, rows)
    numbers = np.random.default_rng(3).integers(0, 10**9, rows).astype(np.float64)
    weights = {kind: Weights(kind, numbers) for kind in KINDS} if weighted else {}
    found = summed(keys, weights)
    names = [f"key{place}" for place in range(len(keys))]
    rows_of = pl.DataFrame({name: key.codes.astype(np.int64) for name, key in zip(names, keys, strict=True)})
    made = {kind: way(pl.col("numbers")) for kind, way in KINDS.items()} if weighted else {}
    direct = rows_of.with_columns(numbers=numbers).group_by(names).agg(counts=pl.len().cast(pl.Int64), **made)
    columns = {name: one.astype(np.int64) for name, one in zip(names, found.codes, strict=True)}
    assert_frame_equal(pl.DataFrame({**columns, "counts": found.counts, **found.gathered}), direct.sort(names))


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([3, None, 3, 0], dtype=pl.UInt16),
        pl.Series([True, False, None]),
        pl.Series([2**40, 7, None, 7], dtype=pl.UInt64),
        pl.Series([0.5, None, -1.0]),
        pl.Series([5_000_000_000, None, 0, 5_000_000_000, 7_000_000], dtype=pl.UInt64),
        pl.Series([5_000_000_000, 7_000_001], dtype=pl.UInt64),
        pl.Series([-5_000_000_000, 7_000_000], dtype=pl.Int64),
        pl.Series([2**64 - 1, 1000], dtype=pl.UInt64),
        pl.Series([], dtype=pl.UInt32),
        pl.Series(range(200_000), dtype=pl.UInt32),
    ],
)
def test_codes_stand_for_their_values(values: pl.Series) -> None:
    made = coded(values)
    assert made.values.extend_constant(None, 1).gather(pl.Series(made.codes)).to_list() == values.to_list()


def test_lists_having_some_of_the_values() -> None:
    made = lists(pl.Series([[1, 2], None, [], [3], [2, 3]], dtype=pl.List(pl.UInt32)), once=True)
    matching = np.append(made.elements.values.to_numpy() == 2, False)
    assert made.having(matching).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize("rows", [None, [0, 3, 4], [1], []])
def test_lists_taken_apart(rows: list[int] | None) -> None:
    given = pl.Series([[1, 2], None, [], [3], [2, 3]], dtype=pl.List(pl.UInt32))
    made = lists(given, once=True)
    where, elements = made.apart(None if rows is None else np.array(rows, np.intp))
    some = given if rows is None else given.gather(rows)
    direct = [(row, value) for row, several in enumerate(some) for value in ([] if several is None else several)]
    values = elements.values.gather(pl.Series(elements.codes)).to_list()
    assert list(zip(where.tolist(), values, strict=True)) == direct


def test_more_codes_than_are_looked_up_at_a_time() -> None:
    codes = np.arange(300_000, dtype=np.uint32) % 5
    table = np.array([9, 8, 7, 6, 5], np.uint16)
    assert np.array_equal(looked_up(table, codes), table[codes])
