from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from collector.flows import Flows
from collector.store.parquet.chunks import Encoder
from collector.store.parquet.encoding import Column, Order, Values
from collector.store.parquet.integers import Integers
from collector.store.parquet.numbering import numbered
from tests.store.parquet_flows import in_utc, write_file

LARGEST = 2**64 - 1
KINDS = {
    "uint16": st.integers(0, 2**16 - 1),
    "uint32": st.integers(0, 2**32 - 1) | st.integers(0, 200_000),
    "uint64": st.integers(0, LARGEST) | st.integers(LARGEST - 300_000, LARGEST) | st.integers(0, 300_000),
    "int64": st.integers(-(2**63), 2**63 - 1) | st.integers(-200_000, 200_000),
}


@st.composite
def repeated(draw: st.DrawFn) -> Values:
    """Few values, each several times."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    distinct = draw(st.lists(KINDS[kind], min_size=1, max_size=20, unique=True))
    factor = draw(st.sampled_from([1, 1000])) if kind == "int64" else 1
    values = np.array(distinct, kind)[draw(st.randoms()).choices(range(len(distinct)), k=40 * len(distinct))]
    return values // factor * factor


@given(values=repeated())
def test_numbers_stand_for_the_values(values: Values) -> None:
    found = numbered(values)
    assert found is not None
    codes, distinct = found
    assert distinct.dtype == values.dtype
    assert sorted(distinct.tolist()) == sorted(set(values.tolist()))
    assert (distinct[codes] == values).all()


@pytest.mark.parametrize("step", [1, 3, 10**12])
def test_values_that_hardly_repeat_are_not_numbered(step: int) -> None:
    assert numbered(np.arange(9000, dtype=np.uint64).repeat(2) * np.uint64(step)) is None


def integers(*columns: Values, order: Order = "<i8") -> list[Column]:
    made = Integers()
    return [made.column(values, order, None, len(values)) for values in columns]


def test_multiples_have_the_numbers_of_what_they_are_multiples_of() -> None:
    sampled = np.random.default_rng(1).integers(40, 2000, 20_000).astype(np.uint64)
    one, scaled, same = integers(sampled, sampled * np.uint64(100), sampled.copy())
    encoder = Encoder()
    assert len({id(encoder.chunk(column).data[-1]) for column in (one, scaled, same)}) == 1
    assert one.dictionary
    assert same.dictionary
    assert one.dictionary.data == same.dictionary.data
    assert (scaled.low, scaled.high) == tuple((int(end) * 100).to_bytes(8, "little") for end in (40, 1999))


def test_what_follows_from_no_other_column_has_numbers_of_its_own() -> None:
    """The ends are at the same rows, and a value between them differs once; another column merges values."""
    sampled = np.random.default_rng(1).integers(40, 2000, 20_000).astype(np.uint64)
    other, merged = sampled * np.uint64(100), sampled // np.uint64(2)
    other[np.flatnonzero((sampled > 40) & (sampled < 1999))[0]] += np.uint64(1)
    for column, values in zip(integers(sampled, other, merged), (sampled, other, merged), strict=True):
        assert column.dictionary
        distinct = np.frombuffer(column.dictionary.data, np.uint64)
        assert len(set(distinct.tolist())) == len(distinct)
        assert (distinct[column.values] == values).all()


def test_readers_get_the_same_integers(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    rows = 20_000
    sampled = draw.choice(np.append(draw.integers(40, 1500, 900), LARGEST // 100), rows).astype(np.uint64)
    gaps = draw.random(rows) < 0.1
    frame = pl.DataFrame(
        [
            pl.Series("@timestamp", 1_772_000_000_000 + draw.integers(0, 4000, rows)).cast(pl.Datetime("ms")),
            pl.Series("event.duration", draw.integers(0, 2000, rows).astype(np.uint64) * 1_000_000),
            pl.Series("source.port", draw.integers(1024, 3000, rows).astype(np.uint16)),
            pl.Series("network.bytes", sampled * np.uint64(100)),
            pl.Series("network.packets", draw.integers(1, 2**64 - 1, rows, np.uint64)),
            pl.Series("flow.bytes_unscaled", sampled),
        ]
    ).with_columns(pl.when(pl.Series(~gaps)).then(pl.col("source.port")).alias("source.port"))
    path = write_file(tmp_path / "a.parquet", Flows(frame))
    wanted = in_utc(frame)
    assert_frame_equal(pl.read_parquet(path, columns=frame.columns), wanted, check_column_order=False)
    assert_frame_equal(pl.DataFrame(pq.read_table(path, columns=frame.columns)), wanted, check_column_order=False)
