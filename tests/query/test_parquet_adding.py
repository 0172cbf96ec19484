"""States of the same groups add up, whatever numbers their keys are, in blocks and at once."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collector.query.parquet import adding

KEYS = ["key0", "key1", "bucket"]
WAYS = {"rows": pl.Expr.sum, "sum:a": pl.Expr.sum, "least:b": pl.Expr.min, "most:b": pl.Expr.max}


def part(seed: int, key: Sequence[int], dtype: type[pl.DataType]) -> pl.DataFrame:
    """Each group once, in the order of the keys."""
    draw = np.random.default_rng(seed)
    groups = pl.DataFrame({"key0": draw.choice(key, 40), "key1": draw.integers(0, 4, 40)}).unique().sort("key0", "key1")
    some = pl.Series(draw.integers(0, 50, groups.height), dtype=pl.Float64)
    return groups.select(
        pl.col("key0").cast(dtype),
        pl.col("key1").cast(pl.UInt8),
        pl.lit(0, pl.Int8).alias("bucket"),
        pl.Series("rows", draw.integers(1, 9, groups.height)),
        pl.Series("sum:a", draw.integers(0, 9, groups.height), dtype=pl.Float64),
        some.set(some < 10, None).alias("least:b"),
        some.set(some < 20, None).alias("most:b"),
    )


@pytest.mark.parametrize("block", [8, adding.BLOCK])
@pytest.mark.parametrize(
    ("key", "dtype"),
    [
        (range(20), pl.UInt32),
        (range(1000, 1020), pl.UInt16),
        (range(-5, 9), pl.Int64),
        ([1_767_225_600_000 + 3_600_000 * hour for hour in range(24)], pl.Int64),
        ([7], pl.UInt64),
        ([0, 1 << 40], pl.UInt64),
        ([0, 3, (1 << 62) + 5], pl.UInt64),
        (range(5), pl.Float64),
    ],
)
def test_they_are_those_of_all_rows(
    monkeypatch: pytest.MonkeyPatch, block: int, key: Sequence[int], dtype: type[pl.DataType]
) -> None:
    monkeypatch.setattr(adding, "BLOCK", block)
    parts = [part(seed, key, dtype) for seed in range(4)]
    found = adding.added([parts[0].clear(), *parts], KEYS)
    wanted = pl.concat(parts).group_by(KEYS).agg(way(pl.col(name)) for name, way in WAYS.items())
    assert_frame_equal(found.sort(KEYS), wanted.sort(KEYS))
