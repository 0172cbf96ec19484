"""What files tell of buckets in few bytes is never less than it is, and hardly more."""

import numpy as np
import pytest

from collector.query.parquet.buckets import BUCKETS, rounded

NUMBERS = [0.0, 1.0, 2.0, 255.0, 256.0, 257.0, 65_537.0, 1e-30, 0.1, 2.0**53 + 2, 2.0**64, 1.7e308]


@pytest.mark.parametrize("filled", [len(NUMBERS), BUCKETS // 2, BUCKETS])
def test_numbers_are_rounded_up_by_a_hundredth_at_most(filled: int) -> None:
    draw = np.random.default_rng(3)
    numbers = np.zeros(BUCKETS)
    numbers[:filled] = draw.random(filled) * 10.0 ** draw.integers(-3, 20, filled)
    numbers[: len(NUMBERS)] = NUMBERS
    found = rounded(numbers)
    assert (found.numbers >= numbers).all()
    there = numbers < 1e38
    assert (found.numbers[there] <= numbers[there] * 1.01).all()
    assert found.size <= 2 * BUCKETS
    whole = np.ones(BUCKETS)
    found.added(whole)
    assert np.array_equal(whole, found.numbers + 1)
